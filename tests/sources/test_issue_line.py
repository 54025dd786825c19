"""The issue line in every form that offices write."""

import pytest

from mailer.sources.issue_line import IssueLine, is_issue_placeholder, parse_issue_line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("第07期", IssueLine(None, 7, None)),
        ("2026年7月第3期（总第5期）", IssueLine(2026, 3, 5)),
        ("二〇二六年第十二期（总第一百一十三期）", IssueLine(2026, 12, 113)),
        ("总第113期  2026年第7期", IssueLine(2026, 7, 113)),
        ("No.7", IssueLine(None, 7, None)),
        ("2026年增刊第1期", IssueLine(2026, 1, None, "增刊")),
        ("增刊第2期", IssueLine(None, 2, None, "增刊")),
        ("2026年增刊", IssueLine(2026, None, None, "增刊")),
        ("2026年第7期 国庆特刊", IssueLine(2026, 7, None, "国庆特刊")),
        ("第7期（试刊）", IssueLine(None, 7, None, "", "试刊")),
        ("〔2026〕15号", IssueLine(2026, 15, None)),
        ("（2026） 第 十五 号", IssueLine(2026, 15, None)),
        ("2026年第7期  签发人：某某", IssueLine(2026, 7, None, "", "签发人:某某")),
    ],
)
def test_an_issue_line_says_year_number_total_and_supplement_and_keeps_the_rest(line: str, expected: IssueLine) -> None:
    assert parse_issue_line(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "行业要闻",
        "我们在第7期里说过，数据要开放。",
        "共7期",
        "某政发〔2026〕15号",
        "15号",
        "第一届理事会",
        "第" + "7" * 5000 + "期",
    ],
)
def test_a_line_that_is_no_issue_line_gives_none(line: str) -> None:
    assert parse_issue_line(line) is None
    assert not is_issue_placeholder(line)


@pytest.mark.parametrize(
    "line", ["第 XX 期", "2026年第  期", "（总第××期）", "第{期号}期（总第{总期号}期）", "2026年第1-2期合刊"]
)
def test_an_issue_line_without_one_number_is_known(line: str) -> None:
    assert is_issue_placeholder(line)
    assert parse_issue_line(line) is None
