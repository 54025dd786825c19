"""The rights of a person (PIPL §45-47, GDPR 15-17): handed out everything, corrected, erased."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mailer.audience.joining import contact_subject
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.address import Address, is_provider
from mailer.model.audit import Act
from mailer.model.delivery import Contact
from mailer.model.people import Actor
from mailer.model.suppression import ERASED
from mailer.store import audience, audit, erasure
from mailer.store.consents import list_consents
from mailer.store.database import Connection
from mailer.store.erasure import Erased
from mailer.store.persons import collect_person
from mailer.tokens import HouseSecret, hash_address

NOWHERE = "erased.invalid"  # RFC 6761 §6.4: no mail can be sent there


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure came to. deliveries: how many copies had gone to the address, which are still counted."""

    deliveries: int
    known: bool


def hand_out(connection: Connection, secret: HouseSecret, address: Address, by: Actor, now: datetime) -> dict[str, Any]:
    """Return everything kept of the person at an address, as JSON values; it goes on record that it was handed out.

    Raises NotFoundError where nothing is kept at all.
    """
    hashed = hash_address(secret, address.key)
    consents = [asdict(one) | {"at": one.at.isoformat()} for one in list_consents(connection, address.key)]
    entries = [
        {"at": one.at, "act": one.act, "details": one.details}
        for one in audit.entries_about(connection, contact_subject(hashed))
    ]
    found = collect_person(connection, address.text, address.key, hashed)
    if not entries and not consents and not any(found.values()):
        raise _unknown(address)
    audit.record(connection, by, Act.EXPORT_PERSON, contact_subject(hashed), now)
    return {"address": address.text, **found, "consents": consents, "audit": entries, "handed_out_at": now.isoformat()}


def erase_person(connection: Connection, secret: HouseSecret, address: Address, by: Actor, now: datetime) -> Erasure:
    """Erase a person: no table holds the address or the name afterwards, all figures stay.

    The address stays suppressed as an HMAC, so that no sheet brings it back; what suppressed it before stays the
    reason. Raises NotFoundError where nothing is kept, StateError while a copy is on the wire.
    """
    hashed = hash_address(secret, address.key)
    number = audience.contact_id(connection, address.key)
    person = _erased(secret, number, address.text, address.key)
    if number is None and not any(collect_person(connection, address.text, address.key, "").values()):
        raise _unknown(address)
    if erasure.stop_sending(connection, [person], now):
        raise StateError(
            _("a copy for {address} is on its way just now").format(address=address.text),
            cure=_("try again in a minute; nothing was changed"),
        )
    known = audience.find_contact(connection, address.key)
    person = _erased(secret, number, known.address if known is not None else address.text, address.key)
    count = erasure.erase_persons(connection, [person], now)
    _suppress(connection, secret, person, hashed, now)
    audit.record(connection, by, Act.ERASE_PERSON, contact_subject(hashed), now, deliveries=count)
    return Erasure(count, number is not None)


def erase_old(
    connection: Connection, secret: HouseSecret, contacts: Sequence[tuple[int, str, str, bool]], now: datetime
) -> int:
    """Erase contacts that are on no list any more: (id, address, key, whether the reader left); return how many.

    Who left stays out by an HMAC, whom a sheet dropped may come back by it. One with a copy on the wire is left alone.
    """
    persons = [(_erased(secret, number, address, key), left) for number, address, key, left in contacts]
    on_wire = erasure.stop_sending(connection, [one for one, _left in persons], now)
    free = [(one, left) for one, left in persons if one.key not in on_wire]
    erasure.erase_persons(connection, [one for one, _left in free], now)
    for one, left in free:
        if left:
            _suppress(connection, secret, one, hash_address(secret, one.key), now)
    return len(free)


def _erased(secret: HouseSecret, number: int | None, address: str, key: str) -> Erased:
    hashed = hash_address(secret, key)
    return Erased(number, address, key, f"{hashed}@{NOWHERE}", hashed, is_provider(key.rpartition("@")[2]))


def _suppress(connection: Connection, secret: HouseSecret, person: Erased, hashed: str, now: datetime) -> None:
    audience.suppress_address(connection, hashed, ERASED, "", now)
    # what stands for the address in its deliveries: so nobody has one sent again, which could only bounce
    audience.suppress_address(connection, hash_address(secret, person.put), ERASED, "", now)


def change_contact(
    connection: Connection,
    secret: HouseSecret,
    address: Address,
    changes: Mapping[str, Any],
    by: Actor,
    now: datetime,
    file_lists: Sequence[str],
) -> Contact:
    """Correct what is kept of a person, and return it. changes: fields of Contact but address and key.

    Raises NotFoundError; UsageError for nothing to change; StateError for one who is on a list that follows its sheet
    (the names of such: file_lists), as the next sync would undo it.
    """
    number, known = audience.contact_id(connection, address.key), audience.find_contact(connection, address.key)
    if number is None or known is None:
        raise _unknown(address)
    if not changes:
        raise UsageError(_("say what to change"), cure=_("--name, --title, --organisation, --city, --phone …"))
    kept_by = [
        one.list_name
        for one in audience.find_subscriptions(connection, address.key) or ()
        if one.status == "active" and one.list_name in file_lists
    ]
    if kept_by and not changes.keys() <= {"language", "attributes"}:
        raise StateError(
            _("{address} is on list {names}, which follows its sheet").format(
                address=address.text, names=_(", ").join(kept_by)
            ),
            cure=_("correct the row in the sheet, then `mailer lists sync`"),
        )
    changed = Contact(**{**{name: getattr(known, name) for name in Contact.__slots__}, **changes})
    audience.change_contacts(connection, [(number, changed)], now)
    hashed = hash_address(secret, address.key)
    audit.record(connection, by, Act.CHANGE_CONTACT, contact_subject(hashed), now, fields=sorted(changes))
    return changed


def _unknown(address: Address) -> NotFoundError:
    return NotFoundError(
        _("nothing is kept of {address}").format(address=address.text), cure=_("see that it is written as in its sheet")
    )
