"""Draws the preview page: one mail on a phone, a desktop, in the dark, without styles and as text, side by side.

Every view is a frame without any right (no script, no origin, no form), so nothing in an issue can run (facts S15).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mailer.i18n import _
from mailer.model.edition import Edition
from mailer.model.issue import Issue


@dataclass(frozen=True, slots=True)
class Preview:
    """One list's mail as a reader gets it; its HTML names no other file."""

    list_name: str
    title: str
    html: str
    text: str


def embed_pictures(html: str, edition: Edition) -> str:
    """Return the HTML with its pictures in it (RFC 2397), for a browser: those named by cid:, and hosted ones.

    Hosted ones are not to be had at their address before the issue is approved.
    """
    for asset in edition.inline:
        html = html.replace(f"cid:{asset.cid}", asset.data_address)
    for asset in edition.hosted:
        html = re.sub(rf'https?://[^"\s]*/p/{asset.sha256}\.[a-z]+', asset.data_address, html)
    return html


def draw_preview(issue: Issue, previews: Sequence[Preview]) -> str:
    """Return the page, in the user's language; a switch changes between the lists.

    Its script asks the address it came from whether there is a newer page, where it came by HTTP (mailer.web.preview).
    """
    from mailer.rendering.frames import draw_frame

    masthead = issue.masthead
    mails = [{"list": one.list_name, "html": one.html, "text": one.text} for one in previews]
    return draw_frame(
        "preview",
        {
            "title": _("Preview of {bulletin}, {slug}").format(
                bulletin=masthead.organisation + masthead.title, slug=issue.slug
            ),
            "slug": issue.slug,
            "lists": [{"name": one.list_name, "title": one.title} for one in previews],
            "rows": (
                (
                    "narrow",
                    (
                        ("phone", _("On a phone"), "375 px", 375),
                        ("dark", _("Phone, dark"), "375 px", 375),
                        ("text", _("Plain text"), "", 0),
                    ),
                ),
                (
                    "wide",
                    (
                        ("desktop", _("Desktop"), "800 px", 800),
                        ("bare", _("Without style sheets, as some web mail shows it"), "800 px", 800),
                    ),
                ),
            ),
            "words": {
                "list": _("List"),
                "gone": _("`mailer render --watch` has ended; this page stays as it was"),
            },
            "mails": _as_script(mails),
        },
    )


def _as_script(value: object) -> Markup:
    """Return JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped above
