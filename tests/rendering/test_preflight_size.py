"""What is too long for Gmail is said with an offer that fits; what is too heavy for mailboxes with its files."""

import dataclasses
import re

import pytest

from mailer.config import Config
from mailer.model.edition import SLOT_NAMES, Asset, Edition, Slot, SlotContext, fill_segments
from mailer.model.issue import Archive, Article, Issue, Paragraph, Section, Text
from mailer.model.report import Finding, Severity
from mailer.rendering.edition import render_edition
from mailer.rendering.preflight.size import CLIP_OCTETS, LONGEST, check_size, check_weight
from tests.rendering.samples import TEMPLATES, make_config, make_issue

PUBLIC = make_config(public_url="https://news.example.org")


def long_issue(articles: int, paragraphs: int, **changes: object) -> Issue:
    blocks = tuple(Paragraph((Text(f"第{n}段，" + "软件业务收入平稳增长。" * 12),)) for n in range(paragraphs))
    found = tuple(Article(f"第{n}篇", blocks) for n in range(articles))
    issue = dataclasses.replace(make_issue(), sections=(Section("要闻", found),))
    return dataclasses.replace(issue, **changes)  # type: ignore[arg-type]


def render(issue: Issue, config: Config) -> Edition:
    return render_edition(issue, "members", config.lists["members"], config, TEMPLATES)


def findings(issue: Issue, config: Config) -> list[Finding]:
    return check_size(render(issue, config), issue, config, {})


def test_the_offer_to_shorten_fits_once_it_is_taken() -> None:
    issue = long_issue(12, 20, archive=Archive.MEMBERS)
    (finding,) = findings(issue, PUBLIC)
    assert finding.severity is Severity.WARNING
    assert "102 KB" in finding.text
    offered = re.search(r"`shorten: (\d+)`.*12 articles.*saves [\d.]+ KB", finding.cure)
    assert offered
    shorter = dataclasses.replace(issue, shorten=int(offered[1]))
    assert findings(shorter, PUBLIC) == []
    assert len(fill_segments(render(shorter, PUBLIC).html, LONGEST).encode()) <= CLIP_OCTETS


@pytest.mark.parametrize(
    ("issue", "config", "cure"),
    [
        (long_issue(12, 20), make_config(), "without public_url"),
        (long_issue(12, 20), PUBLIC, "archive: members"),
        (long_issue(300, 1, archive=Archive.MEMBERS), PUBLIC, "would not be enough"),
    ],
)
def test_without_a_web_page_other_cures_are_named(issue: Issue, config: Config, cure: str) -> None:
    (finding,) = findings(issue, config)
    assert cure in finding.cure


def test_the_longest_values_of_the_list_count() -> None:
    edition = Edition(
        "a",
        "members",
        "zh_CN",
        ("x",),
        ("长" * ((CLIP_OCTETS - 700) // 3), Slot("recipient.name", SlotContext.TEXT)),
        ("x",),
    )
    issue = make_issue()
    assert check_size(edition, issue, PUBLIC, {}) == []
    assert len(check_size(edition, issue, PUBLIC, {"recipient.name": "某" * 300})) == 1


@pytest.mark.parametrize(
    ("octets", "severity"),
    [(1_000_000, None), (3_500_000, None), (4_000_000, Severity.WARNING), (8_000_000, Severity.ERROR)],
)
@pytest.mark.parametrize("kind", ["inline", "attachments"])
def test_what_weighs_too_much_is_said_with_its_files(kind: str, octets: int, severity: Severity | None) -> None:
    files = (Asset("年报.pdf", "application/pdf", b"x" * (octets - 1000)), Asset("b.png", "image/png", b"x" * 1000))
    edition = Edition("a", "members", "zh_CN", ("x",), ("x",), ("x",))
    found = check_weight(dataclasses.replace(edition, **{kind: files}))  # type: ignore[arg-type]
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all("年报.pdf" in each.text and each.place == "message for members" for each in found)


def test_hosted_pictures_weigh_nothing() -> None:
    files = (Asset("a.png", "image/png", b"x" * 20_000_000),)
    assert check_weight(Edition("a", "m", "zh_CN", ("x",), ("x",), ("x",), hosted=files)) == []


def test_every_slot_has_a_longest_value() -> None:
    assert set(LONGEST) == set(SLOT_NAMES)
