"""The figures of a mailing: all of them by list, or the few that those need who watch it."""

from collections import Counter

from mailer.model.delivery import DeliveryStatus, ListSummary, MailingRecord, MailingSummary, RefusalReason
from mailer.model.standing import ListProgress, MailingProgress
from mailer.store import audience, figures, mailings, receipts
from mailer.store.database import Connection


def summarise_mailing(connection: Connection, mailing: MailingRecord) -> MailingSummary:
    """Return the figures of a mailing in one consistent view; each list's states add up to what was planned."""
    statuses = figures.count_statuses(connection, mailing.id)
    retries = figures.count_retries(connection, mailing.id)
    bounced = figures.count_bounced(connection, mailing.id)
    received = receipts.count_received(connection, mailing.id)
    reasons = figures.count_reasons(connection, mailing.id)
    lists = audience.read_lists(connection)
    parts = [
        ListSummary(
            list_name=lists[list_id].name,
            title=lists[list_id].title,
            role=lists[list_id].role,
            counts={status: statuses.get(list_id, {}).get(status, 0) for status in DeliveryStatus},
            retries=retries.get(list_id, 0),
            bounced=bounced.get(list_id, 0),
            reasons=tuple(
                RefusalReason(one.status, one.reply_class, one.count, one.example)
                for one in reasons
                if one.list_id == list_id
            ),
            received=received.get(list_id, 0),
        )
        for list_id, _name, _edition in mailings.mailing_lists(connection, mailing.id)
    ]
    return MailingSummary(mailing, tuple(parts))


def read_progress(connection: Connection, mailing: MailingRecord) -> MailingProgress:
    """Return how far a mailing is: counts only, quick to read also while a million deliveries are under way."""
    counts: Counter[DeliveryStatus] = Counter()
    by_list = figures.count_statuses(connection, mailing.id)
    for part in by_list.values():
        counts.update(part)
    waiting = figures.count_waiting(connection, mailing.id)
    known = audience.read_lists(connection)
    lists = tuple(
        ListProgress(name, known[list_id].title, by_list.get(list_id, {}))
        for list_id, name, _edition in mailings.mailing_lists(connection, mailing.id)
    )
    return MailingProgress(mailing, dict(counts), waiting.deferred, waiting.resends, waiting.next_at, lists)
