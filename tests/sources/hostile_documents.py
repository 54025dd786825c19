"""Builds documents that mean harm: each by name, as bytes, with nothing in it that works outside a test."""

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.sources.documents import NAMES, WORD, paragraph, relations, word_file, zip_file

_TEXT = paragraph("正常文档 hello")
_DRAWING = (
    "<w:p><w:r><w:drawing><wp:inline><wp:docPr id='1' name='x' descr='图'/><a:graphic><a:graphicData><pic:pic>"
    "<pic:blipFill><a:blip r:{how}='rId9'/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>"
    "</w:drawing></w:r></w:p>"
)
SECRET = "/etc/passwd"


def _with_doctype(declarations: str, text: str) -> bytes:
    document = (
        f"<?xml version='1.0'?><!DOCTYPE w:document [{declarations}]>"
        f"<w:document xmlns:w='{WORD}'><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
    return word_file("", {"word/document.xml": document})


def _bomb(piece: bytes, count: int) -> bytes:
    """A .docx whose text is this piece again and again, written without ever being in memory whole."""
    stream = BytesIO(word_file(""))
    stream.seek(0)
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("word/decument.xml", "w") as part,
    ):
        part.write(f"<w:document {NAMES}><w:body>".encode())
        for _time in range(count):
            part.write(piece)
        part.write(b"</w:body></w:document>")
    return stream.getvalue().replace(b"word/decument.xml", b"word/document.xml")


def _zip_bomb() -> bytes:
    """A text of 200 MB in a file of less than one."""
    return _bomb(b"<w:p><w:r><w:t>" + b"A" * 2_000_000 + b"</w:t></w:r></w:p>", 100)


def _bomb_of_markup() -> bytes:
    """Sixteen million elements in 96 MB."""
    return _bomb(b"<w:p/>" * 160_000, 100)


def _many_small_elements() -> bytes:
    """What stays below each size, but would take half a GB once parsed."""
    return _bomb(b"<w:p/>" * 35_000, 100)


def _much_text() -> bytes:
    """Twenty thousand paragraphs, none like another: no bomb by its size, but long to read."""
    return word_file("".join(paragraph(f"{number * 7_919_999:x}") for number in range(20_000)))


def _many_entries() -> bytes:
    return zip_file({f"word/media/{number}.xml": "x" for number in range(21_000)})


