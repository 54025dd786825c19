"""Organisations as staff look at them: who is reached there, and where nobody is."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class OrganisationContact:
    """An organisation with one of its contacts; one without any has an empty address and key.

    active: the contact is on some list.
    """

    organisation_id: int
    organisation: str
    city: str
    level: str
    kind: str
    address: str
    key: str
    name: str
    title: str
    active: bool


class Reach(StrEnum):
    """Whether mail of ours may reach a contact."""

    WORKS = "works"  # on a list, not suppressed; not a promise that anything arrives
    OFF_LISTS = "off lists"  # on no list
    SUPPRESSED = "suppressed"  # gets nothing: it bounced for good, complained, or staff said so


@dataclass(frozen=True, slots=True)
class ContactReach:
    """A contact of an organisation and whether it is reached; reason: why it is suppressed."""

    address: str
    name: str
    title: str
    reach: Reach
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation with its contacts."""

    name: str
    city: str
    level: str
    kind: str
    contacts: tuple[ContactReach, ...]

    @property
    def works(self) -> bool:
        """Whether at least one of its addresses works."""
        return any(one.reach is Reach.WORKS for one in self.contacts)


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """Some organisations by city and name. after: the id the next page begins after; 0 where nothing follows.

    count: how many there are in all; None where that was not counted. searched: this page ends where the search was
    broken off, not where it is full.
    """

    organisations: tuple[Organisation, ...]
    after: int = 0
    count: int | None = None
    searched: bool = False
