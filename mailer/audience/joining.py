"""Joining a list: by a link that the reader confirms (double opt-in), by preferences, or by staff with a basis."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config import JoiningConfig
from mailer.errors import StateError
from mailer.i18n import N_, _
from mailer.model.address import Address
from mailer.model.audit import Act, Subject
from mailer.model.consent import Basis, ConsentAct, Grounds, JoinState
from mailer.model.delivery import Contact
from mailer.model.people import Actor
from mailer.model.suppression import ERASED, LIFTED_BY_CONSENT, NO_MORE
from mailer.model.words import reason_word
from mailer.store import audience, audit, joining
from mailer.store.consents import log_contacts
from mailer.store.database import Connection
from mailer.store.joining import JoinRequest, NewRequest
from mailer.tokens import HouseSecret, Purpose, hash_address, read_token, sign_token

_KEPT_OFF = {ERASED: N_("was erased"), NO_MORE: N_("wants no more mail")}  # why they are on no other list
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Joined:
    """What putting a contact on a list came to. news: it was not on it; revived: the suppression that was lifted."""

    news: bool
    revived: str = ""


@dataclass(frozen=True, slots=True)
class JoinStanding:
    """How a link to confirm stands. lists: those, by name, of which `state` tells."""

    request: JoinRequest
    state: JoinState
    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to join lists, not confirmed yet. network: whose it is; empty for one by staff, who are not counted."""

    address: Address
    lists: tuple[str, ...]
    source: str
    network: str = ""


def ask_to_join(
    connection: Connection, secret: HouseSecret, ask: Ask, settings: JoiningConfig, now: datetime
) -> tuple[int, str] | None:
    """Write a wish down and return the number of the request and the token of its link, for the mail to confirm it.

    None where no mail may go: the address had one within a day (S23), its network or domain had too many, or it is
    suppressed. Whoever asks is told the same in either case (S24): whether the address is on a list is not even
    looked at here.
    """
    domain = ask.address.domain
    if ask.network and joining.count_by_network(connection, ask.network, now - HOUR) >= settings.per_network:
        return None
    if joining.count_by_domain(connection, domain, now - DAY) >= settings.per_domain:
        return None
    new = NewRequest(
        ask.address.text,
        ask.address.key,
        ask.lists,
        ask.source,
        ask.network,
        settings.text_version,
        now,
        now + settings.expires,
    )
    number = joining.add_request(connection, new)
    if number is None:
        return None
    stopped = audience.find_suppression(connection, hash_address(secret, ask.address.key), now)
    if stopped is not None and stopped.reason not in LIFTED_BY_CONSENT:
        return None
    return number, sign_token(secret, Purpose.CONFIRM, number)


def read_request(connection: Connection, secret: HouseSecret, token: str, now: datetime) -> JoinRequest | None:
    """Return what a link to confirm stands for, changing nothing; None for one that is not ours or no longer good."""
    number = read_token(secret, Purpose.CONFIRM, token)
    found = joining.find_request(connection, number) if number is not None else None
    return found if found is not None and (found.confirmed_at is not None or found.expires_at > now) else None


def read_join(
    connection: Connection, secret: HouseSecret, token: str, lists: Collection[str], now: datetime
) -> JoinStanding | None:
    """Return how a link to confirm stands, changing nothing. lists and None as for `confirm_join`."""
    request = read_request(connection, secret, token, now)
    return _standing_of(connection, secret, request, lists, now) if request is not None else None


