"""The command report: what became of a mailing, in the terminal, as a page, workbook, csv, PDF or JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from mailer.cli.drawing import MAILING_WORDS, make_table, out, plain, say, say_json, show_moment
from mailer.cli.options import JsonOption, MailingArgument, open_house
from mailer.errors import UsageError
from mailer.i18n import _, current_language, ngettext
from mailer.model.delivery import DeliveryStatus
from mailer.model.figures import Cell, CellKind, Report, View
from mailer.model.os_words import say_os_error
from mailer.model.words import STATUS_WORDS

if TYPE_CHECKING:
    from mailer.app import House

BAR = 24  # characters
FIRST_ROWS = 10
FIRST_MISSED = 20
# views of the terminal, with the columns it has room for; the files have all
COLUMNS = {
    "missed": ("organisation", "name", "phone", "address", "reason"),
    "reasons": ("end", "class", "count", "cure"),
    "heard": ("list", "delivered", "bounced", "relayed", "silent"),
    "events": ("list", "complaint", "receipt", "received", "unsubscribe"),
    "reading": ("list", "kind", "human", "unknown", "machine"),
    "articles": ("title", "readers", "requests"),
    "domains": ("name", "planned", "accepted", "refused", "median_s"),
    "issues": ("issue", "planned", "accepted", "bounced", "missed_share", "opened", "clicked"),
}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "report",
        help=_("Say what became of a mailing; as page, workbook, csv, PDF or JSON, too."),
        epilog=_(
            "For example: `mailer report last --html report.html --xlsx report.xlsx`. A path that ends in .csv gets "
            "those who were not reached alone; any other is a folder, with one csv a table."
        ),
    )(report)


def report(
    ctx: typer.Context,
    mailing: MailingArgument = "last",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help=_("write the page with charts"))] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help=_("the same for paper"))] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help=_("write a workbook"))] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="DIR|FILE", help=_("write csv files"))] = None,
    compare: Annotated[
        int, typer.Option("--compare", min=1, max=60, help=_("compare over so many mailings, this one included"))
    ] = 12,
    addresses: Annotated[
        bool,
        typer.Option(
            "--addresses/--masked", help=_("whether addresses, names, phone numbers and what servers say can be read")
        ),
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Report on a mailing."""
    with open_house(ctx) as house:
        found = house.reports.read(mailing, compare=compare, masked=not addresses)
        views = house.reports.views(found)
        written = write_files(house, found, views, html=html, pdf=pdf, xlsx=xlsx, csv=csv, masked=not addresses)
        if as_json:
            say_json({**house.reports.describe(found), "files": written})
            return
        if not written:
            draw_report(house, found, views)
    for path in written:
        say(str(path))


def write_files(
    house: "House",
    found: Report,
    views: Sequence[View],
    *,
    html: Path | None = None,
    pdf: Path | None = None,
    xlsx: Path | None = None,
    csv: Path | None = None,
    masked: bool = False,
) -> list[Path]:
    """Write a report as the files that are wanted; return their paths. Raises UsageError, StateError."""
    written: list[Path] = []
    for path in (html, pdf, xlsx, csv):
        if path is not None and str(path) == "-":
            raise UsageError(_("a report is written to files only"), field=str(path), cure=_("name a file"))
    if html is not None or pdf is not None:
        from mailer.web.report import draw_report as draw_page  # pygal is slow to load

        page = draw_page(found, views, current_language())
        if html is not None:
            written.append(_write(html, page.encode()))
        if pdf is not None:
            written.append(_write(pdf, house.reports.print_page(page)))
    if xlsx is not None:
        house.reports.write_workbook(found, xlsx, masked=masked)
        written.append(xlsx.resolve())
    if csv is not None:
        written += [path.resolve() for path in house.reports.write_csv(found, csv, masked=masked)]
    return written


def _write(path: Path, content: bytes) -> Path:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(
            _("this cannot be written: {why}").format(why=say_os_error(error)), file=path, cure=_("name another file")
        ) from None
    return path.resolve()


