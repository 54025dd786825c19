"""The tables of a report: the same for page, workbook, csv and terminal, in the user's language."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.i18n import N_, _
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.figures import (
    REST,
    Cell,
    CellKind,
    Column,
    GroupFigures,
    HourFigures,
    ListFigures,
    MailingFigures,
    MissedReader,
    Report,
    View,
)
from mailer.model.reading import Tracking
from mailer.model.words import STATUS_WORDS, TRACKING_WORDS, class_word, cure_for, suppression_word

TEXT, SHARE, SECONDS, RATE = CellKind.TEXT, CellKind.SHARE, CellKind.SECONDS, CellKind.RATE
HOURLY_UP_TO = timedelta(hours=72)  # of a longer time the table and its chart go by days
EVENT_WORDS = {
    "complaint": N_("complaints"),
    "receipt": N_("read receipts (MDN)"),
    "received": N_("confirmed by hand (收悉)"),
    "unsubscribe": N_("unsubscribed"),
    "delayed": N_("reported as delayed"),
    "auto-reply": N_("automatic replies"),
    "challenge": N_("challenges"),
}


def make_views(report: Report) -> tuple[View, ...]:
    """Return every table of a report, in its order."""
    figures = report.figures
    return (
        _view_lists(figures),
        view_missed(report.missed, figures.missed),
        _view_reasons(figures),
        _view_heard(figures),
        _view_events(figures),
        _view_times(figures, ZoneInfo(report.zone)),
        _view_reading(figures),
        _view_articles(figures),
        _view_links(figures),
        _view_groups("cities", _("By city"), _("City"), figures.cities),
        _view_groups("organisations", _("By organisation"), _("Organisation"), figures.organisations),
        _view_groups("domains", _("By recipient domain"), _("Domain"), figures.domains, speed=True),
        _view_compared(report),
    )


def _sum_up(rows: Sequence[tuple[Cell, ...]], first: int) -> tuple[Cell, ...]:
    columns = list(zip(*rows, strict=True))[first:]
    sums = [sum(value for value in column if isinstance(value, int)) for column in columns]
    return (_("all"), *("" for _at in range(first - 1)), *sums)


def _with_total(rows: list[tuple[Cell, ...]], first: int = 1) -> tuple[tuple[Cell, ...], ...]:
    return (*rows, _sum_up(rows, first)) if rows else ()


def _by_list(
    key: str,
    title: str,
    figures: MailingFigures,
    columns: Sequence[tuple[str, str, Callable[[ListFigures], Cell]]],
    note: str = "",
) -> View:
    rows: list[tuple[Cell, ...]] = [
        (f"{part.role.value} {part.title}", *(read(part) for _key, _heading, read in columns))
        for part in figures.lists
        if figures.planned
    ]
    heads = (Column("list", _("List"), TEXT), *(Column(one, heading) for one, heading, _read in columns))
    empty = _("This mailing has not begun: it has no recipients yet.")
    return View(key, title, heads, _with_total(rows), total=bool(rows), note=note, empty=empty)


def _view_lists(figures: MailingFigures) -> View:
    def count(*statuses: DeliveryStatus) -> Callable[[ListFigures], Cell]:
        return lambda part: sum(part.counts[one] for one in statuses)

    ends = [one for one in DeliveryStatus if one not in (DeliveryStatus.PENDING, DeliveryStatus.SENDING)]
    columns: list[tuple[str, str, Callable[[ListFigures], Cell]]] = [
        ("planned", _("planned"), lambda part: part.planned),
        *((one.value, _(STATUS_WORDS[one]), count(one)) for one in ends),
        ("pending", _("still to go"), count(DeliveryStatus.PENDING, DeliveryStatus.SENDING)),
        ("bounced", _("bounced after acceptance"), lambda part: part.heard.bounced),
        ("missed", _("not reached"), lambda part: part.missed),
    ]
    note = _("Accepted means that the mail server took the copy; it does not mean that it was read.")
    return _by_list("lists", _("What became of the copies"), figures, columns, note)


def _view_heard(figures: MailingFigures) -> View:
    columns: list[tuple[str, str, Callable[[ListFigures], Cell]]] = [
        ("accepted", _("accepted"), lambda part: part.heard.accepted),
        ("delivered", _("delivered, by a receipt (DSN)"), lambda part: part.heard.delivered),
        ("bounced", _("bounced"), lambda part: part.heard.bounced),
        ("relayed", _("passed on to where no receipts come from"), lambda part: part.heard.relayed),
        ("silent", _("nothing heard"), lambda part: part.heard.silent),
    ]
    accepted = sum(part.heard.accepted for part in figures.lists)
    answered = sum(part.heard.answered for part in figures.lists)
    note = _("Of {n} accepted copies {answered} have an answer, delivered or bounced ({share}); of the {relayed} "
             "passed on none will ever come.").format(
        n=accepted, answered=answered, share=show_share(answered, accepted), relayed=figures.heard("relayed")
    )  # fmt: skip
    return _by_list("heard", _("What was heard of the accepted copies"), figures, columns, note if accepted else "")


def show_share(part: int, whole: int) -> str:
    """Return a share as per cent with one decimal; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "–"


