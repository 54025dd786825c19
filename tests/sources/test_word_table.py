"""A Word table keeps its merged cells, or is text where it only lays text out."""

from mailer.model.issue import Picture
from tests.sources.documents import paragraph, relations
from tests.sources.word_parts import PICTURE, PNG, cell, read, row, run, said, spans, table_of, texts


def test_merged_cells_keep_their_spans_and_the_repeated_rows_are_the_head() -> None:
    down, on = "<w:vMerge w:val='restart'/>", "<w:vMerge/>"
    body = (
        "<w:tbl>" + row(cell("城市", down), cell("合计数", "<w:gridSpan w:val='2'/>"), properties="<w:tblHeader/>")
        + row(cell("", on), cell("本月"), cell("累计"), properties="<w:tblHeader/>")
        + row(cell("杭州"), cell("1"), cell("2")) + row(cell("宁波"), cell("3")) + "</w:tbl>"
    )  # fmt: skip
    table = table_of(read(body))
    assert spans(table) == [
        [("城市", 2, 1), ("合计数", 1, 2)], [("本月", 1, 1), ("累计", 1, 1)],
        [("杭州", 1, 1), ("1", 1, 1), ("2", 1, 1)], [("宁波", 1, 1), ("3", 1, 1), ("", 1, 1)],
    ]  # fmt: skip
    assert len(table.head) == 2
    assert all(c.header for line in table.head for c in line.cells)


def test_columns_of_words_finer_grid_are_no_columns() -> None:
    wide = "<w:gridSpan w:val='3'/>"
    body = "<w:tbl>" + row(cell("a", wide), cell("b", wide)) * 2 + "</w:tbl>"
    assert spans(table_of(read(body))) == [[("a", 1, 1), ("b", 1, 1)]] * 2


def test_a_table_that_only_lays_text_out_is_lines() -> None:
    foot = "<w:tbl>" + row(cell("报：省政府办公厅"), cell("")) + row(cell("送：各市"), cell("共印100份")) + "</w:tbl>"
    box = "<w:tbl>" + row(cell(paragraph("编者按") + paragraph("两段"))) + "</w:tbl>"
    line = "<w:tbl>" + row(cell("某省协会"), cell("2026年7月31日")) + "</w:tbl>"
    assert texts(read(foot)) == ["报：省政府办公厅", "送：各市\t共印100份"]
    assert texts(read(box)) == ["编者按", "两段"]
    assert texts(read(line)) == ["某省协会\t2026年7月31日"]


def test_what_a_cell_cannot_hold_stands_behind_it_with_a_remark() -> None:
    inner = "<w:tbl>" + row(cell("内1"), cell("内2")) + row(cell("内3"), cell("内4")) + "</w:tbl>"
    body = "<w:tbl>" + row(cell("a"), cell(inner + paragraph("后"))) + row(
        cell("b"), cell(f"<w:p>{run(PICTURE)}</w:p>")
    ) + row(cell("c"), cell("d")) + "</w:tbl>"  # fmt: skip
    document = read(body, {"word/media/a.png": PNG}, rels=relations(("rId9", "image", "media/a.png")))
    assert table_of(document).body[0].cells[1].text == "内1，内2；内3，内4 后"
    assert isinstance(document.pieces[1].block, Picture)
    assert "flattened" in said(document)
    assert "follow" in said(document)


def test_a_row_deleted_under_tracked_changes_is_left_out_and_said() -> None:
    body = "<w:tbl>" + row(cell("a"), cell("b")) * 2 + row(cell("x"), cell("y"), properties="<w:del/>") + "</w:tbl>"
    document = read(body)
    assert len(table_of(document).body) == 2
    assert "xy" in said(document)
