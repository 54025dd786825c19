"""Reads a Word document (.docx) into pieces: headings, lists, tables, pictures and text boxes as Word shows them."""

import re
from dataclasses import replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Paragraph, Picture, Quote
from mailer.sources.allowance import Allowance
from mailer.sources.cell_grid import GridCell, lay_table
from mailer.sources.cell_text import cell_text, is_layout, lines_of_row
from mailer.sources.document_kind import Kind, find_kind, not_word
from mailer.sources.drafts import Draft, finish_drafts, prefix
from mailer.sources.issue_line import parse_issue_line
from mailer.sources.left_out import picture_fault, put_linked_picture, put_unusable
from mailer.sources.picture_files import MAX_PICTURE, PictureFiles, picture_kind
from mailer.sources.pieces import ListPlace, Piece, ReadDocument
from mailer.sources.runs import Run, all_bold, is_plain, main_size, runs_text, tidy_runs, to_content
from mailer.sources.text_file import read_file_bytes
from mailer.sources.word.archive import MAX_BYTES, Relation, WordArchive, open_archive
from mailer.sources.word.drawings import (
    BoxMark,
    Drawn,
    PictureMark,
    Unusable,
    WordArt,
    choose_alternate,
    from_top,
    read_drawing,
)
from mailer.sources.word.markup import Element, child, name_of, number, value
from mailer.sources.word.notes import WordNotes, paragraph_texts, say_margins
from mailer.sources.word.numbering import Label, Numbering
from mailer.sources.word.runs import RunReader
from mailer.sources.word.styles import Style, Styles, outline_level
from mailer.sources.word.table import WordCell, read_shape

MAX_NESTING = 12  # of tables in tables and text boxes
_WRAPPERS = {"sdt", "sdtContent", "customXml", "ins", "moveTo"}
_QUOTES = {"quote", "intense quote", "quotations", "block text", "引用", "明显引用"}
_LIST_STYLE = re.compile(r"list (?:bullet|number) ([2-5])")
_CAPTIONS = {"caption", "题注", "題注"}


def read_word(file: Path) -> ReadDocument:
    """Return the pieces, pictures and remarks of a .docx. Lines are its paragraphs, counted from 1, tables as one each.

    Raises IssueError for a file that is missing, damaged, protected, hostile or too large. Nothing it points to is
    fetched; no name in it becomes a path.
    """
    return read_word_bytes(read_file_bytes(file, limit=MAX_BYTES), file=file)


def read_word_bytes(content: bytes, *, file: Path) -> ReadDocument:
    """Return what read_word does from the bytes of a .docx; `file` is only named."""
    kind = find_kind(content)
    if kind is not Kind.ZIP:
        raise not_word(kind, file)
    return _WordReader(open_archive(content, file=file)).read()


