"""Draws the report of a mailing: one page that holds everything it shows, for the browser, as a file, and for paper."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus
from mailer.model.figures import CellKind, Report, View
from mailer.model.words import MAILING_WORDS, zone_word
from mailer.web.charts import DrawnChart, draw_chart
from mailer.web.drawing import HTML_LANGUAGE, PAGES, render_template
from mailer.web.language import show_day
from mailer.web.report_charts import charts_of

MOST_ROWS = {"missed": 200, "times": 100}  # of a table on the page; the files have all
OTHER_ROWS = 30
STYLE = (PAGES / "report.css").read_text("utf-8").strip()
SCREEN_STYLE = (PAGES / "report-screen.css").read_text("utf-8").strip()  # apart, as a printer knows none of it


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the head of the report: its name, its value, and a word beside it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: a table, and the charts above it."""

    view: View
    charts: tuple[DrawnChart, ...]
    numeric: tuple[bool, ...]


def draw_report(report: Report, views: Sequence[View], language: str) -> str:
    """Return the report as HTML without script, font or request to anyone; charts are SVG within it."""
    zone = ZoneInfo(report.zone)
    return render_template(
        "report.html.j2",
        report=report,
        title=_("Report on mailing {id} of issue {issue}").format(
            id=report.mailing.id, issue=report.mailing.issue_slug
        ),
        facts=_facts(report, zone),
        tiles=_tiles(report),
        parts=[_make_part(view) for view in views],
        newer=_newer(report, zone),
        contents=_("Contents"),
        language=HTML_LANGUAGE[language],
        style=Markup(STYLE),  # noqa: S704 - our file
        screen_style=Markup(SCREEN_STYLE),  # noqa: S704 - our file
        charts_are_ours=Markup,
    )


def _make_part(view: View) -> Part:
    numeric = tuple(column.kind is not CellKind.TEXT for column in view.columns)
    charts = tuple(draw_chart(chart) for chart in charts_of(view))
    return Part(_cut(view), charts, numeric)


def _cut(view: View) -> View:
    """Return a view with so many rows as a page shows, and its sums; it says then that there are more."""
    most = MOST_ROWS.get(view.key, OTHER_ROWS)
    body = view.rows[:-1] if view.total else view.rows
    if len(body) <= most:
        return view
    cut = _("The first {n} of {whole} rows; the workbook and csv have all.").format(n=most, whole=len(body))
    return replace(view, rows=(*body[:most], *view.rows[len(body) :]), note=" ".join((cut, view.note)).strip())


def _show_time(moment: datetime | None, zone: ZoneInfo) -> str:
    if moment is None:
        return "–"
    there = moment.astimezone(zone)
    return f"{show_day(there.date(), short=True)} {there:%H:%M}"


def _facts(report: Report, zone: ZoneInfo) -> list[tuple[str, str]]:
    mailing = report.mailing
    facts = [
        (_("Subject"), report.subject or "–"),
        (_("Status"), _(MAILING_WORDS[mailing.status]) + (f" – {mailing.reason}" if mailing.reason else "")),
        (_("Began"), _show_time(mailing.started_at, zone)),
        (_("Ended"), _show_time(mailing.finished_at, zone)),
        (_("Counted at"), _show_time(report.figures.counted_at, zone)),
    ]
    return [*facts, (_("Times in"), zone_word(zone.key))]


def _newer(report: Report, zone: ZoneInfo) -> str:
    if not report.figures.newer:
        return ""
    return _("All figures are as of {when}. More has become known since; a new count is on its way.").format(
        when=_show_time(report.figures.counted_at, zone)
    )


def _tiles(report: Report) -> list[Tile]:
    figures = report.figures
    accepted, planned = figures.count(DeliveryStatus.ACCEPTED), figures.planned
    tiles = [
        Tile(_("planned"), f"{planned:,}"),
        Tile(_("accepted"), f"{accepted:,}", _share(accepted, planned)),
        Tile(_("not reached"), f"{figures.missed:,}", _share(figures.missed, planned)),
        Tile(_("bounced"), f"{figures.bounced:,}", _share(figures.bounced, planned)),
        Tile(_("complaints"), f"{figures.events('complaint'):,}"),
        Tile(_("unsubscribed"), f"{figures.events('unsubscribe'):,}"),
    ]
    if received := figures.events("received"):
        tiles.append(Tile(_("confirmed by hand (收悉)"), f"{received:,}", _share(received, planned)))
    if receipts := figures.events("receipt"):
        tiles.append(Tile(_("read receipts (MDN)"), f"{receipts:,}", _share(receipts, planned)))
    for kind, word in (("opens", _("readers who opened")), ("clicks", _("readers who clicked"))):
        if any(figures.reading(kind, one) for one in ("human", "unknown", "machine")):
            human = figures.reading(kind, "human")
            tiles.append(Tile(word, f"{human:,}", _share(human, planned)))
    return tiles


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
