"""A time at which a schedule will be due, and what a person should know of its date."""

from dataclasses import dataclass
from datetime import date, datetime

from mailer.i18n import _
from mailer.model.working_days import show_weekday


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a schedule is due, in the zone it is meant in.

    key: what it is called within its schedule, also when the calendar moves it. provisional: a coming holiday notice
    may still move it (尚未公布). make_up: its date is a weekend that is worked (调休). works: its date is a working
    day. moved_from: where it would be without holidays, None where it is there. note: what staff wrote of the date.
    """

    schedule: str
    due_at: datetime
    key: str
    provisional: bool
    make_up: bool
    works: bool
    moved_from: date | None
    note: str

    def remarks(self) -> list[str]:
        """Return what a person should know of its date, in the user's language; often nothing."""
        said: list[str] = []
        if self.provisional:
            said.append(_("provisional: the holidays are not announced yet"))
        if self.make_up:
            said.append(_("a weekend worked to make up for a holiday"))
        elif not self.works:
            said.append(_("a day off"))
        if self.moved_from is not None:
            weekday = show_weekday(self.moved_from)
            said.append(_("without holidays {day} {weekday}").format(day=self.moved_from, weekday=weekday))
        if self.note:
            said.append(self.note)
        return said
