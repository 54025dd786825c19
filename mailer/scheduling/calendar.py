"""Which days are working days: weekends, public holidays, and the weekends China works to make up for them (调休).

The home of `holidays`. That library raises nothing for a year whose days are not announced yet: it then knows the
statutory days and no working weekend, so such a year is called provisional here and must be asked again later.
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


class WorkingCalendar:
    """The working days of one country, as far as they are announced. May be asked from any thread."""

    def __init__(self, country: str) -> None:
        """Take a country by its ISO 3166 code; raises ConfigError for one `holidays` does not know."""
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
        self._announced: dict[int, bool] = {}
        # holidays fills in a year when it is first asked for: a second thread would see it half filled
        self._lock = threading.Lock()

    def is_working_day(self, day: date) -> bool:
        """Return whether offices work on this day; by the weekday rule alone where the year is provisional."""
        with self._lock:
            return self._days.is_working_day(day)

    def last_working_day(self, year: int, month: int) -> date:
        """Return the last working day of a month."""
        return self._first_of(reversed(_days_of(year, month)))

    def first_working_day(self, year: int, month: int) -> date:
        """Return the first working day of a month."""
        return self._first_of(_days_of(year, month))

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

    def _first_of(self, days: Iterable[date]) -> date:
        return next(day for day in days if self.is_working_day(day))


def _days_of(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]


@lru_cache
def working_calendar(country: str) -> WorkingCalendar:
    """Return the calendar of a country, made once in a process; raises ConfigError as WorkingCalendar does."""
    return WorkingCalendar(country)
