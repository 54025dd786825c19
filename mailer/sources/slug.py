"""The name of an issue's folder: short, portable, and harmless in a path, a URL and a header."""

import re
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _

_SLUG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")


def parse_slug(text: str, *, file: Path | str | None = None) -> str:
    """Return the slug as given; raise IssueError unless it is 1–64 letters, digits, - _ . in a fit order."""
    if _SLUG.fullmatch(text) is None:
        raise IssueError(
            _("“{slug}” cannot name an issue").format(slug=text[:80]),
            file=file,
            field="slug",
            cure=_("use letters, digits, - and _, a letter or digit first, such as 2020-07"),
        )
    return text
