"""Which number an issue bears, which comes next, and which issue is the one of a due date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class IssueNumber:
    """An issue as it is counted. `folder` is False for one that only the database still knows.

    `corrects` is the slug of the issue that this one corrects and whose number it bears; empty for any other.
    """

    slug: str
    year: int
    number: int | None
    total: int | None
    date: date
    supplement: str = ""
    folder: bool = True
    corrects: str = ""

    @property
    def age(self) -> tuple[str, int, int]:
        """What issues are put in order by: the newest has the greatest."""
        return self.date.isoformat(), self.total or 0, self.number or 0

    @property
    def counts(self) -> bool:
        """False for a supplement, which is counted apart, and for a correction, which has its original's number."""
        return not self.supplement.strip() and not self.corrects


def newest_issue(known: Iterable[IssueNumber]) -> IssueNumber | None:
    """Return the newest issue that counts, or None."""
    return max((one for one in known if one.counts), key=lambda one: one.age, default=None)


def count_on(last: IssueNumber, year: int, number: int | None = None) -> tuple[int | None, int | None]:
    """Return number and running total of the issue after `last`: one more each, or number 1 in a new year.

    number: the one wanted; the total then goes on by as much. What the last issue does not say stays None. Raises
    ValueError where the number wanted, or the year, does not come after the last.
    """
    before = (last.number or 0) if year == last.year else 0
    wanted = number if number is not None else None if last.number is None else before + 1
    counted = wanted is not None and (last.number is not None or year != last.year)
    step = wanted - before if wanted is not None and counted else 1
    if year < last.year or step < 1:
        raise ValueError("an issue does not come before the last one")
    return wanted, None if last.total is None else last.total + step


@dataclass(frozen=True, slots=True)
class Term:
    """The days that belong to one due date: an issue dated on one of them is the one to be sent then.

    after: the due date before; whole_month: no other due date lies in this one's month.
    """

    after: date
    due: date
    whole_month: bool

    def holds(self, day: date) -> bool:
        """Return whether an issue of this day is the one of the due date; it may be dated late in the month."""
        in_month = (day.year, day.month) == (self.due.year, self.due.month)
        return self.after < day <= self.due or (self.whole_month and in_month)
