"""Brings the contacts of a sheet onto a list in one transaction, and takes an import back."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TypeVar

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.consent import Grounds
from mailer.model.contact_import import (
    KNOWN_BASES,
    LONGEST_BASIS,
    LONGEST_SOURCE,
    ChangeKind,
    ContactChange,
    ImportGrounds,
    ImportRecord,
    ImportReport,
    KeptContact,
    UndoReport,
    decide_change,
)
from mailer.model.contact_sheet import (
    ATTRIBUTE,
    FIELDS,
    CellPlace,
    ColumnNotKept,
    DoubtfulCell,
    RefusedCell,
    RowAside,
    SheetColumns,
    SheetContact,
    SheetItem,
    SheetLeftOut,
    refuse_twice,
)
from mailer.model.people import Actor
from mailer.store import audit, contact_imports, import_undo
from mailer.store.audience import UNDONE
from mailer.store.database import Connection
from mailer.store.staged import StagedContacts, read_standings, settle_levels, settle_slots
from mailer.tokens import HouseSecret, hash_address

SHOWN = 500  # of each kind, by name: beyond that a report counts only

T = TypeVar("T")
Tell = Callable[[ContactChange], None]


@dataclass(slots=True)
class Sheet:
    """What the reading of a sheet came to, its contacts aside: those are staged in the database."""

    file_name: str
    file_sha256: str
    contacts: int = 0
    refused_count: int = 0
    doubt_count: int = 0
    aside_count: int = 0
    refused: list[RefusedCell] = field(default_factory=list)
    doubts: list[DoubtfulCell] = field(default_factory=list)
    aside: list[RowAside] = field(default_factory=list)
    columns: list[SheetColumns] = field(default_factory=list)
    not_kept: list[ColumnNotKept] = field(default_factory=list)
    left_out: list[SheetLeftOut] = field(default_factory=list)
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by sheet, headings as in SheetColumns


def stage_sheet(
    connection: Connection,
    items: Iterable[SheetItem],
    sheet: Sheet,
    secret: HouseSecret,
    give_back: Callable[[RefusedCell], None],
) -> None:
    """Put the contacts of a sheet into a temporary table and count the rest; each refused cell goes to `give_back`.

    An address that stands twice is refused the second time.
    """
    staged = StagedContacts(connection)

    def refuse(one: RefusedCell) -> None:
        sheet.refused_count += 1
        _keep(sheet.refused, one)
        give_back(one)

    for item in items:
        match item:
            case SheetContact():
                sheet.contacts += 1
                staged.add(item, hash_address(secret, item.contact.key))
            case RefusedCell():
                refuse(item)
            case DoubtfulCell():
                sheet.doubt_count += 1
                _keep(sheet.doubts, item)
            case RowAside():
                sheet.aside_count += 1
                _keep(sheet.aside, item)
            case SheetColumns():
                _keep(sheet.columns, item)
                sheet.beside[item.sheet] = item.beside
            case ColumnNotKept():
                _keep(sheet.not_kept, item)
            case SheetLeftOut():
                _keep(sheet.left_out, item)
    for found, first in staged.finish():
        sheet.contacts -= 1
        refuse(_twice(found, first, sheet.beside.get(found.place.sheet, ())))


def _keep(kept: list[T], one: T) -> None:
    if len(kept) < SHOWN:
        kept.append(one)


def _twice(found: SheetContact, first: CellPlace, headings: tuple[str, ...]) -> RefusedCell:
    value = found.contact
    values = {name: str(getattr(value, name)) for name in FIELDS}
    values |= {f"{ATTRIBUTE}{name}": text for name, text in value.attributes}
    where = f"{first.sheet} {first.row}".strip()
    beside = tuple(zip(headings, found.beside, strict=True)) if found.beside else ()
    return refuse_twice(found.place, value.address, where, values, beside)


def check_basis(text: str) -> str:
    """Return a consent basis as it is kept. Raises UsageError."""
    kept = " ".join(text.split())
    if not kept or not kept.isprintable() or len(kept) > LONGEST_BASIS:
        raise UsageError(
            _("this is no basis of consent"),
            field="--basis",
            cure=_("write in at most {n} characters by whose leave they are written to").format(n=LONGEST_BASIS),
        )
    return kept


@dataclass(frozen=True, slots=True)
class Target:
    """The list that an import is for: its id (None: nobody was ever on it) and those of the lists of higher role."""

    name: str
    id: int | None
    above: tuple[int, ...]
    basis: str
    zone: tzinfo


def preview_import(
    connection: Connection, sheet: Sheet, target: Target, now: datetime, told: Tell | None = None
) -> ImportReport:
    """Return what an import of the staged sheet would do; writes nothing but temporary tables.

    told: is told of every change, also of those that the report only counts.
    """
    tally = _Tally(told)
    settle_levels(connection)
    if target.id is not None:
        settle_slots(connection, target.id)
    for page in read_standings(connection, target.id, target.above, now):
        for found, standing in page:
            tally.add(decide_change(found, standing))
    return tally.report(sheet, target, None)


def apply_import(
    connection: Connection,
    sheet: Sheet,
    target: Target,
    list_id: int,
    actor: Actor,
    now: datetime,
    told: Tell | None = None,
) -> ImportReport:
    """Bring the staged sheet onto its list, put on record who did it and how all was before, and return what changed.

    An import that changes nothing leaves no record. told: as for `preview_import`.
    """
    tally = _Tally(told)
    settle_levels(connection)
    settle_slots(connection, list_id)
    number = contact_imports.open_import(
        connection, list_id, actor, target.basis, sheet.file_name, sheet.file_sha256, now
    )
    grounds = ImportGrounds(target.basis, source_of(number, sheet.file_name), now, target.zone)
    position = contact_imports.next_position(connection, list_id)
    for page in read_standings(connection, list_id, target.above, now):
        decided = [(decide_change(found, standing), standing) for found, standing in page]
        for change, _standing in decided:
            tally.add(change)
        position = contact_imports.apply_page(connection, number, list_id, decided, position, grounds, actor)
    if not tally.changes_anything:
        contact_imports.drop_import(connection, number)
        return tally.report(sheet, target, None)
    counts = {**{kind.value: tally.counts[kind] for kind in ChangeKind}, "refused": sheet.refused_count}
    contact_imports.close_import(connection, number, counts)
    audit.record(
        connection, actor, Act.IMPORT_CONTACTS, Subject("import", str(number)), now,
        list=target.name, sha256=sheet.file_sha256, **counts,
    )  # fmt: skip
    return tally.report(sheet, target, number)


def source_of(number: int, file_name: str) -> str:
    """Return what stands as the source of a subscription that an import made."""
    return f"import {number}: {file_name}"[:LONGEST_SOURCE]


class _Tally:
    """Counts changes, and keeps the first of each kind."""

    def __init__(self, told: Tell | None) -> None:
        self._told = told
        self.counts: Counter[ChangeKind] = Counter()
        self._said = self._unknown = 0
        self._shown: dict[ChangeKind, list[ContactChange]] = {kind: [] for kind in ChangeKind}

    def add(self, change: ContactChange) -> None:
        self.counts[change.kind] += 1
        if change.said is not None and change.said.basis:
            known = change.said.basis in KNOWN_BASES
            self._said += known
            self._unknown += not known
        if self._told is not None:
            self._told(change)
        if change.kind is not ChangeKind.UNCHANGED:
            _keep(self._shown[change.kind], change)

    @property
    def changes_anything(self) -> bool:
        return any(self.counts[kind] for kind in ChangeKind if kind not in (ChangeKind.UNCHANGED, ChangeKind.KEPT_OUT))

    def report(self, sheet: Sheet, target: Target, number: int | None) -> ImportReport:
        return ImportReport(
            list_name=target.name,
            file_name=sheet.file_name,
            basis=target.basis,
            counts={kind: self.counts[kind] for kind in ChangeKind},
            changes={kind: tuple(shown) for kind, shown in self._shown.items()},
            refused_count=sheet.refused_count,
            refused=tuple(sheet.refused),
            doubt_count=sheet.doubt_count,
            doubts=tuple(sheet.doubts),
            columns=tuple(sheet.columns),
            aside_count=sheet.aside_count,
            aside=tuple(sheet.aside),
            left_out=tuple(sheet.left_out),
            not_kept=tuple(sheet.not_kept),
            said_count=self._said,
            unknown_basis_count=self._unknown,
            number=number,
        )


def require_import(connection: Connection, number: int) -> ImportRecord:
    """Return an import on record. Raises NotFoundError."""
    record = contact_imports.find_import(connection, number)
    if record is None:
        raise NotFoundError(
            _("there is no import {n}").format(n=number), cure=_("`mailer contacts imports` names them")
        )
    return record


def undo_import(connection: Connection, number: int, actor: Actor | None, now: datetime) -> UndoReport:
    """Take an import back; without an actor only say what that would come to.

    Every subscription that it made ends: who nothing else is known of is gone, others stay contacts. Fields are put
    back that nobody has changed since; the others stay and are named, and undoing it again tries them again.
    Raises NotFoundError; StateError for an import that was undone before, where nothing is left of it.
    """
    record = require_import(connection, number)
    if actor is not None:
        import_undo.lock_import(connection, number)
        record = require_import(connection, number)
    removed = taken_off = restored = stay_count = kept_count = 0
    stay: list[KeptContact] = []
    kept: list[KeptContact] = []
    source = source_of(number, record.file_name)
    grounds = Grounds("", f"undo of import {number}", by=actor, detail=UNDONE) if actor is not None else None
    for page in import_undo.undo_pages(connection, record, source, grounds, now):
        removed += page.removed
        taken_off += page.taken_off
        restored += page.restored
        stay_count += len(page.stay)
        kept_count += len(page.kept)
        for one in page.stay:
            _keep(stay, one)
        for one in page.kept:
            _keep(kept, one)
    report = UndoReport(record, removed, taken_off, restored, stay_count, tuple(stay), kept_count, tuple(kept))
    if record.undone_at is not None and not report.does_anything and not kept:
        raise StateError(
            _("import {n} was undone already, by {name}").format(n=number, name=record.undone_by or "–"),
            cure=_("import the sheet again if it is wanted after all"),
        )
    if actor is not None and (record.undone_at is None or report.does_anything):
        contact_imports.mark_undone(connection, number, actor, kept_count, now)
        audit.record(
            connection, actor, Act.UNDO_IMPORT, Subject("import", str(number)), now,
            list=record.list_name, removed=removed, taken_off=taken_off, restored=restored, kept=kept_count,
        )  # fmt: skip
    return report
