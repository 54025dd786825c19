"""What an import of contacts does to a list: the difference, contact by contact, and what is on record of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from mailer.model.consent import Basis
from mailer.model.contact_sheet import (
    ATTRIBUTE,
    CellPlace,
    ColumnNotKept,
    DoubtfulCell,
    RefusedCell,
    RowAside,
    SaidConsent,
    SheetColumns,
    SheetContact,
    SheetLeftOut,
)
from mailer.model.delivery import Contact, merge_attributes
from mailer.model.issue import Role

# by whose leave a list is written to where nobody says otherwise: what DESIGN's lists are in the office
DEFAULT_BASIS: dict[Role, str] = {
    Role.UPWARD: "official duty",
    Role.SIDEWAYS: "membership",
    Role.DOWNWARD: "official duty",
}
LONGEST_BASIS = 40
SINCE_FORMAT = "%Y-%m-%d %H:%M"  # of times in an export, in the house's zone
LONGEST_SOURCE = 200
# those that another house of ours may have on record; any other is words
KNOWN_BASES = frozenset({*Basis, *DEFAULT_BASIS.values()})


class ChangeKind(StrEnum):
    """What an import does to one contact. Each contact of a sheet is counted under one of them."""

    NEW = "new"  # nobody had this address
    JOINED = "joined"  # known from another list, or dropped from this one's sheet before
    MOVED = "moved"  # to another organisation
    CHANGED = "changed"  # in other fields
    REORDERED = "reordered"  # its place on the list only
    UNCHANGED = "unchanged"
    KEPT_OUT = "kept_out"  # it is in the sheet, and nothing is done


class KeptOut(StrEnum):
    """Why someone in a sheet is not brought onto the list."""

    LEFT = "left"  # the reader left it
    SUPPRESSED = "suppressed"  # the address gets nothing
    PENDING = "pending"  # the reader was asked, and has not answered yet


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a contact, before and after."""

    field: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What an import does to one contact: its fields that change, its place on the list where that changes.

    said: what the sheet says of a subscription that begins.
    """

    kind: ChangeKind
    contact: Contact
    place: CellPlace
    fields: tuple[FieldChange, ...] = ()
    was_position: int | None = None
    now_position: int | None = None
    kept_out: KeptOut | None = None
    said: SaidConsent | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address of a sheet stands before the import: what is known of it, as far as it decides.

    above: it is on a list of higher role, whose sheet says who it is. slot: the place on the list that it gets among
    those of the sheet that are on it already.
    """

    contact_id: int | None = None
    known: Contact | None = None
    changed_at: datetime | None = None
    subscription_id: int | None = None
    status: str = ""
    dropped: bool = False
    position: int | None = None
    slot: int | None = None
    above: bool = False
    suppressed: bool = False
    basis: str = ""
    source: str = ""
    since: datetime | None = None
    left_at: datetime | None = None
    left_reason: str = ""


def decide_change(found: SheetContact, standing: Standing) -> ContactChange:
    """Return what the import of one contact does. A blank cell leaves what is known as it is; nobody comes back."""
    wanted, place = found.contact, found.place
    if standing.status == "left" and not standing.dropped:
        return ContactChange(ChangeKind.KEPT_OUT, wanted, place, kept_out=KeptOut.LEFT)
    if standing.suppressed:
        return ContactChange(ChangeKind.KEPT_OUT, wanted, place, kept_out=KeptOut.SUPPRESSED)
    if standing.status == "pending":
        return ContactChange(ChangeKind.KEPT_OUT, wanted, place, kept_out=KeptOut.PENDING)
    known = standing.known
    if known is None:
        return ContactChange(ChangeKind.NEW, wanted, place, said=found.said)
    becomes = known if standing.above else merge_contact(known, wanted)
    fields = compare_contacts(known, becomes)
    if standing.status != "active":
        return ContactChange(ChangeKind.JOINED, becomes, place, fields, said=found.said)
    moved = standing.slot is not None and standing.slot != standing.position
    kind = ChangeKind.REORDERED if moved else ChangeKind.UNCHANGED
    if fields:
        kind = ChangeKind.CHANGED
        if any(one.field == "organisation" and one.was for one in fields):
            kind = ChangeKind.MOVED
    return ContactChange(kind, becomes, place, fields, standing.position, standing.slot if moved else standing.position)


