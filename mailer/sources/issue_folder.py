"""An issue's folder: issue.md with front matter and Markdown, loaded into the model and written from it."""

import hashlib
import os
import secrets
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mailer.errors import IssueError, NotFoundError, StateError
from mailer.i18n import _
from mailer.model.issue import (
    Article,
    Block,
    CirculationLine,
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
    Role,
    Row,
    Section,
    Strong,
    Table,
    Text,
    walk_blocks,
)
from mailer.model.os_words import say_os_error
from mailer.sources.front_matter import format_front_matter, read_front_matter, split_front_matter
from mailer.sources.inline import merge_texts
from mailer.sources.issue_files import ISSUE_FILE, attachment_checker, check_files, picture_checker
from mailer.sources.markdown import read_body
from mailer.sources.markdown_writer import format_body
from mailer.sources.merging import find_marks
from mailer.sources.slug import parse_slug
from mailer.sources.tables import clean_cell
from mailer.sources.text_file import read_text_file


def parse_issue(text: str, *, file: Path, slug: str | None, folder: Path | None = None) -> Issue:
    """Return the issue that the text of an issue.md holds; slug None means YEAR-NUMBER.

    With `folder` its pictures and attachments must lie there and be fit for mail, else only their names are checked.
    Raises IssueError naming file, line, field and cure for the first thing that is wrong.
    """
    for line in find_marks(text)[:1]:
        raise IssueError(
            _("two versions of this place stand one after the other"),
            file=file,
            line=line,
            cure=_(
                "keep one of them, or join them, and take out the lines that begin with <<<<<<<, ======= and >>>>>>>"
            ),
        )
    source, body, offset = split_front_matter(text, file)
    front = read_front_matter(source, file, attachment_checker(folder))
    if slug is None:
        if front.masthead.number is None:
            raise IssueError(
                _("the issue has no number"), file=file, field="number", cure=_("name the folder with --slug")
            )
        slug = f"{front.masthead.year}-{front.masthead.number:02d}"
    return tidy_issue(
        Issue(
            slug=parse_slug(slug, file=file),
            masthead=front.masthead,
            sections=read_body(body, file=file, offset=offset, check_picture=picture_checker(folder)),
            circulation=front.circulation,
            imprint=front.imprint,
            subject=front.subject,
            preheader=front.preheader,
            archive=front.archive,
            attachments=front.attachments,
            shorten=front.shorten,
            advertisement=front.advertisement,
            corrects=front.corrects,
            correction=front.correction,
        )
    )


def load_issue(folder: Path) -> Issue:
    """Return the issue an issue's folder holds; its slug is the folder's name. load_files gives its files.

    Raises NotFoundError where there is no such folder, IssueError for whatever is wrong in it.
    """
    if not folder.is_dir():
        raise NotFoundError(
            _("there is no issue folder {folder}").format(folder=folder),
            cure=_("make one with `mailer import FILE`, or check the name"),
        )
    slug = parse_slug(Path(os.path.abspath(folder)).name, file=folder)
    file = folder / ISSUE_FILE
    return parse_issue(read_text_file(file), file=file, slug=slug, folder=folder)


def issue_digest(folder: Path) -> str:
    """Return the SHA-256, in hex, over names and bytes of all files of an issue's folder.

    Hidden files (.DS_Store, an editor's swap file) are no part of an issue and do not count.
    """
    digest = hashlib.sha256()
    for name, content in _read_folder(folder):
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big") + part)  # lengths keep names and contents apart
    return digest.hexdigest()


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256, in hex, of each of those files by its name in the folder."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in _read_folder(folder)}


def read_source(folder: Path) -> str:
    """Return the text of issue.md as it stands; what is no UTF-8 shows as �."""
    try:
        return (folder / ISSUE_FILE).read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise IssueError(_("cannot be read: {why}").format(why=say_os_error(error)), file=folder / ISSUE_FILE) from None


def _read_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    try:
        files = sorted(
            (path.relative_to(folder).as_posix(), path)
            for path in folder.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        )
        if not files:
            raise NotFoundError(_("there is no issue folder {folder}").format(folder=folder))
        for name, path in files:
            yield name, path.read_bytes()
    except OSError as error:
        raise IssueError(_("cannot be read: {why}").format(why=say_os_error(error)), file=folder) from None


def write_issue(issue: Issue, folder: Path, *, replace: bool = False, files: Mapping[str, bytes] | None = None) -> None:
    """Write the issue's folder, which is named by its slug, all or nothing; `files` are its pictures and attachments.

    What is written is read back first and must be the same issue; a file it names must be among `files`. Raises
    StateError when the folder exists and `replace` is not set; with it the old folder is removed once the new one
    stands in its place.
    """
    parse_slug(issue.slug, file=folder)
    if folder.name != issue.slug:
        raise ValueError(f"folder {folder} is not named by the slug {issue.slug}")
    if not replace:
        _refuse_existing(folder)
    text = format_issue(issue, folder / ISSUE_FILE)
    files = files or {}
    check_files(issue, files, folder / ISSUE_FILE)
    nonce = secrets.token_hex(4)
    new, old = (folder.parent / f".{issue.slug}.{nonce}.{kind}" for kind in ("new", "old"))
    try:
        new.mkdir(parents=True)
        for name, content in {**files, ISSUE_FILE: text.encode()}.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            with (new / name).open("xb") as stream:  # two names that differ in case only are one file on some disks
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        _put_in_place(new, folder, old, replace=replace)
    except OSError as error:
        raise IssueError(
            _("cannot be written: {why}").format(why=say_os_error(error)),
            file=folder,
            cure=_("check that you may write there and that the disk is not full"),
        ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)


