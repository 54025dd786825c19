"""Reads a bulletin that was saved as plain text: masthead, contents, sections of articles, table and foot."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import (
    Article,
    Block,
    CirculationLine,
    ImportRemark,
    Imprint,
    Inline,
    Issue,
    Link,
    Paragraph,
    Role,
    Section,
    Text,
)
from mailer.sources.contents import Entry, is_contents_heading, match_contents
from mailer.sources.grammar import (
    is_page_number,
    is_rule,
    join_paragraphs,
    merge_imprint,
    parse_circulation_label,
    parse_imprint_line,
    split_bodies,
)
from mailer.sources.lines import Line, split_lines
from mailer.sources.links import parse_target
from mailer.sources.masthead import page_number_remark, read_masthead
from mailer.sources.slug import parse_slug
from mailer.sources.tab_table import read_tab_table

_ADDRESS = re.compile(r"<(?P<quoted>https?://[^<>\s]+)>|(?P<bare>https?://[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]+)")
_FOOT_LINES = 12
MAX_LINES = 50_000  # a thick bulletin has some hundreds


@dataclass(slots=True)
class _Foot:
    circulation: dict[Role, list[str]] = field(default_factory=dict)
    imprint: Imprint = field(default_factory=Imprint)
    notes: list[str] = field(default_factory=list)


def import_text(text: str, *, file: Path, slug: str | None) -> tuple[Issue, tuple[ImportRemark, ...]]:
    """Return the issue a plain-text bulletin holds, and every place a person should look at, in order of lines.

    Nothing is dropped without a remark but blank lines, rules, and the contents, which the issue's titles repeat.
    The slug defaults to YEAR-NUMBER. Raises IssueError when masthead or contents cannot be found; `file` is only named.
    """
    lines, remarks = split_lines(text)
    if len(lines) > MAX_LINES:
        raise IssueError(
            _("has more than {n} lines").format(n=MAX_LINES), file=file, cure=_("check that it is the right file")
        )
    head = read_masthead(lines, file)
    remarks += head.remarks
    rest = [line for line in lines[head.end :] if not is_rule(line.plain)]
    entries, found = match_contents(rest, file)
    remarks += found
    if not entries[0].is_section:
        raise IssueError(
            _("“{title}” stands under no section").format(title=entries[0].title),
            file=file,
            line=rest[entries[0].index].number,
            cure=_("give it a section: a line above it, and the same line in the contents"),
        )
    foot_at = _find_foot(rest, entries[-1].index + 1)
    foot, found = _read_foot(rest[foot_at:])
    remarks += found
    sections, found = _read_sections(rest[:foot_at], entries)
    remarks += found
    if not foot.circulation:
        remarks.append(_no_circulation(lines[-1]))
    issue = Issue(
        slug=_choose_slug(slug, head.masthead.year, head.masthead.number, file),
        masthead=head.masthead,
        sections=sections,
        circulation=tuple(CirculationLine(role, tuple(bodies)) for role, bodies in foot.circulation.items()),
        imprint=replace(foot.imprint, note="；".join(foot.notes)),
    )
    return issue, tuple(sorted(remarks, key=lambda remark: remark.line))


def _choose_slug(slug: str | None, year: int, number: int | None, file: Path) -> str:
    if slug is not None:
        return parse_slug(slug)
    if number is None:
        raise IssueError(
            _("the issue line gives no number within the year"),
            file=file,
            field="number",
            cure=_("name the folder with --slug"),
        )
    return parse_slug(f"{year}-{number:02d}")


def _read_sections(lines: list[Line], entries: list[Entry]) -> tuple[tuple[Section, ...], list[ImportRemark]]:
    sections: list[Section] = []
    remarks: list[ImportRemark] = []
    ends = [entry.index for entry in entries[1:]] + [len(lines)]
    for entry, end in zip(entries, ends, strict=True):
        blocks, found = _read_blocks(lines[entry.index + 1 : end])
        remarks += found
        number = lines[entry.index].number
        if entry.is_section:
            sections.append(Section(entry.title, (), blocks, number))
            continue
        if not blocks:
            remarks.append(
                ImportRemark(
                    number, _("“{title}” has no text").format(title=entry.title), _("write it, or take the title out")
                )
            )
        article = Article(entry.title, blocks, number)
        sections[-1] = replace(sections[-1], articles=(*sections[-1].articles, article))
    return tuple(sections), remarks


def _read_blocks(lines: list[Line]) -> tuple[tuple[Block, ...], list[ImportRemark]]:
    blocks: list[Block] = []
    remarks: list[ImportRemark] = []
    waiting: list[str] = []

    def close_paragraphs() -> None:
        blocks.extend(Paragraph(find_links(text)) for text in join_paragraphs(waiting))
        waiting.clear()

    at = 0
    while at < len(lines):
        run = _tabbed_run(lines, at)
        if sum("\t" in line.text.strip() for line in run) >= 2:
            close_paragraphs()
            table, found = read_tab_table([(line.number, line.text) for line in run])
            blocks.append(table)
            remarks += found
            at += len(run)
            continue
        for line in run or lines[at : at + 1]:
            if is_page_number(line.plain):
                remarks.append(page_number_remark(line))
            elif not is_contents_heading(line):
                waiting.append(line.plain)
            at += 1
    close_paragraphs()
    return tuple(blocks), remarks


def _tabbed_run(lines: list[Line], start: int) -> list[Line]:
    """Return the neighbouring lines with tabs from `start` on; two with a tab between words make them a table."""
    end = start
    while end < len(lines) and "\t" in lines[end].text and lines[end].number - lines[start].number == end - start:
        end += 1
    return lines[start:end]


def find_links(text: str) -> tuple[Inline, ...]:
    """Return the text of a paragraph with its http and https addresses as links; <…> around one is not shown."""
    content: list[Inline] = []
    rest = 0
    for match in _ADDRESS.finditer(text):
        shown = match["quoted"] or match["bare"].rstrip(".,;:!?'*")
        try:
            link = Link((Text(shown),), parse_target(shown))
        except ValueError:
            continue
        if match.start() > rest:
            content.append(Text(text[rest : match.start()]))
        content.append(link)
        rest = match.end() if match["quoted"] else match.start() + len(shown)
    if rest < len(text):
        content.append(Text(text[rest:]))
    return tuple(content)


def _find_foot(lines: list[Line], start: int) -> int:
    """Return where the foot begins: at the first circulation line, else at an imprint line close to the end."""
    for at in range(start, len(lines)):
        if parse_circulation_label(lines[at].plain) is not None:
            return at
    for at in range(max(start, len(lines) - _FOOT_LINES), len(lines)):
        if parse_imprint_line(lines[at].plain) is not None:
            return at
    return len(lines)


def _read_foot(lines: list[Line]) -> tuple[_Foot, list[ImportRemark]]:
    foot = _Foot()
    remarks: list[ImportRemark] = []
    open_role: Role | None = None
    for line in lines:
        text = line.plain
        labelled = parse_circulation_label(text)
        if labelled is not None or open_role is not None:
            role, bodies = labelled or (open_role or Role.SIDEWAYS, text)
            foot.circulation.setdefault(role, []).extend(split_bodies(bodies))
            # a line wrapped after 、 goes on without a label of its own
            open_role = role if text.endswith(("、", "，", ",")) else None
        elif (fields := parse_imprint_line(text)) is not None:
            foot.imprint = merge_imprint(foot.imprint, fields)
        elif is_page_number(text):
            remarks.append(page_number_remark(line))
        else:
            foot.notes.append(text)
    return foot, remarks


def _no_circulation(last: Line) -> ImportRemark:
    return ImportRemark(
        last.number,
        _("no circulation line was found at the foot"),
        _("write them under `circulation`, such as 报: and 送: with their bodies"),
    )
