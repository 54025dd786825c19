"""The timetable of a house: what is due when, and acting on it once."""

import contextvars
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailer.app.alarms import Alarms
from mailer.app.ground import Ground
from mailer.app.mailings import Mailings
from mailer.app.months import Months
from mailer.app.notices import Notices
from mailer.app.planned_mailings import MailingPlan
from mailer.app.retention import Retention
from mailer.config import FILE_NAME
from mailer.errors import InputError, MailerError, StateError, StoreError
from mailer.i18n import _, pick_language, use_language
from mailer.model.delivery import PastOccurrence
from mailer.model.identity import Missed
from mailer.model.occurrence import Occurrence
from mailer.ops.notices import no_issue_notice, show_moment
from mailer.scheduling.clock import Clock
from mailer.scheduling.due import list_occurrences, schedule_zone
from mailer.scheduling.missed import find_missed
from mailer.scheduling.month import local_name
from mailer.scheduling.occurrences import DueOccurrence, find_due
from mailer.scheduling.triggers import ScheduleTrigger
from mailer.store import issues, schedules
from mailer.store.database import Connection

log = logging.getLogger(__name__)


@dataclass
class _Verdict:
    """What becomes of an occurrence: a plan to send, or a reason to hold, or neither; and the result in a word."""

    slug: str
    plan: MailingPlan | None = None
    reason: str = ""
    result: str = ""


class Timetable:
    """The schedules of a house."""

    def __init__(
        self,
        ground: Ground,
        mailings: Mailings,
        months: Months,
        notices: Notices,
        alarms: Alarms,
        retention: Retention,
    ) -> None:
        self._ground = ground
        self._mailings = mailings
        self._months = months
        self._notices = notices
        self._alarms = alarms
        self._retention = retention

    def coming(self, count: int, within: timedelta | None = None) -> list[Occurrence]:
        """Return the next occurrences over all schedules: at most `count`, and none later than `within` from now.

        Raises what Ground.working_days raises.
        """
        now = self._ground.now()
        until = now + within if within is not None else None
        return list_occurrences(self._ground.config, now, self._ground.working_days, count=count, until=until)

    def next_issue(self) -> str:
        """Return the slug of the issue that the next occurrence is about as things stand, approved or not."""
        coming = self.coming(1)
        return self._months.choose(coming[0].schedule, coming[0].due_at) or "" if coming else ""

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
        """Do what the schedules ask for by now, each thing once, and start the mailings whose time has come.

        Sending comes first. What fails does not keep the rest; it is tried again at the next tick. A house that was
        restored, cloned or moved does nothing: what is due waits until a person has confirmed it.
        """
        contextvars.copy_context().run(self._tick)

    def _tick(self) -> None:
        use_language(pick_language(self._ground.config.language))  # what is written down now is read later, by others
        if self._ground.identity.beat(clock=True) is not None:
            return
        told = (self._alarms.write_mailings, self._alarms.write_relays, self._alarms.write_bounces)
        for act in (
            self._fire_due,
            self._mailings.start_due,
            self._months.take_steps,
            *told,
            self._retention.take_turn,
        ):
            try:
                act()
            except MailerError as error:
                log.error("%s", error)

    def _fire_due(self) -> None:
        for occurrence in self._find_due():
            self._act_on(occurrence)

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
        """Write the mailing of an occurrence in the transaction that takes it, so that a crash loses neither.

        It is held when its issue is not approved as it stands now, or when it is too late. What cannot be planned just
        now (the issue is being saved, a sheet is half written) is tried at the next tick, until the schedule's grace
        is over.
        """
        if due.too_late and self._ground.config.schedule[due.schedule].when_late == "skip":
            self._skip(due)
            return
        verdict = _Verdict(self._months.choose(due.schedule, due.due_at) or "")
        try:
            self._judge(due, verdict)
        except StoreError:
            raise
        except MailerError as error:
            if not due.too_late:
                log.error("schedule %s, due %s: %s", due.schedule, due.due_at.isoformat(), error)
                return
            verdict.reason, verdict.result = str(error), f"held: {error}"
        with self._ground.store.write() as connection:
            number = schedules.fire_occurrence(connection, due.schedule, due.due_at, self._ground.now(), due.key)
            if number is None:
                return
            mailing_id = self._write(connection, due, verdict)
            schedules.note_occurrence(connection, number, mailing_id, verdict.result)
        log.warning(
            "schedule %s, due %s, late by %d s: %s, issue %s, mailing %s",
            due.schedule, due.due_at.isoformat(), due.late_by.total_seconds(), verdict.result,
            verdict.slug or "none", mailing_id,
        )  # fmt: skip

    def _skip(self, due: DueOccurrence) -> None:
        with self._ground.store.write() as connection:
            number = schedules.fire_occurrence(connection, due.schedule, due.due_at, self._ground.now(), due.key)
            if number is not None:
                schedules.note_occurrence(connection, number, None, "skipped: later than its grace")
        log.warning("schedule %s, due %s: skipped, as it is too late", due.schedule, due.due_at.isoformat())

    def _judge(self, due: DueOccurrence, verdict: "_Verdict") -> None:
        """Say what is to become of an occurrence. Raises what `Mailings.prepare` raises, but for want of approval."""
        if not verdict.slug:
            verdict.result = "no issue"
        elif self._months.is_mailed(verdict.slug, due.schedule):
            verdict.result = "mailed before"
        elif isinstance(found := self._mailings.find_approval(verdict.slug), StateError):
            verdict.reason = _("not approved at its time: {why}").format(why=found.message)
            verdict.result = "held: not approved"
        else:
            verdict.plan = self._mailings.prepare(verdict.slug, self._ground.config.schedule[due.schedule].lists)
            verdict.result = "held: later than its grace" if due.too_late else "planned"

    def _write(self, connection: Connection, due: DueOccurrence, verdict: "_Verdict") -> int | None:
        """Write the mailing of an occurrence, or the notice that there is none; return its number."""
        if verdict.plan is not None:
            mailing_id = self._mailings.write(connection, verdict.plan, due.due_at, due.schedule)
            if due.too_late:
                self._mailings.hold_late(connection, mailing_id, due.due_at)
            return mailing_id
        issue = issues.find_issue(connection, verdict.slug) if verdict.reason else None
        if issue is not None:
            lists = self._ground.config.schedule[due.schedule].lists
            return self._mailings.write_held(connection, issue.id, lists, due.due_at, due.schedule, verdict.reason)
        if verdict.reason:
            verdict.result = f"failed: {verdict.reason}"
        if verdict.result != "mailed before":
            zone = schedule_zone(self._ground.config.schedule[due.schedule], self._ground.config)
            about = f"schedule {due.schedule} {local_name(due.due_at)}"
            self._notices.write(connection, no_issue_notice(about, show_moment(due.due_at, zone), verdict.reason))
        return None

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
