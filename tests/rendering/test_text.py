"""The text edition stands in columns where characters are two columns wide."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.edition import fill_segments
from mailer.model.issue import (
    Article,
    Block,
    Cell,
    Heading,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
)
from mailer.rendering.edition import render_edition
from mailer.rendering.grid import column_name, lay_out
from mailer.rendering.text import COLUMNS, set_table
from mailer.rendering.values import issue_values, width
from tests.rendering.samples import TEMPLATES, VALUES, make_config, make_issue, make_table, paragraph

CELLS = st.builds(Cell, st.text(max_size=6), st.integers(1, 4), st.integers(1, 4), st.booleans())
ROWS = st.lists(st.builds(Row, st.lists(CELLS, max_size=5).map(tuple), st.booleans()), max_size=5).map(tuple)


def set_out(table: Table) -> list[str]:
    values = issue_values(make_issue(table=table), str)
    return set_table(values["sections"][1]["articles"][0]["blocks"][1]).splitlines()


def test_wide_characters_count_two_columns() -> None:
    assert width("简报 7") == 6
    assert width("e\u0301") == 1


def test_a_merged_table_stands_in_columns() -> None:
    lines = set_out(make_table())
    rows = [line for line in lines if "杭州" in line or "温州" in line or "合计" in line]
    # every figure column ends at the same place
    assert len({width(line) for line in rows}) == 1
    assert "“双软评估”统计" in rows[0]
    assert "“双软评估”统计" not in rows[1]
    assert all(width(line) <= COLUMNS for line in lines)


def test_a_table_wider_than_the_page_is_set_row_by_row() -> None:
    head = (Row(tuple(Cell("很长的列名" * 3 + str(number)) for number in range(6))),)
    body = (Row((Cell("杭州", header=True), *(Cell(str(number)) for number in range(5)))),)
    lines = set_out(Table("", head, body))
    assert lines[0] == "- 杭州"
    assert lines[1] == "    " + "很长的列名" * 3 + "1: 0"
    assert len(lines) == 6


def test_a_row_of_figures_alone_begins_with_its_first() -> None:
    head = (Row(tuple(Cell(f"很长很长很长的列名{name}") for name in "甲乙丙丁戊")),)
    body = (Row(tuple(Cell(str(number)) for number in range(5))),)
    first, second, *_rest = set_out(Table("", head, body))
    assert first == "- 很长很长很长的列名甲：0"
    assert second == "    很长很长很长的列名乙：1"


@given(ROWS, ROWS)
def test_any_table_can_be_set(head: tuple[Row, ...], body: tuple[Row, ...]) -> None:
    set_out(Table("", head, body))
    grid = lay_out((*head, *body))
    assert len({len(line) for line in grid}) <= 1


def test_a_column_is_named_by_its_heads_from_top_to_bottom() -> None:
    assert column_name(lay_out(make_table().head), 3) == "软件企业 当年累计数"
    assert column_name(lay_out(make_table().head), 1) == "所属地区"


def test_the_whole_text_edition_reads_well() -> None:
    config = make_config(language="en")
    edition = render_edition(make_issue(), "members", config.lists["members"], config, TEMPLATES)
    text = fill_segments(edition.text, VALUES)
    for wanted in (
        "\n" + "=" * COLUMNS + "\n",
        "【行业要闻】",
        "■ 全省软件业务平稳增长\n\n　　软件业务收入35609亿元，同比增长6.7%。\n",
        "  1. 申报\n  2. 评审\n\n     公示\n",
        "> 数据可用不可见。",
        "　　详见通知原文 [1]，联系office@zsia.example\n　　以原文为准。\n\n[1] https://www.example.org/notice?a=1&b=2\n",
        "报：省政府办公厅、省发改委\n送：会员单位\n",
        VALUES["links.unsubscribe_mail"],
    ):
        assert wanted in text
    assert "\n\n\n\n" not in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def set_article(*blocks: Block) -> str:
    article = Article("文", blocks)
    issue = dataclasses.replace(make_issue(), sections=(Section("栏", (article,)),))
    config = make_config(language="en")
    edition = render_edition(issue, "members", config.lists["members"], config, TEMPLATES)
    return fill_segments(edition.text, VALUES).partition("■ 文\n\n")[2].partition("\n" + "-" * COLUMNS)[0]


def test_a_note_has_its_mark_in_the_text_and_stands_before_the_links() -> None:
    link = Link((Text("公报"),), "https://www.example.org/1")
    note = Note((Text("数据见"), link, Text("。")))
    text = set_article(Paragraph((Text("增长"), note, Text("，详见"), link, Text("。"))), paragraph("来源：省厅"))
    assert text == (
        "　　增长[note 1]，详见公报 [2]。\n\n来源：省厅\n\n[note 1] 数据见公报 [1]。\n\n"
        "[1] https://www.example.org/1\n[2] https://www.example.org/1\n"
    )


def test_a_box_stands_behind_a_bar_and_headings_behind_their_sign() -> None:
    text = set_article(
        Notice("编者按", (paragraph("供参阅。"),)),
        Heading(3, "一、总体"),
        Heading(4, "（一）收入"),
        paragraph("正文。"),
    )
    assert text == "| 编者按\n| 　　供参阅。\n\n● 一、总体\n\n○ （一）收入\n\n　　正文。\n"
    assert set_article(Notice("", (paragraph("供参阅。"),))) == "| 　　供参阅。\n"


def test_a_list_within_an_entry_follows_it_at_once() -> None:
    inner = ListBlock(ordered=False, items=((paragraph("甲"),), (paragraph("乙"),)))
    text = set_article(ListBlock(ordered=True, items=((paragraph("一"), inner), (paragraph("二"),))))
    assert text == "  1. 一\n       - 甲\n       - 乙\n  2. 二\n"


def test_only_a_source_at_the_end_is_set_as_one() -> None:
    text = set_article(
        paragraph("来源：开头"), paragraph("正文。"), paragraph("（来源：省厅）"), paragraph("Source: x")
    )
    assert text == "　　来源：开头\n\n　　正文。\n\n（来源：省厅）\n\nSource: x\n"
