"""The command proof: an issue by mail to staff."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from mailer.cli.check import draw_findings
from mailer.cli.drawing import class_word, err, make_table, out, say, say_json
from mailer.cli.options import AsOption, IssueArgument, JsonOption, ListOption, acting_name, open_house
from mailer.i18n import _, ngettext
from mailer.model.proof import ProofCopy, ProofOutcome
from mailer.model.report import Severity
from mailer.model.standing_words import say_until
from mailer.model.words import ISSUE_WORDS, PROOF_WORDS

if TYPE_CHECKING:
    from mailer.app.proofs import Proof


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "proof",
        help=_("Mail an issue to staff as its readers would get it, approved or not; it counts nowhere."),
        epilog=_(
            "For example: `mailer proof 2020-07 --to editor@zsia.example`. It goes through the relay and the limits of "
            "the real thing; its subject says that it is a proof, and its links change nothing."
        ),
    )(proof)


def proof(
    ctx: typer.Context,
    issue: IssueArgument,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDR", help=escape(_("who gets it; repeat for several; else `to` of [proof]"))),
    ] = None,
    lists: ListOption = None,
    reader: Annotated[
        str, typer.Option("--for", metavar="ADDR", help=_("fill in this contact’s name; else a made-up reader’s"))
    ] = "",
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Mail a proof; exit code 1 unless every copy was accepted."""
    with open_house(ctx) as house:
        shown = house.proofs.prepare(issue, lists or [])
        if not as_json:
            draw_findings([one for one in shown.findings if one.severity is not Severity.NOTE])
        copies = asyncio.run(house.proofs.mail(shown, to or [], acting_name(house, name), reader))
        zone, now = house.config.zone, house.now()
    if as_json:
        say_json(describe(shown, copies))
    else:
        draw(shown, copies, now, zone)
    if any(one.outcome is not ProofOutcome.ACCEPTED for one in copies):
        raise typer.Exit(1)


def describe(shown: "Proof", copies: Sequence[ProofCopy]) -> dict[str, object]:
    """Return a proof for --json."""
    return {
        "issue": shown.issue.slug,
        "status": shown.status.value,
        "editions": {one.list_name: one.sha256 for one in shown.editions},
        "findings": [
            {"severity": one.severity.value, "place": one.place, "text": one.text, "cure": one.cure}
            for one in shown.findings
        ],
        "copies": [describe_copy(one) for one in copies],
    }


def describe_copy(one: ProofCopy) -> dict[str, object]:
    """Return one copy for --json."""
    return {
        "list": one.list_name, "address": one.address, "relay": one.relay, "outcome": one.outcome.value,
        "reply": one.reply, "class": one.reply_class.value if one.reply_class else "",
        "meaning": _(one.summary) if one.summary else "", "free_at": one.free_at,
    }  # fmt: skip


def draw(shown: "Proof", copies: Sequence[ProofCopy], now: datetime, zone: ZoneInfo) -> None:
    """Print what became of a proof."""
    title = _("Proof of issue {issue}: {status}").format(issue=shown.issue.slug, status=_(ISSUE_WORDS[shown.status]))
    columns = (_("List"), "whole"), (_("Recipient"), "whole"), (_("Relay"), "left"), (_("Outcome"), "left")
    table = make_table(title, *columns, (_("Reply"), "left"))
    for one in copies:
        table.add_row(one.list_name, one.address, one.relay or "–", _(PROOF_WORDS[one.outcome]), one.reply or "–")
    out.print(table)
    for words in dict.fromkeys(explain_copy(one, now, zone) for one in copies):
        if words:
            say("  → " + words, "yellow")
    for edition in shown.editions:
        say(f"  {edition.list_name}  sha256 {edition.sha256}", "dim", err)
    accepted = sum(one.outcome is ProofOutcome.ACCEPTED for one in copies)
    line = ngettext("{accepted} of {n} copy accepted", "{accepted} of {n} copies accepted", len(copies))
    say(line.format(accepted=accepted, n=len(copies)), "green" if accepted == len(copies) else "red")


def explain_copy(one: ProofCopy, now: datetime, zone: ZoneInfo) -> str:
    """Return what the reply to a copy means, or when it may be tried again; empty where there is nothing to say."""
    if one.free_at is not None:
        return _("try again after {when}").format(when=say_until(one.free_at, now, zone))
    if one.reply_class is None:
        return ""
    word = class_word(one.reply_class.value)
    return _("{class_word}: {sentence}").format(class_word=word, sentence=_(one.summary)) if one.summary else word
