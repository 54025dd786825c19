"""Reads the masthead (报头) from the first pieces of a document: names, issue line, publisher and date, secrecy."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Masthead
from mailer.sources.grammar import (
    FIXED_LENGTH,
    DatedLine,
    find_date,
    is_page_number,
    is_rule,
    parse_circulation_label,
    parse_printing_line,
    parse_secrecy_mark,
)
from mailer.sources.issue_line import ISSUE_LINE_LENGTH, IssueLine, is_issue_placeholder, parse_issue_line
from mailer.sources.pieces import Piece
from mailer.sources.remarks import (
    date_elsewhere_remark,
    kept_remark,
    no_issue_line_remark,
    no_name_remark,
    one_name_remark,
    page_number_remark,
    secrecy_remark,
)

SEARCH_LINES = 30  # an issue line further down is one that the text speaks of
HEAD_LINES = 12  # where no issue line says how far the masthead goes
DATE_LINES = 3  # below the issue line: two may name the publisher
_NAME_END = re.compile(
    r"(?:简报|通讯|快报|专报|月报|周报|日报|旬报|季报|年报|快讯|动态|信息|参考|要情|通报|摘报|内参|导刊|专刊|期刊|会刊|[^\s]刊|资讯)$"
)
_BRACKETED_NAME = re.compile(r"【(?P<name>[^【】]{1,30})】\s*(?P<title>\S.*)")
_DATE_LABEL = re.compile(r"(?:签发|印发|发布|出版|编印|成文)?(?:时间|日期)\s*[:：]$")
_PUBLISHING = re.compile(r"(?:编印|编发|编写|编辑|主办|主编|印发|编|印)$")
_CLOSED = re.compile(r"(?:印发|编印|编|印|出版|发布|[（(]?星期[一二三四五六日天][)）]?)?")


@dataclass(slots=True)
class ReadMasthead:
    """The masthead, the pieces that come after it, and what of its lines has no place in a masthead.

    `kept` are lines to stand at the head of the text, `circulation` those for the foot.
    """

    masthead: Masthead
    rest: list[Piece]
    kept: list[Piece] = field(default_factory=list)
    circulation: list[Piece] = field(default_factory=list)
    remarks: list[ImportRemark] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """A masthead while it is read: what was found, and the lines that are used up (by their index)."""

    lines: list[Piece]
    file: Path
    issue: IssueLine = field(default_factory=lambda: IssueLine(None, None, None))
    start: int | None = None  # where the issue line stands
    end: int = 0  # the first piece after the masthead
    secrecy: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    kept: list[Piece] = field(default_factory=list)
    circulation: list[Piece] = field(default_factory=list)
    remarks: list[ImportRemark] = field(default_factory=list)

    def keep(self, at: int) -> None:
        """Let a line stand at the head of the text, and say so."""
        self.used.add(at)
        self.kept.append(self.lines[at])
        self.remarks.append(kept_remark(self.lines[at]))


def read_masthead(pieces: list[Piece], file: Path) -> ReadMasthead:
    """Return the masthead that the first pieces make.

    Above the issue line stand the organisation and the title, below it the publisher with the date. Without an issue
    line the date's line ends the masthead. What is missing is left empty, with a remark; raises IssueError only where
    the document says no date at all.
    """
    reading = _Reading(pieces, file)
    _take_issue_line(reading)
    day, publisher = _take_date(reading)
    _take_odd_lines(reading)
    organisation, title = _take_names(reading, publisher)
    masthead = Masthead(
        organisation=organisation,
        title=title,
        publisher=_PUBLISHING.sub("", publisher) or organisation,
        year=reading.issue.year or day.year,
        number=reading.issue.number or None,
        total=reading.issue.total or None,
        date=day,
        supplement=reading.issue.supplement,
        secrecy="、".join(reading.secrecy),
    )
    rest = [piece for at, piece in enumerate(reading.lines) if at not in reading.used]
    return ReadMasthead(masthead, rest, reading.kept, reading.circulation, reading.remarks)


def _take_issue_line(reading: _Reading) -> None:
    lines = reading.lines
    for at, piece in enumerate(lines[:SEARCH_LINES]):
        if len(piece.plain) > FIXED_LENGTH:
            break  # the text has begun
        if piece.block is not None:
            continue
        found = parse_issue_line(piece.plain)
        if found is None and not is_issue_placeholder(piece.plain):
            continue
        reading.start, reading.end = at, at + 1
        if at + 1 < len(lines) and lines[at + 1].block is None:
            second = parse_issue_line(lines[at + 1].plain)
            if second is not None or is_issue_placeholder(lines[at + 1].plain):
                found = _join_issue_lines(found, second)
                reading.end += 1
        reading.issue = found or reading.issue
        break
    if reading.start is None:
        _take_issue_line_behind_name(reading)
    for at in range(reading.start or 0, reading.end):
        reading.used.add(at)
        parsed = parse_issue_line(reading.lines[at].plain)
        if parsed is None or (parsed.rest and not _publisher_of(reading.lines[at])):
            reading.keep(at)
    if not (reading.issue.number or reading.issue.total or reading.issue.supplement):
        reading.remarks.append(no_issue_line_remark(reading.lines[reading.start or 0]))


def _join_issue_lines(first: IssueLine | None, second: IssueLine | None) -> IssueLine | None:
    if first is None or second is None:
        return first or second
    return IssueLine(
        first.year or second.year,
        first.number or second.number,
        first.total or second.total,
        first.supplement or second.supplement,
    )


def _take_issue_line_behind_name(reading: _Reading) -> None:
    """Find 某某简报2026年第7期（总第31期）: the name and the issue line in one, and make two pieces of it."""
    for at, piece in enumerate(reading.lines[:HEAD_LINES]):
        line = piece.plain
        if piece.block is not None or len(line) > ISSUE_LINE_LENGTH:
            continue
        begin = re.search(r"[（(〔]?(?:\d{4}年?[〕]?)?\s*第\s*[【]?\d+[】]?\s*期|[（(]总第?\d+期", line)
        if begin is None or not begin.start():
            continue
        name, found = line[: begin.start()].strip(), parse_issue_line(line[begin.start() :])
        if found is None or found.rest or not name or re.search(r"[，。：、]", name):
            continue
        parts = [replace(piece, text=name, content=()), replace(piece, text=line[begin.start() :], content=())]
        reading.lines = [*reading.lines[:at], *parts, *reading.lines[at + 1 :]]
        reading.issue, reading.start, reading.end = found, at + 1, at + 2
        return


def _take_date(reading: _Reading) -> tuple[date, str]:
    """Return the date and the publisher before it (may be empty)."""
    lines = reading.lines
    start = reading.end if reading.start is None else reading.start
    for piece in lines[start : reading.end]:
        if found := find_date(piece.plain):
            return found.date, _publisher_of(piece)
    if reading.start is not None and (beside := _date_below(reading)):
        return beside
    above = min(HEAD_LINES, len(lines)) if reading.start is None else reading.start
    for at in range(above):
        if len(lines[at].plain) > FIXED_LENGTH:
            break
        if found := _dated(lines[at]):
            return _use_dated_line(reading, at, found)
    return _date_from_anywhere(reading), ""


def _publisher_of(piece: Piece) -> str:
    """Return the publisher that an issue line names beside a date; empty for another line."""
    parsed = parse_issue_line(piece.plain)
    rest = parsed.rest if parsed and find_date(piece.plain) else ""
    return "" if re.search(r"[:：]|\.\.\.|^\W", rest) else rest


def _date_below(reading: _Reading) -> tuple[date, str] | None:
    named: list[int] = []
    for at in range(reading.end, min(reading.end + HEAD_LINES, len(reading.lines))):
        piece = reading.lines[at]
        if piece.block is not None or len(piece.plain) > ISSUE_LINE_LENGTH:
            return None
        if found := _dated(piece):
            reading.end = at + 1
            day, publisher = _use_dated_line(reading, at, found)
            reading.used.update(named)
            return day, " ".join([*(reading.lines[number].plain for number in named), publisher]).strip()
        if _may_name_publisher(piece.plain):
            named.append(at)
        if len(named) == DATE_LINES:
            return None
    return None


def _may_name_publisher(line: str) -> bool:
    odd = is_rule(line) or is_page_number(line) or parse_secrecy_mark(line) or parse_circulation_label(line)
    return not odd


def _dated(piece: Piece) -> DatedLine | None:
    """Return what a line with a date says; None for a line that is text, or one of the circulation or printing."""
    line = piece.plain
    if piece.block is not None or len(line) > ISSUE_LINE_LENGTH or re.search(r"[。，！？]", line):
        return None
    found = None if parse_circulation_label(line) else find_date(line)
    # a label behind the date (签发人：), or the time of day, but no words that go on
    return found if found and (_CLOSED.fullmatch(found.after) or re.search(r"[:：]", found.after)) else None


def _use_dated_line(reading: _Reading, at: int, found: DatedLine) -> tuple[date, str]:
    if reading.start is None:
        reading.end = at + 1
    reading.used.add(at)
    label = _DATE_LABEL.search(found.before)
    publisher = found.before[: label.start()].strip() if label else found.before
    if not _CLOSED.fullmatch(found.after):
        reading.keep(at)
    return found.date, publisher


def _date_from_anywhere(reading: _Reading) -> date:
    """Return the date of the printing line, else of a line that is only a date, else the first that the text names."""
    lines = [piece for piece in reading.lines if piece.block is None]
    ways = (
        (printed.printed_on for piece in reversed(lines) if (printed := parse_printing_line(piece.plain))),
        (found.date for piece in reversed(lines) if (found := _dated(piece)) and not found.before + found.after),
        (found.date for piece in lines if (found := find_date(piece.plain[:1000]))),
    )
    day = next((day for way in ways for day in way if day), None)
    if day is None:
        raise IssueError(
            _("no date was found in the masthead"),
            file=reading.file,
            line=reading.lines[reading.start or 0].line,
            field="date",
            cure=_("write the publisher and the day under the issue line, such as 2020年7月31日"),
        )
    reading.remarks.append(date_elsewhere_remark(reading.lines[0], day))
    return day


def _take_odd_lines(reading: _Reading) -> None:
    """Take the lines of the masthead that are neither names nor date: secrecy, circulation, rules, page numbers."""
    end = reading.end or min(HEAD_LINES, len(reading.lines))
    only_names = reading.end > 0
    for at in range(end):
        piece = reading.lines[at]
        line = piece.plain
        if at in reading.used or piece.block is not None:
            continue
        if _take_secrecy(reading, at):
            continue
        if is_rule(line) and only_names:
            reading.used.add(at)
        elif only_names and is_page_number(line):
            reading.used.add(at)
            reading.remarks.append(page_number_remark(piece))
        elif parse_circulation_label(line) is not None and only_names:
            reading.used.add(at)
            reading.circulation.append(piece)
    at = reading.end
    while at and at < len(reading.lines) and _is_circulation(reading.lines[at]):
        reading.used.add(at)
        reading.circulation.append(reading.lines[at])
        at += 1


def _take_secrecy(reading: _Reading, at: int) -> bool:
    """Take a secrecy mark; what stands beside it on its line (编号：0012) is kept."""
    piece = reading.lines[at]
    parts = [part.strip() for part in re.split(r"\t|\s{3,}", piece.text) if part.strip()]
    marks = {0: mark} if (mark := parse_secrecy_mark(piece.plain)) else {}
    if not marks:
        marks = {number: mark for number, part in enumerate(parts) if (mark := parse_secrecy_mark(part))}
        if not marks:
            return False
        if rest := [part for number, part in enumerate(parts) if number not in marks]:
            reading.kept.append(replace(piece, text="  ".join(rest), content=()))
            reading.remarks.append(kept_remark(reading.kept[-1]))
    reading.used.add(at)
    reading.secrecy += marks.values()
    reading.remarks.append(secrecy_remark(piece))
    return True


def _is_circulation(piece: Piece) -> bool:
    return piece.block is None and parse_circulation_label(piece.plain) is not None


def _take_names(reading: _Reading, publisher: str) -> tuple[str, str]:
    """Return organisation and title: the two names over the issue line, the title being the larger or the lower."""
    last = reading.end if reading.start is None else reading.start
    above = [at for at in range(last) if at not in reading.used and reading.lines[at].block is None]
    if not reading.end:
        above = [at for at in range(min(1, len(reading.lines))) if _looks_like_a_name(reading.lines[at])]
    names = [(at, _unspaced(reading.lines[at].plain)) for at in above]
    if len(names) == 1 and (named := _BRACKETED_NAME.fullmatch(names[0][1])):
        at = names[0][0]
        reading.lines[at] = replace(reading.lines[at], text=named["title"], content=())
        names = [(-1, named["name"])]
    if not names:
        title = publisher or "简报"
        reading.remarks.append(no_name_remark(reading.lines[0], title))
        return "", title
    chosen = _choose_title(reading, names)
    reading.used.add(names[chosen][0])
    if len(names) == 1:
        reading.remarks.append(one_name_remark(reading.lines[max(names[0][0], 0)], names[0][1]))
        return "", names[0][1]
    beside = chosen - 1 if chosen else 1
    reading.used.add(names[beside][0])
    for number, (at, _name) in enumerate(names):
        if number not in (chosen, beside):
            reading.keep(at)
    return names[beside][1], names[chosen][1]


def _choose_title(reading: _Reading, names: list[tuple[int, str]]) -> int:
    sizes = [reading.lines[at].size or 0 for at, _name in names if at >= 0]
    if len(sizes) == len(names) > 1 and sizes.count(max(sizes)) == 1:
        return sizes.index(max(sizes))
    last = len(names) - 1
    if last and _NAME_END.search(names[last - 1][1]) and not _NAME_END.search(names[last][1]):
        return last - 1
    return last


def _looks_like_a_name(piece: Piece) -> bool:
    line = _unspaced(piece.plain)
    return (
        piece.block is None
        and len(line) <= ISSUE_LINE_LENGTH
        and (_NAME_END.search(line) is not None or _BRACKETED_NAME.fullmatch(line) is not None)
    )


def _unspaced(line: str) -> str:
    spaced = len(line) <= ISSUE_LINE_LENGTH and re.fullmatch(r"(?:\S\s+)+\S", line)  # 简　报
    return "".join(line.split()) if spaced else line
