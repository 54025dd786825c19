"""A document is read by its kind; what cannot be read is one error naming the file and the cure."""

import os
from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.model.issue import (
    Heading,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Picture,
    Role,
    Strong,
    Table,
    Text,
    plain_text,
)
from mailer.sources import text_file
from mailer.sources.assembly import assemble_issue
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import without_lines
from mailer.sources.text_file import decode_text
from mailer.sources.word import read_word
from tests.sources.bulletins import LISTED
from tests.sources.documents import real_bulletin

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
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF")
    for kind in (".txt", ".md", ".html", ".htm", ".docx", ".doc", ".wps", ".rtf", ".odt"):
        assert kind in refused(file).cure


@pytest.mark.parametrize("name", ["a.docx", "a.txt", "a"])
def test_a_folder_is_said_to_be_one(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert "folder" in str(refused(tmp_path / name))


FOREIGN = """\
# 某市数据中心简报

2026年第5期（总第41期）
某市数据中心 2026年5月29日

> **编者按**：各区可以借鉴。

## 要闻

### 数据平台上线

平台于**五月**上线，见[说明](https://a.example/x)[^1]。

![图](pictures/chart.png)

1. 查询
2. 下载
   - 按区

   第二段。

| 区 | 数 |
|---|---|
| 甲 | 1 |
| 合计 | 1 |

#### 一、甲区

各区做法不同，
各有所长。

报：市政府办公室
送：各区数据部门、
会员单位
---

[^1]: 来源：某网
"""


def test_markdown_that_is_no_issue_file_is_read_as_any_document(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "chart.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    (tmp_path / "a.md").write_text(FOREIGN, "utf-8")
    document = import_document(tmp_path / "a.md", None)
    issue = document.issue
    assert (issue.slug, issue.masthead.title, issue.masthead.publisher) == (
        "2026-05",
        "某市数据中心简报",
        "某市数据中心",
    )
    assert [(section.title, len(section.articles)) for section in issue.sections] == [("", 0), ("要闻", 1)]
    assert issue.sections[0].blocks == (Notice("编者按", (paragraph("各区可以借鉴。"),)),)
    text, picture, listed, table, heading, last = issue.articles[0].blocks
    assert text == Paragraph(
        (
            Text("平台于"),
            Strong((Text("五月"),)),
            Text("上线，见"),
            Link((Text("说明"),), "https://a.example/x"),
            Note((Text("来源：某网"),)),
            Text("。"),
        )
    )
    assert picture == Picture("pictures/1.png", "图")
    assert document.files == {"pictures/1.png": b"\x89PNG\r\n\x1a\n0000"}
    inner = ListBlock(False, ((paragraph("按区"),),))
    assert listed == ListBlock(True, ((paragraph("查询"),), (paragraph("下载"), inner, paragraph("第二段。"))))
    assert isinstance(table, Table)
    assert [row.total for row in table.body] == [False, True]
    assert (heading, last) == (Heading(3, "一、甲区"), paragraph("各区做法不同，各有所长。"))
    assert [(line.role, line.bodies) for line in issue.circulation] == [
        (Role.UPWARD, ("市政府办公室",)),
        (Role.SIDEWAYS, ("各区数据部门", "会员单位")),
    ]


def paragraph(text: str) -> Paragraph:
    return Paragraph((Text(text),))


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("[文](javascript:alert(1))", "文 (javascript:alert(1))"),
        ("`代码`", "代码"),
        ("<b>粗</b><script>x</script>", "粗<script>x</script>"),
        ("&copy; \\* 星", "© * 星"),
        ("[^2]", "[^2]"),
        ("[参]: https://a.example/x", "[参]: https://a.example/x"),
        ("    缩进的一段。", "缩进的一段。"),
    ],
)
def test_what_markdown_an_issue_cannot_hold_becomes_text(markdown: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(f"# 简报\n\n2026年5月29日\n\n## 甲\n\n话。\n\n{markdown}\n", "utf-8")
    (_first, last) = import_document(file, None).issue.articles[0].blocks
    assert isinstance(last, Paragraph)
    assert plain_text(last.content) == text


def test_a_picture_that_is_not_there_leaves_a_word_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("# 简报\n\n2026年5月29日\n\n## 甲\n\n![图](../none.png)\n", "utf-8")
    document = import_document(file, None)
    (block,) = document.issue.articles[0].blocks
    assert isinstance(block, Paragraph)
    assert "none.png" in plain_text(block.content)
    assert any(remark.line == 7 and "none.png" in remark.text for remark in document.remarks)


def test_a_text_file_that_holds_markdown_is_read_as_such(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("# 简报\n2026年5月29日\n## 甲\n**话**。\n", "utf-8")
    document = import_document(file, None)
    assert document.issue.articles[0].blocks == (Paragraph((Strong((Text("话"),)), Text("。"))),)
    assert "Markdown" in document.remarks[0].text


def test_our_own_markdown_brings_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    file = tmp_path / "issue.md"
    file.write_text(MARKDOWN + "\n## 乙\n\n![图](a.png)\n", "utf-8")
    assert import_document(file, None).files == {"a.png": b"\x89PNG\r\n\x1a\n0000"}


@pytest.mark.parametrize("styled", [True, False])
def test_the_real_bulletin_is_the_same_issue_as_text_and_as_a_word_document(
    styled: bool, samples: Path, tmp_path: Path
) -> None:
    source = samples / "bulletin-2020-07.txt"
    word = tmp_path / "bulletin.docx"
    word.write_bytes(real_bulletin(source.read_text("utf-8"), styled=styled))
    from_text, from_word = import_document(source, None), import_document(word, None)
    assert without_lines(from_word.issue) == without_lines(from_text.issue)
    assert [remark.text for remark in from_word.remarks] == [remark.text for remark in from_text.remarks]


@pytest.mark.parametrize("form", ["text", "styled", "by hand"])
def test_the_real_bulletin_is_told_apart_even_without_its_contents(form: str, samples: Path, tmp_path: Path) -> None:
    source = samples / "bulletin-2020-07.txt"
    text = source.read_text("utf-8")
    whole = import_document(source, None).issue
    contents, body = text.index("行业要闻 "), text.index("行业要闻\n")
    if form == "text":
        file = tmp_path / "bulletin.txt"
        file.write_text(text[:contents] + text[body:], "utf-8")
        issue = import_document(file, None).issue
    else:
        file = tmp_path / "bulletin.docx"
        file.write_bytes(real_bulletin(text, styled=form == "styled"))
        pieces = read_word(file).pieces
        start = next(at for at, piece in enumerate(pieces) if piece.plain.startswith("行业要闻 "))
        end = next(at for at, piece in enumerate(pieces) if piece.plain == "行业要闻")
        issue, _remarks = assemble_issue((*pieces[:start], *pieces[end:]), file=file, slug=None)
    assert without_lines(issue) == without_lines(whole)


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


LINKED = """# 软件通讯

2026年第6期（总第66期）

某协会 2026年6月30日

## 目录

- [要闻](#a)
  - [协会换届](#b)
- [数据](#c)

## 要闻

### 协会换届

大会选出新一届理事会。

![会场](a.png "图1 会场")

## 数据

### 收入

收入增长。
"""


def test_contents_that_link_into_the_document_and_captions_of_pictures_are_understood(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (tmp_path / "a.md").write_text(LINKED, "utf-8")
    document = import_document(tmp_path / "a.md", None)
    titles = [(section.title, [article.title for article in section.articles]) for section in document.issue.sections]
    assert titles == [("要闻", ["协会换届"]), ("数据", ["收入"])]
    assert document.issue.articles[0].blocks[-1] == Picture("pictures/1.png", "会场", "图1 会场")
    assert not [remark for remark in document.remarks if "#" in remark.text]


def test_headings_without_a_blank_are_headings_in_a_foreign_document(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# 简报\n\n2026年5月29日\n\n##甲\n\n#话题# 很热。\n", "utf-8")
    (article,) = import_document(tmp_path / "a.md", None).issue.articles
    assert (article.title, article.blocks) == ("甲", (paragraph("#话题# 很热。"),))


@pytest.mark.parametrize(
    ("odd", "line"), [("| a |\n|---|\n| 1 | 2 |", 9), ("![" * 2000, 7), ("| a |\n|---|\n" + "| 1 |\n" * 5000, 7)]
)
def test_markdown_that_would_take_seconds_is_refused_with_its_line(odd: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"# 简报\n\n2026年5月29日\n\n## 甲\n\n{odd}\n", "utf-8")
    with pytest.raises(IssueError) as caught:
        import_document(tmp_path / "a.md", None)
    assert caught.value.line == line
