"""The preflight says what a person should know, and blocks what must not go out."""

import dataclasses
from pathlib import Path
from shutil import copytree

import pytest

from mailer.model.issue import Cell, Row, Table
from mailer.model.report import Finding, Severity
from mailer.rendering.edition import render_edition
from mailer.rendering.preflight import check_edition, check_totals
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.samples import TEMPLATES, make_config, make_issue, make_table

CONFIG = make_config(public_url="https://news.example.org")


def check(templates: Path = TEMPLATES, config: object = CONFIG, **changes: object) -> tuple[Finding, ...]:
    issue = make_issue(**changes)  # type: ignore[arg-type]
    edition = render_edition(issue, "members", CONFIG.lists["members"], CONFIG, templates)
    return check_edition(edition, issue, CONFIG)


def test_a_sound_edition_has_no_findings() -> None:
    assert check() == ()


def test_our_own_issue_passes() -> None:
    issue = load_issue(REPOSITORY / "issues" / "2020-07")
    edition = render_edition(issue, "members", CONFIG.lists["members"], CONFIG, TEMPLATES)
    assert [each for each in check_edition(edition, issue, CONFIG) if each.severity is not Severity.NOTE] == []


def test_no_public_url_is_a_note() -> None:
    config = make_config()
    edition = render_edition(make_issue(), "members", config.lists["members"], config, TEMPLATES)
    (finding,) = check_edition(edition, make_issue(), config)
    assert finding.severity is Severity.NOTE
    assert "public_url" in finding.text


def test_html_that_gmail_would_clip_is_a_warning() -> None:
    (finding,) = check(text="长" * 30_000)
    assert (finding.severity, finding.place) == (Severity.WARNING, "HTML")
    assert "102 KB" in finding.text


@pytest.mark.parametrize(("file", "place"), [("parts/footer.mjml.j2", "HTML"), ("bulletin.txt.j2", "text")])
def test_a_part_without_a_way_out_is_an_error(tmp_path: Path, file: str, place: str) -> None:
    templates = Path(copytree(TEMPLATES, tmp_path / "templates"))
    source = (templates / file).read_text("utf-8").replace("{{ links.unsubscribe }}", "#")
    (templates / file).write_text(source, "utf-8")
    (finding,) = check(templates)
    assert (finding.severity, finding.place) == (Severity.ERROR, place)


def test_a_subject_longer_than_an_inbox_shows_is_a_warning() -> None:
    (finding,) = check(subject="长" * 41)
    assert finding.severity is Severity.WARNING
    assert "82" in finding.text


def test_an_empty_subject_is_a_warning(tmp_path: Path) -> None:
    templates = Path(copytree(TEMPLATES, tmp_path / "templates"))
    (templates / "subject.txt.j2").write_text("{# nothing #}", "utf-8")
    (finding,) = check(templates)
    assert (finding.severity, finding.text) == (Severity.WARNING, "the subject is empty")


def test_a_wrong_total_names_table_column_and_both_figures() -> None:
    (finding,) = check(table=make_table(("31", "180", "124", "669")))
    assert finding.severity is Severity.ERROR
    assert finding.place == "issues/2020-07/issue.md: 7月“双软评估”统计"
    assert "软件企业 当年累计数" in finding.text
    assert "180" in finding.text
    assert "179" in finding.text


def test_a_missing_total_is_an_error_too() -> None:
    (finding,) = check_totals(make_table(("31", "179", "124")))
    assert "nothing" in finding.text
    assert "669" in finding.text


def test_shifted_totals_are_errors_in_each_column() -> None:
    table = make_table()
    total = Row((Cell("31"), Cell("179"), Cell("124")), total=True)
    findings = check_totals(dataclasses.replace(table, body=(*table.body[:-1], total)))
    assert len(findings) >= 3


def table_of(*columns: tuple[str, ...]) -> Table:
    rows = tuple(Row(tuple(Cell(text) for text in line)) for line in zip(*columns, strict=True))
    return Table("t", (), (*rows[:-1], dataclasses.replace(rows[-1], total=True)))


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        (("1", "2", "3"), False),
        (("1", "2", "4"), True),
        (("1,000", "2，000", "3000"), False),
        (("1.5", "2.25", "3.75"), False),
        (("1.10", "2.20", "3.3"), False),
        (("5", "-2", "3"), False),
        (("5", "−2", "3"), False),
        (("5", "—", "5"), False),
        (("5", "", "5"), False),
        (("50%", "50%", "50%"), False),
        (("甲", "乙", "合计"), False),
        (("5", "约3", "9"), False),
        (("", "", ""), False),
        (("1", "2", "NaN"), True),
        (("Infinity", "1", "2"), False),
    ],
)
def test_only_columns_of_figures_are_summed(column: tuple[str, ...], wrong: bool) -> None:
    assert bool(check_totals(table_of(("甲", "乙", "合计"), column))) is wrong


def test_a_second_total_counts_from_the_first() -> None:
    body = [Row((Cell(text),), total=total) for text, total in (("1", False), ("1", True), ("2", False), ("2", True))]
    assert check_totals(Table("t", (), tuple(body))) == ()
