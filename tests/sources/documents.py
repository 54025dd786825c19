"""Builds Word documents as offices write them: the real bulletin of the samples, and small ones part by part."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    f'xmlns:w="{WORD}" xmlns:r="{RELATIONS}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def relations(*entries: tuple[str, str, str], external: Sequence[str] = ()) -> str:
    """Return a .rels part of (id, kind, target); `external` names the ids that lead outside."""
    outside = ' TargetMode="External"'
    made = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{target}"{outside if key in external else ""}/>'
        for key, kind, target in entries
    )
    return f'<Relationships xmlns="{_PACKAGE}">{made}</Relationships>'


def word_file(body: str, parts: Mapping[str, str | bytes] | None = None, *, rels: str | None = None) -> bytes:
    """Return a .docx whose w:body holds this XML; `parts` are further ones, named below word/ unless they begin so."""
    document = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": relations(("rId1", "officeDocument", "word/document.xml")),
        "word/document.xml": document,
    }
    if rels is not None:
        files["word/_rels/document.xml.rels"] = rels
    files.update(parts or {})
    return zip_file(files)


def zip_file(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of these files."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def paragraph(text: str, *, style: str = "", properties: str = "", run: str = "") -> str:
    """Return a w:p with one run; `properties` and `run` go into its w:pPr and w:rPr."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    return (
        f"<w:p><w:pPr>{styled}{properties}</w:pPr>"
        f'<w:r><w:rPr>{run}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
    )


def html_bulletin(text: str, *, styled: bool) -> str:
    """Return the sample bulletin as a web page: with headings as such, or with paragraphs that are bold and centred."""
    made: list[str] = []
    rows: list[Sequence[str]] = []
    for kind, line in [*_kinds(text), ("", "")]:
        if kind == "row":
            rows.append(line.split("\t"))
            continue
        if rows:
            made.append(_html_table(rows))
            rows = []
        level = {"title": 1, "section": 1, "article": 2}.get(kind, 0)
        shown = line.replace("&", "&amp;").replace("<", "&lt;")
        if level and styled:
            made.append(f"<h{level}>{shown}</h{level}>")
        elif level:
            made.append(f"<p align=center><b style='font-size:{24 - 6 * level}pt'>{shown}</b></p>")
        elif line:
            made.append(f"<p>{shown}</p>")
    return "<!doctype html>\n<meta charset=utf-8>\n" + "\n".join(made)


def _html_table(rows: Sequence[Sequence[str]]) -> str:
    starts = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in _merges(len(rows))}
    covered = {
        (top + down, left + along)
        for (top, left), (rowspan, colspan) in starts.items()
        for down in range(rowspan)
        for along in range(colspan)
    } - set(starts)
    lines = ""
    for number, row in enumerate(rows):
        cells = [(column, row[column] if column < len(row) else "") for column in range(6)]
        lines += "<tr>" + "".join(
            "<td rowspan={} colspan={}>{}</td>".format(*starts.get((number, column), (1, 1)), cell)
            for column, cell in cells
            if (number, column) not in covered
        )
    return f"<table>{lines}</table>"


def _merges(rows: int) -> tuple[tuple[int, int, int, int], ...]:
    """The merged cells of the sample's table: top, left, bottom, right."""
    return (0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5), (2, 0, rows - 1, 0)


def _kinds(text: str) -> list[tuple[str, str]]:
    """Return the sample's lines with what each is: title, section, article, row or text."""
    filled = [line for line in (line.strip("\r\n ") for line in text.split("\n")) if line.strip()]
    sections = ("行业要闻", "产业动态", "企业天地", "政策资讯", "热点追踪", "工作动态", "双软评估")
    contents, titles = _listed(filled, sections)
    kinds = []
    for at, line in enumerate(filled):
        if "\t" in line:
            kinds.append(("row", line))
        elif at < 2:
            kinds.append(("title", line))
        elif at >= contents and line in sections:
            kinds.append(("section", line))
        elif at >= contents and "".join(line.split()) in titles:
            kinds.append(("article", line))
        else:
            kinds.append(("text", line))
    return kinds


def real_bulletin(text: str, *, styled: bool) -> bytes:
    """Return the sample bulletin as Word has it: with heading styles, or with headings only bold, larger and centred.

    The table's cells are merged as in print; paragraphs that a page end breaks stay broken, as in the sample.
    """
    looks = {"title": ("Title", 36), "section": ("Heading 1", 18), "article": ("Heading 2", 14)}
    document = docx.Document()
    rows: list[list[str]] = []
    for kind, line in _kinds(text):
        if kind == "row":
            rows.append(line.split("\t"))
            continue
        if rows:
            _add_table(document, rows)
            rows = []
        if kind in looks:
            name, size = looks[kind]
            _add(document, line, name if styled else "", size=size)
        else:
            document.add_paragraph(line)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def _listed(lines: Sequence[str], sections: Sequence[str]) -> tuple[int, set[str]]:
    """Return where the text begins behind the contents, and the titles the contents list, without blanks."""
    first = next(at for at, line in enumerate(lines) if line.startswith(sections[0]))
    start = next(at for at, line in enumerate(lines) if line == sections[0])
    titles = set()
    for line in lines[first:start]:
        section = next((name for name in sections if line.startswith(name)), "")
        titles.add("".join(line.removeprefix(section).split()))
    return start, titles


def _add(document: Document, text: str, style: str, *, size: int) -> None:
    if style:
        document.add_paragraph(text, style=style)
        return
    made = document.add_paragraph()
    made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = made.add_run(text)
    run.bold = True
    run.font.size = Pt(size)


def _add_table(document: Document, rows: Sequence[Sequence[str]]) -> None:
    width = max(at + 1 for row in rows for at, cell in enumerate(row) if cell)
    table = document.add_table(len(rows), width)
    for number, row in enumerate(rows):
        for column in range(width):
            table.cell(number, column).text = row[column] if column < len(row) else ""
    for top, left, bottom, right in _merges(len(rows)):
        table.cell(top, left).merge(table.cell(bottom, right))