class _WordReader:
    def __init__(self, archive: WordArchive) -> None:
        self._archive = archive
        self._part = archive.main_part()
        self._relations = archive.relations(self._part)
        self._styles = Styles(self._parse("styles"))
        self._numbering = Numbering(self._parse("numbering"))
        self._notes = WordNotes(archive, self._relations, self._styles, self._say)
        self._pictures = PictureFiles()
        self._remarks: list[ImportRemark] = []
        self._line = 0
        self._carried: list[Run] = []  # of a paragraph whose end is deleted under tracked changes
        self._depth = 0
        self._allowance = Allowance(archive.file)

    def _parse(self, kind: str) -> Element | None:
        part = next((one.target for one in self._relations.values() if one.kind == kind and not one.external), None)
        return self._archive.parse(part) if part else None

    def _say(self, text: str, cure: str) -> None:
        remark = ImportRemark(self._line, text, cure)
        if remark not in self._remarks[-20:]:
            self._remarks.append(remark)

    def read(self) -> ReadDocument:
        root = self._archive.parse(self._part)
        body = child(root, "body")
        if body is None:
            raise IssueError(
                _("holds no text of a Word document"),
                file=self._archive.file,
                cure=_("open it in Word or WPS and save it as .docx"),
            )
        drafts = [*self._masthead(), *self._blocks(body, self._run_reader())]
        pieces = finish_drafts(drafts)
        self._line = max(self._line, 1)
        say_margins(self._archive, self._relations, self._styles, self._say)
        return ReadDocument(pieces, self._pictures.files, tuple(self._remarks))

    def _masthead(self) -> list[Draft]:
        """Return what a page header holds when it is a masthead: some letterheads are set there."""
        for key, relation in list(self._relations.items()):
            root = self._archive.parse(relation.target) if relation.kind == "header" else None
            if root is None or not any(parse_issue_line(text) for text in paragraph_texts(root)):
                continue
            body_relations, self._relations = self._relations, self._archive.relations(relation.target)
            drafts = self._inner_blocks(root)
            self._relations = {other: one for other, one in body_relations.items() if other != key}
            return [replace(draft, piece=replace(draft.piece, line=1)) for draft in drafts]
        return []

    def _run_reader(self) -> RunReader:
        return RunReader(self._styles, self._relations, self._notes.read, self._say, spend=self._spend)

    def _spend(self) -> None:
        self._allowance.spend(self._line)

    def _blocks(self, container: Element, runs: RunReader) -> list[Draft]:
        drafts: list[Draft] = []
        for element in container:
            match name_of(element):
                case "p":
                    self._count_line()
                    drafts += self._paragraph(element, runs)
                case "tbl":
                    self._count_line()
                    drafts += self._table(element)
                case "AlternateContent":
                    chosen = choose_alternate(element)
                    drafts += self._blocks(chosen, runs) if chosen is not None else []
                case "altChunk":
                    drafts.append(self._unusable(_("a document inside the document")))
                case name if name in _WRAPPERS:
                    drafts += self._blocks(element, runs)
        if self._carried:
            drafts += self._make(self._take_carried(), self._styles.paragraph(None), None, None)
        return drafts

    def _count_line(self) -> None:
        self._line += self._depth == 0

    def _inner_blocks(self, container: Element) -> list[Draft]:
        """Read a story inside a paragraph or cell, which has fields of its own and counts no lines."""
        if self._depth >= MAX_NESTING:
            raise IssueError(
                _("tables or text boxes are nested too deeply"),
                file=self._archive.file,
                line=self._line,
                cure=_("copy the text into a new document, without its formatting, and import that"),
            )
        carried, self._carried = self._carried, []
        self._depth += 1
        drafts = self._blocks(container, self._run_reader())
        self._depth -= 1
        self._carried = carried
        return drafts

    def _take_carried(self) -> list[Run]:
        carried, self._carried = self._carried, []
        return carried

    def _paragraph(self, paragraph: Element, reader: RunReader) -> list[Draft]:
        self._spend()
        properties = child(paragraph, "pPr")
        style = self._styles.paragraph(value(child(properties, "pStyle")))
        label = self._label(properties, style)
        found = reader.read(paragraph, style.look)
        above = from_top([mark for shown, mark in found.drawings if not shown])
        before = [draft for mark in above for draft in self._drawing(mark)]
        after = [draft for shown, mark in found.drawings if shown for draft in self._drawing(mark)]
        if child(child(properties, "rPr"), "del") is not None:
            self._carried += found.runs
            return before + after
        return before + self._make(self._take_carried() + found.runs, style, properties, label) + after

    def _label(self, properties: Element | None, style: Style) -> Label | None:
        numbered = child(properties, "numPr")
        num_id, level = number(child(numbered, "numId")), number(child(numbered, "ilvl"))
        if num_id is None:
            inherited = style.numbering[1] if level is None else level
            return self._numbering.label(style.numbering[0], inherited, style.numbering_style)
        return self._numbering.label(num_id, level or 0)

    def _make(self, runs: list[Run], style: Style, properties: Element | None, label: Label | None) -> list[Draft]:
        """Return a paragraph's draft; none where it is blank."""
        tidy = tidy_runs(runs)
        if not tidy:
            return []
        content = to_content(tidy)
        outline = outline_level(properties)
        alignment = value(child(properties, "jc"))
        piece = Piece(
            self._line,
            runs_text(tidy),
            () if is_plain(content) else content,
            heading=style.heading if outline is None else outline,
            bold=all_bold(tidy),
            centred=bool(style.centred) if alignment is None else alignment == "center",
            size=main_size(tidy),
        )
        name = style.name.lower()
        if not piece.heading and name in _QUOTES:
            # bold or italic all over is how the style looks, no emphasis
            slanted = all(run.italic for run in tidy if run.text.strip())
            plain = to_content(
                replace(run, bold=run.bold and not piece.bold, italic=run.italic and not slanted) for run in tidy
            )
            return [Draft(Piece(self._line, block=Quote((Paragraph(plain),))))]
        draft = Draft(piece, caption=name in _CAPTIONS)
        return [draft if label is None else _numbered(draft, label, name)]

    def _drawing(self, element: Element) -> list[Draft]:
        drafts: list[Draft] = []
        for mark in read_drawing(element):
            drafts += self._drawn(mark)
        return drafts

    def _drawn(self, mark: Drawn) -> list[Draft]:
        match mark:
            case BoxMark(content):
                return self._inner_blocks(content)
            case WordArt(text):
                return self._make([Run(text)], self._styles.paragraph(None), None, None)
            case Unusable(what):
                return [self._unusable(what)]
            case PictureMark(relation, alt):
                return [self._picture(self._relations.get(relation), alt)]

    def _picture(self, relation: Relation | None, alt: str) -> Draft:
        if relation is None:
            return self._unusable(_("a picture that is missing from the document"))
        if relation.external:
            return put_linked_picture(relation.target, alt, self._line, self._say)
        content = self._archive.read(relation.target, MAX_PICTURE)
        if content is None:
            return self._unusable(_("a picture that is missing from the document, or larger than 20 MB"))
        name = self._pictures.add(content)
        if name is None:
            return self._unusable(picture_fault(*picture_kind(content)))
        return Draft(Piece(self._line, block=Picture(name, alt)))

    def _unusable(self, what: str) -> Draft:
        return put_unusable(what, self._line, self._say)

    def _table(self, element: Element) -> list[Draft]:
        shape = read_shape(element, self._say)
        cells = [(cell, self._inner_blocks(cell.element)) for cell in shape.cells]
        if is_layout([drafts for _cell, drafts in cells], rows=shape.rows, columns=shape.columns):
            return [draft for row in _by_row(cells) for draft in lines_of_row(row)]
        pictures: list[Draft] = []
        laid = []
        for cell, drafts in cells:
            text, found = cell_text(drafts, self._say)
            pictures += found
            laid.append(GridCell(cell.row, cell.column, text, cell.rowspan, cell.colspan))
        if pictures:
            self._say(_("pictures stood in the table; they follow it now"), _("move them to where they belong"))
        table = lay_table(laid, head_rows=shape.head_rows, caption="", file=self._archive.file, line=self._line)
        return [Draft(Piece(self._line, block=table)), *pictures]


def _by_row(cells: list[tuple[WordCell, list[Draft]]]) -> list[list[list[Draft]]]:
    rows: dict[int, list[list[Draft]]] = {}
    for cell, drafts in cells:
        rows.setdefault(cell.row, []).append(drafts)
    return [rows[row] for row in sorted(rows)]


def _numbered(draft: Draft, label: Label, style: str) -> Draft:
    piece = draft.piece
    if label.bullet or (label.plain and not piece.heading and not piece.bold):
        if label.bullet and piece.heading:
            return draft  # drawn before a heading it is decoration
        deeper = _LIST_STYLE.fullmatch(style)  # Word's own styles for sublists are lists of one level
        depth = max(label.level, int(deeper[1]) if deeper else 1)
        place = ListPlace(not label.bullet, depth, label.list_id)
        return Draft(replace(piece, place=place), label.text, label.value)
    return Draft(prefix(piece, label.text))
