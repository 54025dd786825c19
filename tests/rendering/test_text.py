"""The text edition stands in columns where characters are two columns wide."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.edition import fill_segments
from mailer.model.issue import Cell, Row, Table
from mailer.rendering.edition import render_edition
from mailer.rendering.grid import column_name, lay_out
from mailer.rendering.text import COLUMNS, set_table
from mailer.rendering.values import issue_values, width
from tests.rendering.samples import TEMPLATES, VALUES, make_config, make_issue, make_table

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
        VALUES["links.unsubscribe"],
    ):
        assert wanted in text
    assert "\n\n\n\n" not in text
    assert not any(line != line.rstrip() for line in text.splitlines())
