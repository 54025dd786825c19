"""The language of one request: the newsletter's setting, else what the browser asks for, else Chinese."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from mailer.i18n import DEFAULT_LANGUAGE, current_language, use_language

_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


def language_of_request(configured: str, accept_language: str) -> str:
    """Return one of LANGUAGES for a config's `language` and an Accept-Language header (RFC 9110 §12.5.4).

    The first of the best liked that we speak counts; a reader who names only other languages gets English, one who
    names none gets zh_CN. A header that is not one counts as none.
    """
    if configured:
        return configured
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        if (match := _RANGE.fullmatch(part)) and (liking := float(match[2] or 1)) > 0:
            wanted.append((-liking, match[1].lower()))
    for _, name in sorted(wanted, key=lambda item: item[0]):
        if name in ("zh", "en"):
            return "zh_CN" if name == "zh" else "en"
    return "en" if wanted else DEFAULT_LANGUAGE


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within the block, then the former one again."""
    former = current_language()
    use_language(language)
    try:
        yield
    finally:
        use_language(former)


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def show_day(day: date, *, short: bool = False) -> str:
    """Return a date as people write it, in the language that is spoken now; short: for tables."""
    if current_language() == "zh_CN":
        return f"{day.year}年{day.month}月{day.day}日"
    month = _MONTHS[day.month - 1]
    return f"{day.day} {month[:3] if short else month} {day.year}"
