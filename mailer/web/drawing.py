"""Draws the public pages: one layout in the bulletin's look, without script, image or request to anyone."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mailer.model.address import mask_address as mask_address

PAGES = Path(__file__).parent / "pages"
HTML_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}

_pages = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
# The sheet stands in the page, so that a page behind a proxy's path needs no address of ours; the CSP admits its hash.
STYLE = (PAGES / "style.css").read_text("utf-8").strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

PAGE_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the token in the URL is the reader's own
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page, in words of the reader's language.

    text, note: sentences, each on a line of its own, as a browser breaks a Chinese line anywhere; one may be Markup
    that `with_address` made. rows: label and value. button: the text of the form's button, empty for no form; hidden:
    what the form sends, name and value. done: the page tells of something that was done.
    """

    heading: str
    text: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    button: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    note: tuple[str, ...] = ()
    done: bool = False


def with_address(sentence: str, address: str) -> Markup:
    """Return the sentence with a mail link at its `{address}`; everything else in it is escaped."""
    link = Markup('<a href="mailto:{target}"><bdi>{address}</bdi></a>')
    return Markup.escape(sentence).format(address=link.format(target=quote(address, safe="@"), address=address))


def draw_page(page: Page, publisher: str, language: str) -> str:
    """Return the page as HTML. Everything but what `with_address` made is escaped."""
    return render_template(
        "page.html.j2",
        page=page,
        publisher=publisher,
        language=HTML_LANGUAGE[language],
        style=Markup(STYLE),  # noqa: S704 - our file
    )


def render_template(name: str, **values: object) -> str:
    """Return a page of this folder, filled in; what is no Markup is escaped."""
    return _pages.get_template(name).render(**values)
