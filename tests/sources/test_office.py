"""Documents of older programs are read through LibreOffice, alone and in its time; others by what they really are."""

import os
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.sources import office
from mailer.sources.document_kind import Kind, find_kind
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import without_lines
from mailer.sources.office import convert_document, find_office, read_office
from mailer.sources.word import read_word_bytes
from tests.conftest import need
from tests.sources.bulletins import LISTED
from tests.sources.documents import paragraph, real_bulletin, relations, word_file
from tests.sources.hostile_documents import REFUSED
from tests.sources.listener import Listener

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def need_office() -> None:
    need(find_office() is not None, "LibreOffice", "install libreoffice-writer")


def program(folder: Path, script: str) -> Path:
    """Put a program named soffice into a folder of its own."""
    (folder / "bin").mkdir()
    file = folder / "bin" / "soffice"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file.parent


def as_doc(content: bytes, folder: Path, kind: str = "doc") -> bytes:
    """Return a .docx as LibreOffice saves it in an older format."""
    source = folder / "made.docx"
    source.write_bytes(content)
    profile = (folder / "profile").as_uri()
    command = [str(find_office()), f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind]
    subprocess.run([*command, "--outdir", folder / "old", source], check=True, capture_output=True, timeout=60)
    return (folder / "old" / f"made.{kind}").read_bytes()


def test_the_real_bulletin_as_doc_is_the_issue_its_text_is(samples: Path, tmp_path: Path) -> None:
    need_office()
    text = samples / "bulletin-2020-07.txt"
    content = as_doc(real_bulletin(text.read_text("utf-8"), styled=True), tmp_path)
    assert find_kind(content) is Kind.OLE
    from_text = import_document(text, None)
    for name in ("bulletin.doc", "bulletin.wps"):
        (tmp_path / name).write_bytes(content)
    read = import_document(tmp_path / "bulletin.wps", None)
    assert without_lines(read.issue) == without_lines(from_text.issue)
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob("mailer-office-*"))


@pytest.mark.parametrize(("suffix", "kind"), [("rtf", Kind.RTF), ("odt", Kind.ODT)])
def test_documents_of_other_office_programs_are_read_as_well(suffix: str, kind: Kind, tmp_path: Path) -> None:
    need_office()
    text = tmp_path / "listed.txt"
    text.write_text(LISTED, "utf-8")
    content = as_doc(word_file("".join(paragraph(line) for line in LISTED.split("\n"))), tmp_path, suffix)
    assert find_kind(content) is kind
    file = tmp_path / f"bulletin.{suffix}"
    file.write_bytes(content)
    assert without_lines(import_document(file, None).issue) == without_lines(import_document(text, None).issue)


def test_an_odt_that_unpacks_to_more_than_a_bulletin_never_reaches_libreoffice(tmp_path: Path) -> None:
    file = tmp_path / "a.odt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", bytes(150_000_000))
    with pytest.raises(IssueError, match="unpacks"):
        read_office(file)


LINKED_PICTURE = (
    "<w:p><w:r><w:drawing><wp:inline><wp:extent cx='1000000' cy='1000000'/><wp:docPr id='1' name='x'/><a:graphic>"
    "<a:graphicData uri='http://schemas.openxmlformats.org/drawingml/2006/picture'><pic:pic><pic:nvPicPr>"
    "<pic:cNvPr id='0' name='a'/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link='rId9'/><a:stretch>"
    "<a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x='0' y='0'/><a:ext cx='1000000' cy='1000000'/>"
    "</a:xfrm><a:prstGeom prst='rect'/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
)


def test_a_document_that_links_to_a_picture_makes_libreoffice_call_nobody(tmp_path: Path) -> None:
    need_office()  # by its own settings it asks for this picture three times
    listener = Listener()
    rels = relations(("rId9", "image", f"{listener.address}/i.png"), external=["rId9"])
    linked = word_file(paragraph("before") + LINKED_PICTURE, rels=rels)
    try:
        made = convert_document(linked, Kind.OLE, file=tmp_path / "a.doc")
    finally:
        listener.close()
    assert listener.hits == 0
    assert read_word_bytes(made, file=tmp_path / "a.doc").pieces[0].text == "before"


def test_without_libreoffice_the_error_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(office, "_PLACES", ("soffice",))
    file = tmp_path / "a.doc"
    file.write_bytes(OLE)
    with pytest.raises(IssueError, match="not installed") as caught:
        read_office(file)
    assert caught.value.file == file
    assert ".docx" in caught.value.cure


def test_a_program_that_makes_nothing_or_cannot_run_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = program(tmp_path, "echo 'Error: source file could not be loaded' >&2")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with pytest.raises(IssueError, match="could not be loaded"):
        convert_document(OLE, Kind.OLE, file=Path("a.doc"))


def test_a_program_that_hangs_is_killed_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = program(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid; wait")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with pytest.raises(IssueError, match="not done") as caught:
        convert_document(OLE, Kind.OLE, file=Path("a.doc"), timeout=0.5)
    assert caught.value.cure
    grandchild = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{grandchild}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_the_program_gets_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = program(tmp_path, f"env > {tmp_path}/seen; cat profile/user/registrymodifications.xcu >> {tmp_path}/seen")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("MAILER_SECRET", "kept")
    with pytest.raises(IssueError):
        convert_document(OLE, Kind.OLE, file=Path("a.doc"))
    seen = (tmp_path / "seen").read_text()
    assert "kept" not in seen
    assert "DisableMacrosExecution" in seen


def test_a_doc_is_read_by_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.doc"
    for content in (word_file(paragraph("文")), "<html><body><p>文</body></html>".encode("gb18030")):
        file.write_bytes(content)
        assert [piece.text for piece in read_office(file).pieces] == ["文"]


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (b"", "again"),
        ("一二三\n".encode(), ".txt"),
        (b"%PDF-1.7", "made from"),
        (b"MIME-Version: 1.0\n\n", ".docx"),
        (bytes(range(256)), ".docx"),
        (REFUSED["protected"](), "password"),
    ],
)
def test_a_document_of_another_kind_says_which_and_what_to_do(content: bytes, cure: str, tmp_path: Path) -> None:
    file = tmp_path / "a.doc"
    file.write_bytes(content)
    with pytest.raises(IssueError) as caught:
        read_office(file)
    assert cure in caught.value.cure
    assert caught.value.file == file
