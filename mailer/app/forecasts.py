"""Forecasts of a house: when a mailing ends, at the limits there are, with what they have used by now."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.lists import Lists
from mailer.errors import MailerError, StateError
from mailer.i18n import _
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.forecast import Forecast
from mailer.model.segment import Filters, fits_any
from mailer.model.tempo import Tempo
from mailer.publishing.mailing import require_mailing
from mailer.sending.course import Course, Load
from mailer.sending.expected import Change, expect_loads, pending_course, read_known
from mailer.sending.feed import Domains
from mailer.sending.forecast import Simulation
from mailer.sending.meters import Known
from mailer.store import audience, claims, issues, mailings
from mailer.store.database import Connection
from mailer.store.plans import read_target

STANDS = 300  # times as long as it took to work out stands what pages show: a third of a percent of the time
RENEWED_S = 90.0  # what would be older by then is worked out anew in the background
OVER = (MailingStatus.FINISHED, MailingStatus.CANCELLED)
UNDER_WAY = (MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD)


@dataclass(frozen=True, slots=True)
class _Lately:
    """The forecast of a mailing, as it was worked out while it stood so; until: by the machine's steady clock."""

    record: MailingRecord
    forecast: Forecast | None
    until: float


class Forecasts:
    """How long things take."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._lately: dict[int, _Lately] = {}

    def ends_about(self, record: MailingRecord) -> datetime | None:
        """Return when a mailing that is not over ends, None where it cannot be told: for pages looked at often.

        What was worked out once stands for a while, the longer the more work it was, while the mailing stands the same.
        """
        found = self.lately(record)
        return found.ends_at if found is not None else None

    def lately(self, record: MailingRecord) -> Forecast | None:
        """Return the forecast of a mailing that is not over, as `ends_about` does; None where there is none."""
        known = self._lately.get(record.id)
        if known is None or known.record != record or known.until < time.monotonic():
            known = self._work_out(record)
        return known.forecast

    def _work_out(self, record: MailingRecord) -> _Lately:
        began = time.monotonic()
        found = self.try_mailing(record)
        now = time.monotonic()
        self._lately[record.id] = _Lately(record, found, now + STANDS * (now - began))
        return self._lately[record.id]

    def renew(self) -> None:
        """Work out anew what `ends_about` tells, where it took long and will soon be too old, so that no page waits."""
        with self._ground.store.read() as connection:
            open_ones = mailings.list_mailings(connection, [MailingStatus.RUNNING, MailingStatus.SCHEDULED])
        kept = {one.id: self._lately[one.id] for one in open_ones if one.id in self._lately}
        self._lately = kept
        for one in open_ones:
            known = kept.get(one.id)
            if known is None or known.record != one or known.until < time.monotonic() + RENEWED_S:
                self._work_out(one)

    def of_mailing(self, name: str, at: datetime | None = None, tempo: Tempo | None = None) -> Forecast:
        """Return the forecast of a mailing that is not over; one that is held or paused as if it went on now.

        at, tempo: another time and tempo for one that has not begun. Raises StateError, NotFoundError.
        """
        with self._ground.store.read() as connection:
            record = require_mailing(connection, name)
            if record.status in OVER:
                raise StateError(
                    _("mailing {id} is {status}; nothing of it is left").format(
                        id=record.id, status=_(record.status.value)
                    ),
                    cure=_("`mailer status {id}` shows what became of it").format(id=record.id),
                )
            if record.started_at is not None:
                return self._of_begun(connection, record)
            target = read_target(connection, record.id)
            ids = audience.find_lists(connection, record.lists)
        filters = {name: target.filters[one] for name, one in ids.items() if one in target.filters}
        starts_at = at or record.scheduled_at or self._ground.now()
        return self._of_lists(target.issue_id, record.lists, filters, starts_at, tempo or record.tempo)

    def of_issue(
        self, name: str, lists: Sequence[str] = (), at: datetime | None = None, tempo: Tempo | None = None
    ) -> Forecast:
        """Return the forecast of an issue that would be sent to lists (none: all), now or at a time; plans nothing.

        tempo: None for that of the settings. Raises NotFoundError, SheetError.
        """
        slug = self._issues.load(name).slug
        with self._ground.store.read() as connection:
            known = issues.find_issue(connection, slug)
            issue_id = known.id if known is not None else None
        config = self._ground.config
        wanted = tempo if tempo is not None else config.tempo.tempo(config.timezone)
        filters = config.filters_of(lists)
        return self._of_lists(issue_id, self._lists.choose(lists), filters, at or self._ground.now(), wanted)

    def of_loads(self, loads: Sequence[Load]) -> Forecast:
        """Return the forecast of copies counted elsewhere, sent now at the tempo of the settings."""
        config = self._ground.config
        course = Course(tuple(loads), self._ground.now(), config.tempo.tempo(config.timezone))
        if not self._ground.has_database:
            return self._simulate(Known({}, {}, {}, config.retry.scale), [], course)
        with self._ground.store.read() as connection:
            return self._simulate(self._known(connection), self._ahead(connection), course)

    def _of_begun(self, connection: Connection, record: MailingRecord) -> Forecast:
        (mailing,) = claims.running_mailings(connection, record.id, UNDER_WAY)
        course = pending_course(connection, mailing, self._ground.now())
        return self._simulate(self._known(connection), self._ahead(connection, record.id), course)

    def _of_lists(
        self,
        issue_id: int | None,
        lists: Sequence[str],
        filters: Mapping[str, Filters],
        starts_at: datetime,
        tempo: Tempo,
    ) -> Forecast:
        changes = {
            name: Change(
                [row.key for row in one.added if fits_any(filters.get(name, ()), row)],
                [row.key for row in one.removed if fits_any(filters.get(name, ()), row)],
            )
            for name, one in self._lists.sync(lists, dry_run=True, may_shrink=True).items()
        }
        now = self._ground.now()
        with self._ground.store.read() as connection:
            ids = audience.find_lists(connection, lists)
            named = [(name, ids.get(name)) for name in lists]
            loads = expect_loads(connection, issue_id, named, changes, self._ground.secret, now, filters)
            course = Course(loads, max(starts_at, now).astimezone(UTC), tempo)
            return self._simulate(self._known(connection), self._ahead(connection), course)

    def _ahead(self, connection: Connection, before: int | None = None) -> list[Course]:
        """Return the mailings that run and go first: those planned before."""
        now = self._ground.now()
        running = claims.running_mailings(connection)
        return [pending_course(connection, one, now) for one in running if before is None or one.id < before]

    def _known(self, connection: Connection) -> Known:
        config = self._ground.config
        return read_known(connection, config.relays, config.domains, config.retry.scale)

    def _simulate(self, known: Known, ahead: Sequence[Course], course: Course) -> Forecast:
        config, now = self._ground.config, self._ground.now()
        return Simulation(config.relays, Domains(config.domains), known, [*ahead, course], now).run()

    def try_mailing(self, record: MailingRecord) -> Forecast | None:
        """Return the forecast of a mailing as one more line about it: None where there is none to be had."""
        if record.status in OVER:
            return None
        try:
            return self.of_mailing(str(record.id))
        except MailerError:
            return None