def _directory_of_a_million() -> bytes:
    """A directory of a million entries that all name one file."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    directory = entry * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(directory), 4, 0)
    return b"PK\x03\x04" + directory + end


def _billion_laughs() -> bytes:
    levels = "".join(f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 10))
    return _with_doctype(f"<!ENTITY l0 'lol'>{levels}", "&l9;")


def _billion_laughs_in_utf16() -> bytes:
    document = f"<?xml version='1.0' encoding='utf-16'?><!DOCTYPE d [<!ENTITY a 'x'>]><w:document xmlns:w='{WORD}'/>"
    return word_file("", {"word/document.xml": document.encode("utf-16")})


def _doctype_in_the_relations() -> bytes:
    rels = "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + relations(("rId9", "image", "&a;"))
    return word_file(_TEXT, rels=rels)


def _encrypted() -> bytes:
    """A zip whose entries say that they are encrypted."""
    content = bytearray(word_file(_TEXT))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    return bytes(content)


def _protected() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + "EncryptedPackage".encode("utf-16-le") + bytes(1024)


def _lying_size() -> bytes:
    """An entry that unpacks to more than its directory says."""
    content = bytearray(word_file(paragraph("A" * 3_000_000)))
    name = b"word/document.xml"
    at = content.rfind(name) - 46
    content[at + 24 : at + 28] = struct.pack("<L", 100)
    return bytes(content)


def _zip_in_zip() -> bytes:
    inner = zip_file({"word/document.xml": "A" * 1_000_000})
    return word_file(_TEXT, {"word/embeddings/1.docx": inner, "word/media/1.zip": inner})


def _traversal() -> bytes:
    names = {"../../outside.txt": "x", "/etc/outside": "x", "word/../../../outside": "x", "C:\\outside": "x"}
    picture = {"word/media/../../../../tmp/outside.png": b"\x89PNG\r\n\x1a\n"}
    rels = relations(("rId9", "image", "../../../../../../etc/passwd"))
    return word_file(_TEXT + _DRAWING.format(how="embed"), {**names, **picture}, rels=rels)


def _outside_picture(target: str) -> Callable[[str], bytes]:
    def build(server: str) -> bytes:
        rels = relations(("rId9", "image", target.format(server=server)), external=["rId9"])
        return word_file(_TEXT + _DRAWING.format(how="link"), rels=rels)

    return build


def _outside_parts(server: str) -> bytes:
    """Styles, notes, a header, a template and a whole part that are said to be elsewhere."""
    kinds = ("styles", "numbering", "footnotes", "header", "attachedTemplate", "aFChunk", "subDocument", "settings")
    entries = [(f"rId{at}", kind, f"{server}/{kind}.xml") for at, kind in enumerate(kinds, 1)]
    body = _TEXT + "<w:altChunk r:id='rId6'/><w:p><w:subDoc r:id='rId7'/></w:p>"
    return word_file(body, rels=relations(*entries, external=[entry[0] for entry in entries]))


def _script_links() -> bytes:
    links = "".join(
        f"<w:p><w:hyperlink r:id='rId{at}'><w:r><w:t>链接{at}</w:t></w:r></w:hyperlink></w:p>" for at in range(1, 5)
    )
    field = (
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>HYPERLINK \"javascript:alert(1)\""
        "</w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>字段</w:t></w:r>"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"
    )
    targets = ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x")
    entries = [(f"rId{at}", "hyperlink", target) for at, target in enumerate(targets, 1)]
    return word_file(links + field, rels=relations(*entries, external=[entry[0] for entry in entries]))


def _svg_with_script() -> bytes:
    """A picture in a part whose type the package does not declare."""
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    rels = relations(("rId9", "image", "media/i.svg"))
    return word_file(_TEXT + _DRAWING.format(how="embed"), {"word/media/i.svg": svg}, rels=rels)


def _wrong_types() -> bytes:
    return word_file(_TEXT, {"[Content_Types].xml": "<Types xmlns='x'><Default Extension='xml'/></Types>"})


def _nothing_there() -> bytes:
    """Relations to parts that do not exist, as some converters write them."""
    rels = relations(("rId1", "styles", "NULL"), ("rId2", "numbering", "none.xml"), ("rId9", "image", "NULL"))
    return word_file(_TEXT + _DRAWING.format(how="embed"), rels=rels)


def _html_as_text() -> bytes:
    return word_file(paragraph("&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}} &lt;mj-include path='/etc/passwd'/&gt;"))


def _numbers_without_end() -> bytes:
    table = (
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr>" + _TEXT + "</w:tc></w:tr>"
        "<w:tr><w:trPr><w:gridBefore w:val='999999999'/></w:trPr><w:tc>" + _TEXT + "</w:tc></w:tr></w:tbl>"
    )
    return word_file(table + f"<w:p><w:pPr><w:outlineLvl w:val='{'9' * 400}'/></w:pPr></w:p>" + _TEXT)


def _styles_in_a_circle() -> bytes:
    styles = (
        f"<w:styles {NAMES}><w:style w:type='paragraph' w:styleId='a'><w:basedOn w:val='b'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='b'><w:basedOn w:val='a'/></w:style></w:styles>"
    )
    rels = relations(("rId1", "styles", "styles.xml"))
    return word_file(paragraph("x", style="a"), {"word/styles.xml": styles}, rels=rels)


def _notes_in_a_circle() -> bytes:
    mark = "<w:r><w:footnoteReference w:id='2'/></w:r>"
    notes = f"<w:footnotes {NAMES}><w:footnote w:id='2'><w:p><w:r><w:t>注</w:t></w:r>{mark}</w:p></w:footnote></w:footnotes>"
    rels = relations(("rId1", "footnotes", "footnotes.xml"))
    return word_file(f"<w:p><w:r><w:t>文</w:t></w:r>{mark}</w:p>", {"word/footnotes.xml": notes}, rels=rels)


def _nested(before: str, after: str, count: int) -> bytes:
    return word_file(before * count + _TEXT + after * count)


def _stored_twice() -> bytes:
    """Two parts of one name; a library that checks one may read the other."""
    content = word_file(_TEXT, {"word/decument.xml": f"<w:document {NAMES}><w:body>{_TEXT}</w:body></w:document>"})
    return content.replace(b"word/decument.xml", b"word/document.xml")


_GOOD = word_file(_TEXT)

# those that must be refused
REFUSED: dict[str, Callable[[], bytes]] = {
    "zip bomb": _zip_bomb,
    "bomb of markup": _bomb_of_markup,
    "many small elements": _many_small_elements,
    "much text": _much_text,
    "many entries": _many_entries,
    "directory of a million": _directory_of_a_million,
    "billion laughs": _billion_laughs,
    "billion laughs in UTF-16": _billion_laughs_in_utf16,
    "doctype in the relations": _doctype_in_the_relations,
    "XXE of a file": lambda: _with_doctype(f"<!ENTITY a SYSTEM 'file://{SECRET}'>", "&a;"),
    "entity in UTF-7": lambda: word_file(
        "", {"word/document.xml": b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE x+AD4-"}
    ),
    "encrypted": _encrypted,
    "protected": _protected,
    "lying size": _lying_size,
    "truncated": lambda: _GOOD[: len(_GOOD) // 2],
    "cut short": lambda: _GOOD[:-30],
    "not a zip": lambda: b"this is no zip",
    "nothing": lambda: b"",
    "zeros": lambda: bytes(4096),
    "another zip": lambda: zip_file({"a.txt": "x"}),
    "no body": lambda: word_file("", {"word/document.xml": f"<w:document {NAMES}/>"}),
    "broken XML": lambda: word_file("<w:p>"),
    "deep elements": lambda: _nested("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>", 5_000),
    "deep tables": lambda: _nested("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", 60),
    "deep text boxes": lambda: _nested(
        "<w:p><w:r><w:pict><v:textbox><w:txbxContent>", "</w:txbxContent></v:textbox></w:pict></w:r></w:p>", 40
    ),
}
# those that are read, and must do no harm
HARMLESS: dict[str, Callable[[], bytes]] = {
    "zip in a zip": _zip_in_zip,
    "traversal": _traversal,
    "script links": _script_links,
    "SVG with script": _svg_with_script,
    "wrong types": _wrong_types,
    "nothing there": _nothing_there,
    "HTML as text": _html_as_text,
    "numbers without end": _numbers_without_end,
    "styles in a circle": _styles_in_a_circle,
    "notes in a circle": _notes_in_a_circle,
    "a part stored twice": _stored_twice,
    "deep wrappers": lambda: _nested("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>", 100),
}
# those that point at a server (http://127.0.0.1:PORT) or a file
CALLING: dict[str, Callable[[str], bytes]] = {
    "picture on the web": _outside_picture("{server}/i.png"),
    "picture on the disk": _outside_picture("file:///etc/passwd"),
    "picture on a share": _outside_picture("\\\\127.0.0.1\\share\\i.png"),
    "parts elsewhere": _outside_parts,
    "XXE over HTTP": lambda server: _with_doctype(f"<!ENTITY a SYSTEM '{server}/e'>", "&a;"),
    "DTD over HTTP": lambda server: word_file(
        "",
        {"word/document.xml": f"<!DOCTYPE w:document SYSTEM '{server}/d.dtd'><w:document xmlns:w='{WORD}'/>"},
    ),
}
