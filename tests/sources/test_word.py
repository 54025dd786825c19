"""What Word shows of a document is what an importer gets of it: in order, with its numbers, and nothing lost silently."""

from io import BytesIO
from pathlib import Path

import docx
import pytest

from mailer.model.issue import (
    Emphasis,
    LineBreak,
    Link,
    Note,
    Paragraph,
    Picture,
    Quote,
    Strong,
    Table,
    Text,
    issue_tables,
    plain_text,
)  # fmt: skip
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import load_issue, without_lines, write_issue
from mailer.sources.pieces import ListPlace, Piece, ReadDocument
from mailer.sources.word import read_word_bytes
from tests.sources.documents import NAMES, paragraph, real_bulletin, relations, word_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PICTURE = (
    "<w:drawing><wp:inline><wp:docPr id='1' name='x' descr='一张图'/><a:graphic><a:graphicData><pic:pic><pic:blipFill>"
    "<a:blip r:embed='rId9'/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
)


def read(body: str, parts: dict[str, str | bytes] | None = None, *, rels: str | None = None) -> ReadDocument:
    return read_word_bytes(word_file(body, parts, rels=rels), file=Path("a.docx"))


def styled(body: str, styles: str, numbering: str = "") -> ReadDocument:
    parts: dict[str, str | bytes] = {
        "word/styles.xml": f"<w:styles {NAMES}>{styles}</w:styles>",
        "word/numbering.xml": f"<w:numbering {NAMES}>{numbering}</w:numbering>",
    }
    return read(body, parts, rels=relations(("rId1", "styles", "styles.xml"), ("rId2", "numbering", "numbering.xml")))


def texts(document: ReadDocument) -> list[str]:
    return [piece.text for piece in document.pieces]


def said(document: ReadDocument) -> str:
    return "\n".join(remark.text for remark in document.remarks)


def table_of(document: ReadDocument) -> Table:
    (table,) = [piece.block for piece in document.pieces if isinstance(piece.block, Table)]
    return table


def style(key: str, name: str, properties: str = "", run: str = "", base: str = "") -> str:
    based = f"<w:basedOn w:val='{base}'/>" if base else ""
    return (
        f"<w:style w:type='paragraph' w:styleId='{key}'><w:name w:val='{name}'/>{based}"
        f"<w:pPr>{properties}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def level(at: int, kind: str, text: str, extra: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{at}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>{extra}<w:lvlText w:val='{text}'/></w:lvl>"
    )


def numbering(*levels: str, overrides: str = "") -> str:
    return (
        f"<w:abstractNum w:abstractNumId='0'>{''.join(levels)}</w:abstractNum>"
        f"<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
        f"<w:num w:numId='2'><w:abstractNumId w:val='0'/>{overrides}</w:num>"
    )


def item(text: str, *, num: int = 1, at: int = 0, run: str = "") -> str:
    return paragraph(text, properties=f"<w:numPr><w:ilvl w:val='{at}'/><w:numId w:val='{num}'/></w:numPr>", run=run)


def run(inner: str) -> str:
    return f"<w:r>{inner}</w:r>"


@pytest.mark.parametrize("by_style", [True, False])
def test_the_real_bulletin_as_word_is_the_issue_its_text_is(samples: Path, tmp_path: Path, by_style: bool) -> None:
    text = samples / "bulletin-2020-07.txt"
    file = tmp_path / "bulletin.docx"
    file.write_bytes(real_bulletin(text.read_text("utf-8"), styled=by_style))
    from_text, from_word = import_document(text, None), import_document(file, None)
    assert without_lines(from_word.issue) == without_lines(from_text.issue)
    assert len(from_word.issue.articles) == 15
    assert [remark.text for remark in from_word.remarks] == [remark.text for remark in from_text.remarks]
    write_issue(from_word.issue, tmp_path / from_word.issue.slug, files=from_word.files)
    assert without_lines(load_issue(tmp_path / from_word.issue.slug)) == without_lines(from_text.issue)
    assert len(issue_tables(from_word.issue)) == 1


def test_headings_are_known_by_style_name_by_outline_level_and_by_what_they_are_based_on() -> None:
    styles = (
        style("a", "heading 1") + style("b", "标题 2") + style("c", "Title") + style("d", "其他", base="a")
        + style("e", "栏目", "<w:outlineLvl w:val='2'/>") + style("f", "TOC Heading", "<w:outlineLvl w:val='9'/>", base="a")
    )  # fmt: skip
    body = "".join(paragraph(key, style=key) for key in "abcdef")
    body += paragraph("g", properties="<w:outlineLvl w:val='0'/>") + paragraph("h")
    assert [(piece.text, piece.heading) for piece in styled(body, styles).pieces] == [
        ("a", 1), ("b", 2), ("c", 1), ("d", 1), ("e", 3), ("f", 0), ("g", 1), ("h", 0),
    ]  # fmt: skip


