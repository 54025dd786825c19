"""A document is read by its kind; what cannot be read is one error naming the file and the cure."""

import os
from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.sources import text_file
from mailer.sources.import_file import import_document
from mailer.sources.text_file import decode_text
from tests.sources.bulletins import LISTED

MARKDOWN = "---\ntitle: 简报\nnumber: 7\ndate: 2020-07-31\n---\n# 甲\n"


def test_text_and_markdown_are_read_by_their_suffix(tmp_path: Path) -> None:
    for name, text, slug in (
        ("a.txt", LISTED, "2026-05"),
        ("b.md", MARKDOWN, "2020-07"),
        ("c.Markdown", MARKDOWN, "2020-07"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        assert import_document(tmp_path / name, None).issue.slug == slug
        assert import_document(tmp_path / name, "own").issue.slug == "own"


def test_markdown_without_a_number_needs_a_name(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(MARKDOWN.replace("number: 7\n", ""), "utf-8")
    with pytest.raises(IssueError) as caught:
        import_document(file, None)
    assert "--slug" in caught.value.cure


def refused(file: Path) -> IssueError:
    with pytest.raises(IssueError) as caught:
        import_document(file, None)
    assert caught.value.file == file
    assert caught.value.cure
    return caught.value


def test_another_kind_says_which_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(b"PK")
    assert ".txt" in refused(file).cure


def test_missing_unreadable_and_strange_files_are_errors(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.txt").message
    assert "no such file" in refused(tmp_path / "none.docx").message
    (tmp_path / "folder.txt").mkdir()
    refused(tmp_path / "folder.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\x81\xff\xff")
    refused(tmp_path / "bytes.txt")
    (tmp_path / "zeros.txt").write_bytes(b"a\0b")
    refused(tmp_path / "zeros.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(LISTED, "utf-8")
    file.chmod(0)
    refused(file)


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    with file.open("wb") as stream:
        stream.truncate(text_file.MAX_BYTES + 1)
    assert "larger" in refused(file).message


def test_the_whole_file_decides_its_encoding() -> None:
    # the GBK bytes of 一 are valid UTF-8 for another character
    text = "一\n杭州"
    assert decode_text(text.encode("gb18030"), file=Path("x")) == text
    assert decode_text(text.encode(), file=Path("x")) == text
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be"):
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        assert decode_text(mark + text.encode(encoding), file=Path("x")) == text