def _view_reasons(figures: MailingFigures) -> View:
    rows: list[tuple[Cell, ...]] = []
    for part in figures.lists:
        for why in part.reasons:
            word = _("deferred") if why.status is DeliveryStatus.PENDING else _(STATUS_WORDS[why.status])
            cure = cure_for(why.status, why.reply_class)
            rows.append((part.title, word, class_word(why.reply_class), why.count, cure, why.example))
        for one in part.bounces:
            word = _("bounced (hard)") if one.hard else _("bounced (soft)")
            cure = cure_for(DeliveryStatus.ACCEPTED, one.reply_class)
            rows.append((part.title, word, class_word(one.reply_class), one.count, cure, one.example))
    columns = (
        Column("list", _("List"), TEXT),
        Column("end", _("How it ended"), TEXT),
        Column("class", _("Reason"), TEXT),
        Column("count", _("Count")),
        Column("cure", _("What to do"), TEXT),
        Column("example", _("One of the replies"), TEXT),
    )
    empty = _("Nothing was refused, deferred or bounced.")
    return View("reasons", _("Refusals and bounces, and their cure"), columns, tuple(rows), empty=empty)


def _view_events(figures: MailingFigures) -> View:
    def count(kind: str) -> Callable[[ListFigures], Cell]:
        return lambda part: part.events.get(kind, 0)

    columns = [(kind.replace("-", "_"), _(word), count(kind)) for kind, word in EVENT_WORDS.items()]
    return _by_list("events", _("What readers and their servers answered"), figures, columns)


def _view_reading(figures: MailingFigures) -> View:
    rows: list[tuple[Cell, ...]] = []
    for part in figures.lists:
        if part.tracking in (None, Tracking.OFF):
            continue
        assert part.tracking is not None
        for word, one in ((_("opens"), part.opens), (_("clicks"), part.clicks)):
            if word == _("opens") and part.tracking is not Tracking.FULL:
                continue
            readers = (one.human, one.unknown, one.machine)
            requests = (one.human_requests, one.unknown_requests, one.machine_requests)
            rows.append((part.title, _(TRACKING_WORDS[part.tracking]), word, *readers, *requests))
    columns = (
        Column("list", _("List"), TEXT),
        Column("tracking", _("Counted"), TEXT),
        Column("kind", _("What"), TEXT),
        Column("human", _("readers")),
        Column("unknown", _("perhaps readers")),
        Column("machine", _("machines only")),
        Column("human_requests", _("requests by people")),
        Column("unknown_requests", _("requests of unknown origin")),
        Column("machine_requests", _("requests by machines")),
    )
    note = _("Each reader counts once. Who blocks pictures or reads the text is not seen: real figures are higher. "
             "Where a list is counted as a whole there are requests only.")  # fmt: skip
    empty = _("Opens and clicks are not counted on these lists.")
    return View("reading", _("Opens and clicks"), columns, tuple(rows), note=note if rows else "", empty=empty)


