"""The print form as a PDF reader finds it: pages, order, contents, fonts, notes, the foot, and the same bytes twice."""

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from mailer.errors import IssueError, TemplateError
from mailer.model.issue import Article, Cell, CirculationLine, Imprint, Issue, Role, Row, Section, Table
from mailer.rendering.environment import render_template
from mailer.rendering.form_values import read_form
from mailer.rendering.pdf import PRINT_TEMPLATE, render_pdf
from tests.rendering.full_issue import FILES, LAST_NOTE, make_full_issue
from tests.rendering.samples import TEMPLATES, make_config, make_issue, make_table, paragraph

CONFIG = make_config(language="zh_CN")


@pytest.fixture(scope="module")
def issue() -> Issue:
    return make_full_issue(pages=3)


@pytest.fixture(scope="module")
def pdf(issue: Issue) -> bytes:
    return render_pdf(issue, CONFIG, TEMPLATES, FILES)


@contextmanager
def opened(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(content)
    try:
        yield document
    finally:
        document.close()


def read_pages(content: bytes) -> list[str]:
    """Return the text of each page without blanks and line ends."""
    with opened(content) as document:
        texts = []
        for page in document:
            text = page.get_textpage()
            texts.append(re.sub(r"\s", "", text.get_text_range()))
            text.close()
            page.close()
        return texts


def copy_templates(folder: Path, name: str, old: str, new: str) -> Path:
    for file in TEMPLATES.rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(TEMPLATES)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    source = (folder / name).read_text("utf-8")
    assert old in source
    (folder / name).write_text(source.replace(old, new), "utf-8")
    return folder


def test_pages_are_a4_and_say_their_number(pdf: bytes) -> None:
    pages = read_pages(pdf)
    assert len(pages) >= 4
    with opened(pdf) as document:
        sizes = {tuple(round(side) for side in page.get_size()) for page in document}
    assert sizes == {(595, 842)}
    assert all(f"—{number}—" in page for number, page in enumerate(pages, 1))


def test_the_contents_name_the_page_each_title_stands_on(pdf: bytes, issue: Issue) -> None:
    first, *rest = read_pages(pdf)
    start = first.index("本期目录")
    listed = re.findall(r"([^.…]+?)\.{2,}(\d+)", first[start:])
    found = {title.removeprefix("本期目录"): int(number) for title, number in listed}
    for article in issue.articles:
        title = re.sub(r"\s", "", article.title)
        number = next(number for name, number in found.items() if name.endswith(title))
        body = first[first.rindex("不带文章的栏目") :] if number == 1 else rest[number - 2]
        assert title in body, f"{title} is not on page {number}"


def test_the_text_comes_in_the_order_of_the_issue(pdf: bytes) -> None:
    text = "".join(read_pages(pdf))
    wanted = ["内部资料", "浙江省软件和信息服务业", "简报", "本期目录", "栏目之前的一段。", "软件业务收入35609亿元",
              "合计31179124669", "编者按", "（一）总体情况", "图1各月收入", "来源：某某网", "长文之1", "末页也有注"]  # fmt: skip
    places = [text.index(words) for words in wanted[:4]]
    for words in wanted[4:]:
        places.append(text.index(words, places[-1]))
    assert places == sorted(places)
    assert "<script>alert(1)</script>" in text, "what looks like markup is text"


def test_notes_stand_on_the_page_of_their_mark_and_the_foot_above_those_of_the_last(pdf: bytes) -> None:
    pages = read_pages(pdf)
    page = next(page for page in pages if "同比增长6.7%[1]" in page)
    assert "[1]据公开数据。" in page
    last = pages[-1]
    assert f"[2]{LAST_NOTE}" in last
    assert "报：省政府办公厅、省发改委" in last
    assert last.count("送：会员单位") == 1, "the copy that keeps the room of the foot is not seen"
    with opened(pdf) as document:
        text = document[len(document) - 1].get_textpage()

        def top_of(words: str) -> float:
            found = text.search(words)
            index, count = found.get_next()
            return float(max(text.get_charbox(at)[3] for at in range(index, index + count)))

        heights = [top_of(words) for words in ("末页也有", "送：", "秘书处", "邮编", LAST_NOTE)]
        text.close()
    assert heights == sorted(heights, reverse=True)
    assert heights[1] - heights[3] > 20, "in lines of their own"
    assert heights[3] - heights[4] > 8, "the foot does not lie on the note"


def test_without_notes_the_foot_ends_where_the_text_of_a_page_ends() -> None:
    with opened(render_pdf(make_issue(), CONFIG, TEMPLATES, {})) as document:
        text = document[len(document) - 1].get_textpage()
        index, _count = text.search("电话").get_next()
        bottom = text.get_charbox(index)[1]
        text.close()
    assert 26 / 25.4 * 72 < bottom < 26 / 25.4 * 72 + 12


def test_every_font_is_embedded(pdf: bytes) -> None:
    with opened(pdf) as document:
        names = {item.get_font() for item in document[0].get_objects() if hasattr(item, "get_font")}
        fonts = [font for font in names if font is not None]
        assert len(fonts) >= 3
        assert all(font.is_embedded for font in fonts)


def test_it_says_its_title_author_day_and_chapters(pdf: bytes, issue: Issue) -> None:
    with opened(pdf) as document:
        meta = document.get_metadata_dict()
        chapters = [(one.level, one.get_title()) for one in document.get_toc()]
        tagged = pdfium.FPDFCatalog_IsTagged(document)
        language = ctypes.create_string_buffer(40)
        pdfium.FPDFCatalog_GetLanguage(document, ctypes.cast(language, ctypes.POINTER(ctypes.c_ushort)), 40)
    assert "简报" in meta["Title"]
    assert "网络安全专刊" in meta["Title"]
    assert (meta["Author"], meta["CreationDate"]) == ("浙江省软件行业协会", "D:20200731")
    assert chapters[:2] == [(0, "行业要闻"), (1, "全省软件业务平稳增长")]
    assert tagged
    assert language.raw.decode("utf-16-le").rstrip("\0") == "zh-CN"


def test_the_same_input_gives_the_same_bytes_and_another_input_others(pdf: bytes, issue: Issue) -> None:
    assert render_pdf(issue, CONFIG, TEMPLATES, FILES) == pdf
    other = replace(make_issue(), masthead=replace(issue.masthead, number=8))
    assert render_pdf(make_issue(), CONFIG, TEMPLATES, {}) != render_pdf(other, CONFIG, TEMPLATES, {})


def test_a_template_that_names_a_file_from_elsewhere_is_refused(tmp_path: Path) -> None:
    for address in ("https://tracker.example/x.png", "file:///etc/hostname", "data:image/png;base64,AAAA"):
        folder = copy_templates(
            tmp_path / address[:4], "print.html.j2", "<main>", f'<main><img src="{address}" alt="">'
        )
        with pytest.raises(TemplateError, match="from elsewhere") as caught:
            render_pdf(make_issue(), CONFIG, folder, {})
        assert caught.value.cure


def test_a_picture_that_is_not_there_is_an_error_with_its_name() -> None:
    with pytest.raises(IssueError, match="chart"):
        render_pdf(make_full_issue(), CONFIG, TEMPLATES, {})


def test_a_long_table_repeats_its_head_on_each_page() -> None:
    table = make_table()
    rows = tuple(row for row in table.body[1:-1] for _ in range(25))
    section = Section("统计", (), (replace(table, body=rows),))
    pages = read_pages(render_pdf(replace(make_issue(), sections=(section,)), CONFIG, TEMPLATES, {}))
    assert len(pages) >= 3
    assert all("软件企业软件产品" in page for page in pages[:-1])


def test_a_circulation_longer_than_a_page_follows_the_text_and_loses_nobody() -> None:
    bodies = tuple(f"省直单位{number}号" for number in range(400))
    issue = replace(make_issue(), circulation=(CirculationLine(Role.UPWARD, bodies),))
    pages = read_pages(render_pdf(issue, CONFIG, TEMPLATES, {}))
    furniture = re.compile(r"—\d+—|浙江省软件和信息服务业简报2020年第7期（总第113期）")
    text = "".join(furniture.sub("", page) for page in pages)
    assert [text.count(f"{body}、") for body in bodies[:-1]] == [1] * 399


def test_a_table_of_many_columns_lies_on_its_side_with_its_figures_whole() -> None:
    head = (Row(tuple(Cell(f"指标{number}", header=True) for number in range(14))),)
    body = tuple(Row(tuple(Cell(str(1000003 + column)) for column in range(14))) for _ in range(3))
    sections = (Section("表", (), (Table("", head, body),)), Section("后", (), (paragraph("表后的话。"),)))
    content = render_pdf(replace(make_issue(), sections=sections), CONFIG, TEMPLATES, {})
    with opened(content) as document:
        sizes = [tuple(round(side) for side in page.get_size()) for page in document]
        text = document[1].get_textpage()
        lines = text.get_text_range()
        text.close()
    assert sizes[:2] == [(595, 842), (842, 595)]
    assert all(lines.count(str(1000003 + column)) == 3 for column in range(14))


def test_a_word_longer_than_a_line_stays_on_the_paper() -> None:
    long = Article("W" * 120, (paragraph("x" * 300),))
    content = render_pdf(replace(make_issue(), sections=(Section("S" * 90, (long,)),)), CONFIG, TEMPLATES, {})
    with opened(content) as document:
        for page in document:
            text = page.get_textpage()
            edges = [text.get_charbox(number)[2] for number in range(text.count_chars())]
            assert max(edges) < page.get_width() - 60  # points; the margin has 74
            text.close()
            page.close()


def test_without_a_foot_no_room_is_kept_for_one() -> None:
    bare = replace(make_issue(), circulation=(), imprint=Imprint())
    source = read_form(bare, CONFIG, TEMPLATES, {}, lambda picture: picture.asset.sha256)
    assert "foot-end" not in render_template(source.templates, PRINT_TEMPLATE, {**source.values, "sink": 0})
    assert len(read_pages(render_pdf(replace(bare, sections=()), CONFIG, TEMPLATES, {}))) == 1
