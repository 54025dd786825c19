"""Draws the public pages: one layout in the bulletin's look, without script, image or request to anyone."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mailer.config import Config
from mailer.i18n import _, ngettext
from mailer.model.address import mask_address as mask_address

PAGES = Path(__file__).parent / "pages"
HTML_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}

_pages = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_pages.globals |= {"_": _, "ngettext": ngettext}
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


# what everybody may see may also be kept, and found; a page that anybody may send in is neither
OPEN_HEADERS = {
    **{name: value for name, value in PAGE_HEADERS.items() if name != "X-Robots-Tag"},
    "Cache-Control": "public, max-age=300",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What is the same on all pages. base: the path under which readers reach them, empty or such as /bulletin."""

    publisher: str
    url: str
    can_join: bool = False

    @property
    def base(self) -> str:
        """The path of the site's address, without a slash at its end."""
        return urlsplit(self.url).path.rstrip("/")


def make_site(config: Config) -> Site:
    """Return the site of a newsletter."""
    return Site(config.sender.name, config.public_url, any(one.joining == "open" for one in config.lists.values()))


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose in a form: what is sent, what is read, whether it is chosen already."""

    name: str
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form that acts by POST. action: a path of the site, empty for the page's own address.

    hidden: name and value. choices: any number of them where `several`, else one. quiet: it is not the page's main act.
    """

    button: str
    action: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    legend: str = ""
    choices: tuple[Choice, ...] = ()
    several: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page with one thing on it, in words of the reader's language.

    text, note: sentences, each on a line of its own, as a browser breaks a Chinese line anywhere; one may be Markup
    that `with_address` or `with_link` made. rows: label and value. done: the page tells of something that was done.
    """

    heading: str
    text: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    forms: tuple[Form, ...] = ()
    note: tuple[str, ...] = ()
    done: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a layout of its own: a template of pages/, and what it is filled with. indexed: by search engines."""

    template: str
    heading: str
    values: Mapping[str, object] = field(default_factory=dict)
    indexed: bool = False


Answer = tuple[HTTPStatus, Page | Sheet]


def with_address(sentence: str, address: str) -> Markup:
    """Return the sentence with a mail link at its `{address}`; everything else in it is escaped."""
    link = Markup('<a href="mailto:{target}"><bdi>{address}</bdi></a>')
    return Markup.escape(sentence).format(address=link.format(target=quote(address, safe="@"), address=address))


def with_link(sentence: str, path: str, words: str) -> Markup:
    """Return the sentence with a link to a path of ours at its `{link}`; everything else in it is escaped."""
    return Markup.escape(sentence).format(link=Markup('<a href="{path}">{words}</a>').format(path=path, words=words))


def draw_page(page: Page | Sheet, site: Site, language: str) -> str:
    """Return the page as HTML. Everything but what `with_address` and `with_link` made is escaped."""
    values = {"page": page} if isinstance(page, Page) else dict(page.values)
    return render_template(
        "page.html.j2" if isinstance(page, Page) else page.template,
        site=site,
        heading=page.heading,
        indexed=isinstance(page, Sheet) and page.indexed,
        language=HTML_LANGUAGE[language],
        style=Markup(STYLE),  # noqa: S704 - our file
        **values,
    )


def render_template(name: str, **values: object) -> str:
    """Return a page of this folder, filled in; what is no Markup is escaped."""
    return _pages.get_template(name).render(**values)
