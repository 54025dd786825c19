"""A copy carries what its list asks for, under names every system takes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import IssueError
from mailer.model.edition import Edition
from mailer.rendering.attachments import safe_name
from mailer.rendering.edition import render_edition
from tests.rendering.samples import TEMPLATES, make_config, make_issue

FILES = {"files/名单.xlsx": b"PK names", "附件.docx": b"PK text", "odd.thing": b"?"}


def render(*kinds: str, pdf: bytes = b"%PDF-1.7", files: dict[str, bytes] = FILES) -> Edition:
    config = make_config(language="en")
    settings = config.lists["members"].model_copy(update={"attachments": kinds})
    issue = dataclasses.replace(make_issue(), attachments=tuple(FILES))
    return render_edition(issue, "members", settings, config, TEMPLATES, files, pdf=pdf, page="<p>页</p>")


def test_a_list_that_asks_for_nothing_gets_nothing() -> None:
    assert render().attachments == ()


def test_the_pdf_is_named_after_the_issue_and_comes_first() -> None:
    pdf, *rest = render("files", "pdf").attachments
    assert pdf.name == "浙江省软件和信息服务业简报 2020, No. 7 (issue 113).pdf"
    assert (pdf.media_type, pdf.content) == ("application/pdf", b"%PDF-1.7")
    assert [(each.name, each.content) for each in rest] == [
        ("名单.xlsx", b"PK names"), ("附件.docx", b"PK text"), ("odd.thing", b"?"),
    ]  # fmt: skip
    assert rest[0].media_type.endswith("spreadsheetml.sheet")
    assert rest[1].media_type.endswith("wordprocessingml.document")
    assert rest[2].media_type == "application/octet-stream"


def test_a_packed_file_is_not_taken_for_what_is_in_it() -> None:
    files = {"附件.tar.gz": b"\x1f\x8b", "附件.zip": b"PK"}
    settings = make_config().lists["members"].model_copy(update={"attachments": ("files",)})
    issue = dataclasses.replace(make_issue(), attachments=tuple(files))
    edition = render_edition(issue, "members", settings, make_config(), TEMPLATES, files)
    assert [each.media_type for each in edition.attachments] == ["application/octet-stream", "application/zip"]


def test_no_pdf_was_made_none_is_carried() -> None:
    assert render("pdf", pdf=b"").attachments == ()


def test_two_files_of_one_name_keep_apart() -> None:
    config = make_config(language="en")
    settings = config.lists["members"].model_copy(update={"attachments": ("files",)})
    files = {"a/表.xlsx": b"1", "b/表.xlsx": b"2", "c/表.xlsx": b"3", "a/README": b"4", "b/README": b"5"}
    issue = dataclasses.replace(make_issue(), attachments=tuple(files))
    edition = render_edition(issue, "members", settings, config, TEMPLATES, files)
    names = [asset.name for asset in edition.attachments]
    assert names == ["表.xlsx", "表 (2).xlsx", "表 (3).xlsx", "README", "README (2)"]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(IssueError, match=r"files/名单\.xlsx") as caught:
        render("files", files={})
    assert (caught.value.file, caught.value.field) == ("issues/2020-07/issue.md", "attachments")
    assert render("pdf", files={}).attachments


def test_the_page_and_the_files_count_in_the_hash() -> None:
    assert render().page == "<p>页</p>"
    assert len({render().sha256, render("pdf").sha256, render("pdf", pdf=b"%PDF-2").sha256}) == 3


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_every_system_takes(name: str) -> None:
    safe = safe_name(name + ".pdf")
    assert safe.endswith(".pdf") or "." not in safe
    assert not set(safe) & set('\\/:*?"<>|\r\n\t\0')
    assert len(safe.encode("utf-8", "surrogatepass")) <= 184
