"""What the assembler makes of pieces that no text file has: looks, lists, tables as a document declares them."""

from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.model.issue import (
    Block,
    Cell,
    Emphasis,
    Heading,
    ImportRemark,
    Issue,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Role,
    Row,
    Strong,
    Table,
    Text,
)
from mailer.sources.assembly import MAX_PIECES, assemble_issue
from mailer.sources.pieces import ListPlace, Piece

FILE = Path("bulletin.docx")
HEAD = (
    Piece(1, "某市数据中心"),
    Piece(2, "数据简报"),
    Piece(3, "第5期"),
    Piece(4, "某市数据中心\t2026年5月29日"),
)
PROSE = "平台于五月上线运行，各区的数据从此可以在一处查到。"


def assemble(*pieces: Piece, head: tuple[Piece, ...] = HEAD) -> tuple[Issue, tuple[ImportRemark, ...]]:
    return assemble_issue((*head, *pieces), file=FILE, slug=None)


def blocks(*pieces: Piece) -> tuple[Block, ...]:
    """The blocks of one article with these pieces under its title."""
    (article,) = assemble(Piece(10, "标题", heading=1), *pieces)[0].articles
    return article.blocks


def titles(issue: Issue) -> list[tuple[str, list[str]]]:
    return [(section.title, [article.title for article in section.articles]) for section in issue.sections]


def words(text: str) -> Paragraph:
    return Paragraph((Text(text),))


def table(*rows: str, head: int = 0) -> Table:
    made = [Row(tuple(Cell(cell, header=at < head) for cell in row.split("|"))) for at, row in enumerate(rows)]
    return Table("", tuple(made[:head]), tuple(made[head:]))


def test_the_largest_name_of_a_masthead_is_the_title_wherever_it_stands() -> None:
    head = (Piece(1, "数 据 简 报", size=48), Piece(2, "某市数据中心", size=26), *HEAD[2:])
    masthead = assemble(Piece(5, PROSE), head=head)[0].masthead
    assert (masthead.organisation, masthead.title) == ("某市数据中心", "数据简报")


def test_a_masthead_laid_out_as_a_table_or_with_line_breaks_is_read() -> None:
    laid = (Piece(1, block=table("数据简报", "第5期（总第41期）", "某市数据中心|2026年5月29日")),)
    broken = (Piece(1, "数据简报\n第5期（总第41期）\n某市数据中心 2026年5月29日"),)
    for head in (laid, broken):
        masthead = assemble(Piece(5, PROSE), head=head)[0].masthead
        assert (masthead.title, masthead.number, masthead.total, masthead.publisher) == (
            "数据简报",
            5,
            41,
            "某市数据中心",
        )


def test_a_foot_laid_out_as_a_table_is_read() -> None:
    foot = table("报：|市政府办公室", "送：|各区、各部门", "某市数据中心|2026年5月30日印发")
    issue, _remarks = assemble(Piece(5, PROSE), Piece(6, block=foot))
    assert [(line.role, line.bodies) for line in issue.circulation] == [
        (Role.UPWARD, ("市政府办公室",)),
        (Role.SIDEWAYS, ("各区", "各部门")),
    ]
    assert issue.imprint.printed_by == "某市数据中心"


def test_heading_styles_make_sections_articles_and_headings() -> None:
    levels = [("要闻", 1), ("上线", 2), ("查询", 3), ("细则", 4), ("培训", 2), ("经验", 1), ("做法", 2)]
    pieces = [part for title, level in levels for part in (Piece(9, title, heading=level), Piece(9, PROSE))]
    issue, remarks = assemble(*pieces)
    assert titles(issue) == [("要闻", ["上线", "培训"]), ("经验", ["做法"])]
    assert [block for block in issue.articles[0].blocks if isinstance(block, Heading)] == [
        Heading(3, "查询"),
        Heading(4, "细则"),
    ]
    assert not any("no contents" in remark.text for remark in remarks)


