"""The skeleton of a new issue: what stays from issue to issue, and place holders where something is to be written."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from mailer.i18n import _
from mailer.model.issue import (
    Article,
    Block,
    Cell,
    Imprint,
    Issue,
    Masthead,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    walk_blocks,
)
from mailer.model.placeholder import count_placeholders

# a figure with its unit, or the dash that stands for none
_FIGURE = re.compile(r"[+±−-]?\d[\d.,，．]*\s*[^\d\s]{0,3}|[-—–－/]+")
_MONTH = re.compile(r"(?:(?P<year>\d{4})(?P<gap>\s*年\s*))?(?<![\d.])(?P<month>1[0-2]|[1-9])(?P<end>\s*月)")
_STATISTICS = 1 / 3  # of the cells of a table that are figures, and more


def make_skeleton(last: Issue, slug: str, masthead: Masthead, mark: str) -> Issue:
    """Return the issue that follows `last`, with nothing written in it.

    Masthead apart, it carries on the headings of the sections, tables of figures without the figures, circulation and
    imprint, and whether there is an archive; no article, picture or attachment. `mark` stands wherever something is to
    be written, so that the preflight finds it.
    """
    blank = _Blank(mark, last.masthead.date, masthead.date)
    return Issue(
        slug=slug,
        masthead=masthead,
        sections=tuple(blank.section(one) for one in last.sections) or (Section("", (blank.article(),)),),
        circulation=last.circulation,
        imprint=_carry_imprint(last, masthead.date),
        archive=last.archive,
        shorten=last.shorten,
    )


def _carry_imprint(last: Issue, day: date) -> Imprint:
    """Carry on the imprint; the day of printing stays as many days after the issue's as it was."""
    printed = last.imprint.printed_on
    if printed is None:
        return last.imprint
    return replace(last.imprint, printed_on=day + max(printed - last.masthead.date, timedelta()))


class _Blank:
    """Empties the parts of an issue of one day for one of a later day."""

    def __init__(self, mark: str, old: date, new: date) -> None:
        self._mark = mark
        self._old = old
        self._months = (new.year - old.year) * 12 + new.month - old.month

    def section(self, section: Section) -> Section:
        articles = tuple(
            Article(self._headline(one.title), (self._text(), *tables))
            for one in section.articles
            if (tables := self._tables(one.blocks))
        )
        tables = self._tables(section.blocks)
        blocks: tuple[Block, ...] = (
            (self._text(), *tables) if tables or (section.blocks and not section.articles) else ()
        )
        return Section(section.title, articles if articles or blocks else (self.article(),), blocks)

    def _headline(self, title: str) -> str:
        """Count on a standing headline, which names its month; any other is last month's news, so it is marked."""
        counted = self._count_on(title)
        return counted if counted != title else f"{self._mark}{counted}"

    def article(self) -> Article:
        return Article(self._mark + _("title of an article"), (self._text(),))

    def _text(self) -> Paragraph:
        return Paragraph((Text(self._mark + _("its text")),))

    def _tables(self, blocks: tuple[Block, ...]) -> tuple[Table, ...]:
        found = (block for block in walk_blocks(blocks) if isinstance(block, Table))
        return tuple(self._table(one) for one in found if _is_statistics(one))

    def _table(self, table: Table) -> Table:
        head = tuple(self._row(row, _is_none) for row in table.head)
        body = tuple(self._row(row, _is_figure) for row in table.body)
        return Table(self._count_on(table.caption), head, body)

    def _row(self, row: Row, is_figure: Callable[[Cell], bool]) -> Row:
        """Keep the labels: the first cell, headings, and what is no figure."""
        cells = tuple(
            replace(cell, text=self._mark if number and is_figure(cell) else self._count_on(cell.text))
            for number, cell in enumerate(row.cells)
        )
        return replace(row, cells=cells)

    def _count_on(self, text: str) -> str:
        """Count the months of a heading on that name the old issue's month or the one before it.

        Past December that is plain only where the year is said; else the mark asks.
        """

        def later(match: re.Match[str]) -> str:
            month = int(match["month"])
            if (self._old.month - month) % 12 not in (0, 1):
                return match[0]
            years, month = divmod(month - 1 + self._months, 12)
            if match["year"]:
                return f"{int(match['year']) + years}{match['gap']}{month + 1}{match['end']}"
            return f"{self._mark if years else month + 1}{match['end']}"

        return _MONTH.sub(later, text)


def _is_none(_cell: Cell) -> bool:
    return False


def _is_figure(cell: Cell) -> bool:
    text = cell.text.strip()
    return not cell.header and (_FIGURE.fullmatch(text) is not None or count_placeholders(text) > 0)


def _is_statistics(table: Table) -> bool:
    cells = [cell for row in table.body for cell in row.cells[1:]]
    return bool(cells) and sum(map(_is_figure, cells)) >= len(cells) * _STATISTICS
