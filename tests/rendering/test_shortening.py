"""Long articles are cut where a reader expects an end, and never without saying so."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.issue import (
    Article,
    Block,
    Heading,
    Issue,
    Link,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Section,
    Strong,
    Text,
    plain_text,
)
from mailer.rendering.shortening import shorten_issue
from tests.rendering.samples import make_issue, paragraph


def shorten(limit: int, *blocks: Block) -> tuple[Article, bool]:
    issue, cut = shorten_issue(issue_of(limit, Article("文", blocks)))
    return issue.articles[0], cut == {1}


def issue_of(limit: int, *articles: Article) -> Issue:
    return dataclasses.replace(make_issue(), sections=(Section("栏目", articles),), shorten=limit)


def texts(article: Article) -> list[str]:
    return [plain_text(block.content) if isinstance(block, Paragraph) else repr(block) for block in article.blocks]


def test_a_short_article_and_one_of_an_issue_that_does_not_ask_stay_whole() -> None:
    assert shorten(10, paragraph("一二三四五。")) == (Article("文", (paragraph("一二三四五。"),)), False)
    issue = issue_of(0, Article("文", (paragraph("长" * 9999),)))
    assert shorten_issue(issue) == (issue, frozenset())


def test_whole_paragraphs_stay_as_far_as_they_fit() -> None:
    article, cut = shorten(10, paragraph("一二三四五。"), paragraph("六七。"), paragraph("八九十。"))
    assert (texts(article), cut) == (["一二三四五。", "六七。"], True)


def test_a_long_paragraph_ends_with_a_sentence() -> None:
    article, cut = shorten(12, paragraph("一二三。“四五六！”七八九。十十十。"))
    assert (texts(article), cut) == (["一二三。“四五六！”"], True)


def test_a_sentence_longer_than_allowed_is_kept_rather_than_nothing() -> None:
    article, cut = shorten(3, paragraph("一二三四五六七八。九。"))
    assert (texts(article), cut) == (["一二三四五六七八。"], True)


def test_a_number_or_a_name_with_a_dot_does_not_end_a_sentence() -> None:
    article, _cut = shorten(25, paragraph("Growth was 6.7 per cent. It is expected to last."))
    assert texts(article) == ["Growth was 6.7 per cent."]


def test_what_cannot_be_cut_stays_whole_and_is_not_called_cut() -> None:
    assert shorten(3, paragraph("没有句号的一长句话"))[1] is False
    table = make_issue().sections[1].articles[0].blocks[1]
    assert shorten(3, table) == (Article("文", (table,)), False)
    article, cut = shorten(3, table, paragraph("其后一段。"))
    assert (article.blocks, cut) == ((table,), True)


def test_the_source_stays_and_a_heading_does_not_stand_last() -> None:
    blocks = (paragraph("一二三四五六七。"), Heading(3, "小标题"), paragraph("长" * 30), paragraph("来源：省厅"))
    article, cut = shorten(12, *blocks)
    assert (texts(article), cut) == (["一二三四五六七。", "来源：省厅"], True)


def test_a_cut_goes_through_emphasis_but_not_through_a_link() -> None:
    note = Note((Text("注"),))
    bold = Strong((Text("一二三。四五六。"),))
    article, _cut = shorten(5, Paragraph((bold, note, Text("七八九。"))))
    assert article.blocks == (Paragraph((Strong((Text("一二三。"),)),)),) or article.blocks == (
        Paragraph((Strong((Text("一二三。"),)), note)),
    )
    link = Link((Text("一二三。四五六。"),), "https://www.zsia.example/")
    assert shorten(5, Paragraph((link, Text("七八九。"))))[0].blocks == (Paragraph((link,)),)


def test_articles_are_numbered_through_the_issue() -> None:
    long = Article("长", (paragraph("一二三四。"), paragraph("五六七八。")))
    short = Article("短", (paragraph("一。"),))
    issue = dataclasses.replace(
        make_issue(), sections=(Section("甲", (short, long)), Section("乙", (short, long))), shorten=6
    )
    assert shorten_issue(issue)[1] == {2, 4}


BLOCKS = st.one_of(
    st.text("一二。！? .a", max_size=30).map(paragraph),
    st.builds(Heading, st.just(3), st.text("题", max_size=9)),
    st.builds(Picture, st.just("a.png"), st.just("")),
    st.lists(st.tuples(st.text("项。", max_size=20).map(paragraph)), min_size=1, max_size=3).map(
        lambda items: ListBlock(False, tuple(items))
    ),
)


@given(st.integers(1, 60), st.lists(BLOCKS, max_size=6))
def test_any_article_can_be_cut_and_its_text_is_its_beginning(limit: int, blocks: list[Block]) -> None:
    article, cut = shorten(limit, *blocks)
    assert cut == (article.blocks != tuple(blocks))
    for kept, whole in zip(article.blocks, blocks, strict=False):
        if isinstance(kept, Paragraph) and isinstance(whole, Paragraph):
            assert plain_text(whole.content).startswith(plain_text(kept.content))
        else:
            assert kept == whole