def _refuse_existing(folder: Path) -> None:
    if os.path.lexists(folder):
        raise StateError(
            _("the issue folder {folder} is there already").format(folder=folder.name),
            file=folder,
            cure=_("give the new one another name with --slug, or replace the old one with --replace"),
        )


def _put_in_place(new: Path, folder: Path, old: Path, *, replace: bool) -> None:
    if not replace:
        _refuse_existing(folder)
    elif os.path.lexists(folder):
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if os.path.lexists(old):
            old.rename(folder)
        raise


def format_issue(issue: Issue, file: Path) -> str:
    """Return the text of issue.md; raise IssueError when it would not be read back as the same issue."""
    tidy = tidy_issue(issue)
    _check_characters(tidy, file)
    text = format_front_matter(tidy) + "\n" + format_body(tidy.sections)
    again = parse_issue(text, file=file, slug=issue.slug)
    if without_lines(again) != without_lines(tidy):
        odd = next(
            (
                old.title
                for old, new in zip(tidy.sections, without_lines(again).sections, strict=False)
                if _bare(old) != new
            ),
            "",
        )
        raise IssueError(
            _("“{title}” cannot be written as Markdown without a change").format(title=odd),
            file=file,
            cure=_("look there for stray characters, empty parts or a table whose rows differ in width"),
        )
    return text


def _check_characters(issue: Issue, file: Path) -> None:
    for number, section in enumerate(issue.sections):
        for title, blocks in [(section.title, section.blocks), *((a.title, a.blocks) for a in section.articles)]:
            if not title and not (number == 0 and title is section.title):
                raise IssueError(_("a title is empty"), file=file, cure=_("give each section and article a title"))
            for text in [title, *_texts(blocks)]:
                if any(unicodedata.category(char) in ("Cs", "Zl", "Zp") for char in text) or any(
                    unicodedata.category(char) == "Cc" and char != "\t" for char in text
                ):
                    raise IssueError(
                        _("“{title}” holds a line end or control character").format(title=title),
                        file=file,
                        cure=_("take it out"),
                    )


def _texts(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in walk_blocks(blocks):
        match block:
            case Paragraph(content):
                yield from _inline_texts(content)
            case Heading(_, text) | Notice(text, _):
                yield text
            case Picture(_, alt, caption):
                yield alt
                yield caption
            case Table(caption, head, body):
                yield caption
                yield from (cell.text for row in (*head, *body) for cell in row.cells)
            case Quote() | ListBlock():
                pass  # their parts come by themselves


def _inline_texts(content: tuple[Inline, ...]) -> Iterator[str]:
    for node in content:
        match node:
            case Text(text):
                yield text
            case Strong(inner) | Emphasis(inner) | Link(inner, _) | Note(inner):
                yield from _inline_texts(inner)
            case LineBreak():
                pass


def tidy_issue(issue: Issue) -> Issue:
    """Return the issue in the form load_issue gives: texts joined, empty pieces gone, cells on one line."""
    roles: dict[Role, tuple[str, ...]] = {}
    for line in issue.circulation:
        roles[line.role] = roles.get(line.role, ()) + line.bodies
    sections = [
        replace(
            section,
            blocks=tidy_blocks(section.blocks),
            articles=tuple(replace(article, blocks=tidy_blocks(article.blocks)) for article in section.articles),
        )
        for section in issue.sections
    ]
    if sections and not (sections[0].title or sections[0].blocks or sections[0].articles):
        del sections[0]
    return replace(
        issue,
        sections=tuple(sections),
        circulation=tuple(CirculationLine(role, bodies) for role, bodies in roles.items() if bodies),
    )


def tidy_blocks(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks in the form tidy_issue gives."""
    tidy: list[Block] = []
    for block in blocks:
        match block:
            case Paragraph(content):
                tidy += [Paragraph(kept)] if (kept := merge_texts(content)) else []
            case Heading(_, text):
                tidy += [block] if text else []
            case Picture():
                tidy.append(block)
            case Notice(label, inner):
                tidy.append(Notice(label, tidy_blocks(inner)))
            case Quote(inner):
                tidy += [Quote(rest)] if (rest := tidy_blocks(inner)) else []
            case ListBlock(ordered, items):
                tidy += [ListBlock(ordered, tuple(map(tidy_blocks, items)))] if items else []
            case Table(caption, head, body):
                tidy.append(replace(block, caption=clean_cell(caption), head=_tidy_rows(head), body=_tidy_rows(body)))
    return tuple(tidy)


def _tidy_rows(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(
        replace(row, cells=tuple(replace(cell, text=clean_cell(cell.text)) for cell in row.cells)) for row in rows
    )


def _bare(section: Section) -> Section:
    articles = tuple(Article(article.title, article.blocks) for article in section.articles)
    return Section(section.title, articles, section.blocks)


def without_lines(issue: Issue) -> Issue:
    """Return the issue as if it came from no file: for telling whether two are the same."""
    return replace(issue, sections=tuple(_bare(section) for section in issue.sections))
