"""What others wrote is drawn as it stands: it is no markup, no emoji, no order to the terminal."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from mailer.cli.bounces import draw
from mailer.cli.check import draw_findings
from mailer.cli.drawing import make_table, out, say, say_error
from mailer.cli.summary import draw_summary
from mailer.errors import StateError
from mailer.model.delivery import (
    DeliveryStatus,
    ListSummary,
    MailingRecord,
    MailingStatus,
    MailingSummary,
    RefusalReason,
)
from mailer.model.issue import Role
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Finding, Report, ReportedRecipient, ReportKind, ReturnedMail, Severity

FOREIGN = "[red]550[/] no such user [/see] :100: [link=x]"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "_width", 400)


def test_a_table_shows_title_headings_and_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = make_table(f"title {FOREIGN}", (f"heading {FOREIGN}", "left"), ("b", "right"))
    table.add_row(f"cell {FOREIGN}", "1")
    table.add_row(f"bold {FOREIGN}", "2", style="bold")
    out.print(table)
    said = capsys.readouterr().out
    for kind in ("title", "heading", "cell", "bold"):
        assert f"{kind} {FOREIGN}" in said


def test_a_table_keeps_its_styles() -> None:
    terminal = Console(force_terminal=True, color_system="standard", file=io.StringIO(), width=80)
    table = make_table("title", ("heading", "left"))
    table.add_row("plain")
    table.add_row("all", style="bold")
    with terminal.capture() as capture:
        terminal.print(table)
    said = capture.get()
    assert "\x1b[1mtitle" in said
    assert "\x1b[1mheading" in said
    assert "\x1b[1mall" in said
    assert "\x1b[1mplain" not in said


def test_the_figures_of_a_mailing_bear_a_relays_words(capsys: pytest.CaptureFixture[str]) -> None:
    record = MailingRecord(
        1, f"slug {FOREIGN}", MailingStatus.HELD, ("members",), None, NOW, None, None, f"why {FOREIGN}", ""
    )
    part = ListSummary(
        "members",
        f"list {FOREIGN}",
        Role.SIDEWAYS,
        {DeliveryStatus.REFUSED: 1},
        0,
        0,
        (RefusalReason(DeliveryStatus.REFUSED, "gone", 1, f"reply {FOREIGN}"),),
    )
    draw_summary(MailingSummary(record, (part,)))
    said = capsys.readouterr().out
    for kind in ("slug", "why", "list", "reply"):
        assert f"{kind} {FOREIGN}" in said


def test_errors_findings_and_returned_mail_bear_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    say_error(StateError(f"wrong {FOREIGN}", file="issue.md", line=100, cure=f"cure {FOREIGN}"))
    draw_findings([Finding(Severity.ERROR, "issue.md:100: x", f"text {FOREIGN}", f"cure {FOREIGN}")])
    recipient = ReportedRecipient(
        "reader@firm.example", "5.1.1", f"reply {FOREIGN}", Meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True)
    )
    draw([ReturnedMail(f"file {FOREIGN}", Report(ReportKind.BOUNCE, (recipient,)), None, False, False)], as_json=False)
    said = capsys.readouterr()
    assert f"error: issue.md:100: wrong {FOREIGN}\n  → cure {FOREIGN}\n" == said.err
    assert f"error issue.md:100: x: text {FOREIGN}\n  → cure {FOREIGN}\n" in said.out
    assert f"file {FOREIGN}: bounce\n  reader@firm.example: no such mailbox: 5.1.1 reply {FOREIGN}\n" in said.out


def test_good_news_of_a_recipient_bears_no_reason(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = Meaning(ReplyClass.UNKNOWN, Action.NONE, permanent=False)
    full = Meaning(ReplyClass.FULL, Action.SUPPRESS_AFTER, permanent=False)
    later = Meaning(ReplyClass.TEMPORARY, Action.RETRY, permanent=False)
    reports = (
        Report(ReportKind.DELIVERED, (ReportedRecipient("a@x.example", "2.0.0", "Ok", unknown),)),
        Report(ReportKind.RECEIPT, (ReportedRecipient("b@x.example", "", "displayed", unknown),)),
        Report(
            ReportKind.BOUNCE,
            (
                ReportedRecipient("c@x.example", "5.2.2", "full", full, ReportKind.BOUNCE),
                ReportedRecipient("d@x.example", "4.4.1", "", later, ReportKind.DELAYED),
                ReportedRecipient("e@x.example", "2.0.0", "", unknown, ReportKind.DELIVERED),
            ),
        ),
    )
    draw([ReturnedMail("f", one, None, False, False) for one in reports], as_json=False)
    said = [line.strip() for line in capsys.readouterr().out.splitlines() if "@" in line]
    assert said == [
        "a@x.example: delivered: 2.0.0 Ok",
        "b@x.example: receipt: shown to the reader",
        "c@x.example: mailbox full: 5.2.2 full",
        "d@x.example: delayed: temporary fault: 4.4.1",
        "e@x.example: delivered: 2.0.0",
    ]


def test_what_a_terminal_would_obey_is_not_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    say("550 \x1b[2J\x1b]0;mine\x07 gone \x9b1m \u202eelif\r over\ttab")
    table = make_table("", ("Reason", "left"))
    table.add_row("\x1b[2Jgone")
    out.print(table)
    said = capsys.readouterr().out
    assert not set("\x1b\x07\x9b\u202e\r") & set(said)
    assert "gone" in said
    assert "\ttab" in said or "  tab" in said.expandtabs()


NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
