"""A mailing's figures: as a table for people, as JSON for scripts."""

from datetime import timedelta
from typing import TYPE_CHECKING

from mailer.cli.drawing import MAILING_WORDS, STATUS_WORDS, class_word, make_table, out, say
from mailer.cli.standing import describe_pace
from mailer.cli.tempo import describe_tempo
from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus, ListSummary, MailingStatus, MailingSummary
from mailer.model.standing import Standing
from mailer.model.standing_words import say_span

if TYPE_CHECKING:
    from mailer.app import House

LATE_FROM = timedelta(minutes=1)  # the clock ticks every half a minute: less is on time


def draw_summary(summary: MailingSummary) -> None:
    """Print a mailing's figures as a table by list, and below it why copies were not taken."""
    kinds = [DeliveryStatus.ACCEPTED, DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED]
    # rare states get a column only when they occur
    kinds += [kind for kind in DeliveryStatus if kind not in kinds and summary.count(kind)]
    columns = [
        ("", "left"),
        (_("List"), "left"),
        (_("planned"), "right"),
        *((_(STATUS_WORDS[kind]), "right") for kind in kinds),
    ]
    title = _("Mailing {id} of issue {issue}: {status}").format(
        id=summary.mailing.id, issue=summary.mailing.issue_slug, status=_(MAILING_WORDS[summary.mailing.status])
    )
    columns += [(_("retried"), "right"), (_("bounced"), "right")]
    if summary.received:
        columns.append((_("confirmed receipt"), "right"))
    table = make_table(title, *columns)
    for part in summary.lists:
        received = [str(part.received)] if summary.received else []
        table.add_row(part.role.value, part.title, *_figures(part, kinds), *received)
    if len(summary.lists) > 1:
        totals = [summary.planned, *(summary.count(kind) for kind in kinds), summary.retries, summary.bounced]
        totals += [summary.received] if summary.received else []
        table.add_section()
        table.add_row("", _("all"), *map(str, totals), style="bold")
    out.print(table)
    if summary.mailing.reason:
        say(_("reason: {reason}").format(reason=summary.mailing.reason), "yellow")
    if summary.mailing.late_by is not None and summary.mailing.late_by >= LATE_FROM:
        say(_("started late by {time}").format(time=say_span(summary.mailing.late_by.total_seconds())), "yellow")
    for part in summary.lists:
        for reason in part.reasons:
            line = _("{list}: {count} {status}, {why}: {example}").format(
                list=part.title,
                count=reason.count,
                status=_(STATUS_WORDS[reason.status]),
                why=class_word(reason.reply_class),
                example=reason.example,
            )
            say(f"  {line}")


def draw_audience(house: "House", mailing_id: int) -> None:
    """Print which lists of a mailing had another number of readers when it started than when it was approved."""
    for change in house.mailings.audience_changes(mailing_id):
        line = _(
            "list {list} had {before} readers when the issue was submitted, {after} when this mailing was to start"
        )
        say(line.format(list=change.list_name, before=change.approved, after=change.counted), "yellow")


def _figures(part: ListSummary, kinds: list[DeliveryStatus]) -> list[str]:
    return [str(part.planned), *(str(part.counts.get(kind, 0)) for kind in kinds), str(part.retries), str(part.bounced)]


def describe_summary(summary: MailingSummary, standing: Standing) -> dict[str, object]:
    """Return a mailing's figures for --json, and how the relays of its lists stand."""
    mailing = summary.mailing
    return {
        "mailing": mailing.id,
        "issue": mailing.issue_slug,
        "status": mailing.status.value,
        "reason": mailing.reason,
        "scheduled_at": mailing.scheduled_at,
        "started_at": mailing.started_at,
        "late_by_s": round(mailing.late_by.total_seconds()) if mailing.late_by is not None else None,
        "finished_at": mailing.finished_at,
        "tempo": describe_tempo(mailing.tempo),
        "quiet_until": mailing.tempo.quiet_until(standing.at) if mailing.status is MailingStatus.RUNNING else None,
        "planned": summary.planned,
        **{one.value: summary.count(one) for one in DeliveryStatus},
        "bounced": summary.bounced,
        "received": summary.received,
        "retries": summary.retries,
        "lists": {
            part.list_name: {
                "planned": part.planned,
                **{one.value: part.counts.get(one, 0) for one in DeliveryStatus},
                "bounced": part.bounced,
                "received": part.received,
                "retries": part.retries,
                "reasons": [
                    {"status": one.status.value, "class": one.reply_class, "count": one.count, "example": one.example}
                    for one in part.reasons
                ],
            }
            for part in summary.lists
        },
        "relays": [describe_pace(one) for one in standing.relays],
        "slowed_domains": [describe_pace(one) for one in standing.domains],
    }


def describe_mailing(house: "House", summary: MailingSummary) -> dict[str, object]:
    """Return the same, reading how the relays stand."""
    changes = house.mailings.audience_changes(summary.mailing.id)
    return describe_summary(summary, house.relays.standing(summary.mailing.lists)) | {
        "audience_changes": {one.list_name: {"approved": one.approved, "counted": one.counted} for one in changes}
    }