def draw_report(house: "House", found: Report, views: Sequence[View]) -> None:
    """Print a report for people: its figures with a bar each, then the tables there is room for."""
    figures, mailing = found.figures, found.mailing
    head = _("Mailing {id} of issue {issue}: {status}").format(
        id=mailing.id, issue=mailing.issue_slug, status=_(MAILING_WORDS[mailing.status])
    )
    say(head, "bold")
    if mailing.started_at is not None:
        say(_("began {when}").format(when=show_moment(mailing.started_at, house.config.zone)), "dim")
    if not figures.planned:
        say(_("This mailing has not begun: it has no recipients yet."))
        return
    _draw_bars(found)
    for view in views:
        if view.key in COLUMNS and view.rows and any(isinstance(one, int) and one for one in _counts(view)):
            say("")
            _draw_view(view)
    say("")
    say(_("all of it: `mailer report {id} --html FILE --xlsx FILE`").format(id=mailing.id), "dim")


def _draw_bars(found: Report) -> None:
    figures = found.figures
    rows = [(_("planned"), figures.planned, "")]
    for status, style in (
        (DeliveryStatus.ACCEPTED, "green"),
        (DeliveryStatus.PENDING, "cyan"),
        (DeliveryStatus.REFUSED, "red"),
        (DeliveryStatus.EXPIRED, "red"),
        (DeliveryStatus.UNCERTAIN, "yellow"),
        (DeliveryStatus.SUPPRESSED, "yellow"),
        (DeliveryStatus.CANCELLED, "yellow"),
    ):
        count = figures.count(status)
        count += figures.count(DeliveryStatus.SENDING) if status is DeliveryStatus.PENDING else 0
        if count:
            rows.append((_(STATUS_WORDS[status]), count, style))
    rows.append((_("bounced"), figures.bounced, "red"))
    rows.append((_("not reached"), figures.missed, "red"))
    for word, count in (
        (_("delivered, by a receipt (DSN)"), figures.heard("delivered")),
        (_("complaints"), figures.events("complaint")),
        (_("unsubscribed"), figures.events("unsubscribe")),
        (_("readers who opened"), figures.reading("opens", "human")),
        (_("readers who clicked"), figures.reading("clicks", "human")),
    ):
        if count:
            rows.append((word, count, "blue"))
    widest = max(plain(word).cell_len for word, _count, _style in rows)
    for word, count, style in rows:
        label = plain(word)
        label.pad_left(widest - label.cell_len)
        share = count / figures.planned
        bar = plain("█" * min(max(round(share * BAR), 1 if count else 0), BAR), style)
        bar.pad_right(BAR - bar.cell_len)
        out.print(Text.assemble(label, "  ", bar, f"  {count:>9,}  {share:>6.1%}"), soft_wrap=True)


def _counts(view: View) -> list[Cell]:
    """Return what a table tells besides what the bars did: nothing of it, and it is left out."""
    told = {"heard": ("delivered", "relayed"), "events": COLUMNS["events"][1:], "reading": COLUMNS["reading"][2:]}
    wanted = told.get(view.key)
    if wanted is None:
        return [1]
    return [row[at] for row in view.rows for at, column in enumerate(view.columns) if column.key in wanted]


def _draw_view(view: View) -> None:
    places = [at for at, column in enumerate(view.columns) if column.key in COLUMNS[view.key]]
    order = COLUMNS[view.key]
    places.sort(key=lambda at: order.index(view.columns[at].key))
    table = make_table(
        view.title,
        *((view.columns[at].heading, "left" if view.columns[at].kind is CellKind.TEXT else "right") for at in places),
    )
    most = FIRST_MISSED if view.key == "missed" else FIRST_ROWS
    body = view.rows[:-1] if view.total else view.rows
    for row in body[:most]:
        table.add_row(*(view.columns[at].show(row[at]) for at in places))
    if view.total and len(body) > 1:
        table.add_section()
        last = view.rows[-1]
        table.add_row(*(view.columns[at].show(last[at]) for at in places), style="bold")
    out.print(table)
    more = len(body) - most
    if more > 0:
        say("  " + ngettext("and {n} more", "and {n} more", more).format(n=more), "dim")
