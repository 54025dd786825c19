"""Calendars that several tests here stand on."""

from datetime import date

import pytest

from mailer.model.working_days import StaffCalendar, StaffDay
from mailer.scheduling.calendar import WorkingCalendar


@pytest.fixture
def staff_2027() -> WorkingCalendar:
    """China with a table of staff for 2027 (made up): one free weekday, one worked Sunday."""
    days = (StaffDay(date(2027, 2, 12), works=False), StaffDay(date(2027, 2, 28), works=True, note="通知"))
    return WorkingCalendar("CN", StaffCalendar(days))
