"""What Word shows of a document is what an importer gets of it: in order, and nothing lost silently."""

from pathlib import Path

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
    Text,
    issue_tables,
    plain_text,
)
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import load_issue, without_lines, write_issue
from mailer.sources.pieces import Piece
from tests.sources.documents import NAMES, paragraph, real_bulletin, relations
from tests.sources.word_parts import PICTURE, PNG, read, run, said, style, styled, texts


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
