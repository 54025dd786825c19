"""Which number an issue bears: what the preflight must know of the issues before."""

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
