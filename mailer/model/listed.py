"""Contacts in a row: which are wanted, and how each stands with a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailer.model.delivery import Contact
from mailer.model.segment import Filters


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
    """Which contacts are wanted: on one of the lists, in a status, with a text in any field. Empty: all.

    filters: whom of a list, by its name, where that is not everybody.
    """

    lists: tuple[str, ...] = ()
    status: str = ""
    text: str = ""
    filters: Mapping[str, Filters] = field(default_factory=dict)
