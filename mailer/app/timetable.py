"""The timetable of a house: what is due when, and acting on it once."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.mailings import MailingPlan, Mailings
from mailer.config import FILE_NAME
from mailer.errors import InputError, MailerError
from mailer.model.delivery import PastOccurrence
from mailer.model.identity import Missed
from mailer.model.occurrence import Occurrence
from mailer.scheduling.clock import Clock
from mailer.scheduling.due import list_occurrences
from mailer.scheduling.missed import find_missed
from mailer.scheduling.occurrences import DueOccurrence, find_due
from mailer.scheduling.triggers import ScheduleTrigger
from mailer.store import issues, schedules

log = logging.getLogger(__name__)


class Timetable:
    """The schedules of a house."""

    def __init__(self, ground: Ground, mailings: Mailings) -> None:
        self._ground = ground
        self._mailings = mailings

    def coming(self, count: int, within: timedelta | None = None) -> list[Occurrence]:
        """Return the next occurrences over all schedules: at most `count`, and none later than `within` from now.

        Raises what Ground.working_days raises.
        """
        now = self._ground.now()
        until = now + within if within is not None else None
        return list_occurrences(self._ground.config, now, self._ground.working_days, count=count, until=until)

    def next_issue(self) -> str:
        """Return the slug of the issue that the next occurrence will send as things stand; empty: none is approved."""
        with self._ground.store.read() as connection:
            chosen = issues.newest_approved_unmailed(connection)
        return chosen.slug if chosen else ""

    def write_icalendar(self, occurrences: Sequence[Occurrence]) -> bytes:
        """Return occurrences and the mailings that wait for their time as an iCalendar file (RFC 5545)."""
        from mailer.scheduling.icalendar_file import write_icalendar  # its library is slow to load, and seldom needed

        waiting = self._mailings.planned()
        return write_icalendar(occurrences, waiting, self._ground.config, self._ground.now(), self.next_issue())

    def make_clock(self) -> Clock:
        """Return the clock that wakes the house."""
        return Clock(self._ground.config)

    def triggers(self) -> dict[str, ScheduleTrigger]:
        """Return the triggers of the schedules, by name, on the calendar as it is now; none where it cannot be read."""
        config = self._ground.config
        try:
            days = self._ground.working_days
        except InputError:  # the tick says it
            return {}
        return {name: ScheduleTrigger(schedule, name, config, days) for name, schedule in config.schedule.items()}

    def next_wake(self) -> datetime | None:
        """Return the next moment at which something that is no schedule is due: a planned mailing; or None."""
        now = self._ground.now()
        moments = [
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
        for occurrence in self._find_due():
            self._act_on(occurrence)
        self._mailings.start_due()

    def _find_due(self) -> list[DueOccurrence]:
        """Return what is due; nothing while the staff's calendar has a wrong row, as no date is sure then.

        A sheet that is mended within the grace costs nothing; later, what it kept waiting is held as too late.
        """
        try:
            days = self._ground.working_days
        except InputError as error:
            log.error("no schedule is kept until this is mended: %s", error)
            return []
        with self._ground.store.write() as connection:
            return find_due(connection, self._ground.config, self._ground.now(), days)

    def _act_on(self, due: DueOccurrence) -> None:
        """Plan the mailing of an occurrence in the transaction that takes it, so that a crash loses neither.

        One that is too late is planned and held. What cannot be planned just now (the issue is being saved, a sheet
        is half written) is tried at the next tick, until the schedule's grace is over.
        """
        if due.too_late and self._ground.config.schedule[due.schedule].when_late == "skip":
            self._skip(due)
            return
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
            number = schedules.fire_occurrence(connection, due.schedule, due.due_at, now, due.key)
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
        log.warning(
            "schedule %s, due %s, late by %d s: %s, mailing %s",
            due.schedule, due.due_at.isoformat(), due.late_by.total_seconds(), result, mailing_id,
        )  # fmt: skip

    def _skip(self, due: DueOccurrence) -> None:
        with self._ground.store.write() as connection:
            number = schedules.fire_occurrence(connection, due.schedule, due.due_at, self._ground.now(), due.key)
            if number is not None:
                schedules.note_occurrence(connection, number, None, "skipped: later than its grace")
        log.warning("schedule %s, due %s: skipped, as it is too late", due.schedule, due.due_at.isoformat())

    def past(self, count: int) -> list[PastOccurrence]:
        """Return what became of the newest occurrences."""
        with self._ground.store.read() as connection:
            return schedules.last_occurrences(connection, count)

    def missed(self) -> Missed | None:
        """Return the earliest date that has passed, or comes within a day, for which no clock has run for a day."""
        ground = self._ground
        settled = datetime.fromtimestamp((ground.home / FILE_NAME).stat().st_mtime, UTC)
        with ground.store.read() as connection:
            return find_missed(connection, ground.config, ground.now(), settled, ground.working_days)

    def _plan_newest(self, due: DueOccurrence) -> MailingPlan | None:
        with self._ground.store.read() as connection:
            chosen = issues.newest_approved_unmailed(connection)
        if chosen is None:
            return None
        return self._mailings.prepare(chosen.slug, self._ground.config.schedule[due.schedule].lists)
