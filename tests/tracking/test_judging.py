"""Who fetched what: a table of stories, each with the verdict it should come to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailer.model.reading import Hit, HitKind, Verdict
from mailer.tracking.agents import known_agents, read_agents
from mailer.tracking.judging import judge_history
from tests.world import NOW

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_EARLY = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
H, M, U = Verdict.HUMAN, Verdict.MACHINE, Verdict.UNKNOWN


def hit(after_s: float, link: int = 0, agent: str = CHROME, method: str = "GET", *, prefetch: bool = False) -> Hit:
    """A request so long after the dot: of the picture, or of a link."""
    kind = HitKind.CLICK if link else HitKind.OPEN
    return Hit(kind, link, NOW + timedelta(seconds=after_s), method, agent, prefetch)


@pytest.mark.parametrize(
    ("agent", "link", "verdict", "reason"),
    [
        (CHROME, 1, H, "browser"),
        (IPHONE, 0, H, "browser"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.3", 0, H, "mail-program"),
        ("Foxmail 7.2.25", 0, H, "mail-program"),
        (GMAIL, 0, H, "google-image-proxy"),
        (GMAIL_EARLY, 0, M, "gmail-prefetch"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", 0, H, "yahoo-mail-proxy"),
        ("Mozilla/5.0", 0, M, "apple-mpp"),
        ("Mozilla/5.0", 1, M, "apple-mpp"),
        ("", 0, M, "nothing"),
        ("  ", 1, M, "nothing"),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", 1, M, "safelinks"),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)", 0, H, "outlook"),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)", 1, M, "safelinks"),
        ("BarracudaCentral/1.0", 1, M, "barracuda"),
        ("Mozilla/5.0 (compatible; Mimecast URL Protect)", 1, M, "mimecast"),
        ("python-requests/2.31.0", 1, M, "script"),
        ("curl/8.5.0", 1, M, "script"),
        ("Wget/1.21", 1, M, "script"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 1, M, "crawler"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 HeadlessChrome/126.0 Safari/537.36", 1, M, "script"),
        ("Mozilla/5.0 (compatible; QQMail proxy)", 0, U, "qq-mail-proxy"),
        ("something nobody knows", 1, U, "unknown-agent"),
    ],
)  # fmt: skip
def test_what_a_program_calls_itself_is_looked_up(agent: str, link: int, verdict: Verdict, reason: str) -> None:
    (found,) = judge_history([hit(3600, link, agent)], [NOW], known_agents())
    assert (found.verdict, found.reason) == (verdict, reason)


STORIES: dict[str, tuple[list[Hit], list[tuple[Verdict, str]]]] = {
    "a person opens and follows two links": (
        [hit(600), hit(640, 1), hit(700, 2)],
        [(H, "browser")] * 3,
    ),
    "a scanner follows every link, with the picture, under a browser's name": (
        [hit(600), *(hit(600 + n / 10, n) for n in range(1, 7))],
        [(M, "all-links")] * 7,
    ),
    "a slow scanner": (
        [hit(600 + 3 * n, n) for n in range(1, 7)],
        [(M, "all-links")] * 6,
    ),
    "a person long after a scanner": (
        [hit(600, 1), hit(600.2, 2), hit(90000), hit(90020, 2)],
        [(M, "all-links"), (M, "all-links"), (H, "browser"), (H, "browser")],
    ),
    "the same link twice at once is one person's double click": (
        [hit(600, 1), hit(600.2, 1)],
        [(H, "browser")] * 2,
    ),
    "too soon after the dot": (
        [hit(1), hit(5, 1), hit(30), hit(60, 1)],
        [(M, "too-soon"), (M, "too-soon"), (H, "browser"), (H, "browser")],
    ),
    "before any copy was on its way": ([hit(-5, 1)], [(M, "before-sent")]),
    "a head asks whether a link is there": ([hit(600, 1, method="HEAD")], [(M, "method")]),
    "a prefetch": ([hit(600, 1, prefetch=True)], [(M, "prefetch")]),
    "a scanner says who it is, and then a person": (
        [hit(600, 1, "curl/8"), hit(900, 1)],
        [(M, "script"), (H, "browser")],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_comes_to_its_verdicts(story: str) -> None:
    hits, wanted = STORIES[story]
    assert [(one.verdict, one.reason) for one in judge_history(hits, [NOW], known_agents())] == wanted


def test_a_copy_that_was_sent_again_is_judged_by_the_last_time_before_a_request() -> None:
    dots = [NOW + timedelta(hours=1), NOW]
    hits = [hit(60), hit(3601), hit(3700)]
    assert [one.reason for one in judge_history(hits, dots, known_agents())] == ["browser", "too-soon", "browser"]


def test_what_was_never_handed_to_a_relay_is_nobodys_reading() -> None:
    assert [one.reason for one in judge_history([hit(60)], [], known_agents())] == ["before-sent"]


def test_the_first_row_that_fits_counts_and_may_be_of_one_kind_only() -> None:
    table = read_agents(
        [
            {"name": "a", "has": ["X"], "kinds": ["open"], "verdict": "unknown"},
            {"name": "b", "has": ["x"], "verdict": "machine"},
        ]
    )
    found = judge_history([hit(60, 0, "x"), hit(90, 1, "x")], [NOW], table)
    assert [one.reason for one in found] == ["a", "b"]
    with pytest.raises(ValueError, match="robot"):
        read_agents([{"name": "a", "has": ["x"], "verdict": "robot"}])


def test_a_history_of_one_link_hammered_is_judged_fast() -> None:
    hits = [replace(hit(600), at=NOW + timedelta(seconds=n), link=1 + n % 2, kind=HitKind.CLICK) for n in range(200)]
    assert {one.verdict for one in judge_history(hits, [NOW], known_agents())} == {M}
