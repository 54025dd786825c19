"""The timetable of a house: what is due when, and acting on it once."""

import logging
from datetime import UTC, datetime

from mailer.app.ground import Ground
from mailer.app.mailings import MailingPlan, Mailings
from mailer.config import FILE_NAME
from mailer.errors import MailerError
from mailer.model.delivery import PastOccurrence
from mailer.model.identity import Missed
from mailer.scheduling.clock import Clock
from mailer.scheduling.due import Occurrence, list_occurrences, next_due
from mailer.scheduling.missed import find_missed
from mailer.scheduling.occurrences import DueOccurrence, find_due
from mailer.store import issues, schedules

log = logging.getLogger(__name__)


class Timetable:
    """The schedules of a house."""

    def __init__(self, ground: Ground, mailings: Mailings) -> None:
        self._ground = ground
        self._mailings = mailings

    def coming(self, count: int) -> list[Occurrence]:
        """Return the next occurrences over all schedules."""
        return list_occurrences(self._ground.config, self._ground.now(), count)

    def make_clock(self) -> Clock:
        """Return the clock that wakes the house."""
        return Clock(self._ground.config)

    def next_wake(self) -> datetime | None:
        """Return the next moment at which a schedule or a planned mailing is due, or None."""
        now = self._ground.now()
        moments = [next_due(one, name, self._ground.config, now) for name, one in self._ground.config.schedule.items()]
        moments += [
            one.scheduled_at
            for one in self._mailings.planned()
            if one.scheduled_at is not None and one.scheduled_at > now
        ]
        return min(moments, default=None)

    def tick(self) -> None:
        """Act on the occurrences that are due, each once, and start the mailings whose time has come.

        A house that was restored, cloned or moved does neither: what is due waits until a person has confirmed it.
        """
        if self._ground.identity.beat(clock=True) is not None:
            return
        with self._ground.store.write() as connection:
            due = find_due(connection, self._ground.config, self._ground.now())
        for occurrence in due:
            self._act_on(occurrence)
        self._mailings.start_due()

    def _act_on(self, due: DueOccurrence) -> None:
        """Plan the mailing of an occurrence in the transaction that takes it, so that a crash loses neither.

        One that is too late is planned and held. What cannot be planned just now (the issue is being saved, a sheet
        is half written) is tried at the next tick, until the schedule's grace is over.
        """
        plan, result = None, "nothing is approved"
        try:
            plan = self._plan_newest(due)
        except MailerError as error:
            result = f"failed: {error}"
            if not due.too_late:
                log.error("schedule %s, due %s: %s", due.schedule, due.due_at.isoformat(), error)
                return
        now = self._ground.now()
        with self._ground.store.write() as connection:
            number = schedules.fire_occurrence(connection, due.schedule, due.due_at, now)
            if number is None:
                return
            mailing_id = None
            if plan is not None:
                mailing_id = self._mailings.write(connection, plan, due.due_at, due.schedule)
                result = "planned"
                if due.too_late:
                    self._mailings.hold_late(connection, mailing_id, due.due_at)
                    result = "held: later than its grace"
            schedules.note_occurrence(connection, number, mailing_id, result)
        log.warning("schedule %s, due %s: %s, mailing %s", due.schedule, due.due_at.isoformat(), result, mailing_id)

    def past(self, count: int) -> list[PastOccurrence]:
        """Return what became of the newest occurrences."""
        with self._ground.store.read() as connection:
            return schedules.last_occurrences(connection, count)

    def missed(self) -> Missed | None:
        """Return the earliest date that has passed, or comes within a day, for which no clock has run for a day."""
        ground = self._ground
        settled = datetime.fromtimestamp((ground.home / FILE_NAME).stat().st_mtime, UTC)
        with ground.store.read() as connection:
            return find_missed(connection, ground.config, ground.now(), settled)

    def _plan_newest(self, due: DueOccurrence) -> MailingPlan | None:
        with self._ground.store.read() as connection:
            chosen = issues.newest_approved_unmailed(connection)
        if chosen is None:
            return None
        return self._mailings.prepare(chosen.slug, self._ground.config.schedule[due.schedule].lists)
