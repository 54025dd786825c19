"""Reports of a house's mailings: read, drawn up as tables, written as files."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mailer.app.ground import Ground
from mailer.app.written import explained
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.figures import Cell, MailingFigures, Report, View
from mailer.model.standing import MailingProgress
from mailer.publishing.mailing import require_mailing
from mailer.reports.describe import describe_report
from mailer.reports.digest import COUNTED_AT_ONCE, make_digest, read_figures, to_digest
from mailer.reports.people import list_missed
from mailer.reports.summary import read_progress
from mailer.reports.views import make_views, missed_row
from mailer.store import audience, digests, figures, issues, mailings
from mailer.store.database import Connection

MOST_MISSED = 200  # readers that a page names; files name all
WATCHED = 5  # large mailings, the newest, that are counted anew by themselves
REMEMBERED = 200  # counts that are kept in memory
COMPARED = 12  # mailings, the reported one among them

Counted = TypeVar("Counted")


class Reporting:
    """The reports of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._remembered: dict[tuple[str, int], tuple[str, Any]] = {}

    def headline(self, record: MailingRecord) -> MailingFigures:
        """Return the figures of a mailing, counted anew only where more has become known of it."""
        return self._remember(
            "headline",
            record.id,
            lambda connection: read_figures(connection, record, self._ground.now(), patient=False),
        )

    def progress(self, name: str) -> MailingProgress:
        """Return how far a mailing is, by list; of one that is over counted anew only where copies have moved since.

        Raises NotFoundError.
        """
        with self._ground.store.read() as connection:
            record = require_mailing(connection, name)
            if record.status is not MailingStatus.FINISHED:
                return read_progress(connection, record)
        return self._remember(
            "progress", record.id, lambda connection: read_progress(connection, record), digests.read_standing_mark
        )

    def bounced(self, number: int) -> dict[str, int]:
        """Return how many copies of a mailing came back, by list."""
        with self._ground.store.read() as connection:
            names = audience.read_lists(connection)
            return {names[one].name: count for one, count in figures.count_bounced(connection, number).items()}

    def _remember(
        self,
        kind: str,
        number: int,
        count: Callable[[Connection], Counted],
        read_mark: Callable[[Connection, int], str] = digests.read_mark,
    ) -> Counted:
        with self._ground.store.read() as connection:
            mark = read_mark(connection, number)
            known = self._remembered.get((kind, number))
            if known is None or known[0] != mark:
                known = (mark, count(connection))
                if len(self._remembered) >= REMEMBERED:
                    self._remembered.clear()
                self._remembered[kind, number] = known
        return known[1]

    def read(
        self,
        name: str,
        *,
        compare: int = COMPARED,
        masked: bool = False,
        patient: bool = True,
        missed: int = MOST_MISSED,
    ) -> Report:
        """Return the report of a mailing. Raises NotFoundError.

        compare: how many mailings it is compared over, itself included. masked: addresses cannot be read. Not patient:
        figures of a large mailing may be some minutes old, as they say then. missed: how many of those not reached.
        """
        ground = self._ground
        now = ground.now()
        with ground.store.read() as connection:
            mailing = require_mailing(connection, name)
            figures = read_figures(connection, mailing, now, patient=patient)
            compared = self._compare(connection, mailing, compare - 1)
            report = Report(
                mailing=mailing,
                publisher=ground.config.sender.name,
                subject=issues.subject_of_mailing(connection, mailing.id),
                zone=ground.config.timezone,
                figures=figures,
                missed=tuple(list_missed(connection, mailing, ground.secret, missed, masked=masked)),
                compared=(*compared, (mailing, figures)) if compared else (),
            )
            fresh = figures.planned > COUNTED_AT_ONCE and figures.counted_at == now
            mark = digests.read_mark(connection, mailing.id) if fresh else ""  # of the same view of the database
        if fresh:
            with ground.store.write() as connection:
                digests.keep_digest(connection, mailing.id, to_digest(figures, mark))
        return report

    def _compare(
        self, connection: Connection, mailing: MailingRecord, most: int
    ) -> list[tuple[MailingRecord, MailingFigures]]:
        """Return the newest mailings before this one, oldest first, each as it was counted last or is now."""
        if most < 1:
            return []
        earlier = mailings.list_earlier(connection, mailing.id, most)
        now = self._ground.now()
        return [(one, read_figures(connection, one, now, patient=False)) for one in reversed(earlier)]

    def renew(self) -> None:
        """Count anew the large mailings of which more has become known since they were last counted."""
        with self._ground.store.read() as connection:
            large = mailings.list_large(connection, COUNTED_AT_ONCE, WATCHED)
        for mailing in large:
            with self._ground.store.read() as connection:
                digest = make_digest(connection, mailing, self._ground.now())
            if digest is not None:
                with self._ground.store.write() as connection:
                    digests.keep_digest(connection, mailing.id, digest)

    def views(self, report: Report) -> tuple[View, ...]:
        """Return every table of a report."""
        return make_views(report)

    def describe(self, report: Report) -> dict[str, Any]:
        """Return a report as one object for scripts."""
        return describe_report(report)

    def write_workbook(self, report: Report, path: Path, *, masked: bool = False) -> None:
        """Write the tables as a workbook, all who have not been reached among them. Raises UsageError."""
        from mailer.reports.export import write_workbook  # openpyxl is slow to load

        with explained(path), self._ground.store.read() as connection:
            os.scandir(path.parent).close()  # openpyxl leaves its files open where it cannot begin
            missed = self._all_missed(connection, report, masked=masked)
            views = [(_whole(view), missed if view.key == "missed" else view.rows) for view in make_views(report)]
            write_workbook(path, views)

    def write_csv(self, report: Report, path: Path, *, masked: bool = False) -> list[Path]:
        """Write each table as a csv file into a folder; or, to a path that ends in .csv, those not reached alone.

        Returns what was written. Raises UsageError.
        """
        from mailer.reports.export import counted_rows, write_csv, write_csv_folder

        views = make_views(report)
        single = path.suffix.lower() == ".csv"
        with explained(path), self._ground.store.read() as connection:
            missed = self._all_missed(connection, report, masked=masked)
            if not single:
                tables = [(view, missed if view.key == "missed" else counted_rows(view)) for view in views]
                return write_csv_folder(path, tables)
            columns = next(view.columns for view in views if view.key == "missed")
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                write_csv(file, columns, missed)
            return [path]

    def _all_missed(self, connection: Connection, report: Report, *, masked: bool) -> Iterator[Sequence[Cell]]:
        everyone = list_missed(connection, report.mailing, self._ground.secret, masked=masked)
        return (missed_row(one) for one in everyone)

    def print_page(self, html: str) -> bytes:
        """Return a page of a report as PDF. Raises StateError where the Pango library is missing."""
        from mailer.rendering.pdf import print_page

        return print_page(html)


def _whole(view: View) -> View:
    """Return the view of those not reached for a file that names all of them."""
    return replace(view, note="") if view.key == "missed" else view
