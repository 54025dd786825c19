"""The preflight says what a person should know, and blocks what must not go out."""

import dataclasses
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from mailer.config import Config
from mailer.model.issue import Archive, Issue, Paragraph, Text
from mailer.model.report import Finding, Severity
from mailer.rendering.edition import render_edition
from mailer.rendering.environment import read_templates
from mailer.rendering.preflight import check_edition, check_issue, check_theme, sort_findings
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.samples import TEMPLATES, make_config, make_issue, make_table

CONFIG = make_config(public_url="https://news.example.org")
TODAY = date(2020, 8, 3)


def check(issue: Issue, config: Config = CONFIG, templates: Path = TEMPLATES) -> list[Finding]:
    edition = render_edition(issue, "members", config.lists["members"], config, templates)
    return sort_findings([*check_edition(edition, issue, config), *check_issue(issue, config, (), TODAY)])


def test_a_sound_issue_has_no_findings() -> None:
    assert check(make_issue()) == []


def test_our_own_issue_has_nothing_but_notes() -> None:
    folder = REPOSITORY / "issues" / "2020-07"
    issue = load_issue(folder)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    config = CONFIG
    for name, settings in config.lists.items():
        edition = render_edition(issue, name, settings, config, TEMPLATES, files)
        found = [*check_edition(edition, issue, config), *check_issue(issue, config, (), TODAY)]
        assert [each for each in found if each.severity is not Severity.NOTE] == []
    assert check_theme(read_templates(TEMPLATES).theme) == []


def test_public_pages_without_a_certificate_are_a_warning() -> None:
    for url, severities in (("http://news.example.org", [Severity.WARNING]), ("https://news.example.org", [])):
        found = check_issue(make_issue(), make_config(public_url=url), (), TODAY)
        assert [one.severity for one in found if "one-click" in one.text] == severities


def test_no_public_url_is_a_note() -> None:
    (finding,) = check(make_issue(), make_config())
    assert finding.severity is Severity.NOTE
    assert "public_url" in finding.text


def test_a_wrong_total_names_the_line_of_its_article() -> None:
    issue = make_issue(table=make_table(("31", "180", "124", "669")))
    (finding,) = check(issue)
    assert finding.place == "issues/2020-07/issue.md: 7月“双软评估”统计"
    section = issue.sections[1]
    placed = dataclasses.replace(section, articles=(dataclasses.replace(section.articles[0], line=41),))
    (finding,) = check(dataclasses.replace(issue, sections=(issue.sections[0], placed)))
    assert finding.place == "issues/2020-07/issue.md:41: 7月“双软评估”统计"


def test_a_wrong_total_names_the_line_of_its_table() -> None:
    table = dataclasses.replace(make_table(("31", "180", "124", "669")), line=62)
    (finding,) = check(make_issue(table=table))
    assert finding.place == "issues/2020-07/issue.md:62: 7月“双软评估”统计"


@pytest.mark.parametrize(
    ("settings", "changes", "severity", "said"),
    [
        ({}, {"archive": Archive.MEMBERS}, Severity.WARNING, "no web page"),
        ({}, {"archive": Archive.PUBLIC}, Severity.WARNING, "no web page"),
        ({}, {"shorten": 500}, Severity.WARNING, "nothing is shortened"),
        ({"public_url": "https://a.example"}, {"shorten": 500}, Severity.WARNING, "nothing is shortened"),
        ({}, {"attachments": ("a.pdf",)}, Severity.WARNING, "no list takes"),
    ],
)
def test_what_the_issue_wants_and_the_settings_cannot_give_is_said(
    settings: dict[str, object], changes: dict[str, object], severity: Severity, said: str
) -> None:
    issue = dataclasses.replace(make_issue(), **changes)  # type: ignore[arg-type]
    found = check_issue(issue, make_config(**settings), (), TODAY)
    assert [each.severity for each in found if said in each.text] == [severity]
    assert not [each for each in check_issue(make_issue(), make_config(**settings), (), TODAY) if said in each.text]


@pytest.mark.parametrize(("file", "part"), [("parts/footer.mjml.j2", "HTML"), ("bulletin.txt.j2", "text")])
def test_a_part_without_a_way_out_is_an_error(tmp_path: Path, file: str, part: str) -> None:
    templates = Path(copytree(TEMPLATES, tmp_path / "templates"))
    source = (templates / file).read_text("utf-8")
    for name in ("unsubscribe_mail", "unsubscribe"):
        source = source.replace("{{ links." + name + " }}", "#")
    (templates / file).write_text(source, "utf-8")
    (finding,) = check(make_issue(), templates=templates)
    assert (finding.severity, finding.place) == (Severity.ERROR, f"{part} for members")


@pytest.mark.parametrize(
    ("file", "old", "part"),
    [("parts/article.mjml.j2", "article.blocks", "HTML"), ("bulletin.txt.j2", "article.blocks", "text")],
)
def test_a_part_that_lacks_text_of_the_issue_is_a_warning(tmp_path: Path, file: str, old: str, part: str) -> None:
    templates = Path(copytree(TEMPLATES, tmp_path / "templates"))
    source = (templates / file).read_text("utf-8")
    assert old in source
    (templates / file).write_text(source.replace(old, "article.blocks[1:]"), "utf-8")
    found = [each for each in check(make_issue(), templates=templates) if "missing" in each.text]
    assert [(each.severity, each.place) for each in found] == [(Severity.WARNING, f"{part} for members")]
    assert "软件业务收入35609亿元" in found[0].text


def test_what_was_cut_off_by_shorten_is_not_missing() -> None:
    issue = make_issue()
    article = issue.sections[0].articles[0]
    long = dataclasses.replace(article, blocks=tuple(Paragraph((Text(f"第{n}段。" * 30),)) for n in range(9)))
    section = dataclasses.replace(issue.sections[0], articles=(long,))
    issue = dataclasses.replace(issue, sections=(section, *issue.sections[1:]), archive=Archive.MEMBERS, shorten=300)
    assert [each.text for each in check(issue) if "missing" in each.text] == []


def test_findings_stand_once_and_the_gravest_first() -> None:
    note, error = Finding(Severity.NOTE, "a", "b"), Finding(Severity.ERROR, "c", "d")
    assert sort_findings([note, error, note]) == [error, note]
