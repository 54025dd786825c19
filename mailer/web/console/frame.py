"""Draws the console's pages: one frame, its words in the user's language, times as the staff write them."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mailer.errors import MailerError
from mailer.i18n import _, current_language, ngettext
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.model.words import ISSUE_WORDS, MAILING_WORDS, STATUS_WORDS
from mailer.web.console.assets import asset_path
from mailer.web.console.cures import cure_of, say_error, say_here

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


def show_day(day: date) -> str:
    """Return a date as the staff write it."""
    if current_language() == "zh_CN":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def show_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment as the staff write it, in the office's zone; a dash for none."""
    if moment is None:
        return "–"
    there = moment.astimezone(zone)
    return f"{show_day(there.date())} {there:%H:%M}"


def word_of(status: MailingStatus | IssueStatus | DeliveryStatus) -> str:
    """Return a status in the user's language."""
    if isinstance(status, MailingStatus):
        return _(MAILING_WORDS[status])
    return _(ISSUE_WORDS[status]) if isinstance(status, IssueStatus) else _(STATUS_WORDS[status])


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
def _time(context: Context, moment: datetime | None) -> str:
    return show_time(moment, context["house"].config.zone)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
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
)
_pages.filters.update(time=_time, day=show_day, word=word_of, number=lambda value: f"{value:,}")


def draw_console_page(template: str, **values: object) -> str:
    """Return a page of pages/, filled in; everything that is no Markup is escaped."""
    return _pages.get_template(template).render(**values)
