"""Ties a returned mail's report to the delivery it is about, and records it as an event."""

from datetime import datetime

from mailer.model.outcome import Action
from mailer.model.report import Report, ReportedRecipient, ReportKind, ReturnedMail
from mailer.store import audience, deliveries, events
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.tokens import HouseSecret, Purpose, hash_address, read_token


def match_report(connection: Connection, secret: HouseSecret, report: Report) -> int | None:
    """Return the delivery a report is about: by VERP token, else ENVID, else Message-ID; never by address alone.

    A forged token or the Message-ID of a mail we never sent matches nothing.
    """
    named = report.message_id.strip("<>").partition("@")[0]  # the token stands in our Message-IDs too
    for token in (report.token, report.envelope_id, named):
        number = read_token(secret, Purpose.BOUNCE, token) if token else None
        if number is not None and deliveries.find_delivery(connection, number, secret) is not None:
            return number
    return None


def record_report(
    connection: Connection,
    secret: HouseSecret,
    report: Report,
    source: str,
    mail_sha256: str,
    now: datetime,
    number: int = 1,
) -> ReturnedMail:
    """Record a report as an event on its delivery, and suppress the address when the bounce says it is dead.

    source names the mail for people, with its number in an mbox; by its sha256 the same mail read twice counts once.
    """
    delivery_id = match_report(connection, secret, report)
    if delivery_id is None or report.kind is ReportKind.OTHER:
        return ReturnedMail(source, report, delivery_id, recorded=False, suppressed=False, number=number)
    delivery = deliveries.find_delivery(connection, delivery_id, secret)
    assert delivery is not None
    about = _about(report, delivery.recipient.address)
    news = events.record_event(
        connection,
        NewEvent(
            delivery_id=delivery_id,
            kind=report.kind.value,
            hard=report.kind is ReportKind.BOUNCE and about is not None and about.meaning.reply_class.hard,
            reply_class=about.meaning.reply_class.value if about is not None else "",
            detail=" ".join(part for part in (about.status, about.diagnostic) if part) if about is not None else "",
            source=mail_sha256,
            happened_at=now,
        ),
    )
    suppressed = False
    if news and about is not None and report.kind is ReportKind.BOUNCE and about.meaning.action is Action.SUPPRESS:
        address_hash = hash_address(secret, delivery.recipient.address.casefold())
        reason = about.meaning.reply_class.value
        suppressed = audience.suppress_address(connection, address_hash, reason, source, now)
    return ReturnedMail(source, report, delivery_id, news, suppressed, number)


def _about(report: Report, address: str) -> ReportedRecipient | None:
    """Return what the report says of this address; its only recipient where the address was rewritten on the way."""
    for one in report.recipients:
        if one.address.casefold() == address.casefold():
            return one
    return report.recipients[0] if len(report.recipients) == 1 else None