def _view_articles(figures: MailingFigures) -> View:
    columns = (
        Column("title", _("Article"), TEXT),
        Column("readers", _("readers who clicked")),
        Column("requests", _("clicks by people")),
    )
    rows = tuple((one.title or _("outside of articles"), one.readers, one.requests) for one in figures.articles)
    empty = _("No link of this mailing is counted.")
    return View("articles", _("Clicks by article"), columns, rows, empty=empty)


def _view_links(figures: MailingFigures) -> View:
    columns = (
        Column("list", _("List"), TEXT),
        Column("number", _("No.")),
        Column("title", _("Article"), TEXT),
        Column("text", _("Link"), TEXT),
        Column("target", _("Leads to"), TEXT),
        Column("readers", _("readers who clicked")),
        Column("requests", _("clicks by people")),
        Column("machine_requests", _("clicks by machines")),
    )
    titles = {part.name: part.title for part in figures.lists}
    rows = tuple(
        (
            titles.get(one.list_name, one.list_name), one.number, one.title, one.text, one.target,
            one.readers, one.requests, one.machine_requests,
        )
        for one in figures.links
    )  # fmt: skip
    return View("links", _("Every link"), columns, rows, empty=_("No link of this mailing is counted."))


def _view_groups(key: str, title: str, heading: str, groups: Iterable[GroupFigures], *, speed: bool = False) -> View:
    columns = [
        Column("name", heading, TEXT),
        Column("planned", _("planned")),
        Column("accepted", _("accepted")),
        Column("refused", _("refused")),
        Column("bounced", _("bounced")),
        Column("missed", _("not reached")),
        Column("pending", _("still to go")),
        Column("opened", _("readers who opened")),
        Column("clicked", _("readers who clicked")),
    ]
    if speed:
        columns += [
            Column("median_s", _("seconds until taken (median)"), SECONDS),
            Column("per_s", _("taken a second"), RATE),
        ]
    rows: list[tuple[Cell, ...]] = []
    for one in groups:
        name = _("all others") if one.name == REST else one.name or _("(none given)")
        counts = (one.planned, one.accepted, one.refused, one.bounced, one.missed, one.pending, one.opened, one.clicked)
        rows.append((name, *counts, *((one.median_s, one.per_s) if speed else ())))
    if rows and speed:
        total = (*_sum_up([row[:-2] for row in rows], 1), None, None)
        rows.append(total)
    elif rows:
        rows.append(_sum_up(rows, 1))
    empty = _("This mailing has not begun: it has no recipients yet.")
    return View(key, title, tuple(columns), tuple(rows), total=bool(rows), empty=empty)


def in_days(hours: Sequence[HourFigures]) -> bool:
    """Return whether a series is so long that it is shown by days."""
    return bool(hours) and hours[-1].at - hours[0].at > HOURLY_UP_TO


def make_series(hours: Sequence[HourFigures], zone: ZoneInfo) -> list[tuple[str, HourFigures]]:
    """Return a series without gaps, by hours or, where it is long, by days of the zone; each with its label."""
    if not hours:
        return []
    found: dict[str, list[HourFigures]] = {}
    at, days = hours[0].at, in_days(hours)
    while at <= hours[-1].at:
        found.setdefault(_label(at, zone, days=days), [])
        at += timedelta(hours=1)
    for one in hours:
        found[_label(one.at, zone, days=days)].append(one)
    start = hours[0].at
    return [(label, _add_hours(parts, parts[0].at if parts else start)) for label, parts in found.items()]


def _label(at: datetime, zone: ZoneInfo, *, days: bool) -> str:
    there = at.astimezone(zone)
    return f"{there:%Y-%m-%d}" if days else f"{there:%m-%d %H:00}"


def _add_hours(parts: Sequence[HourFigures], at: datetime) -> HourFigures:
    names = ("accepted", "bounced", "opened", "clicked")
    return HourFigures(at, *(sum(int(getattr(one, name)) for one in parts) for name in names))