def test_a_heading_made_by_hand_is_told_as_bold_centred_and_large() -> None:
    body = paragraph("要闻", properties="<w:jc w:val='center'/>", run="<w:b/><w:sz w:val='36'/>") + paragraph(
        "正文", run="<w:b w:val='0'/>"
    )
    heading, text = read(body).pieces
    assert (heading.bold, heading.centred, heading.size) == (True, True, 18.0)
    assert (text.bold, text.centred) == (False, False)


def test_bold_of_two_styles_cancels_as_in_word() -> None:
    styles = style("p", "p", run="<w:b/>") + (
        "<w:style w:type='character' w:styleId='c'><w:name w:val='c'/><w:rPr><w:b/></w:rPr></w:style>"
    )
    document = styled(paragraph("甲", style="p") + paragraph("乙", style="p", run="<w:rStyle w:val='c'/>"), styles)
    assert [piece.bold for piece in document.pieces] == [True, False]


def test_strong_emphasis_links_and_breaks_are_kept_and_blanks_stay_outside() -> None:
    body = (
        "<w:p>" + run("<w:t>见</w:t>") + run("<w:rPr><w:b/></w:rPr><w:t xml:space='preserve'> 粗 </w:t>")
        + run("<w:rPr><w:i/></w:rPr><w:t>斜</w:t>") + run("<w:br/>")
        + "<w:hyperlink r:id='rId1'>" + run("<w:t>链接</w:t>") + "</w:hyperlink></w:p>"
    )  # fmt: skip
    rels = relations(("rId1", "hyperlink", "https://a.example/x"), external=["rId1"])
    (piece,) = read(body, rels=rels).pieces
    assert piece.text == "见 粗 斜\n链接"
    assert piece.content == (
        Text("见 "), Strong((Text("粗"),)), Text(" "), Emphasis((Text("斜"),)), LineBreak(),
        Link((Text("链接"),), "https://a.example/x"),
    )  # fmt: skip


def test_a_link_written_as_a_field_is_a_link_and_only_the_result_of_fields_is_text() -> None:
    def field(instruction: str, result: str) -> str:
        return (
            run("<w:fldChar w:fldCharType='begin'/>") + run(f"<w:instrText>{instruction}</w:instrText>")
            + run("<w:fldChar w:fldCharType='separate'/>") + run(f"<w:t>{result}</w:t>")
            + run("<w:fldChar w:fldCharType='end'/>")
        )  # fmt: skip

    body = f"<w:p>{field(' HYPERLINK &quot;http://a.example/&quot; ', '甲')}{field(' REF x ', '乙')}</w:p>"
    (piece,) = read(body).pieces
    assert piece.content == (Link((Text("甲"),), "http://a.example/"), Text("乙"))


def test_a_field_that_never_ends_does_not_swallow_the_text_after_it() -> None:
    body = "<w:p>" + run("<w:fldChar w:fldCharType='begin'/>") + run("<w:instrText>PAGE</w:instrText>") + "</w:p>"
    assert texts(read(body + paragraph("还在"))) == ["还在"]


def test_a_link_that_would_run_something_is_text_with_a_remark() -> None:
    body = f"<w:p><w:hyperlink r:id='rId1'>{run('<w:t>点我</w:t>')}</w:hyperlink></w:p>"
    document = read(body, rels=relations(("rId1", "hyperlink", "javascript:alert(1)"), external=["rId1"]))
    assert document.pieces == (Piece(1, "点我"),)
    assert "javascript" in said(document)


def test_chinese_numbering_and_that_of_headings_becomes_text() -> None:
    levels = (
        level(0, "chineseCounting", "%1、"),
        level(1, "chineseCountingThousand", "（%2）"),
        level(2, "decimal", "%3."),
    )
    body = (
        item("甲")
        + item("乙", at=1)
        + item("丙", at=1)
        + item("丁")
        + item("戊", at=1)
        + item("己", at=2, run="<w:b/>")
    )
    assert texts(styled(body, "", numbering(*levels))) == [
        "一、甲",
        "（一）乙",
        "（二）丙",
        "二、丁",
        "（一）戊",
        "1. 己",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("japaneseCounting", "第%1条", "第三条"),
        ("lowerLetter", "%1)", "c)"),
        ("upperRoman", "%1.", "III."),
        ("decimalEnclosedCircleChinese", "%1", "③"),
        ("chineseLegalSimplified", "%1、", "叁、"),
        ("ideographTraditional", "%1、", "丙、"),
        ("decimalFullWidth", "%1．", "３．"),
        ("decimalZero", "%1.", "03."),
    ],
)
def test_numbering_of_each_kind_is_written_as_word_draws_it(kind: str, text: str, shown: str) -> None:
    document = styled(item("x") * 3, "", numbering(level(0, kind, text)))
    assert texts(document)[2].startswith(shown)
    assert document.pieces[2].place is None


