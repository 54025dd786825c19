"""Assembles an issue from the pieces of a document, whatever kind it was: the one user of the bulletin's grammar."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Article, ImportRemark, Issue, Masthead, Section
from mailer.sources.blocks import make_blocks
from mailer.sources.contents import Contents, match_contents
from mailer.sources.foot import find_foot, read_foot
from mailer.sources.grammar import is_described_rule, is_rule
from mailer.sources.lines import clean_block, clean_text, control_remark, spread_fixed_lines
from mailer.sources.masthead import read_masthead
from mailer.sources.outline import Entry, find_titles
from mailer.sources.pieces import Piece
from mailer.sources.remarks import (
    described_rule_remark,
    no_circulation_remark,
    no_contents_remark,
    no_text_remark,
    no_title_remark,
)
from mailer.sources.slug import parse_slug

MAX_PIECES = 20_000  # a thick bulletin has some hundreds


def assemble_issue(pieces: Sequence[Piece], *, file: Path, slug: str | None) -> tuple[Issue, tuple[ImportRemark, ...]]:
    """Return the issue that the pieces make, and every place a person should look at, in order of lines.

    Nothing is dropped: what was not understood stays in its place as text and is named in a remark; left out are rules
    and the contents, which the issue's titles repeat, and, with a remark, page numbers. The slug defaults to
    YEAR-NUMBER, or the day where no number is known. Raises IssueError, with the cure, when the pieces hold no text or
    no date; `file` is only named.
    """
    if len(pieces) > MAX_PIECES:
        raise IssueError(
            _("has more than {n} lines").format(n=MAX_PIECES), file=file, cure=_("check that it is the right file")
        )
    clean, remarks = _clean(spread_fixed_lines(pieces))
    if not clean:
        raise IssueError(_("holds no text"), file=file, cure=_("check that it is the right file"))
    head = read_masthead(clean, file)
    remarks += head.remarks
    body, told = _without_rules([*head.kept, *head.rest])
    remarks += told
    contents = match_contents(body, len(head.kept))
    if contents is not None:
        remarks += contents.remarks
        body, entries = _without_contents(body, contents)
    else:
        entries = []
    foot_at = find_foot(body, entries[-1].index + 1 if entries else 0)
    foot = read_foot(body[foot_at:], head.circulation)
    remarks += foot.remarks
    body = body[:foot_at]
    if contents is None:
        entries, told = _find_titles(body, len(head.kept))
        remarks += told
    sections, told = _make_sections(body, entries)
    remarks += told
    if not foot.bodies:
        remarks.append(no_circulation_remark(pieces[-1]))
    issue = Issue(
        slug=_choose_slug(slug, head.masthead),
        masthead=head.masthead,
        sections=sections,
        circulation=foot.circulation,
        imprint=foot.imprint,
    )
    return issue, tuple(sorted(remarks, key=lambda remark: remark.line))


def _clean(pieces: Iterable[Piece]) -> tuple[list[Piece], list[ImportRemark]]:
    """Return the pieces without characters that are no text, blank ones left out."""
    cleaned: list[Piece] = []
    remarks: list[ImportRemark] = []
    for piece in pieces:
        if piece.block is not None:
            cleaned.append(replace(piece, block=clean_block(piece.block)))
            continue
        text, whole = clean_text(piece.text)
        if not whole:
            remarks.append(control_remark(piece.line))
        if text != piece.text:
            piece = replace(piece, text=text, content=())
        if piece.plain:
            cleaned.append(piece)
    return cleaned, remarks


def _without_rules(pieces: Sequence[Piece]) -> tuple[list[Piece], list[ImportRemark]]:
    """Return the pieces without rules, and a remark for each rule that has a note."""
    kept: list[Piece] = []
    remarks: list[ImportRemark] = []
    for piece in pieces:
        if piece.block is None and is_described_rule(piece.plain):
            remarks.append(described_rule_remark(piece))
        elif piece.block is not None or not is_rule(piece.plain):
            kept.append(piece)
    return kept, remarks


def _without_contents(body: list[Piece], contents: Contents) -> tuple[list[Piece], list[Entry]]:
    """Return the text without the contents, and its titles' places in it."""
    taken = contents.start - contents.lead
    entries = [replace(entry, index=entry.index - taken) for entry in contents.entries]
    return [*body[: contents.lead], *body[contents.start :]], entries


def _find_titles(body: list[Piece], kept: int) -> tuple[list[Entry], list[ImportRemark]]:
    """Return the titles of a text without contents; the first `kept` pieces are of the masthead, and none."""
    entries = [replace(entry, index=entry.index + kept) for entry in find_titles(body[kept:])]
    if len(body) <= kept:
        return [], []
    line = body[kept].line
    if entries and all(body[entry.index].heading for entry in entries):
        return entries, []  # the document says itself what its titles are
    return entries, [no_contents_remark(line) if entries else no_title_remark(line)]


def _make_sections(body: list[Piece], entries: list[Entry]) -> tuple[tuple[Section, ...], list[ImportRemark]]:
    remarks: list[ImportRemark] = []
    lead, told = make_blocks(body[: entries[0].index] if entries else body)
    remarks += told
    made: list[tuple[Section, list[Article]]] = []
    if lead or not entries or not entries[0].is_section:
        made.append((Section("", (), lead, body[0].line if body else 0), []))
    ends = [entry.index for entry in entries[1:]] + [len(body)] * bool(entries)
    for entry, end in zip(entries, ends, strict=True):
        blocks, told = make_blocks(body[entry.index + entry.taken : end])
        remarks += told
        if entry.is_section:
            made.append((Section(entry.title, (), blocks, entry.line), []))
            continue
        if not blocks:
            remarks.append(no_text_remark(entry.line, entry.title))
        made[-1][1].append(Article(entry.title, blocks, entry.line))
    return tuple(replace(section, articles=tuple(articles)) for section, articles in made), remarks


def _choose_slug(slug: str | None, masthead: Masthead) -> str:
    if slug is not None:
        return parse_slug(slug)
    if masthead.number is None:
        return parse_slug(masthead.date.isoformat())
    supplement = "-supplement" if masthead.supplement else ""
    return parse_slug(f"{masthead.year}-{masthead.number:02d}{supplement}")
