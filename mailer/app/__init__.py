"""Wires the rooms together: a House is one newsletter folder, opened. It decides nothing; the flows do."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.app.access import Access
from mailer.app.alarms import Alarms
from mailer.app.api_answers import ApiAnswers
from mailer.app.api_tokens import ApiTokens
from mailer.app.approvals import Approvals, Rounds, SignOff
from mailer.app.archive import PublicArchive
from mailer.app.audit import AuditTrail
from mailer.app.checks import Checks
from mailer.app.contacts import Contacts, ImportOrder, RecordOrder
from mailer.app.corrections import Corrections
from mailer.app.discards import Discards
from mailer.app.doctor import Doctor
from mailer.app.drafts import Drafts
from mailer.app.event_stream import EventStream
from mailer.app.forecasts import Forecasts
from mailer.app.ground import DEMO_MARK, Ground, utc_now
from mailer.app.histories import Histories
from mailer.app.hooks import Hooks
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.joining import Joining
from mailer.app.kept_mail import KeptMails
from mailer.app.lists import Lists
from mailer.app.mailings import Mailings
from mailer.app.months import Months
from mailer.app.notices import Notices
from mailer.app.operations import Operations
from mailer.app.people import People
from mailer.app.persons import Persons
from mailer.app.proofs import Proofs
from mailer.app.reach import Reach
from mailer.app.readings import Readings
from mailer.app.rehearsals import Rehearsals
from mailer.app.relay_tests import RelayTests
from mailer.app.relays import Relays
from mailer.app.reporting import Reporting
from mailer.app.retention import Retention
from mailer.app.returned import Returned
from mailer.app.signing import Signing
from mailer.app.suppressions import Suppressions
from mailer.app.timetable import Timetable
from mailer.app.units import write_house_unit
from mailer.app.written import Rendered, WrittenForms
from mailer.model.identity import HouseIdentity
from mailer.model.people import Right
from mailer.sources import starter
from mailer.store.database import is_passing, waiting_at_most

__all__ = [
    "DEMO_MARK",
    "House",
    "ImportOrder",
    "LoadedIssue",
    "RecordOrder",
    "Rendered",
    "Rounds",
    "SignOff",
    "WrittenForms",
    "create_newsletter",
    "is_passing",
    "starter_folder",
    "waiting_at_most",
    "write_house_unit",
]


class House(Ground):
    """One newsletter folder and all that can be done in it, by subject. Close it when done."""

    def __init__(self, home: Path, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(home, now)
        self.people = People(self)
        self.lists = Lists(self, self.people)
        self.access = Access(self, self.people)
        self.api_tokens = ApiTokens(self, self.people)
        self.api_answers = ApiAnswers(self)
        self.contacts = Contacts(self, self.lists, self.people)
        self.persons = Persons(self, self.lists, self.people)
        self.joining = Joining(self, self.lists, self.people)
        self.retention = Retention(self, self.people)
        self.issues = Issues(self, self.lists)
        self.drafts = Drafts(self, self.issues)
        self.discards = Discards(self, self.issues)
        self.approvals = Approvals(self, self.issues, self.lists)
        self.checks = Checks(self)
        self.relays = Relays(self)
        self.relay_tests = RelayTests(self, self.relays, self.people)
        self.mailings = Mailings(self, self.issues, self.lists, self.relays)
        self.reach = Reach(self, self.issues, self.lists)
        self.corrections = Corrections(self, self.issues)
        self.proofs = Proofs(self, self.issues, self.lists, self.relays)
        self.forecasts = Forecasts(self, self.issues, self.lists)
        self.rehearsals = Rehearsals(self, self.forecasts)
        self.histories = Histories(self, self.relays)
        self.returned = Returned(self)
        self.kept_mail = KeptMails(self)
        self.hooks = Hooks(self, self.returned)
        self.suppressions = Suppressions(self)
        self.signing = Signing(self)
        self.archive = PublicArchive(self)
        self.audit = AuditTrail(self)
        self.readings = Readings(self)
        self.reports = Reporting(self)
        self.events = EventStream(self)
        self.operations = Operations(self, self.relays)
        self.notices = Notices(self, self.relays)
        self.months = Months(self, self.issues, self.mailings, self.notices)
        self.alarms = Alarms(self, self.notices)
        self.timetable = Timetable(self, self.mailings, self.months, self.notices, self.alarms, self.retention)
        self.doctor = Doctor(self, self.people, self.lists, self.relays, self.notices, self.signing, self.timetable)

    def confirm(self, by: str) -> HouseIdentity:
        """Make this copy the house, by the word of a person with the right to say so; see `Identity.confirm`."""
        return self.identity.confirm(lambda connection: self.people.require(by, Right.CONFIRM, connection))


def create_newsletter(folder: Path) -> list[Path]:
    """Make a newsletter folder and return what was written in it."""
    return starter.create_newsletter(folder)


def starter_folder() -> Path:
    """Return the folder with the settings, templates, lists and issue that new newsletters start from."""
    return starter.starter_folder()
