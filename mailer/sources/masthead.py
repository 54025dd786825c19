"""Reads the masthead (报头) from the first lines of a document: name, issue line, publisher and date."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Masthead
from mailer.sources.grammar import (
    DatedLine,
    IssueLine,
    find_date,
    is_page_number,
    is_rule,
    is_secrecy_mark,
    parse_issue_line,
)
from mailer.sources.lines import Line

SEARCH_LINES = 30  # an issue line further down is one that the text speaks of
DATE_LINES = 3
LINE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class ReadMasthead:
    """The masthead, how many lines it took, and what a person should look at."""

    masthead: Masthead
    end: int
    remarks: tuple[ImportRemark, ...]


def read_masthead(lines: list[Line], file: Path) -> ReadMasthead:
    """Return the masthead that the first lines make.

    Above the issue line stand the organisation and the title, below it the publisher with the date. Raises IssueError
    where the issue line, the date or the title is missing.
    """
    start, end, issue_line = _find_issue_line(lines, file)
    dated, publisher, end = _find_date(lines, start, end, file)
    names, remarks = _read_names([line for line in lines[:start] if find_date(line.plain) is None])
    if not names:
        raise IssueError(
            _("no title stands above the issue line"),
            file=file,
            line=lines[start].number,
            field="title",
            cure=_("write the bulletin's name on a line of its own above “{line}”").format(line=lines[start].plain),
        )
    organisation = names[-2] if len(names) > 1 else ""
    masthead = Masthead(
        organisation=organisation,
        title=names[-1],
        publisher=publisher or organisation,
        year=issue_line.year or dated.year,
        number=issue_line.number or None,
        total=issue_line.total or None,
        date=dated,
    )
    return ReadMasthead(masthead, end, tuple(remarks))


def _find_issue_line(lines: list[Line], file: Path) -> tuple[int, int, IssueLine]:
    """Return where the issue line begins and ends (number and total may stand on two lines), and what it says."""
    for at, line in enumerate(lines[:SEARCH_LINES]):
        found = parse_issue_line(line.plain)
        if found is None:
            continue
        end = at + 1
        if end < len(lines) and (second := parse_issue_line(lines[end].plain)) is not None:
            found = IssueLine(found.year or second.year, found.number or second.number, found.total or second.total)
            end += 1
        return at, end, found
    raise IssueError(
        _("no issue line was found in the masthead"),
        file=file,
        line=lines[0].number if lines else None,
        field="number",
        cure=_("write a line such as 2020年第7期（总第113期） under the title"),
    )


def _find_date(lines: list[Line], start: int, end: int, file: Path) -> tuple[date, str, int]:
    """Return the date, the publisher before it (may be empty), and where the masthead ends."""
    for line in lines[start:end]:
        if found := find_date(line.plain):
            return found.date, "", end
    before: list[str] = []
    for at in range(end, min(end + DATE_LINES, len(lines))):
        text = lines[at].plain
        if len(text) > LINE_LENGTH:
            break
        if (found := find_date(text)) and _closes_masthead(found):
            return found.date, " ".join([*before, found.before]).strip(), at + 1
        if not is_rule(text):
            before.append(text)
    for line in lines[:start]:
        if found := find_date(line.plain):
            return found.date, found.before, end
    raise IssueError(
        _("no date was found in the masthead"),
        file=file,
        line=lines[start].number,
        field="date",
        cure=_("write the publisher and the day under the issue line, such as 2020年7月31日"),
    )


def _closes_masthead(found: DatedLine) -> bool:
    return re.fullmatch(r"(?:印发|编印|编|印|出版|发布)?", found.after) is not None


def _read_names(lines: list[Line]) -> tuple[list[str], list[ImportRemark]]:
    names: list[tuple[Line, str]] = []
    remarks: list[ImportRemark] = []
    for line in lines:
        text = line.plain
        if is_rule(text):
            continue
        if is_page_number(text):
            remarks.append(page_number_remark(line))
        elif is_secrecy_mark(text):
            remarks.append(
                ImportRemark(
                    line.number,
                    _("the document is marked “{mark}”; the mark was left out").format(mark=text),
                    _("make sure that it may leave the house by e-mail at all"),
                )
            )
        else:
            spaced = re.fullmatch(r"(?:\S\s+)+\S", text) is not None  # 简　报
            names.append((line, "".join(text.split()) if spaced else text))
    remarks += [left_out_remark(line) for line, _name in names[:-2]]
    return [name for _line, name in names], remarks


def page_number_remark(line: Line) -> ImportRemark:
    """Return the remark that a line was taken for a page number and left out."""
    return ImportRemark(
        line.number,
        _("“{text}” looks like a page number and was left out").format(text=line.plain),
        _("put it back if it belongs to the text"),
    )


def left_out_remark(line: Line) -> ImportRemark:
    """Return the remark that a line has no place in an issue and was left out."""
    return ImportRemark(
        line.number,
        _("“{text}” was not understood and was left out").format(text=line.plain),
        _("put it where it belongs, if it is needed"),
    )
