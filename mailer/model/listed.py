"""Contacts in a row: which are wanted, and how each stands with a list."""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.delivery import Contact


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A contact with its standing on one list; the list is empty for one that is on none."""

    contact: Contact
    list_name: str
    status: str
    basis: str
    source: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts are wanted: on one of the lists, in a status, with a text in any field. Empty: all."""

    lists: tuple[str, ...] = ()
    status: str = ""
    text: str = ""
