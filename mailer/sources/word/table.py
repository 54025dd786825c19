"""Reads the shape of a Word table (w:tbl): which cells there are, and how they are merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.i18n import _
from mailer.sources.drafts import Say
from mailer.sources.left_out import say_deleted, shorten
from mailer.sources.word.markup import Element, child, descendants, name_of, number, switch, value

MAX_CELLS = 20_000
_WRAPPERS = {"sdt", "sdtContent", "customXml", "ins", "moveTo"}


@dataclass(slots=True)
class WordCell:
    """A cell where it begins, in Word's own grid, with the w:tc that holds its text."""

    element: Element
    row: int
    column: int
    colspan: int
    rowspan: int = 1


@dataclass(slots=True)
class WordTable:
    """The cells of a table in order; `head_rows` are those it repeats on every page."""

    cells: list[WordCell] = field(default_factory=list)
    rows: int = 0
    head_rows: int = 0

    @property
    def columns(self) -> int:
        """How many columns cells begin in."""
        return len({cell.column for cell in self.cells})


def read_shape(table: Element, say: Say) -> WordTable:
    """Return the cells of a table. Rows and cells deleted under tracked changes are left out, which is said."""
    shape = WordTable()
    open_above: dict[int, WordCell] = {}
    for row in _rows(table):
        if child(child(row, "trPr"), "del") is not None:
            say_deleted(_all_text(row), say)
            continue
        open_above = _read_row(row, shape, open_above, say)
        heading = switch(child(row, "trPr"), "tblHeader")
        if heading and shape.head_rows == shape.rows:
            shape.head_rows += 1
        shape.rows += 1
        if len(shape.cells) > MAX_CELLS:
            say(
                _("a table has more than {n} cells; the rows after them were left out").format(n=MAX_CELLS),
                _("send it as an attachment, and keep what readers need"),
            )
            break
    if shape.head_rows == shape.rows:
        shape.head_rows = 0
    return shape


def _read_row(row: Element, shape: WordTable, above: dict[int, WordCell], say: Say) -> dict[int, WordCell]:
    """Add a row's cells; return the cells that a merge going on in the row below would continue, by column."""
    column = number(child(child(row, "trPr"), "gridBefore")) or 0
    below: dict[int, WordCell] = {}
    merged_left: WordCell | None = None
    for element in _cells(row):
        properties = child(element, "tcPr")
        if child(properties, "cellDel") is not None:
            say_deleted(_all_text(element), say)
            continue
        span = min(max(1, number(child(properties, "gridSpan")) or 1), 1_000)
        if _continues(properties, "hMerge") and merged_left is not None:  # old Word's way to merge sideways
            merged_left.colspan += span
            column += span
            continue
        started = above.get(column)
        if _continues(properties, "vMerge") and started is not None and started.colspan == span:
            started.rowspan = shape.rows - started.row + 1
            below[column] = started
            _say_covered(element, say)
        else:
            cell = WordCell(element, shape.rows, column, span)
            shape.cells.append(cell)
            merged_left = cell
            if child(properties, "vMerge") is not None:
                below[column] = cell
        column += span
    return below


def _continues(properties: Element | None, name: str) -> bool:
    found = child(properties, name)
    return found is not None and value(found) in (None, "continue")


def _rows(table: Element) -> Iterator[Element]:
    for element in table:
        if name_of(element) == "tr":
            yield element
        elif name_of(element) in _WRAPPERS:
            yield from _rows(element)


def _cells(row: Element) -> Iterator[Element]:
    for element in row:
        if name_of(element) == "tc":
            yield element
        elif name_of(element) in _WRAPPERS:
            yield from _cells(element)


def _all_text(element: Element) -> str:
    return "".join(below.text or "" for below in descendants(element, "t", "delText"))


def _say_covered(element: Element, say: Say) -> None:
    text = _all_text(element).strip()
    if text:
        say(
            _("“{text}” is covered by a merged cell and was left out").format(text=shorten(text)),
            _("write it into the table if readers should see it"),
        )