def test_a_style_brings_its_numbering_and_a_paragraph_may_refuse_it() -> None:
    styles = style("h", "heading 1", "<w:numPr><w:numId w:val='1'/></w:numPr>")
    levels = numbering(level(0, "decimal", "%1."), level(1, "chineseCounting", "第%2章", "<w:pStyle w:val='h'/>"))
    body = paragraph("甲", style="h") + paragraph("乙", style="h", properties="<w:numPr><w:numId w:val='0'/></w:numPr>")
    assert texts(styled(body + paragraph("丙", style="h"), styles, levels)) == ["第一章甲", "乙", "第二章丙"]


def test_bullets_and_plain_figures_are_lists_with_their_depth() -> None:
    levels = level(0, "bullet", "·"), level(1, "decimal", "%2.")
    document = styled(item("甲") + item("乙", at=1) + item("丙", at=1) + item("丁"), "", numbering(*levels))
    assert [piece.place for piece in document.pieces] == [
        ListPlace(False, 1, 1), ListPlace(True, 2, 1), ListPlace(True, 2, 1), ListPlace(False, 1, 1),
    ]  # fmt: skip


def test_a_list_that_goes_on_after_a_paragraph_keeps_its_numbers_as_text() -> None:
    document = styled(item("甲") + item("乙") + paragraph("间") + item("丙"), "", numbering(level(0, "decimal", "%1.")))
    assert texts(document) == ["甲", "乙", "间", "3. 丙"]
    assert [piece.place is None for piece in document.pieces] == [False, False, True, True]


def test_a_numbering_that_starts_anew_counts_anew() -> None:
    override = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride>"
    levels = numbering(level(0, "chineseCounting", "%1、"), overrides=override)
    body = item("甲") + item("乙") + item("丙", num=2) + item("丁", num=2)
    assert texts(styled(body, "", levels)) == ["一、甲", "二、乙", "一、丙", "二、丁"]


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text) if not text.startswith('<') else text}</w:tc>"


def spans(table: Table) -> list[list[tuple[str, int, int]]]:
    return [[(c.text, c.rowspan, c.colspan) for c in line.cells] for line in (*table.head, *table.body)]


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


def test_pictures_become_files_named_by_us_with_their_description() -> None:
    body = f"<w:p>{run('<w:t>前</w:t>')}{run(PICTURE)}</w:p>" + paragraph("后")
    rels = relations(("rId9", "image", "media/../media/图.png"))
    document = read(body, {"word/media/图.png": PNG}, rels=rels)
    assert [piece.block or piece.text for piece in document.pieces] == ["前", Picture("pictures/1.png", "一张图"), "后"]
    assert document.files == {"pictures/1.png": PNG}
    twice = read(f"<w:p>{run(PICTURE)}{run(PICTURE)}</w:p>", {"word/media/图.png": PNG}, rels=rels)
    assert len(twice.pieces) == 2
    assert len(twice.files) == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<svg xmlns='x'/>", "SVG"),
        (b"\x01\0\0\0" + bytes(36) + b" EMF", "EMF"),
        (b"\xd7\xcd\xc6\x9a", "WMF"),
        (b"?", "?"),
    ],
)
def test_a_picture_mail_cannot_show_leaves_a_line_in_its_place(content: bytes, kind: str) -> None:
    rels = relations(("rId9", "image", "media/a.png"))
    document = read(f"<w:p>{run(PICTURE)}</w:p>", {"word/media/a.png": content}, rels=rels)
    assert kind in texts(document)[0]
    assert kind in said(document)
    assert document.files == {}


def test_a_chart_leaves_a_line_in_its_place() -> None:
    chart = "<w:drawing><wp:inline><c:chart xmlns:c='c' r:id='rId5'/></wp:inline></w:drawing>"
    assert "chart" in texts(read(f"<w:p>{run(chart)}</w:p>"))[0]


