"""Issues that everybody may read, as the archive and the feed name them."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a text holds what was looked for: some of what stands before, the words found, some of what follows."""

    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class Publication:
    """An issue that everybody may read. title and headings are its page's; corrects and corrected_by are slugs.

    published_at: when its first mailing began, which never changes. updated_at: when what is shown was approved.
    """

    slug: str
    title: str
    headings: tuple[str, ...]
    year: int
    issued_on: date
    published_at: datetime
    updated_at: datetime
    corrects: str = ""
    corrected_by: str = ""
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of the archive, the newest issue first. years: each year that has issues, with how many."""

    publications: tuple[Publication, ...]
    total: int
    page: int
    pages: int
    years: tuple[tuple[int, int], ...]
