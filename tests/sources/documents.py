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


def real_bulletin(text: str, *, styled: bool) -> bytes:
    """Return the sample bulletin as Word has it: with heading styles, or with headings only bold, larger and centred.

    The table's cells are merged as in print; paragraphs that a page end breaks stay broken, as in the sample.
    """
    lines = [line.strip("\r\n ") for line in text.split("\n")]
    filled = [line for line in lines if line.strip()]
    sections = ("行业要闻", "产业动态", "企业天地", "政策资讯", "热点追踪", "工作动态", "双软评估")
    contents, titles = _listed(filled, sections)
    document = docx.Document()
    after_contents = False
    rows: list[list[str]] = []
    for at, line in enumerate(filled):
        if "\t" in line:
            rows.append(line.split("\t"))
            continue
        if rows:
            _add_table(document, rows)
            rows = []
        after_contents = after_contents or at >= contents
        if at < 2:
            _add(document, line, "Title" if styled else "", size=36)
        elif after_contents and line in sections:
            _add(document, line, "Heading 1" if styled else "", size=18)
        elif after_contents and "".join(line.split()) in titles:
            _add(document, line, "Heading 2" if styled else "", size=14)
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
    last = len(rows) - 1
    for top, left, bottom, right in ((0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5), (2, 0, last, 0)):
        table.cell(top, left).merge(table.cell(bottom, right))