def _standing_of(
    connection: Connection,
    secret: HouseSecret,
    request: JoinRequest,
    lists: Collection[str],
    now: datetime,
    *,
    confirmed: bool = False,
) -> JoinStanding:
    """Return how a link stands. confirmed: just now, which `request` does not say yet."""
    possible = tuple(name for name in request.lists if name in lists)
    if request.confirmed_at is None and not confirmed:
        return JoinStanding(request, JoinState.OFFERED if possible else JoinState.CLOSED, possible or request.lists)
    stopped = audience.find_suppression(connection, hash_address(secret, request.key), now)
    if stopped is not None:
        state = JoinState.NO_MORE if stopped.reason in LIFTED_BY_CONSENT else JoinState.STOPPED
        return JoinStanding(request, state, request.lists)
    contact_id = audience.contact_id(connection, request.key)
    known = joining.standings(connection, contact_id, request.lists) if contact_id is not None else {}
    on = tuple(name for name in request.lists if name in known and known[name][1] == "active")
    if on:
        return JoinStanding(request, JoinState.JOINED if confirmed else JoinState.ON, on)
    return JoinStanding(request, JoinState.LEFT if possible else JoinState.CLOSED, request.lists)


def confirm_join(
    connection: Connection, secret: HouseSecret, token: str, lists: Mapping[str, int], now: datetime
) -> JoinStanding | None:
    """Subscribe whoever follows the link, and return what came of it; None as for `read_request`.

    The same link again changes nothing: who has left since is not brought back.
    lists: those that readers may join, name to id; one that is no longer among them is passed over. Everything that
    was said of the address before - that it left, that it was erased - is past: this is its owner's word.
    """
    request = read_request(connection, secret, token, now)
    if request is None:
        return None
    wanted = [lists[name] for name in request.lists if name in lists]
    if not wanted or not joining.mark_confirmed(connection, request.id, now):
        return _standing_of(connection, secret, request, lists, now)
    contact = _contact_of(connection, Contact(request.address, request.key), now)
    grounds = Grounds(Basis.OPT_IN, request.source, request.text_version)
    lift_by_consent(connection, secret, request.key, contact, wanted, now)
    for list_id in wanted:
        subscribe(connection, contact, list_id, ConsentAct.CONFIRMED, grounds, now)
    return _standing_of(connection, secret, request, lists, now, confirmed=True)


def lift_by_consent(
    connection: Connection, secret: HouseSecret, key: str, contact_id: int, wanted: Collection[int], now: datetime
) -> str:
    """Let a contact that wanted no more mail, or was erased, get the wanted lists; return which of both, else "".

    It stays away from every other list, as it has agreed to these alone: no sheet brings it there.
    """
    hashed = hash_address(secret, key)
    stopped = audience.find_suppression(connection, hashed, now)
    if stopped is None or stopped.reason not in LIFTED_BY_CONSENT:
        return ""
    audience.lift_suppression(connection, hashed, now)
    joining.keep_off(connection, contact_id, wanted, _KEPT_OFF[stopped.reason], now)
    return stopped.reason


def _contact_of(connection: Connection, contact: Contact, now: datetime) -> int:
    """Return the id of a contact, who stays as known; written where there is none yet."""
    return audience.save_contacts(connection, [contact], now, keep={contact.key})[contact.key]


def subscribe(
    connection: Connection, contact_id: int, list_id: int, what: ConsentAct, grounds: Grounds, now: datetime
) -> bool:
    """Make a contact active on a list, at its end; False for one that was so already. Either is logged."""
    if audience.restart_subscription(connection, contact_id, list_id, what, grounds, now):
        return True
    if audience.is_subscribed(connection, contact_id, list_id):
        log_contacts(connection, [contact_id], list_id, what, grounds, now)
        return False
    place = [(contact_id, joining.next_position(connection, list_id))]
    audience.subscribe_contacts(
        connection, list_id, place, grounds.basis, grounds.source, now,
        what=what, text_version=grounds.text_version, by=grounds.by,
    )  # fmt: skip
    return True


