"""Wires the rooms together: a House is one newsletter folder, opened. It decides nothing; the flows do."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.app.archive import PublicArchive
from mailer.app.checks import Checks
from mailer.app.ground import Ground, utc_now
from mailer.app.histories import Histories
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.lists import Lists
from mailer.app.mailings import Mailings
from mailer.app.readings import Readings
from mailer.app.rehearsals import Rehearsals
from mailer.app.relays import Relays
from mailer.app.returned import Returned
from mailer.app.signing import Signing
from mailer.app.timetable import Timetable
from mailer.app.written import Rendered, WrittenForms
from mailer.sources import starter

__all__ = ["House", "LoadedIssue", "Rendered", "WrittenForms", "create_newsletter", "starter_folder"]


class House(Ground):
    """One newsletter folder and all that can be done in it, by subject. Close it when done."""

    def __init__(self, home: Path, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(home, now)
        self.lists = Lists(self)
        self.issues = Issues(self, self.lists)
        self.checks = Checks(self)
        self.relays = Relays(self)
        self.mailings = Mailings(self, self.issues, self.lists, self.relays)
        self.rehearsals = Rehearsals(self)
        self.histories = Histories(self, self.relays)
        self.returned = Returned(self)
        self.signing = Signing(self)
        self.archive = PublicArchive(self)
        self.readings = Readings(self)
        self.timetable = Timetable(self, self.mailings)


def create_newsletter(folder: Path) -> list[Path]:
    """Make a newsletter folder and return what was written in it."""
    return starter.create_newsletter(folder)


def starter_folder() -> Path:
    """Return the folder with the settings, templates, lists and issue that new newsletters start from."""
    return starter.starter_folder()
