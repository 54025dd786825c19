"""Whom an issue has reached and whom it misses: as tables for people, as JSON for scripts."""

from zoneinfo import ZoneInfo

from mailer.cli.drawing import MAILING_WORDS, STATUS_WORDS, err, make_table, out, say, show_clock
from mailer.i18n import N_, _, ngettext
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.proof import ProofRecord
from mailer.model.reach import CorrectionReach, IssueReach, NotCorrected
from mailer.model.words import ISSUE_WORDS

NOT_CORRECTED_WORDS = {
    NotCorrected.PENDING: N_(
        "the issue itself is still under way to {n}: cancel that mailing, or send this again later"
    ),
    NotCorrected.REFUSED: N_("the issue itself was refused for {n}"),
    NotCorrected.EXPIRED: N_("the issue itself never got through to {n}"),
    NotCorrected.UNCERTAIN: N_("nobody knows whether {n} have the issue: once that is settled, send this again"),
    NotCorrected.SUPPRESSED: N_("{n} get nothing (suppressed)"),
    NotCorrected.LEFT: N_("{n} have left the list since"),
}


def draw_reach(found: IssueReach, zone: ZoneInfo) -> None:
    """Print where an issue stands and whom it reached."""
    say(_("Issue {slug}: {status}").format(slug=found.slug, status=_(ISSUE_WORDS[found.status])), "bold")
    if found.lists and found.correction is None:
        _draw_lists(found)
    if found.correction is not None:
        draw_correction(found.correction)
    for one in found.corrections:
        say(_("corrected by issue {slug}").format(slug=one), "yellow")
    if found.mailings:
        _draw_mailings(found.mailings, zone)
    else:
        say(_("it has not gone out yet"))
    if found.mailings and found.missing:
        line = ngettext(
            "{n} reader misses it: `mailer send {slug} --missing`",
            "{n} readers miss it: `mailer send {slug} --missing`",
            found.missing,
        )
        say(line.format(n=found.missing, slug=found.slug), "yellow")
    if found.proofs:
        _draw_proofs(found.proofs, zone)


def _draw_lists(found: IssueReach) -> None:
    # rare states get a column only when they occur
    kinds = [DeliveryStatus.ACCEPTED]
    kinds += [one for one in DeliveryStatus if one not in kinds and any(part.counts.get(one) for part in found.lists)]
    headings = (_("active"), _("reached"), *(_(STATUS_WORDS[one]) for one in kinds), _("missing"))
    table = make_table("", ("", "left"), (_("List"), "left"), *((heading, "right") for heading in headings))
    for part in found.lists:
        figures = (part.active, part.reached, *(part.counts.get(one, 0) for one in kinds), part.missing)
        table.add_row(part.role.value, part.title, *map(str, figures))
    out.print(table)


def _draw_mailings(mailings: tuple[MailingRecord, ...], zone: ZoneInfo) -> None:
    columns = (_("No."), "right"), (_("Status"), "left"), (_("Lists"), "left"), (_("Planned for"), "left")
    table = make_table(_("Mailings, times in {zone}").format(zone=zone.key), *columns)
    for one in mailings:
        status = _(MAILING_WORDS[one.status])
        if one.again_by:
            status += " " + _("(again, by {name}: {reason})").format(name=one.again_by, reason=one.again_reason)
        when = show_clock(one.scheduled_at or one.created_at, zone)
        table.add_row(str(one.id), status, _(", ").join(one.lists), when)
    out.print(table)


def _draw_proofs(proofs: tuple[ProofRecord, ...], zone: ZoneInfo) -> None:
    columns = (_("Sent"), "whole"), (_("List"), "left"), (_("Status"), "left"), (_("By"), "left")
    title = _("Proofs, times in {zone}").format(zone=zone.key)
    table = make_table(title, *columns, (_("accepted"), "right"), ("sha256", "whole"), (_("Reply"), "left"))
    for one in proofs:
        status = _(ISSUE_WORDS[one.issue_status])
        accepted = f"{one.accepted}/{one.recipients}"
        when = show_clock(one.sent_at, zone)
        table.add_row(when, one.list_name, status, one.sent_by, accepted, one.edition_sha256[:12], one.reply or "–")
    out.print(table)


def draw_correction(found: CorrectionReach, *, aside: bool = False) -> None:
    """Print whom a correction is for, and who is left out and why; aside: on stderr."""
    console = err if aside else out
    say(
        _("correction of issue {slug}: accepted by {accepted}, to be sent to {n}, planned for {has}").format(
            slug=found.original, accepted=found.accepted, n=found.to_send, has=found.has
        ),
        console=console,
    )
    for reason, count in found.left_out.items():
        say("  " + _("left out: {why}").format(why=_(NOT_CORRECTED_WORDS[reason]).format(n=count)), "yellow", console)


def draw_missing(found: IssueReach) -> None:
    """Say, before they are sent to, how many miss an issue, list by list."""
    parts = [f"{part.title} {part.missing}" for part in found.lists if part.missing]
    if found.correction is not None:
        parts = []
    line = ngettext("{n} reader misses issue {slug}", "{n} readers miss issue {slug}", found.missing)
    words = line.format(n=found.missing, slug=found.slug)
    say(_("{what}: {text}").format(what=words, text=_(", ").join(parts)) if parts else words, console=err)
    for one in found.corrections:
        line = _("issue {slug} was corrected by {correction}, and what goes out now is the issue as it is approved")
        say(line.format(slug=found.slug, correction=one), "yellow", err)


def describe_reach(found: IssueReach) -> dict[str, object]:
    """Return the same for --json."""
    return {
        "issue": found.slug,
        "status": found.status.value,
        "missing": found.missing,
        "lists": {
            part.list_name: {
                "active": part.active,
                "reached": part.reached,
                **{one.value: part.counts.get(one, 0) for one in DeliveryStatus},
                "missing": part.missing,
                "missing_suppressed": part.suppressed,
            }
            for part in found.lists
        },
        "mailings": [
            {
                "mailing": one.id, "status": one.status.value, "lists": list(one.lists),
                "scheduled_at": one.scheduled_at, "started_at": one.started_at, "again_by": one.again_by,
                "again_reason": one.again_reason,
            }
            for one in found.mailings
        ],
        "corrections": list(found.corrections),
        "correction": describe_correction(found.correction) if found.correction is not None else None,
        "proofs": [
            {
                "list": one.list_name, "sha256": one.edition_sha256, "status": one.issue_status.value,
                "by": one.sent_by, "at": one.sent_at, "recipients": one.recipients, "accepted": one.accepted,
                "reply": one.reply,
            }
            for one in found.proofs
        ],
    }  # fmt: skip


def describe_correction(found: CorrectionReach) -> dict[str, object]:
    """Return whom a correction is for, for --json."""
    return {
        "of": found.original,
        "accepted": found.accepted,
        "to_send": found.to_send,
        "has": found.has,
        "left_out": {reason.value: count for reason, count in found.left_out.items()},
    }