def test_text_boxes_and_word_art_are_read_once_and_before_their_paragraph() -> None:
    content = f"<w:txbxContent>{paragraph('某省协会')}{paragraph('简　报')}</w:txbxContent>"
    box = (
        "<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor><a:graphic><wps:wsp><wps:txbx>"
        f"{content}</wps:txbx></wps:wsp></a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict>"
        f"<v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent>"
    )
    art = "<w:pict><v:shape><v:textpath string='红头'/></v:shape></w:pict>"
    document = read(f"<w:p>{run(box)}{run(art)}{run('<w:t>第7期</w:t>')}</w:p>")
    assert texts(document) == ["某省协会", "简　报", "红头", "第7期"]
    assert {piece.line for piece in document.pieces} == {1}


def test_text_boxes_of_one_paragraph_are_read_from_the_top() -> None:
    def box(text: str, height: int) -> str:
        return run(
            f"<w:drawing><wp:anchor><wp:positionV relativeFrom='page'><wp:posOffset>{height}</wp:posOffset></wp:positionV>"
            f"<wps:txbx><w:txbxContent>{paragraph(text)}</w:txbxContent></wps:txbx></wp:anchor></w:drawing>"
        )

    assert texts(read(f"<w:p>{box('第7期', 900)}{box('某省协会', -5)}{box('简报', 300)}</w:p>")) == [
        "某省协会",
        "简报",
        "第7期",
    ]


def test_notes_stand_where_their_marks_do() -> None:
    mark = run("<w:footnoteReference w:id='2'/>")
    notes = (
        f"<w:footnotes {NAMES}><w:footnote w:id='2'>{paragraph('出处')}{paragraph('第二段')}</w:footnote></w:footnotes>"
    )
    body = f"<w:p>{run('<w:t>文</w:t>')}{mark}{run('<w:t>后</w:t>')}</w:p>"
    (piece,) = read(body, {"word/footnotes.xml": notes}, rels=relations(("rId1", "footnotes", "footnotes.xml"))).pieces
    assert piece.content == (Text("文"), Note((Text("出处第二段"),)), Text("后"))
    assert piece.text == "文后"


def test_tracked_changes_are_accepted_and_what_was_deleted_is_said() -> None:
    body = (
        f"<w:p><w:ins>{run('<w:t>新</w:t>')}</w:ins><w:del>{run('<w:delText>旧句</w:delText>')}</w:del></w:p>"
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run("<w:t>前半</w:t>") + "</w:p>" + paragraph("后半")
    )
    document = read(body)
    assert texts(document) == ["新", "前半后半"]
    assert "旧句" in said(document)


def test_a_row_deleted_under_tracked_changes_is_left_out_and_said() -> None:
    body = "<w:tbl>" + row(cell("a"), cell("b")) * 2 + row(cell("x"), cell("y"), properties="<w:del/>") + "</w:tbl>"
    document = read(body)
    assert len(table_of(document).body) == 2
    assert "xy" in said(document)


def test_comments_hidden_text_and_struck_text_are_said() -> None:
    comments = f"<w:comments {NAMES}><w:comment w:id='1'>{paragraph('请核对')}</w:comment></w:comments>"
    body = (
        "<w:p>" + run("<w:t>文</w:t>") + run("<w:commentReference w:id='1'/>")
        + run("<w:rPr><w:vanish/></w:rPr><w:t>藏</w:t>") + run("<w:rPr><w:strike/></w:rPr><w:t>划</w:t>") + "</w:p>"
    )  # fmt: skip
    document = read(body, {"word/comments.xml": comments}, rels=relations(("rId1", "comments", "comments.xml")))
    assert texts(document) == ["文划"]
    for part in ("请核对", "藏", "划"):
        assert part in said(document)


def test_headers_and_footers_are_said_once_and_page_numbers_not() -> None:
    header = f"<w:hdr {NAMES}>{paragraph('内部刊物')}{paragraph('— 3 —')}</w:hdr>"
    rels = relations(("rId1", "header", "header1.xml"), ("rId2", "header", "header2.xml"))
    document = read(paragraph("文"), {"word/header1.xml": header, "word/header2.xml": header}, rels=rels)
    assert [remark.text for remark in document.remarks] == [
        "“内部刊物” stands in the document's header or footer and was left out"
    ]


def test_a_masthead_in_the_page_header_is_read_before_the_text() -> None:
    header = f"<w:hdr {NAMES}>{paragraph('某省协会')}{paragraph('2026年第7期（总第31期）')}</w:hdr>"
    document = read(paragraph("文"), {"word/header1.xml": header}, rels=relations(("rId1", "header", "header1.xml")))
    assert texts(document) == ["某省协会", "2026年第7期（总第31期）", "文"]
    assert document.remarks == ()