def test_headings_of_one_style_are_articles() -> None:
    pieces = [part for title in ("上线", "培训") for part in (Piece(9, title, heading=2), Piece(9, PROSE))]
    assert titles(assemble(*pieces)[0]) == [("", ["上线", "培训"])]


def test_headings_by_hand_are_told_by_size_place_and_weight() -> None:
    pieces = [
        part
        for title, size in (("要闻", 18), ("上线", 16), ("经验", 18), ("做法", 16))
        for part in (Piece(9, title, bold=True, centred=True, size=size), *([Piece(9, PROSE, size=12)] * (size == 16)))
    ]
    issue, remarks = assemble(*pieces)
    assert titles(issue) == [("要闻", ["上线"]), ("经验", ["做法"])]
    assert any("no contents" in remark.text for remark in remarks)


def test_bold_lines_inside_an_article_are_its_headings() -> None:
    pieces = (
        Piece(9, "上线", heading=1), Piece(9, PROSE), Piece(9, "查询", bold=True), Piece(9, PROSE),
        Piece(9, "培训", heading=1), Piece(9, PROSE),
    )  # fmt: skip
    issue, _remarks = assemble(*pieces)
    assert titles(issue) == [("", ["上线", "培训"])]
    assert issue.articles[0].blocks[1] == Heading(3, "查询")


def test_content_keeps_its_emphasis_links_and_notes() -> None:
    content = (
        Text("　　见"),
        Strong((Text("http://a.example/x"),)),
        Emphasis((Link((Text("文"),), "https://b.example/"),)),
        Note((Text("注"),)),
        Text(" "),
    )
    assert blocks(Piece(11, "　　见http://a.example/x文 ", content)) == (
        Paragraph(
            (
                Text("见"),
                Strong((Link((Text("http://a.example/x"),), "http://a.example/x"),)),
                Emphasis((Link((Text("文"),), "https://b.example/"),)),
                Note((Text("注"),)),
            )
        ),
    )


def test_a_torn_paragraph_is_joined_with_what_is_in_it() -> None:
    torn = Piece(
        11,
        "各区的数据从此可以在一处查到，办事不必再跑多个",
        (Text("各区的数据从此可以在一处查到，办事不必再跑"), Strong((Text("多个"),))),
    )
    assert blocks(torn, Piece(12, "窗口。")) == (
        Paragraph((Text("各区的数据从此可以在一处查到，办事不必再跑"), Strong((Text("多个"),)), Text("窗口。"))),
    )


def test_lists_lie_in_lists() -> None:
    def item(text: str, depth: int, number: int = 1, *, ordered: bool = False, opens: bool = True) -> Piece:
        return Piece(11, text, place=ListPlace(ordered, depth, number, opens))

    made = blocks(
        item("甲", 1), item("一", 2, 2, ordered=True), item("二", 2, 2, ordered=True), item("又甲", 1, opens=False), item("乙", 1),
        item("另一", 1, 3),
    )  # fmt: skip
    inner = ListBlock(True, ((words("一"),), (words("二"),)))
    assert made == (
        ListBlock(False, ((words("甲"), inner, words("又甲")), (words("乙"),))),
        ListBlock(False, ((words("另一"),),)),
    )


def test_a_document_that_nests_without_end_is_flattened() -> None:
    made = blocks(*(Piece(11, "项", place=ListPlace(False, depth)) for depth in range(1, 500)))
    depth = 0
    block: Block = made[0]
    while isinstance(block, ListBlock):
        depth += 1
        block = block.items[-1][-1]
    assert depth == 6


def test_a_table_without_a_head_gets_one_and_its_total_row_is_checked() -> None:
    plain = table("区|人数|场次", "甲|20|2", "乙|10|1", "合计|30|4")
    issue, remarks = assemble(Piece(10, "标题", heading=1), Piece(11, block=plain))
    (made,) = issue.articles[0].blocks
    assert isinstance(made, Table)
    assert [[cell.text for cell in row.cells] for row in made.head] == [["区", "人数", "场次"]]
    assert all(cell.header for row in made.head for cell in row.cells)
    assert [row.total for row in made.body] == [False, False, True]
    assert [remark.line for remark in remarks if "合计" in remark.text] == [11]


