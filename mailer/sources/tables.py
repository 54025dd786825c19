"""Tables in issue.md: HTML <table> with merged cells, and the writing of both HTML and pipe tables."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import lxml.etree
import lxml.html

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Cell, Row, Table
from mailer.sources.grammar import join_lines
from mailer.sources.inline import Place, check_text

MAX_SPAN = 200
_ATTRIBUTES = {"tr": {"class"}, "td": {"rowspan", "colspan"}, "th": {"rowspan", "colspan", "scope"}}


@dataclass(frozen=True, slots=True)
class _Source:
    file: Path
    line: int  # of the <table> itself

    def error(self, element: lxml.html.HtmlElement | None, message: str, cure: str) -> IssueError:
        return IssueError(message, file=self.file, line=self.line_of(element), cure=cure)

    def line_of(self, element: lxml.html.HtmlElement | None) -> int:
        return self.line + ((element.sourceline or 1) - 1 if element is not None else 0)


def clean_cell(text: str) -> str:
    """Return a cell's text as the model holds it: on one line, without blanks around it."""
    joined = ""
    for piece in text.split("\n"):
        joined = join_lines(joined, re.sub(r"[ \t\r]+", " ", piece).strip(" "))
    return joined


def parse_html_table(source: str, *, file: Path, line: int) -> Table:
    """Return the table that one <table>…</table> holds.

    Known are caption, thead, tbody, tfoot, tr (class="total"), th and td with rowspan and colspan; cells hold text.
    Rows of th alone at the top are the head when there is no thead. Raises IssueError, with the line, for all else.
    """
    place = _Source(file, line)
    try:
        root = lxml.html.fragment_fromstring(source.strip())
    except (lxml.etree.LxmlError, ValueError):
        root = None
    whole = source.rstrip().lower().endswith("</table>")
    if root is None or root.tag != "table" or not whole:
        raise place.error(root, _("this is not one whole table"), _("begin with <table> and end with </table>"))
    _check_attributes(root, place)
    caption = ""
    head: list[Row] = []
    body: list[Row] = []
    parts = [part for part in root if part.tag in ("thead", "tbody", "tfoot")]
    for part in root:
        if part.tag == "caption":
            caption = _read_text(part, place)
        elif part.tag == "tr":
            body.append(_read_row(part, place))
        elif part in parts:
            _check_attributes(part, place)
            rows = [_read_row(row, place) for row in part]
            (head if part.tag == "thead" else body).extend(rows)
            _check_stray_text(part, place)
        else:
            raise _unknown(part, place)
    _check_stray_text(root, place)
    if not parts:
        while body and all(cell.header for cell in body[0].cells):
            head.append(body.pop(0))
    table = Table(caption, tuple(head), tuple(body), line)
    check_shape(table, file=file, line=line)
    return table


def _unknown(element: lxml.html.HtmlElement, place: _Source) -> IssueError:
    name = element.tag if isinstance(element.tag, str) else "!--"
    return place.error(
        element,
        _("<{tag}> is not supported here").format(tag=name),
        _("use only caption, thead, tbody, tr, th and td, with text in the cells"),
    )


def _check_attributes(element: lxml.html.HtmlElement, place: _Source) -> None:
    for name, value in element.attrib.items():
        if str(name) not in _ATTRIBUTES.get(str(element.tag), ()) or (name == "class" and value != "total"):
            raise place.error(
                element,
                _('{name}="{value}" in <{tag}> is not supported').format(name=name, value=value, tag=element.tag),
                _('take it out; known are rowspan, colspan and, for a row of sums, <tr class="total">'),
            )


def _check_stray_text(element: lxml.html.HtmlElement, place: _Source) -> None:
    for text in [element.text, *(child.tail for child in element)]:
        if text and text.strip():
            raise place.error(
                element,
                _("“{text}” stands between the cells of a table").format(text=text.strip()[:40]),
                _("put it into a cell"),
            )


def _read_text(element: lxml.html.HtmlElement, place: _Source) -> str:
    for child in element:
        raise _unknown(child, place)
    text = clean_cell(element.text or "")
    return check_text(text, Place(place.file, place.line_of(element)))


