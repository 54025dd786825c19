"""Walks the elements of a web page in order and drafts the pieces they make, as a browser would show them."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailer.i18n import _
from mailer.model.issue import ImportRemark, Quote
from mailer.sources.allowance import Allowance
from mailer.sources.cell_text import quote_blocks
from mailer.sources.drafts import Draft, finish_drafts, prefix
from mailer.sources.left_out import allowed_target, put_unusable, say_hidden, say_reading, say_struck, shorten
from mailer.sources.paragraphs import join_content
from mailer.sources.pieces import Piece, ReadDocument
from mailer.sources.runs import Run, all_bold, is_plain, main_size, runs_text, tidy_runs, to_content
from mailer.sources.symbols import raise_text
from mailer.sources.text_file import read_file_bytes
from mailer.sources.web_page.lists import Item, OpenList, open_list, word_item
from mailer.sources.web_page.markup import (
    MAX_BYTES,
    Element,
    collapse_blanks,
    decode_page,
    line_of,
    parse_page,
    text_of,
    too_deep,
)
from mailer.sources.web_page.notes import find_notes, is_back_link
from mailer.sources.web_page.pictures import WebPictures
from mailer.sources.web_page.style import BLOCKS, WebLook, is_hidden, look_inside, read_style
from mailer.sources.web_page.table import read_web_table

MAX_DEPTH = 120
_SKIPPED = {"script", "style", "head", "title", "meta", "link", "template", "base", "rp", "datalist", "col", "colgroup"}
_LOOSE = {"body", "div", "td", "th", "center", "section", "article", "main", "header", "footer", "aside", "pre", "html"}
_FOREIGN = {"svg", "math", "object", "embed", "iframe", "video", "audio", "canvas", "applet", "map"}
_CONTROLS = {"input", "select", "textarea", "button"}


def read_web_page(file: Path) -> ReadDocument:
    """Return the pieces, pictures and remarks of a web page. Lines are those of its source.

    Pictures are taken from the page itself and from its own folder. Scripts, styles and comments are no content;
    nothing is fetched. Raises IssueError for a file that is missing, unreadable, too large or nested too deeply.
    """
    return read_web_page_bytes(read_file_bytes(file, limit=MAX_BYTES), file=file, folder=file.parent)


def read_web_page_bytes(content: bytes, *, file: Path, folder: Path | None = None) -> ReadDocument:
    """Return what read_web_page does from a page's bytes; `folder` is where its pictures may be."""
    page = parse_page(decode_page(content, file=file), file=file)
    reader = PageReader(file)
    pictures = WebPictures(folder, page.pictures, reader.say)
    drafts = reader.read(page.root, pictures) if page.root is not None else []
    return ReadDocument(finish_drafts(drafts), pictures.files, tuple(reader.remarks))


@dataclass(slots=True)
class _Paragraph:
    """The paragraph being read: its runs, and what its element says of it."""

    runs: list[Run] = field(default_factory=list)
    pictures: list[Draft] = field(default_factory=list)
    worded: bool = False  # some of its text is not blank
    line: int = 0
    centred: bool = False


