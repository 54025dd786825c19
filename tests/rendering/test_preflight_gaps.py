"""What was begun and not written does not go out unseen."""

from dataclasses import replace

from mailer.model.issue import Article, Section
from mailer.model.report import Severity
from mailer.rendering.preflight.gaps import check_gaps
from tests.rendering.samples import make_issue, paragraph

WRITTEN = Article("写好的", (paragraph("正文。"),))


def said_of(*sections: Section) -> list[tuple[Severity, str, str]]:
    found = check_gaps(replace(make_issue(), sections=sections))
    assert all(each.cure for each in found)
    return [(each.severity, each.place.rpartition(": ")[2], each.text) for each in found]


def test_a_written_issue_has_no_gaps() -> None:
    assert check_gaps(make_issue()) == []
    assert said_of(Section("", (), (paragraph("只有一段。"),))) == []


def test_an_issue_with_nothing_to_read_cannot_be_approved() -> None:
    for sections in ((), (Section("要闻", ()),), (Section("要闻", (Article("标题", ()),)),)):
        ((severity, _place, text),) = said_of(*sections)
        assert (severity, text) == (Severity.ERROR, "there is nothing to read in this issue")


def test_a_title_without_text_is_named() -> None:
    assert said_of(Section("要闻", (WRITTEN, Article("没写", ()))), Section("空栏", ())) == [
        (Severity.WARNING, "没写", "this article is a title only"),
        (Severity.WARNING, "空栏", "this section is empty"),
    ]
