"""Send again: a person has deliveries that ended tried once more, and the record says who and when."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.address import Address
from mailer.model.audit import Act
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.outcome import ReplyClass
from mailer.model.people import Actor
from mailer.model.retry import LeftOut, LeftOutReason, SentAgain
from mailer.publishing.mailing import require_mailing, require_not_returned
from mailer.publishing.people import check_name
from mailer.store import audience, audit, deliveries, events, mailings, recovery
from mailer.store.database import Connection
from mailer.store.recovery import EndedDelivery
from mailer.tokens import HouseSecret, hash_address

LONGEST_NAME = 150
MOST_NAMED = 20
# learnt from a server's reply, so a person may know better; not what a reader has asked for
LEARNT = frozenset(one.value for one in ReplyClass) - {ReplyClass.OPT_OUT.value}


@dataclass
class _Sorting:
    """What becomes of the deliveries that were asked for."""

    chosen: Counter[DeliveryStatus] = field(default_factory=Counter)
    left_out: dict[LeftOutReason, list[str]] = field(default_factory=dict)
    left_out_count: Counter[LeftOutReason] = field(default_factory=Counter)
    lifted: list[str] = field(default_factory=list)

    def leave_out(self, reason: LeftOutReason, address: str) -> None:
        self.left_out_count[reason] += 1
        named = self.left_out.setdefault(reason, [])
        if len(named) < MOST_NAMED:
            named.append(address)


def send_again(
    connection: Connection,
    mailing: MailingRecord,
    addresses: Sequence[Address],
    statuses: Collection[DeliveryStatus],
    by: Actor,
    secret: HouseSecret,
    now: datetime,
) -> SentAgain:
    """Make deliveries pending again that were refused, expired or are uncertain, each with an event that names `by`.

    addresses: only these. Suppressed addresses and readers who left are left out; so are dead ones unless they are
    named, and then a suppression that came of a server's reply is lifted. A finished mailing runs again; one that is
    paused or held stays so. Raises StateError for a cancelled one or one whose approval was taken back, NotFoundError
    for an address it does not have, UsageError where nothing is chosen.
    """
    check_name(by.name, LONGEST_NAME)
    if not statuses:
        raise UsageError(
            _("say what is to be sent again"), cure=_("--refused, --expired, --uncertain, or addresses, or both")
        )
    if mailing.status is MailingStatus.CANCELLED:
        raise StateError(
            _("mailing {id} is cancelled; nothing of it is sent again").format(id=mailing.id),
            cure=_("`mailer send {issue}` plans those whom the issue has not reached").format(issue=mailing.issue_slug),
        )
    require_not_returned(connection, mailing)
    sorting = _Sorting()
    _find_named(connection, mailing, addresses, statuses, sorting)
    keys = {one.key for one in addresses}
    for page in recovery.iterate_ended(connection, mailing.id, statuses, keys):
        again = _choose(connection, page, named=bool(keys), sorting=sorting, secret=secret, now=now)
        recovery.reopen_deliveries(connection, [one.id for one in again], now)
        events.record_sent_again(connection, mailing.id, again, by.name, now)
        sorting.chosen.update(one.status for one in again)
    if sorting.chosen:
        subject = mailings.mailing_subject(mailing.id)
        counts = {status.value: count for status, count in sorting.chosen.items()}
        named = sorted(hash_address(secret, key) for key in keys)
        audit.record(connection, by, Act.SEND_AGAIN, subject, now, counts=counts, addresses=named)
        only = [MailingStatus.FINISHED]
        mailings.move_mailing(connection, mailing.id, MailingStatus.RUNNING, now, only_from=only, by=by)
    left_out = {
        reason: LeftOut(sorting.left_out_count[reason], tuple(named)) for reason, named in sorting.left_out.items()
    }
    record = require_mailing(connection, str(mailing.id))
    return SentAgain(record, dict(sorting.chosen), left_out, tuple(sorting.lifted))


def _find_named(
    connection: Connection,
    mailing: MailingRecord,
    addresses: Sequence[Address],
    statuses: Collection[DeliveryStatus],
    sorting: _Sorting,
) -> None:
    """See that the mailing has every address that was named, and note those that did not end as was asked for."""
    for one in addresses:
        found = deliveries.statuses_of(connection, mailing.id, one.key)
        if not found:
            raise NotFoundError(
                _("mailing {id} knows no address {address}").format(id=mailing.id, address=one.text),
                cure=_("`mailer why {id} {address}` tells what is known of it").format(id=mailing.id, address=one.text),
            )
        if not set(found) & set(statuses):
            sorting.leave_out(LeftOutReason.NOT_ENDED, one.text)


def _choose(
    connection: Connection,
    page: Sequence[EndedDelivery],
    *,
    named: bool,
    sorting: _Sorting,
    secret: HouseSecret,
    now: datetime,
) -> list[EndedDelivery]:
    hashes = {one.id: hash_address(secret, one.address_key) for one in page}
    suppressed = audience.suppressed_among(connection, list(hashes.values()), now)
    chosen = []
    for one in page:
        dead = bool(one.reply_class) and ReplyClass(one.reply_class).hard
        if dead and not named:
            sorting.leave_out(LeftOutReason.DEAD, one.address)
        elif one.left:
            sorting.leave_out(LeftOutReason.LEFT, one.address)
        elif hashes[one.id] in suppressed and not (named and _lift(connection, hashes[one.id], now)):
            sorting.leave_out(LeftOutReason.SUPPRESSED, one.address)
        else:
            chosen.append(one)
            if hashes[one.id] in suppressed:
                sorting.lifted.append(one.address)
    return chosen


def _lift(connection: Connection, address_hash: str, now: datetime) -> bool:
    """Lift a suppression that came of a server's reply; False for any other."""
    found = audience.find_suppression(connection, address_hash, now)
    if found is None or found.reason not in LEARNT:
        return False
    audience.lift_suppression(connection, address_hash, now)
    return True