def _view_times(figures: MailingFigures, zone: ZoneInfo) -> View:
    columns = (
        Column("at", _("Day") if in_days(figures.hours) else _("Hour"), TEXT),
        Column("accepted", _("accepted")),
        Column("bounced", _("bounced")),
        Column("opened", _("first opens by readers")),
        Column("clicked", _("first clicks by readers")),
    )
    rows: list[tuple[Cell, ...]] = [
        (label, one.accepted, one.bounced, one.opened, one.clicked) for label, one in make_series(figures.hours, zone)
    ]
    note = _("Times in {zone}").format(zone=zone.key)
    empty = _("Nothing has been accepted yet.")
    return View("times", _("Over time"), columns, _with_total(rows), bool(rows), note if rows else "", empty)


def _view_compared(report: Report) -> View:
    columns = (
        Column("issue", _("Issue"), TEXT),
        Column("mailing", _("Mailing")),
        Column("planned", _("planned")),
        Column("accepted", _("accepted")),
        Column("refused", _("refused")),
        Column("bounced", _("bounced")),
        Column("missed", _("not reached")),
        Column("missed_share", _("not reached, share"), SHARE),
        Column("complaint", _("complaints")),
        Column("unsubscribe", _("unsubscribed")),
        Column("received", _("confirmed by hand (收悉)")),
        Column("opened", _("readers who opened")),
        Column("clicked", _("readers who clicked")),
    )
    rows = tuple(_compared(mailing, figures) for mailing, figures in report.compared)
    empty = _("There is no earlier mailing to compare with.")
    return View("issues", _("Compared with earlier issues"), columns, rows if len(rows) > 1 else (), empty=empty)


def _compared(mailing: MailingRecord, figures: MailingFigures) -> tuple[Cell, ...]:
    return (
        mailing.issue_slug,
        mailing.id,
        figures.planned,
        figures.count(DeliveryStatus.ACCEPTED),
        figures.count(DeliveryStatus.REFUSED),
        figures.bounced,
        figures.missed,
        figures.missed / figures.planned if figures.planned else None,
        figures.events("complaint"),
        figures.events("unsubscribe"),
        figures.events("received"),
        figures.reading("opens", "human"),
        figures.reading("clicks", "human"),
    )


def missed_columns() -> tuple[Column, ...]:
    """Return the columns of the table of those who have not been reached: first what one needs to phone them."""
    return (
        Column("name", _("Name"), TEXT),
        Column("phone", _("Phone number"), TEXT),
        Column("organisation", _("Organisation"), TEXT),
        Column("reason", _("Reason"), TEXT),
        Column("cure", _("What to do"), TEXT),
        Column("address", _("Address"), TEXT),
        Column("title", _("Job title"), TEXT),
        Column("city", _("City"), TEXT),
        Column("end", _("How it ended"), TEXT),
        Column("reply", _("Reply"), TEXT),
        Column("list", _("List"), TEXT),
    )


def missed_row(one: MissedReader) -> tuple[Cell, ...]:
    """Return one row of it."""
    end = _("bounced") if one.bounced else _(STATUS_WORDS[one.status])
    if one.status is DeliveryStatus.SUPPRESSED:
        reason = suppression_word(one.suppressed) if one.suppressed else _("the address got nothing at that time")
    elif one.status is DeliveryStatus.CANCELLED:
        reason = _("the mailing was cancelled")
    else:
        reason = class_word(one.reply_class)
    status = DeliveryStatus.ACCEPTED if one.bounced else one.status
    return (
        one.name, one.phone, one.organisation, reason, cure_for(status, one.reply_class), one.address,
        one.title, one.city, end, one.reply, one.list_title,
    )  # fmt: skip


def view_missed(missed: Sequence[MissedReader], whole: int) -> View:
    """Return the table of those who have not been reached; whole: how many they are in all."""
    note = ""
    if len(missed) < whole:
        note = _("The first {n} of {whole}; the workbook and csv have all.").format(n=len(missed), whole=whole)
    rows = tuple(missed_row(one) for one in missed)
    empty = _("Nobody is missing.")
    return View("missed", _("Not reached, and how to phone them"), missed_columns(), rows, note=note, empty=empty)
