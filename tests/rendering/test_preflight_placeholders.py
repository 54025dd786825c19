"""A place holder anywhere is an error: what is begun only cannot be approved."""

from dataclasses import replace

import pytest

from mailer.model.issue import (
    Article,
    Cell,
    Imprint,
    Issue,
    Note,
    Paragraph,
    Picture,
    Row,
    Section,
    Strong,
    Table,
    Text,
)
from mailer.model.report import Severity
from mailer.rendering.preflight.placeholders import check_placeholders
from tests.rendering.samples import make_issue, paragraph


def in_article(*blocks: object) -> Issue:
    return replace(make_issue(), sections=(Section("要闻", (Article("标题", tuple(blocks)),)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "issue",
    [
        replace(make_issue(), subject="【待填】"),
        replace(make_issue(), masthead=replace(make_issue().masthead, publisher="【 TODO 】")),
        replace(make_issue(), imprint=Imprint(phone="【todo】")),
        replace(make_issue(), sections=(Section("【待填】", ()),)),
        in_article(paragraph("正文【待填】。")),
        in_article(Paragraph((Strong((Text("【待填】"),)),))),
        in_article(Paragraph((Note((Text("【待填】"),)),))),
        in_article(Picture("a.png", "【待填】")),
        in_article(Table("【TODO】", (), ())),
        in_article(Table("", (), (Row((Cell("甲"), Cell("【TODO】"))),))),
    ],
)
def test_a_place_holder_is_an_error(issue: Issue) -> None:
    (found,) = check_placeholders(issue)
    assert (found.severity, found.text) == (Severity.ERROR, "1 place holder stands here")
    assert found.cure


def test_brackets_of_another_kind_are_none() -> None:
    assert check_placeholders(make_issue()) == []
    assert check_placeholders(in_article(paragraph("〔2020〕8号、【要闻】、待填、[TODO]"))) == []


def test_many_in_one_place_are_one_finding() -> None:
    table = Table("", (), tuple(Row((Cell("【待填】"), Cell("【待填】"))) for _row in range(3)))
    (found,) = check_placeholders(in_article(table))
    assert found.text == "6 place holders stand here"
