"""Asks SpamAssassin, where it is installed, what a filter would make of a message. Local rules only, no network."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from mailer.i18n import _
from mailer.model.report import Finding, Severity

TIMEOUT_S = 30
REFUSED_AT = 5.0  # SpamAssassin's own default, and most servers'
_STATUS = re.compile(r"^X-Spam-Status: .*?score=(-?\d+(?:\.\d+)?)", re.MULTILINE | re.DOTALL)
_RULE = re.compile(r"^\s*(?:\*\s+)?(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SpamScore:
    """The points of a message, and the rules that cost any."""

    points: float
    rules: tuple[tuple[str, float], ...]


def score_message(message: bytes) -> SpamScore | None:
    """Return SpamAssassin's score of a whole message; None where it is absent, fails, or takes over 30 s."""
    program = shutil.which("spamassassin")
    if program is None:
        return None
    try:
        ended = subprocess.run(  # noqa: S603 - our own arguments, the message by its input
            [program, "--local", "--nocreate-prefs", "--test-mode"],
            input=message, capture_output=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_score(ended.stdout.decode("utf-8", "replace"))


def read_score(report: str) -> SpamScore | None:
    """Return the score of a message that SpamAssassin has marked; None where there is no mark."""
    status = _STATUS.search(report)
    if status is None:
        return None
    rules = {name: float(points) for points, name in _RULE.findall(report)}
    costly = sorted(((name, points) for name, points in rules.items() if points > 0), key=lambda rule: -rule[1])
    return SpamScore(float(status[1]), tuple(costly))


def spam_findings(score: SpamScore | None, place: str) -> list[Finding]:
    """Return a finding where a message costs points: an error where most servers would refuse it."""
    if score is None or score.points <= 0:
        return []
    named = _(", ").join(f"{name} {points:g}" for name, points in score.rules) or "?"
    severity = Severity.NOTE
    if score.points >= REFUSED_AT:
        severity = Severity.ERROR
    elif score.points >= REFUSED_AT / 2:
        severity = Severity.WARNING
    return [
        Finding(
            severity,
            place,
            _("SpamAssassin gives it {points} points ({rules}); at {limit} servers refuse a mail").format(
                points=f"{score.points:g}", rules=named, limit=f"{REFUSED_AT:g}"
            ),
            _("change what the rules name: words, colours, the share of text and pictures"),
        )
    ]