def test_symbols_raised_figures_formulas_and_tabs_become_characters() -> None:
    body = (
        "<w:p>" + run("<w:sym w:font='Wingdings' w:char='F0FC'/>")
        + run("<w:rPr><w:rFonts w:ascii='Wingdings'/></w:rPr><w:t>n</w:t>") + run("<w:t>10m</w:t>")
        + run("<w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>2</w:t>") + run("<w:tab/><w:noBreakHyphen/>")
        + "<m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath></w:p>"
    )  # fmt: skip
    document = read(body)
    assert texts(document) == ["✓■10m²\t-x=1"]
    assert "formula" in said(document)


def test_wrappers_and_contents_fields_are_seen_through() -> None:
    contents = (
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr><w:sdtContent>"
        "<w:p>" + run("<w:fldChar w:fldCharType='begin'/>") + run("<w:instrText> TOC \\o </w:instrText>")
        + run("<w:fldChar w:fldCharType='separate'/>") + "<w:hyperlink w:anchor='_Toc1'>" + run("<w:t>要闻</w:t>")
        + run("<w:tab/>") + run("<w:fldChar w:fldCharType='begin'/>") + run("<w:instrText> PAGEREF _Toc1 </w:instrText>")
        + run("<w:fldChar w:fldCharType='separate'/>") + run("<w:t>1</w:t>") + run("<w:fldChar w:fldCharType='end'/>")
        + "</w:hyperlink></w:p><w:p>" + run("<w:t>动态</w:t>") + run("<w:fldChar w:fldCharType='end'/>")
        + "</w:p></w:sdtContent></w:sdt>"
    )  # fmt: skip
    smart = (
        f"<w:p><w:smartTag>{run('<w:t>浙江</w:t>')}</w:smartTag><w:customXml>{run('<w:t>省</w:t>')}</w:customXml></w:p>"
    )
    document = read(contents + smart)
    assert texts(document) == ["要闻\t1", "动态", "浙江省"]
    assert document.remarks == ()


def test_quotations_and_captions_by_style() -> None:
    styles = style("q", "Quote") + style("c", "caption")
    rels = relations(("rId1", "styles", "styles.xml"), ("rId9", "image", "media/a.png"))
    parts: dict[str, str | bytes] = {
        "word/styles.xml": f"<w:styles {NAMES}>{styles}</w:styles>",
        "word/media/a.png": PNG,
    }
    body = paragraph("引一", style="q") + paragraph("引二", style="q") + f"<w:p>{run(PICTURE)}</w:p>"
    document = read(body + paragraph("图1 会场", style="c"), parts, rels=rels)
    quote, picture = (piece.block for piece in document.pieces)
    assert quote == Quote((Paragraph((Text("引一"),)), Paragraph((Text("引二"),))))
    assert picture == Picture("pictures/1.png", "一张图", "图1 会场")


def test_a_quotations_own_look_is_no_emphasis_in_it() -> None:
    styles = style("q", "Intense Quote", run="<w:b/><w:i/>")
    (piece,) = styled(paragraph("引", style="q"), styles).pieces
    assert piece.block == Quote((Paragraph((Text("引"),)),))


def test_words_own_styles_for_sublists_make_sublists() -> None:
    document = docx.Document()
    for text, name in (("甲", "List Bullet"), ("乙", "List Bullet 2"), ("丙", "List Number"), ("丁", "List Number")):
        document.add_paragraph(text, style=name)
    stream = BytesIO()
    document.save(stream)
    assert [piece.place for piece in read_word_bytes(stream.getvalue(), file=Path("a.docx")).pieces] == [
        ListPlace(False, 1, 1), ListPlace(False, 2, 1), ListPlace(True, 1, 2), ListPlace(True, 1, 2),
    ]  # fmt: skip


def test_strict_documents_and_odd_part_names_are_read() -> None:
    content = f"<w:document {NAMES}><w:body>{paragraph('严格')}</w:body></w:document>".replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    parts: dict[str, str | bytes] = {
        "word/Other.xml": content,
        "_rels/.rels": relations(("r", "officeDocument", "/Word/other.xml")),
    }
    assert texts(read("", parts)) == ["严格"]


def test_plain_text_reads_what_the_pieces_say() -> None:
    body = (
        "<w:p>"
        + run("<w:t>一</w:t>")
        + run("<w:rPr><w:b/></w:rPr><w:t>二</w:t>")
        + run("<w:br/><w:t>三</w:t>")
        + "</w:p>"
    )
    (piece,) = read(body).pieces
    assert plain_text(piece.content) == piece.text == "一二\n三"