def test_a_table_keeps_the_head_and_spans_it_declares() -> None:
    head = (
        Row((Cell("区", 2, header=True), Cell("培训", colspan=2, header=True))),
        Row((Cell("人数", header=True), Cell("场次", header=True))),
    )
    body = (Row((Cell("甲"), Cell("2020"), Cell("2"))), Row((Cell("合计"), Cell("2020"), Cell("2"))))
    (made,) = blocks(Piece(11, block=Table("表", head, body)))
    assert made == Table("表", head, (body[0], Row(body[1].cells, total=True)))
    # where it declares none, a cell that reaches down takes its rows into the head
    undeclared = (Row((Cell("区", 2), Cell("2019年", colspan=2))), *head[1:], *body)
    (made,) = blocks(Piece(11, block=Table("", (), undeclared)))
    assert isinstance(made, Table)
    assert len(made.head) == 2


def test_a_notice_may_be_a_quotation_and_a_quotation_stays_one() -> None:
    quote = Quote((words("话。"),))
    assert blocks(Piece(11, block=quote)) == (quote,)
    assert blocks(Piece(11, block=Quote((words("按语：话。"), words("又。"))))) == (
        Notice("按语", (words("话。"), words("又。"))),
    )


def test_a_picture_stands_where_it_stood() -> None:
    logo, chart = Picture("pictures/1.png", "徽标"), Picture("pictures/2.png", "图")
    head = (Piece(1, block=logo), *HEAD)
    issue, _remarks = assemble(
        Piece(10, "标题", heading=1), Piece(11, PROSE), Piece(12, block=chart), Piece(13, PROSE), head=head
    )
    assert issue.sections[0].blocks == (logo,)
    assert issue.articles[0].blocks == (words(PROSE), chart, words(PROSE))


@pytest.mark.parametrize("char", ["\x07", "\ud800", "\x85", "\u2028"])
def test_characters_that_are_no_text_never_reach_an_issue(char: str) -> None:
    (made,) = blocks(Piece(11, f"一{char}句。", (Text(f"一{char}"), Strong((Text("句。"),)))))
    assert isinstance(made, Paragraph)
    assert char not in str(made)


def test_too_many_pieces_and_none_are_errors_with_their_cure() -> None:
    for pieces in ((), (Piece(1, "话。"),) * (MAX_PIECES + 1)):
        with pytest.raises(IssueError) as caught:
            assemble_issue(pieces, file=FILE, slug="x")
        assert caught.value.cure
        assert caught.value.file == FILE


def test_a_numbered_line_right_under_a_picture_is_its_caption() -> None:
    picture = Piece(11, block=Picture("pictures/1.png", "会场"))
    captioned = Picture("pictures/1.png", "会场", "图1  会场一角")
    assert blocks(picture, Piece(12, "图1  会场一角"), Piece(13, PROSE)) == (captioned, words(PROSE))


@pytest.mark.parametrize("line", ["图1显示，收入连续三年增长。", "图2026年的展望", "会场一角"])
def test_other_lines_under_a_picture_are_text(line: str) -> None:
    picture = Picture("pictures/1.png", "会场")
    assert blocks(Piece(11, block=picture), Piece(12, line)) == (picture, words(line))


def test_a_second_caption_and_one_away_from_its_picture_are_text() -> None:
    picture = Piece(11, block=Picture("pictures/1.png", "会场"))
    made = blocks(picture, Piece(12, PROSE), Piece(13, "图1 会场"))
    assert made[2] == words("图1 会场")


def test_a_subtitle_is_no_title() -> None:
    title = Piece(10, "新区召开推进会", centred=True, size=22.0)
    made, _remarks = assemble(title, Piece(11, "——部署下半年任务", centred=True), Piece(12, PROSE))
    (article,) = made.articles
    assert (article.title, article.blocks) == ("新区召开推进会", (words("——部署下半年任务"), words(PROSE)))
