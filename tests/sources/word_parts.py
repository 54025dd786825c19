"""The parts that small Word documents of the tests are put together from, and what is asked of the pieces they make."""

from pathlib import Path

from mailer.model.issue import Table
from mailer.sources.pieces import ReadDocument
from mailer.sources.word import read_word_bytes
from tests.sources.documents import NAMES, paragraph, relations, word_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PICTURE = (
    "<w:drawing><wp:inline><wp:docPr id='1' name='x' descr='一张图'/><a:graphic><a:graphicData><pic:pic><pic:blipFill>"
    "<a:blip r:embed='rId9'/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
)


def read(body: str, parts: dict[str, str | bytes] | None = None, *, rels: str | None = None) -> ReadDocument:
    return read_word_bytes(word_file(body, parts, rels=rels), file=Path("a.docx"))


def styled(body: str, styles: str, numbering: str = "") -> ReadDocument:
    parts: dict[str, str | bytes] = {
        "word/styles.xml": f"<w:styles {NAMES}>{styles}</w:styles>",
        "word/numbering.xml": f"<w:numbering {NAMES}>{numbering}</w:numbering>",
    }
    return read(body, parts, rels=relations(("rId1", "styles", "styles.xml"), ("rId2", "numbering", "numbering.xml")))


def texts(document: ReadDocument) -> list[str]:
    return [piece.text for piece in document.pieces]


def said(document: ReadDocument) -> str:
    return "\n".join(remark.text for remark in document.remarks)


def table_of(document: ReadDocument) -> Table:
    (table,) = [piece.block for piece in document.pieces if isinstance(piece.block, Table)]
    return table


def style(key: str, name: str, properties: str = "", run: str = "", base: str = "") -> str:
    based = f"<w:basedOn w:val='{base}'/>" if base else ""
    return (
        f"<w:style w:type='paragraph' w:styleId='{key}'><w:name w:val='{name}'/>{based}"
        f"<w:pPr>{properties}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def level(at: int, kind: str, text: str, extra: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{at}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>{extra}<w:lvlText w:val='{text}'/></w:lvl>"
    )


def numbering(*levels: str, overrides: str = "") -> str:
    return (
        f"<w:abstractNum w:abstractNumId='0'>{''.join(levels)}</w:abstractNum>"
        f"<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
        f"<w:num w:numId='2'><w:abstractNumId w:val='0'/>{overrides}</w:num>"
    )


def item(text: str, *, num: int = 1, at: int = 0, run: str = "") -> str:
    return paragraph(text, properties=f"<w:numPr><w:ilvl w:val='{at}'/><w:numId w:val='{num}'/></w:numPr>", run=run)


def run(inner: str) -> str:
    return f"<w:r>{inner}</w:r>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text) if not text.startswith('<') else text}</w:tc>"


def spans(table: Table) -> list[list[tuple[str, int, int]]]:
    return [[(c.text, c.rowspan, c.colspan) for c in line.cells] for line in (*table.head, *table.body)]
