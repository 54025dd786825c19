"""Draws the console's pages: one frame, its words in the user's language, times as the staff write them."""

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mailer.errors import MailerError
from mailer.i18n import _, current_language, ngettext
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.model.words import ISSUE_WORDS, MAILING_WORDS, STATUS_WORDS, zone_word
from mailer.web.console.assets import asset_path
from mailer.web.console.cures import cure_of, say_error, say_here
from mailer.web.language import show_day

PAGES = Path(__file__).parent / "pages"
TONES = {
    MailingStatus.SCHEDULED: "azure",
    MailingStatus.RUNNING: "blue",
    MailingStatus.PAUSED: "yellow",
    MailingStatus.HELD: "red",
    MailingStatus.FINISHED: "green",
    MailingStatus.CANCELLED: "secondary",
    IssueStatus.DRAFT: "secondary",
    IssueStatus.SUBMITTED: "yellow",
    IssueStatus.APPROVED: "green",
    DeliveryStatus.PENDING: "azure",
    DeliveryStatus.SENDING: "blue",
    DeliveryStatus.ACCEPTED: "green",
    DeliveryStatus.REFUSED: "red",
    DeliveryStatus.EXPIRED: "orange",
    DeliveryStatus.SUPPRESSED: "secondary",
    DeliveryStatus.CANCELLED: "secondary",
    DeliveryStatus.UNCERTAIN: "yellow",
}  # the framework's colours


def _day(day: date) -> str:
    return show_day(day, short=True)


def show_time(moment: datetime | None, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Return a moment as the staff write it, in the office's zone; a dash for none."""
    if moment is None:
        return "–"
    there = moment.astimezone(zone)
    return f"{_day(there.date())} {there:%H:%M:%S}" if seconds else f"{_day(there.date())} {there:%H:%M}"


def word_of(status: MailingStatus | IssueStatus | DeliveryStatus) -> str:
    """Return a status in the user's language."""
    if isinstance(status, MailingStatus):
        return _(MAILING_WORDS[status])
    return _(ISSUE_WORDS[status]) if isinstance(status, IssueStatus) else _(STATUS_WORDS[status])


def draw_code(words: str) -> Markup:
    """Return words with what stands in backquotes as code."""
    parts = words.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(parts))


def name_browser(agent: str) -> str:
    """Return the browser and the system that a User-Agent names, where they are usual ones."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return _(", ").join(one for one in (browser, system) if one) or agent[:60] or _("unknown browser")


def say_place(place: str) -> str:
    """Return where the preflight found something, as an editor sees it: the line, without the file's name."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return place
    line = _("line {n}").format(n=found["line"]) if found["line"] else ""
    return _(": ").join(part for part in (line, found["rest"]) if part) or place


def draw_icon(name: str) -> Markup:
    """Return an icon of the sprite, which says nothing to who cannot see it."""
    link = f"{asset_path('icons.svg')}#{name}"
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>').format(link)


def draw_status(status: MailingStatus | IssueStatus | DeliveryStatus) -> Markup:
    """Return a status as a badge."""
    return Markup('<span class="badge bg-{tone}-lt tone-{tone}">{word}</span>').format(
        tone=TONES[status], word=word_of(status)
    )


def draw_error(error: MailerError) -> Markup:
    """Return an expected error: where, what, and what to do about it in the console."""
    values = {"sentence": say_error(error), "cure": cure_of(error)}
    return Markup(_pages.get_template("error_box.html.j2").render(values))  # noqa: S704 - escaped by the template


@pass_context
def _time(context: Context, moment: datetime | None, *, seconds: bool = False) -> str:
    return show_time(moment, context["house"].config.zone, seconds=seconds)


_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ Browser"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip; they all name others too, so the first that is found counts
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_PLACE = re.compile(r"issues/[^/]+/issue\.md(?::(?P<line>\d+))?(?:\s*[:：]\s*(?P<rest>.+))?")
_pages = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals.update(
    language=current_language,
    _=_,
    ngettext=ngettext,
    asset=asset_path,
    icon=draw_icon,
    status=draw_status,
    here=say_here,
    draw_error=draw_error,
    zone_word=zone_word,
)
_pages.filters.update(
    browser=name_browser,
    code=draw_code,
    place=say_place,
    time=_time,
    day=_day,
    word=word_of,
    number=lambda value: f"{value:,}",
)


def draw_console_page(template: str, **values: object) -> str:
    """Return a page of pages/, filled in; everything that is no Markup is escaped."""
    return _pages.get_template(template).render(**values)