def merge_contact(known: Contact, wanted: Contact) -> Contact:
    """Return a contact with what a sheet says of it."""
    organisation, city = wanted.organisation or known.organisation, wanted.city or known.city
    stays = (organisation, city) == (known.organisation, known.city)  # another organisation has another level
    return Contact(
        wanted.address,
        known.key,
        wanted.name or known.name,
        wanted.title or known.title,
        organisation,
        city,
        wanted.phone or known.phone,
        (wanted.level or (known.level if stays else "")) if organisation else "",
        wanted.language or known.language,
        merge_attributes(known.attributes, wanted.attributes),
    )


def compare_contacts(was: Contact, now: Contact) -> tuple[FieldChange, ...]:
    """Return the fields in which two forms of a contact differ."""
    if was == now:
        return ()
    fields = [
        FieldChange(name, getattr(was, name), getattr(now, name))
        for name in ("organisation", "name", "title", "city", "level", "address", "phone", "language")
        if getattr(was, name) != getattr(now, name)
    ]
    before, after = dict(was.attributes), dict(now.attributes)
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return (*fields, *(FieldChange(f"{ATTRIBUTE}{name}", before.get(name, ""), after.get(name, "")) for name in names))


@dataclass(frozen=True, slots=True)
class ImportGrounds:
    """By whose leave the subscriptions of an import begin where its sheet says nothing of it. zone: of its times."""

    basis: str
    source: str
    at: datetime
    zone: tzinfo

    def settle(self, said: SaidConsent | None) -> tuple[str, str, datetime]:
        """Return basis, source and time of one subscription.

        A basis that we know and a time that has passed are kept as the sheet says them; the source is always the
        import, with what the sheet said.
        """
        if said is None or not any(said):
            return self.basis, self.source, self.at
        words = ", ".join(one for one in said if one)
        since = _read_time(said.since, self.zone)
        return (
            said.basis if said.basis in KNOWN_BASES else self.basis,
            f"{self.source}, which said: {words}"[:LONGEST_SOURCE],
            since if since is not None and since < self.at else self.at,
        )


def _read_time(text: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.strptime(text, SINCE_FORMAT).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import does, or did: everything by number, and the first of each kind by name.

    number is that of the import on record, None for a dry run or where there was nothing to do. not_kept: columns of
    which nothing is kept. said_count: subscriptions that begin by the leave that the sheet says; unknown_basis_count:
    those whose basis there is none that we know, which get that of the import.
    """

    list_name: str
    file_name: str
    basis: str
    counts: Mapping[ChangeKind, int]
    changes: Mapping[ChangeKind, tuple[ContactChange, ...]]
    refused_count: int
    refused: tuple[RefusedCell, ...]
    doubt_count: int
    doubts: tuple[DoubtfulCell, ...]
    columns: tuple[SheetColumns, ...]
    aside_count: int
    aside: tuple[RowAside, ...]
    left_out: tuple[SheetLeftOut, ...]
    not_kept: tuple[ColumnNotKept, ...] = ()
    said_count: int = 0
    unknown_basis_count: int = 0
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import on record. counts: those of the report and "refused".

    undone_kept: contacts that the last undoing left as they were; undoing it again finishes what it then can.
    """

    number: int
    list_name: str
    list_title: str
    by: str
    at: datetime
    file_name: str
    file_sha256: str
    basis: str
    counts: Mapping[str, int]
    undone_at: datetime | None
    undone_by: str
    undone_kept: int = 0


class KeptReason(StrEnum):
    """Why undoing an import leaves something of a contact as it is."""

    CHANGED = "changed"  # fields were changed since
    SUBSCRIPTION = "subscription"  # it was put on the list otherwise since
    # only why somebody who is off the list again stays a contact
    OTHER_LIST = "other_list"  # it is, or was, on another list
    MAILED = "mailed"  # a mailing has it among its recipients
    LEFT = "left"  # it had left the list by itself


@dataclass(frozen=True, slots=True)
class KeptContact:
    """A contact of which something stays, and why. fields: those that stay as they were changed since."""

    address: str
    reason: KeptReason
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What undoing an import did, or would do.

    removed: contacts that only this import had made, gone again. taken_off: contacts off the list again, who stay
    contacts; stay: those of them, and of who had left before, that the import had made, with why. restored: contacts
    whose fields or place on the list are as they were. kept: contacts of whom something stays as others have changed
    it since; undoing it again tries them again.
    """

    record: ImportRecord
    removed: int
    taken_off: int
    restored: int
    stay_count: int
    stay: tuple[KeptContact, ...]
    kept_count: int
    kept: tuple[KeptContact, ...]

    @property
    def does_anything(self) -> bool:
        """False where nothing is left that can be undone."""
        return bool(self.removed or self.taken_off or self.restored)