def join_by_staff(
    connection: Connection,
    secret: HouseSecret,
    contact: Contact,
    list_name: str,
    list_id: int,
    grounds: Grounds,
    now: datetime,
    *,
    follows_file: bool,
) -> Joined:
    """Put a contact on a list by a person's word. Raises StateError.

    A list that follows its sheet takes back who has left it, but nobody new: the next sync would take them off again.
    What is said of a contact is written only where it is new. A suppressed address stays out, but for one that was
    erased or wanted no more mail: it comes back by its own consent, and by no other basis.
    """
    hashed = hash_address(secret, contact.key)
    stopped = audience.find_suppression(connection, hashed, now)
    if stopped is not None:
        _require_consent(contact.address, stopped.reason, grounds)
    known = audience.contact_id(connection, contact.key)
    if follows_file and (known is None or not audience.was_subscribed(connection, known, list_id)):
        raise StateError(
            _("list {name} follows its sheet, which does not have {address}").format(
                name=list_name, address=contact.address
            ),
            cure=_("write the row in the sheet; `mailer lists sync` reads it"),
        )
    number = _contact_of(connection, contact, now)
    revived = lift_by_consent(connection, secret, contact.key, number, [list_id], now)
    news = subscribe(connection, number, list_id, ConsentAct.JOINED, grounds, now)
    audit.record(
        connection, grounds.by, Act.JOIN, contact_subject(hashed), now,
        list=list_name, basis=grounds.basis, news=news, revived=revived,
    )  # fmt: skip
    return Joined(news, revived)


def _require_consent(address: str, reason: str, grounds: Grounds) -> None:
    if reason not in LIFTED_BY_CONSENT:
        raise StateError(
            _("{address} gets no mail of ours: {reason}").format(address=address, reason=reason_word(reason)),
            cure=_("another address of the same person may be put on the list"),
        )
    if grounds.basis != Basis.CONSENT or not grounds.source.strip():
        raise StateError(
            _("{address} gets no mail of ours: {reason}").format(address=address, reason=reason_word(reason)),
            cure=_("only the person’s own consent brings them back: --basis consent, and --source says where it is"),
        )


def contact_subject(hashed: str) -> Subject:
    """Return a contact as the audit trail names it: by the HMAC of its address."""
    return Subject("address", hashed)


def require_invitable(
    connection: Connection,
    secret: HouseSecret,
    address: Address,
    lists: Mapping[str, int],
    settings: JoiningConfig,
    now: datetime,
) -> tuple[str, ...]:
    """Return those of the lists, name to id, that an address may be asked about by staff: those it is not on.

    Raises StateError where no mail may go to it now, and says why: staff may know.
    """
    contact_id = audience.contact_id(connection, address.key)
    free = tuple(
        name for name, number in lists.items()
        if contact_id is None or not audience.is_subscribed(connection, contact_id, number)
    )  # fmt: skip
    if not free:
        raise StateError(
            _("{address} is on {names} already").format(address=address.text, names=_(", ").join(lists)),
            cure=_("no mail was sent; `mailer contacts show {address}` says since when").format(address=address.text),
        )
    stopped = audience.find_suppression(connection, hash_address(secret, address.key), now)
    if stopped is not None:
        raise StateError(
            _("{address} gets no mail of ours: {reason}").format(
                address=address.text, reason=reason_word(stopped.reason)
            ),
            cure=_("once their consent is on record: `mailer contacts join {address} --list … --source …`").format(
                address=address.text
            )
            if stopped.reason in LIFTED_BY_CONSENT
            else _("no mail was sent; `mailer suppressions lift` where the address is known to be good"),
        )
    if joining.was_asked(connection, address.key, now):
        raise StateError(
            _("{address} was asked within the last day").format(address=address.text),
            cure=_("no mail was sent: one a day is all; the link in the last one is still good"),
        )
    if joining.count_by_domain(connection, address.domain, now - DAY) >= settings.per_domain:
        raise StateError(
            _("{n} addresses of {domain} were asked within the last day").format(
                n=settings.per_domain, domain=address.domain
            ),
            cure=_("no mail was sent; try again tomorrow, or raise per_domain in config.toml under [joining]"),
        )
    return free


def record_invitation(connection: Connection, hashed: str, lists: tuple[str, ...], by: Actor, now: datetime) -> None:
    """Put on record that staff asked an address to confirm."""
    audit.record(connection, by, Act.INVITE, contact_subject(hashed), now, lists=list(lists), basis=Basis.OPT_IN.value)