def _read_row(element: lxml.html.HtmlElement, place: _Source) -> Row:
    if element.tag != "tr":
        raise _unknown(element, place)
    _check_attributes(element, place)
    _check_stray_text(element, place)
    cells = []
    for cell in element:
        if cell.tag not in ("td", "th"):
            raise _unknown(cell, place)
        _check_attributes(cell, place)
        rowspan, colspan = (_read_span(cell, name, place) for name in ("rowspan", "colspan"))
        cells.append(Cell(_read_text(cell, place), rowspan, colspan, header=cell.tag == "th"))
    return Row(tuple(cells), total=element.get("class") == "total")


def _read_span(cell: lxml.html.HtmlElement, name: str, place: _Source) -> int:
    value = cell.get(name, "1")
    if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MAX_SPAN:
        raise place.error(
            cell,
            _('{name}="{value}" is not a number of cells').format(name=name, value=value),
            _("write a number from 1 to {n}").format(n=MAX_SPAN),
        )
    return int(value)


def check_shape(table: Table, *, file: Path, line: int) -> None:
    """Raise IssueError unless all rows, their spans counted, are equally wide and no span leaves the table's part."""
    width: int | None = None
    for rows in (table.head, table.body):
        below: list[int] = []  # how many rows each column is still covered for, from above
        for number, row in enumerate(rows, 1):
            found, below = _lay_row(row, below)
            width = found if width is None else width
            if found != width:
                raise uneven_row(
                    number, row.cells[0].text if row.cells else "", found, width or 0, file=file, line=line
                )
        if any(below):
            raise IssueError(
                _("a rowspan reaches below the last row"), file=file, line=line, cure=_("count the rows it spans")
            )


def uneven_row(number: int, text: str, found: int, width: int, *, file: Path, line: int) -> IssueError:
    """Return the error that a row, counted from 1, is not as wide as the first; `text` is its first cell."""
    return IssueError(
        _("row {n} “{text}” is {found} columns wide, the first row {width}").format(
            n=number, text=text, found=found, width=width
        ),
        file=file,
        line=line,
        cure=_("give every row the same columns; count rowspan and colspan"),
    )


def _lay_row(row: Row, above: list[int]) -> tuple[int, list[int]]:
    """Return a row's width with what covers it from above, and what covers the row below it."""
    below = [max(0, rows - 1) for rows in above]
    covered = [rows > 0 for rows in above]
    at = 0
    for cell in row.cells:
        while at < len(covered) and covered[at]:
            at += 1
        for column in range(at, at + cell.colspan):
            if column >= len(covered):
                covered.append(False)
                below.append(0)
            covered[column] = True
            below[column] = max(below[column], cell.rowspan - 1)
        at += cell.colspan
    return sum(covered), below


def is_simple(table: Table) -> bool:
    """True when a pipe table can hold it: one head row, no merged cells or caption, no sums without a figure."""
    rows = (*table.head, *table.body)
    return (
        len(table.head) == 1
        and not table.caption
        and bool(table.head[0].cells)
        and all(cell.header == (row is table.head[0]) for row in rows for cell in row.cells)
        and all(cell.rowspan == cell.colspan == 1 for row in rows for cell in row.cells)
        and not any(row.total and (row is table.head[0] or not any(cell.text for cell in row.cells)) for row in rows)
        and all(len(row.cells) == len(table.head[0].cells) for row in rows)
    )


def format_html_table(table: Table) -> str:
    """Return the table as HTML on lines of its own, none blank, so that Markdown takes it as one block."""
    lines = ["<table>"]
    if table.caption:
        lines.append(f"<caption>{_escape(table.caption)}</caption>")
    for name, rows in (("thead", table.head), ("tbody", table.body)):
        if rows or name == "tbody":
            lines += [f"<{name}>", *(_format_row(row) for row in rows), f"</{name}>"]
    return "\n".join([*lines, "</table>"])


def _format_row(row: Row) -> str:
    cells = "".join(
        f"<{tag}{_span('rowspan', cell.rowspan)}{_span('colspan', cell.colspan)}>{_escape(cell.text)}</{tag}>"
        for cell in row.cells
        for tag in ("th" if cell.header else "td",)
    )
    return f'<tr class="total">{cells}</tr>' if row.total else f"<tr>{cells}</tr>"


def _span(name: str, value: int) -> str:
    return f' {name}="{value}"' if value != 1 else ""


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
