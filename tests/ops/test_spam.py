"""What SpamAssassin says is read rightly, and our own mail costs nothing."""

import shutil
from pathlib import Path

import pytest

from mailer.model.report import Severity
from mailer.ops.spam import SpamScore, read_score, score_message, spam_findings
from tests.conftest import REPOSITORY, need
from tests.flow.newsletter import Newsletter

MARKED = """\
X-Spam-Status: No, score=1.8 required=5.0 tests=HTML_FONT_LOW_CONTRAST,
\tHTML_MESSAGE,HTML_TITLE_SUBJ_DIFF autolearn=no
\tautolearn_force=no version=4.0.1
Subject: x

Content analysis details:   (1.8 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font color similar or
                            identical to background
 0.0 HTML_MESSAGE           BODY: HTML included in message
-0.5 SOMETHING_GOOD         well
 1.1 HTML_TITLE_SUBJ_DIFF   No description available.
"""


def test_a_report_gives_points_and_the_rules_that_cost_any() -> None:
    assert read_score(MARKED) == SpamScore(1.8, (("HTML_TITLE_SUBJ_DIFF", 1.1), ("HTML_FONT_LOW_CONTRAST", 0.7)))
    assert read_score("Subject: x\n\n") is None


@pytest.mark.parametrize(
    ("points", "severity"),
    [(-0.1, None), (0.0, None), (0.7, Severity.NOTE), (2.5, Severity.WARNING), (5.0, Severity.ERROR)],
)
def test_points_become_a_finding(points: float, severity: Severity | None) -> None:
    found = spam_findings(SpamScore(points, (("RULE", points),)), "message for members")
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all("RULE" in each.text for each in found)


def test_without_spamassassin_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert score_message(b"Subject: x\r\n\r\nx\r\n") is None
    assert spam_findings(None, "x") == []


def test_our_own_issue_costs_no_point(tmp_path: Path) -> None:
    need(shutil.which("spamassassin") is not None, "spamassassin", "apt-get install spamassassin")
    news = Newsletter.make(tmp_path / "news", 2525)
    shutil.copytree(REPOSITORY / "issues" / "2020-07", news.folder / "issues" / "2020-07", dirs_exist_ok=True)
    editions = news.json("render", "2020-07")["editions"]
    assert len(editions) == 2
    for name, files in editions.items():
        score = score_message(Path(files["eml"]).read_bytes())
        assert score is not None
        assert score.points <= 0, (name, score)
