"""Draws what commands say: plain lines, tables, errors. Colour only on a terminal. Home of Rich.

Much of it is foreign text (a relay's words, names in a sheet), so no text is markup: brackets, `:100:` and control
characters must not become styles, emoji or orders to the terminal.
"""

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from mailer.errors import MailerError
from mailer.i18n import N_, _
from mailer.model.audit_words import who_word as who_word
from mailer.model.report import Severity
from mailer.model.words import MAILING_WORDS as MAILING_WORDS
from mailer.model.words import STATUS_WORDS as STATUS_WORDS
from mailer.model.words import class_word as class_word
from mailer.model.words import reason_word as reason_word

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

# C0 and C1 but tab and line feed; overrides of the writing direction
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
SEVERITY_WORDS: dict[Severity, tuple[str, str]] = {
    Severity.ERROR: (N_("error"), "bold red"),
    Severity.WARNING: (N_("warning"), "yellow"),
    Severity.NOTE: (N_("note"), "dim"),
}


def plain(text: str, style: StyleType = "") -> Text:
    """Return text that is drawn as it is; what a terminal would obey is drawn as �."""
    return Text(_ORDERS.sub("�", text), style)


def say(line: str, style: str = "", console: Console = out) -> None:
    """Print one line as it is: no markup, no wrapping, so that paths stay whole. On `err` scripts do not read it."""
    console.print(plain(line, style), soft_wrap=True)


def say_marked(word: str, style: str, line: str) -> None:
    """Print one line after a word that alone is styled."""
    out.print(Text.assemble(plain(word, style), plain(line)), soft_wrap=True)


def say_error(error: MailerError) -> None:
    """Print an error and its cure to stderr."""
    err.print(Text.assemble(plain(_("error: "), "bold red"), plain(str(error))), soft_wrap=True)
    if error.cure:
        say(f"  → {error.cure}", console=err)


def say_json(value: Any) -> None:
    """Print one JSON value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_to_json) + "\n")


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


class PlainTable(Table):
    """A table whose cells are text, not markup."""

    def add_row(
        self, *renderables: RenderableType | None, style: StyleType | None = None, end_section: bool = False
    ) -> None:
        """Add a row; a cell that is a str is drawn as it is."""
        cells = [plain(cell) if isinstance(cell, str) else cell for cell in renderables]
        super().add_row(*cells, style=style, end_section=end_section)


def make_table(title: str, *columns: tuple[str, str]) -> PlainTable:
    """Return an empty table; a column is (heading, "left", "right", or "whole" for what must not be broken)."""
    table = PlainTable(title=plain(title, "bold"), title_justify="left", header_style="bold", expand=False)
    for heading, kind in columns:
        table.add_column(
            plain(heading), justify="right" if kind == "right" else "left", overflow="fold", no_wrap=kind == "whole"
        )
    return table


def show_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment as people write it, with its zone; a dash for none."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}" if moment is not None else "–"


def show_moment(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment with its day of the week and its zone; a dash for none."""
    if moment is None:
        return "–"
    there = moment.astimezone(zone)
    values = {"weekday": _(WEEKDAYS[there.weekday()]), "date": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M}"}
    return _("{weekday} {date} {time} {zone}").format(**values, zone=zone.key)


def show_clock(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment for a column whose heading names the zone; a dash for none."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment is not None else "–"
