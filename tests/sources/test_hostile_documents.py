"""Hostile documents (facts S27-S31) end in one clear error or in harmless text; nothing leaks, nobody is called."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.child import Child, Limits
from mailer.errors import InputError, IssueError, LimitError, MailerError
from mailer.model.issue import Link, Strong, Text
from mailer.sources.import_file import import_document
from mailer.sources.pieces import ReadDocument
from mailer.sources.web_page import read_web_page_bytes
from mailer.sources.word import read_word_bytes
from tests.sources.bulletins import LISTED
from tests.sources.documents import paragraph, relations, word_file, zip_file
from tests.sources.hostile_documents import CALLING, HARMLESS, REFUSED
from tests.sources.listener import Listener
from tests.sources.refusals import refusal

FILE = Path("hostile.docx")
# a LimitError says that only the child's end stopped it: a busy machine may need it where there is much to read
ENDS: dict[str, type[MailerError] | tuple[type[MailerError], ...]] = {"much text": (IssueError, LimitError)}


def read(content: bytes) -> ReadDocument:
    return read_word_bytes(content, file=FILE)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child(("mailer.sources.import_file", "mailer.sources.word", "mailer.sources.web_page")) as made:
        yield made


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_document_is_one_error_with_its_cure_within_the_limits_of_the_child(
    name: str, child: Child, tmp_path: Path
) -> None:
    file = tmp_path / "hostile.docx"
    file.write_bytes(REFUSED[name]())
    with pytest.raises(ENDS.get(name, IssueError)) as caught:
        child.run(Limits(seconds=3, megabytes=300, file=file, cure="…"), import_document, file, None)
    assert caught.value.file == file
    assert caught.value.cure
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_document_that_tries_something_is_read_without_harm(name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.parent.rglob("*"))
    document = read(HARMLESS[name]())
    assert any(piece.text or piece.block for piece in document.pieces)
    assert "root:" not in repr(document)
    assert "javascript" not in repr([piece.content for piece in document.pieces])
    assert all(path.startswith("pictures/") and ".." not in path for path in document.files)
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", CALLING)
def test_a_document_that_points_elsewhere_calls_nobody(name: str, listener: Listener) -> None:
    try:
        document = read(CALLING[name](listener.address))
    except IssueError as error:
        assert error.cure
    else:
        assert document.remarks
        assert document.files == {}
        assert "root:" not in repr(document)
    assert listener.hits == 0


def test_the_listener_would_have_counted(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", int(listener.address.rpartition(":")[2]))) as connection:
        connection.recv(1)
    assert listener.hits == 1


def test_markup_in_a_document_is_text() -> None:
    (piece,) = read(HARMLESS["HTML as text"]()).pieces
    assert piece.text.startswith("<script>alert(1)</script> {{7*7}}")
    assert piece.content == ()


PAGES = {
    "deep elements": "<div>" * 100_000 + "x",
    "deep lists": "<ul><li>" * 5_000 + "x",
    "deep tables": "<table><tr><td>" * 300 + "x",
    "much markup": "<p>x" * 400_000,
    "much text": "<p>x" * 100_000,
    "wide table": "<table>" + "<tr><td rowspan=60000 colspan=60000>x" * 900,
    "long table": "<table>" + "<tr><td>x<td>y" * 20_000,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_is_one_error_with_its_cure_within_the_limits_of_the_child(
    name: str, child: Child, tmp_path: Path
) -> None:
    file = tmp_path / "hostile.html"
    file.write_text("<!doctype html>" + PAGES[name])
    with pytest.raises(ENDS.get(name, IssueError)) as caught:
        child.run(Limits(seconds=3, megabytes=300, file=file, cure="…"), import_document, file, None)
    assert caught.value.file == file
    assert caught.value.cure


def test_a_page_that_points_elsewhere_calls_nobody_and_runs_nothing(listener: Listener, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG\r\n\x1a\nroot:")
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "link.png").symlink_to(secret)
    server = listener.address
    page = f"""<!DOCTYPE html SYSTEM "{server}/x.dtd" [<!ENTITY a SYSTEM "{server}/e">]><html><head>
    <base href="{server}/"><link rel=stylesheet href="{server}/s.css"><script src="{server}/s.js"></script>
    <meta http-equiv=refresh content="0;url={server}/r"><style>@import url({server}/i.css)</style></head>
    <body background="{server}/b.png" onload="alert(1)"><img src="{server}/i.png" alt="图"><iframe src="{server}/f">
    </iframe><object data="{server}/o"></object><a href="javascript:alert(1)">点</a><a href=" java\tscript:x">二</a>
    <img src="../secret.png"><img src="{secret}"><img src="file://{secret}"><img src="link.png"><img src="%2e%2e/secret.png">
    <svg><script>alert(1)</script></svg>&a;<p style="background:url({server}/c.png)">文</p></body></html>"""
    document = read_web_page_bytes(page.encode(), file=folder / "a.html", folder=folder)
    assert listener.hits == 0
    assert document.files == {}
    assert "root:" not in repr(document)
    assert "alert" not in repr(document.pieces)
    links = [node.target for piece in document.pieces for node in piece.content if isinstance(node, Link)]
    assert links == [f"{server}/i.png"]
    assert document.pieces[-1].text == "文"


STYLES = "<w:styles xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'/>"
GOOD = word_file(
    "".join(paragraph(line, run="<w:b/>") for line in LISTED.split("\n") if line.strip())
    + "<w:tbl><w:tr><w:tc><w:p/></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>",
    {"word/styles.xml": STYLES},
    rels=relations(("rId1", "styles", "styles.xml")),
)
DOCUMENT = "<w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:br/><w:t>x</w:t></w:r></w:p><w:tbl/>"


@settings(max_examples=150)
@given(st.data())
def test_no_broken_bytes_raise_anything_but_one_clear_error(data: st.DataObject) -> None:
    content = bytearray(GOOD)
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.none() | st.integers(0, len(content)))
    error = refusal(read, bytes(content[:cut]))
    assert error is None or (isinstance(error, IssueError) and error.cure and error.file == FILE)


TAGS = [
    "w:p",
    "w:r",
    "w:t",
    "w:tbl",
    "w:tr",
    "w:tc",
    "w:sdt",
    "w:pPr",
    "w:rPr",
    "w:numPr",
    "w:hyperlink",
    "w:del",
    "w:drawing",
]
TAGS += [
    "w:pict",
    "w:txbxContent",
    "w:fldChar",
    "w:footnoteReference",
    "w:gridSpan",
    "w:vMerge",
    "w:tcPr",
    "m:oMath",
    "a:blip",
]
ATTRIBUTES = [
    "",
    " w:val='1'",
    " w:val='-99999'",
    " w:val='x'",
    " w:fldCharType='begin'",
    " r:id='rId1'",
    " r:embed='rId1'",
]
TREES = st.recursive(
    st.sampled_from(["", "字", "&#12288;", "<w:t>文</w:t>"]),
    lambda inner: st.builds(
        lambda tag, attributes, parts: f"<{tag}{attributes}>{''.join(parts)}</{tag}>",
        st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES), st.lists(inner, max_size=4),
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(TREES, max_size=5).map("".join))
def test_no_nesting_of_words_elements_raises_anything_but_one_clear_error(body: str) -> None:
    error = refusal(
        read, word_file(body, {"word/styles.xml": STYLES}, rels=relations(("rId1", "styles", "styles.xml")))
    )
    assert error is None or error.cure


HTML_TAGS = [
    "p",
    "div",
    "table",
    "tr",
    "td",
    "th",
    "ul",
    "ol",
    "li",
    "b",
    "a href='https://a.example'",
    "img src=x",
    "br",
    "pre",
]
HTML_TAGS += [
    "blockquote",
    "h1",
    "/p",
    "/table",
    "/td",
    "/ul",
    "/b",
    "/a",
    "!--",
    "span style='display:none'",
    "caption",
    "sup",
]
HTML_TAGS += [
    "p style='mso-list:l0 level2 lfo1'",
    "span style='mso-list:Ignore'",
    "td rowspan=0",
    "ol start=-3 type=i",
    "svg",
]


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from([*(f"<{tag}>" for tag in HTML_TAGS), "字", " ", "\n", "1.", "\x00", "\x0b", "&#0;"]),
        max_size=40,
    )
)
def test_no_page_raises_anything_but_one_clear_error(parts: list[str]) -> None:
    error = refusal(lambda: read_web_page_bytes("".join(parts).encode(), file=FILE))
    assert error is None or error.cure


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise_anything_but_one_clear_error(content: bytes) -> None:
    for reader in (read, lambda page: read_web_page_bytes(page, file=FILE)):
        error = refusal(reader, content)
        assert error is None or isinstance(error, InputError)


def test_a_zip_with_a_manifest_alone_is_no_word_document() -> None:
    with pytest.raises(IssueError, match="no Word document"):
        read(zip_file({"mimetype": "application/vnd.oasis.opendocument.text"}))


def test_content_of_pieces_is_of_our_own_model() -> None:
    (piece,) = read(word_file(paragraph("甲", run="<w:b/>"))).pieces
    assert piece.content == (Strong((Text("甲"),)),)
