"""A report as one JSON object: its keys are stable, and docs/report.md names each."""

from dataclasses import asdict
from typing import Any

from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.figures import ListFigures, MailingFigures, MissedReader, ReadingFigures, Report
from mailer.model.words import cure_for

EVENT_KINDS = ("complaint", "receipt", "received", "unsubscribe", "delayed", "auto-reply", "challenge")


def describe_report(report: Report) -> dict[str, Any]:
    """Return a report for scripts; times are ISO 8601 in UTC."""
    figures, mailing = report.figures, report.mailing
    return {
        "mailing": mailing.id,
        "issue": mailing.issue_slug,
        "subject": report.subject,
        "status": mailing.status.value,
        "scheduled_at": mailing.scheduled_at,
        "started_at": mailing.started_at,
        "finished_at": mailing.finished_at,
        "counted_at": figures.counted_at,
        "newer": figures.newer,
        "totals": _totals(figures),
        "lists": {part.name: _describe_list(part) for part in figures.lists},
        "articles": [asdict(one) for one in figures.articles],
        "links": [asdict(one) for one in figures.links],
        "cities": [asdict(one) for one in figures.cities],
        "organisations": [asdict(one) for one in figures.organisations],
        "domains": [asdict(one) for one in figures.domains],
        "hours": [asdict(one) for one in figures.hours],
        "compared": [_describe_compared(one, counted) for one, counted in report.compared],
        "missed": [_describe_missed(one) for one in report.missed],
    }


def _totals(figures: MailingFigures) -> dict[str, Any]:
    kinds = ("human", "unknown", "machine", "human_requests", "unknown_requests", "machine_requests")
    return {
        "planned": figures.planned,
        **{one.value: figures.count(one) for one in DeliveryStatus},
        "bounced": figures.bounced,
        "missed": figures.missed,
        "heard": {one: figures.heard(one) for one in ("bounced", "delivered", "relayed", "silent")},
        "events": {_key(kind): figures.events(kind) for kind in EVENT_KINDS},
        "opens": {one: figures.reading("opens", one) for one in kinds},
        "clicks": {one: figures.reading("clicks", one) for one in kinds},
        "retries": sum(part.retries for part in figures.lists),
    }


def _key(kind: str) -> str:
    return kind.replace("-", "_")


def _describe_list(part: ListFigures) -> dict[str, Any]:
    return {
        "title": part.title,
        "role": part.role.value,
        "tracking": part.tracking.value if part.tracking is not None else None,
        "planned": part.planned,
        **{one.value: part.counts[one] for one in DeliveryStatus},
        "bounced": part.bounced,
        "missed": part.missed,
        "heard": asdict(part.heard),
        "reasons": [
            {
                "status": why.status.value, "class": why.reply_class, "count": why.count, "example": why.example,
                "cure": cure_for(why.status, why.reply_class),
            }
            for why in part.reasons
        ],
        "bounces": [
            {
                "class": one.reply_class, "hard": one.hard, "count": one.count, "example": one.example,
                "cure": cure_for(DeliveryStatus.ACCEPTED, one.reply_class),
            }
            for one in part.bounces
        ],
        "events": {_key(kind): part.events.get(kind, 0) for kind in EVENT_KINDS},
        "opens": _describe_reading(part.opens),
        "clicks": _describe_reading(part.clicks),
        "retries": part.retries,
    }  # fmt: skip


def _describe_reading(one: ReadingFigures) -> dict[str, int]:
    return asdict(one)


def _describe_compared(mailing: MailingRecord, figures: MailingFigures) -> dict[str, Any]:
    return {"mailing": mailing.id, "issue": mailing.issue_slug, **_totals(figures)}


def _describe_missed(one: MissedReader) -> dict[str, Any]:
    status = DeliveryStatus.ACCEPTED if one.bounced else one.status
    return {**asdict(one), "status": one.status.value, "cure": cure_for(status, one.reply_class)}
