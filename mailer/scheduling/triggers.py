"""Triggers of our own for APScheduler: a schedule's next due moment by the working calendar, and a single moment."""

from datetime import datetime

from apscheduler.triggers.base import BaseTrigger

from mailer.config import Config, ScheduleConfig
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.due import next_due


class ScheduleTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires whenever a schedule is due, on the calendar it was made with.

    It stands for APScheduler's CronTrigger, which counts weekdays from Monday, wants day and weekday both to fit, fires
    twice where clocks go back, and knows no holidays.
    """

    __slots__ = ("_config", "_days", "_name", "_schedule")

    def __init__(self, schedule: ScheduleConfig, name: str, config: Config, days: WorkingCalendar) -> None:
        self._schedule, self._name, self._config, self._days = schedule, name, config, days

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the next due moment after now, and after the previous one when the clock was set back.

        What was missed is not made up for here: each tick asks the database for that.
        """
        after = now if previous_fire_time is None else max(now, previous_fire_time, key=datetime.timestamp)
        return next_due(self._schedule, self._name, self._config, after, self._days)


class MomentTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires once, at one moment; never for a moment that has passed."""

    __slots__ = ("_moment",)

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the moment while it lies ahead, else None (APScheduler's contract)."""
        return self._moment if previous_fire_time is None and self._moment > now else None
