"""Cuts long articles at the end of a paragraph or sentence, for a mail that goes on on the web page."""

import re
from dataclasses import replace

from mailer.model.issue import (
    Article,
    Block,
    Emphasis,
    Heading,
    Inline,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Section,
    Strong,
    Table,
    Text,
    plain_text,
)
from mailer.rendering.blocks import is_source

# ends of sentences, with the closing marks that belong to them; a Latin one only before a blank
_SENTENCE = re.compile(r"[。！？!?…]+[”’」』）)》]*|\.[”’)]*(?=\s)")


def shorten_issue(issue: Issue) -> tuple[Issue, frozenset[int]]:
    """Return the issue with its long articles cut, and their numbers counted from 1 through the issue.

    An article longer than `issue.shorten` characters keeps whole blocks up to that length; where that is less than
    half of it, its next paragraph is cut at the end of a sentence. It keeps at least one block or sentence, and what
    it says of its source. 0 shortens nothing.
    """
    if not issue.shorten:
        return issue, frozenset()
    cut: set[int] = set()
    number = 0
    sections: list[Section] = []
    for section in issue.sections:
        articles: list[Article] = []
        for article in section.articles:
            number += 1
            shorter = _shorten(article, issue.shorten)
            if shorter is not article:
                cut.add(number)
            articles.append(shorter)
        sections.append(replace(section, articles=tuple(articles)))
    return replace(issue, sections=tuple(sections)), frozenset(cut)


def _shorten(article: Article, limit: int) -> Article:
    body = list(article.blocks)
    sources: list[Block] = []
    while body and is_source(body[-1]):
        sources.insert(0, body.pop())
    if sum(map(_length, body)) <= limit:
        return article
    kept: list[Block] = []
    used = 0
    while used + _length(body[len(kept)]) <= limit:
        used += _length(body[len(kept)])
        kept.append(body[len(kept)])
    following = body[len(kept)]
    if used < limit / 2:
        part = _cut_paragraph(following, limit - used) if isinstance(following, Paragraph) else None
        if part is not None:
            kept.append(part)
        elif not any(_length(block) for block in kept):
            kept.append(following)  # a first block that cannot be cut stays whole
    while kept and isinstance(kept[-1], Heading):
        kept.pop()
    if len(kept) >= len(body) and kept[-1] is body[-1]:
        return article  # the one block that could not be cut was all there is
    return replace(article, blocks=(*kept, *sources))


def _length(block: Block) -> int:
    match block:
        case Paragraph(content):
            return len(plain_text(content))
        case Heading(_, text):
            return len(text)
        case ListBlock(_, items):
            return sum(_length(inner) for item in items for inner in item)
        case Quote(blocks) | Notice(_, blocks):
            return sum(map(_length, blocks))
        case Table(_, head, body):
            return sum(len(cell.text) for row in (*head, *body) for cell in row.cells)
        case Picture():
            return 0


def _cut_paragraph(paragraph: Paragraph, room: int) -> Paragraph | None:
    """Return the paragraph up to the last sentence that fits, or its first one; None where it holds only one."""
    text = plain_text(paragraph.content)
    ends = [match.end() for match in _SENTENCE.finditer(text) if match.end() < len(text.rstrip())]
    if not ends:
        return None
    fitting = [end for end in ends if end <= room]
    return Paragraph(_cut_inline(paragraph.content, fitting[-1] if fitting else ends[0])[0])


def _cut_inline(content: tuple[Inline, ...], room: int) -> tuple[tuple[Inline, ...], int]:
    """Return the content's first `room` characters, and how many are still to come; emphasis and links stay whole."""
    kept: list[Inline] = []
    for node in content:
        if room <= 0 and not isinstance(node, Note):
            break
        match node:
            case Text(text):
                kept.append(Text(text[:room]))
                room -= len(text)
            case Strong(inner) | Emphasis(inner):
                part, rest = _cut_inline(inner, room)
                kept.append(replace(node, content=part))
                room = rest
            case Link(inner, _target):
                kept.append(node)
                room -= len(plain_text(inner))
            case LineBreak():
                kept.append(node)
                room -= 1
            case Note():
                kept.append(node)
    return tuple(kept), max(room, 0)