class PageReader:
    """Reads one page. `remarks` grows while it does."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.remarks: list[ImportRemark] = []
        self._drafts: list[Draft] = []
        self._open = _Paragraph()
        self._blocks: list[tuple[str, int]] = [("body", 0)]  # the elements around, with their heading level
        self._item: Item | None = None
        self._lists: list[OpenList] = []
        self._list_count = 0
        self._notes: dict[str, Element] = {}  # footnotes that no link has pointed to yet, by the link's target
        self._taken: set[Element] = set()  # those that stand where a link pointed to them
        self._reads_note = False
        self._line = 1
        self._depth = 0
        self._allowance = Allowance(file)

    def read(self, root: Element, pictures: WebPictures) -> list[Draft]:
        """Return the drafts of a page."""
        self._pictures = pictures
        self._notes = find_notes(root)
        self._element(root, WebLook())
        self._close()
        return self._drafts

    def say(self, text: str, cure: str) -> None:
        """Keep a remark for the place being read."""
        remark = ImportRemark(self._line, text, cure)
        if remark not in self.remarks[-20:]:
            self.remarks.append(remark)

    def _inner(self, element: Element, look: WebLook) -> list[Draft]:
        """Return the drafts of what stands inside an element such as a cell, apart from what is around it."""
        kept = self._drafts, self._open, self._item, self._lists
        self._drafts, self._open, self._item, self._lists = [], _Paragraph(), None, []
        self._depth += 1
        self._inside(element, "td", look)
        self._depth -= 1
        drafts = self._drafts
        self._drafts, self._open, self._item, self._lists = kept
        return drafts

    def _element(self, element: Element, look: WebLook) -> None:
        tag = element.tag.lower() if isinstance(element.tag, str) else ""
        self._line = line_of(element) or self._line
        style = read_style(element)
        if not tag or tag in _SKIPPED or element in self._taken:
            return
        if is_hidden(element, style):
            say_hidden(text_of(element), self.say)
            return
        if style.get("mso-list") == "ignore":
            self._item = word_item(read_style(_paragraph_of(element)), text_of(element).strip())
            return
        inside = look_inside(element, tag, style, look)
        match tag:
            case "br":
                self._add("\v", inside)
            case "img":
                self._picture(element)
            case "a" if self._takes_note(element):
                pass
            case "a":
                self._inside(element, tag, replace(inside, target=self._target(element) or look.target))
            case "q":
                self._add("“", inside)
                self._inside(element, tag, inside)
                self._add("”", inside)
            case "ul" | "ol" | "menu" | "dir":
                self._list(element, tag, style, inside)
            case "blockquote":
                self._close()
                blocks = quote_blocks(self._inner(element, inside))
                self._drafts += [Draft(Piece(self._line, block=Quote(blocks)))] if blocks else []
            case "table":
                self._close()
                line = self._line
                self._drafts += read_web_table(
                    element, inside, read_inner=self._inner, say=self.say, file=self.file, line=line
                )
            case _ if tag in _FOREIGN:
                self._foreign(tag)
            case _ if tag in _CONTROLS:
                self._say_left_out(text_of(element) or element.get("value") or "")
            case "rt":
                say_reading(text_of(element), self.say)
            case _:
                if tag in ("del", "s", "strike"):
                    say_struck(text_of(element), self.say)
                self._inside(element, tag, inside)

    def _inside(self, element: Element, tag: str, look: WebLook) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(self.file)
        block = tag in BLOCKS
        if block:
            self._close()
            level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 1 if element.get("class") == "MsoTitle" else 0
            self._blocks.append((tag, level or self._blocks[-1][1]))
            if tag == "li":
                self._item = self._lists[-1].next_item(element) if self._lists else None
        self._add(element.text or "", look)
        for child in element:
            self._element(child, look)
            self._add(child.tail or "", look)
        if block:
            self._close()
            self._blocks.pop()
            if tag == "li" or not self._lists:
                self._item = None
        self._depth -= 1

    def _list(self, element: Element, tag: str, style: dict[str, str], look: WebLook) -> None:
        self._close()
        self._list_count += 1
        self._lists.append(open_list(element, tag, style, depth=len(self._lists) + 1, number=self._list_count))
        item = self._item
        self._inside(element, tag, look)
        self._lists.pop()
        self._item = item

    def _add(self, text: str, look: WebLook) -> None:
        if not text:
            return
        if look.kept_blanks:
            text = text.replace("\r\n", "\n").replace("\n", "\v").replace(" ", "\xa0")
        if not self._open.worded and text.strip():
            self._open.worded, self._open.line, self._open.centred = True, self._line, look.centred
        text = raise_text(text, look.raised)
        self._allowance.spend(self._line)
        self._open.runs.append(Run(text, look.bold, look.italic, look.target, look.size))

    def _close(self) -> None:
        """End the paragraph being read. In a <p> one break is a break; elsewhere each ends a paragraph."""
        if not self._open.runs and not self._open.pictures:
            return
        paragraph, self._open = self._open, _Paragraph()
        tag, level = self._blocks[-1]
        for runs in _split(collapse_blanks(paragraph.runs), loose=tag in _LOOSE):
            tidy = tidy_runs(runs)
            if not tidy:
                continue
            content = to_content(tidy)
            piece = Piece(
                paragraph.line,
                runs_text(tidy),
                () if is_plain(content) else content,
                heading=level,
                bold=all_bold(tidy),
                centred=paragraph.centred,
                size=main_size(tidy),
            )
            self._drafts.append(self._placed(piece, caption=tag == "figcaption"))
        self._drafts += paragraph.pictures

    def _placed(self, piece: Piece, *, caption: bool) -> Draft:
        item = self._item
        if item is None:
            return Draft(piece, caption=caption)
        if item.place is None:
            self._item = None
            return Draft(prefix(piece, item.label) if item.label else piece)
        if piece.heading and item.label:
            self._item = None
            return Draft(prefix(piece, item.label))
        self._item = Item(replace(item.place, opens=False)) if self._lists else None
        return Draft(replace(piece, place=item.place), item.label, item.value)

    def _picture(self, element: Element) -> None:
        draft = self._pictures.read(element, self._line)
        if draft is None:
            return
        if self._open.worded:
            self._open.pictures.append(draft)
        else:
            self._drafts.append(draft)

    def _takes_note(self, link: Element) -> bool:
        """Put a footnote in the place of the link that points to it; False for a link to anything else."""
        target = link.get("href") or ""
        if target not in self._notes:
            return self._reads_note and is_back_link(target)
        note, notes, line = self._notes.pop(target), self._notes, self._line
        self._notes, self._reads_note = {}, True  # no note has notes of its own
        pieces = [draft.piece for draft in self._inner(note, WebLook())]
        self._notes, self._reads_note, self._line = notes, False, line
        if not pieces or any(piece.block for piece in pieces):
            return False
        self._taken.add(note)
        self._open.runs.append(Run("", note=join_content(pieces)))
        return True

    def _target(self, element: Element) -> str:
        target = (element.get("href") or "").strip()
        if not target or target.startswith("#"):
            return ""
        return allowed_target(target, self.say)

    def _foreign(self, tag: str) -> None:
        self._close()
        self._drafts.append(put_unusable(_("an element <{tag}>").format(tag=tag), self._line, self.say))

    def _say_left_out(self, text: str) -> None:
        if text.strip():
            self.say(
                _("“{text}” was not understood and was left out").format(text=shorten(text)),
                _("put it where it belongs, if it is needed"),
            )


def _paragraph_of(element: Element) -> Element:
    at: Element | None = element
    while at is not None and "level" not in (at.get("style") or ""):
        at = at.getparent()
    return element if at is None else at


def _split(runs: list[Run], *, loose: bool) -> list[list[Run]]:
    """Split runs at every break where `loose`, else where an empty line stands between two breaks."""
    parts: list[list[Run]] = [[]]
    breaks = 0
    for run in runs:
        for text in re.findall(r"\n|[^\n]+", run.text) or [""]:
            if text == "\n":
                breaks += 1
            elif text.strip() or run.note:
                if breaks > 1 or (breaks and loose):
                    parts.append([])
                elif breaks:
                    parts[-1].append(Run("\n"))
                breaks = 0
                parts[-1].append(run.with_text(text))
            elif not breaks:
                parts[-1].append(run.with_text(text))
    return parts
