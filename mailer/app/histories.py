"""What became of one recipient of a mailing, told from everything on record."""

from dataclasses import replace

from mailer.app.ground import Ground
from mailer.app.relays import Relays
from mailer.errors import AddressError, NotFoundError
from mailer.i18n import N_, _
from mailer.mail.replies import ReplyRules, classify_reply
from mailer.mail.reply_codes import summary_of
from mailer.mail.reply_lines import parse_reply_text
from mailer.model.address import Address, parse_address
from mailer.model.copies import CopyPage
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.history import Absence, AttemptRecord, DeliveryRecord, RecipientHistory
from mailer.model.outcome import Phase, ReplyClass
from mailer.publishing.mailing import require_mailing
from mailer.sending.feed import Domains
from mailer.sending.next_step import tell_next
from mailer.sending.routes import Routes
from mailer.sending.tempo import last_due
from mailer.store import audience, claims, copy_pages, deliveries
from mailer.store.database import Connection
from mailer.tokens import hash_address

MOST_NEAR = 3  # addresses named to who mistyped one: of its own domain only, as they are other people's
BEFORE_START = (MailingStatus.SCHEDULED, MailingStatus.HELD)
CUT_OFF = N_("The connection ended after the final dot, before the reply: the copy may have arrived.")


class Histories:
    """The recipients of a house, one by one."""

    def __init__(self, ground: Ground, relays: Relays) -> None:
        self._ground = ground
        self._relays = relays

    def page(
        self,
        mailing: str,
        status: DeliveryStatus | None = None,
        words: str = "",
        after: int = 0,
        most: int = 50,
        reply_class: str = "",
    ) -> CopyPage:
        """Return deliveries of a mailing after an id, in sending order; `copy_pages` says what the filters mean.

        Where the words are a whole address that the mailing has, it is found at once, and nothing else is looked for.
        """
        words = words.strip()[:100]
        with self._ground.store.read() as connection:
            record = require_mailing(connection, mailing)
            if words and not (after or reply_class):
                found = copy_pages.copies_to_address(connection, record.id, _key_of(words), status)
                if found:
                    return CopyPage(tuple(found))
            return copy_pages.page_of_copies(connection, record.id, status, words, after, most, reply_class)

    def get(self, number: int) -> DeliveryRecord:
        """Return everything on record of a delivery, by its number. Raises NotFoundError."""
        with self._ground.store.read() as connection:
            found = deliveries.tell_delivery(connection, number, self._ground.secret)
        if found is None:
            raise NotFoundError(_("there is no delivery {n}").format(n=number))
        return self._explained(found)

    def tell(self, mailing: str, text: str) -> RecipientHistory:
        """Return everything known of an address in a mailing. Raises AddressError, NotFoundError."""
        address = parse_address(text)
        with self._ground.store.read() as connection:
            record = require_mailing(connection, mailing)
            numbers = deliveries.find_by_address(connection, record.id, address.key)
            known = [deliveries.tell_delivery(connection, number, self._ground.secret) for number in numbers]
            found = tuple(self._explained(one) for one in known if one is not None)
            subscriptions = audience.find_subscriptions(connection, address.key)
            if not found and subscriptions is None:
                raise self._unknown(connection, record, address)
            hashed = hash_address(self._ground.secret, address.key)
            history = RecipientHistory(
                mailing=record,
                address=found[-1].recipient.address if found else address.text,
                deliveries=found,
                subscriptions=subscriptions or (),
                suppression=audience.find_suppression(connection, hashed, self._ground.now()),
                earlier=deliveries.find_earlier(connection, record.id, address.key),
            )
            if not found:
                return replace(history, absence=_why_absent(history))
            config, last = self._ground.config, found[-1]
            return replace(
                history,
                next_step=tell_next(
                    last,
                    record,
                    Routes(config.relays).tiers(last.list_name, last.domain),
                    self._relays.read_standing(connection),
                    Domains(config.domains).subject(last.domain).partition(":")[2],
                    self._ground.now(),
                    is_due=self._is_due(connection, record, last),
                ),
            )

    def _is_due(self, connection: Connection, record: MailingRecord, one: DeliveryRecord) -> bool:
        """False where the tempo of a running mailing keeps its first try back."""
        running = claims.running_mailings(connection, record.id)
        due = last_due(running[0], self._ground.now()) if running else None
        return due is None or one.id <= due

    def _unknown(self, connection: Connection, record: MailingRecord, address: Address) -> NotFoundError:
        near = deliveries.addresses_at(connection, record.id, address.domain, MOST_NEAR)
        return NotFoundError(
            _("mailing {id} knows no address {address}").format(id=record.id, address=address.text),
            cure=_("of {domain} it has: {addresses}").format(domain=address.domain, addresses=_(", ").join(near))
            if near
            else _("look it up in the sheets; `mailer lists` names them"),
        )

    def _explained(self, one: DeliveryRecord) -> DeliveryRecord:
        rules = self._ground.reply_rules
        tries = tuple(replace(tried, meaning=_meaning_of(tried, one.domain, rules)) for tried in one.attempts)
        return replace(one, attempts=tries)


def _key_of(words: str) -> str:
    """Return the key of an address; empty for words that are none."""
    try:
        return parse_address(words).key if "@" in words else ""
    except AddressError:
        return ""


def _meaning_of(tried: AttemptRecord, domain: str, rules: ReplyRules) -> str:
    """Return what the reply of a try means: by the rules of today where they still take it for the same."""
    if tried.outcome == "uncertain":
        return CUT_OFF
    if not tried.reply_class:
        return ""
    meaning = classify_reply(parse_reply_text(tried.reply, Phase(tried.phase)), domain, rules)
    kind = ReplyClass(tried.reply_class)
    return meaning.summary if meaning.reply_class is kind else summary_of(kind)


def _why_absent(history: RecipientHistory) -> Absence:
    mailing = history.mailing
    if history.earlier:
        return Absence.REACHED
    mine = [one for one in history.subscriptions if one.list_name in mailing.lists]
    if not mine:
        return Absence.NOT_ON_LISTS
    if not any(one.status == "active" for one in mine):
        return Absence.LEFT
    if mailing.started_at is None and mailing.status in BEFORE_START:
        return Absence.NOT_STARTED
    return Absence.LATER
