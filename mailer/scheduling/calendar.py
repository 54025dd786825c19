"""Which days are working days: weekends, public holidays, the weekends China works to make up for them (调休), and what
staff laid over them.

The home of `holidays`. That library raises nothing for a year whose days are not announced yet: it then knows the
statutory days and no working weekend, so such a year is called provisional here and must be asked again later.
What it knows is part of the installed package: a new notice arrives with a new version of it, which a running process
does not see, or by calendar.csv, which counts from the next tick on. So "planned anew each day" means two things: dates
are never kept but computed from the calendar of the moment, and staff need not wait for a new version.
"""

import calendar
import threading
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from holidays import country_holidays

from mailer.config import FILE_NAME
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.model.working_days import StaffCalendar, StaffDay

NO_STAFF_DAYS = StaffCalendar()
_SATURDAY = 5


class WeekCalendar:
    """Monday to Friday, whatever is celebrated: what dates would be without holidays."""

    def is_working_day(self, day: date) -> bool:
        """Return whether offices work on this day."""
        return day.weekday() < _SATURDAY

    def nth_working_day(self, year: int, month: int, nth: int) -> date | None:
        """Return the nth working day of a month, from its end where nth is negative; None when it has not so many."""
        days = [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
        working = self._working(reversed(days) if nth < 0 else days, abs(nth))
        return working[-1] if len(working) == abs(nth) else None

    def working_day_before(self, day: date) -> date:
        """Return the day itself when it is a working day, else the last one before it."""
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def working_day_after(self, day: date) -> date:
        """Return the day itself when it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def _working(self, days: Iterable[date], most: int) -> list[date]:
        found: list[date] = []
        for day in days:
            if len(found) == most:
                break
            if self.is_working_day(day):
                found.append(day)
        return found


WEEK = WeekCalendar()


class WorkingCalendar(WeekCalendar):
    """The working days of one country, as far as they are announced. May be asked from any thread."""

    def __init__(self, country: str, staff: StaffCalendar = NO_STAFF_DAYS) -> None:
        """Take a country by its ISO 3166 code, and the staff's table, which has the last word on its days.

        Raises ConfigError for a country `holidays` does not know.
        """
        try:
            self._days = country_holidays(country)
        except NotImplementedError:
            raise ConfigError(
                _("the working days of {country} are not known").format(country=country),
                file=FILE_NAME,
                field="country",
                cure=_("write the two letters of a country, such as CN"),
            ) from None
        self.country = country
        self._staff = {one.day: one for one in staff.days}
        # every notice has working weekends: staff who wrote some of a year have its notice
        self._announced = {one.day.year: True for one in staff.days if one.works and one.day.weekday() >= _SATURDAY}
        # holidays fills in a year when it is first asked for: a second thread would see it half filled
        self._lock = threading.Lock()

    def is_working_day(self, day: date) -> bool:
        """Return whether offices work on this day; by the statutory days alone where the year is provisional."""
        said = self._staff.get(day)
        if said is not None:
            return said.works
        with self._lock:
            return self._days.is_working_day(day)

    def is_make_up_day(self, day: date) -> bool:
        """Return whether this is a day of a weekend that is worked (调休)."""
        return day.weekday() >= _SATURDAY and self.is_working_day(day)

    def staff_day(self, day: date) -> StaffDay | None:
        """Return what staff wrote of this day, or None."""
        return self._staff.get(day)

    def is_provisional(self, year: int) -> bool:
        """Return whether the year's working weekends are still to be announced. Only China has them: else False."""
        if self.country != "CN":
            return False
        with self._lock:
            if year not in self._announced:
                # every year announced so far (2003-2026) has at least one; a fresh object, as ours holds other years
                known = country_holidays("CN", years=year).weekend_workdays
                self._announced[year] = any(day.year == year for day in known)
            return not self._announced[year]

    def may_change(self, day: date) -> bool:
        """Return whether a coming notice may still make this day a working day, or free.

        The last days of December hang on the next year's notice: that of 2019 freed 2018-12-31 for 2018-12-29.
        """
        return self.is_provisional(day.year) or self.is_provisional((day + timedelta(days=7)).year)


@lru_cache(maxsize=8)
def working_calendar(country: str, staff: StaffCalendar = NO_STAFF_DAYS) -> WorkingCalendar:
    """Return the calendar of a country with the staff's table over it, made once for each version of the table.

    Raises ConfigError as WorkingCalendar does.
    """
    return WorkingCalendar(country, staff)
