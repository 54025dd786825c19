"""Contacts of a house: brought in from sheets, taken back, written to sheets, looked at."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.app.spools import hash_sheet, spooled
from mailer.audience import importing
from mailer.audience.importing import Sheet, Target
from mailer.errors import NotFoundError, SheetError, StateError, UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.audit import Act, Subject
from mailer.model.contact_history import ContactHistory
from mailer.model.contact_import import (
    DEFAULT_BASIS,
    SINCE_FORMAT,
    ContactChange,
    ImportRecord,
    ImportReport,
    UndoReport,
)
from mailer.model.contact_sheet import EXPORT_HEADINGS, FIELDS, AsideKind, RefusedCell, SheetItem, attribute_heading
from mailer.model.delivery import Contact
from mailer.model.history import SubscriptionRecord
from mailer.model.issue import Role
from mailer.model.listed import ContactFilter, ListedContact
from mailer.model.people import Right
from mailer.reports.contact_file import open_sheet
from mailer.reports.refused_sheet import write_refused
from mailer.sources.contact_records import read_records
from mailer.sources.headings import parse_mapping
from mailer.sources.sheets import read_items
from mailer.store import audience, audit, contact_imports, contacts, deliveries
from mailer.store.database import Connection
from mailer.tokens import hash_address

NEWEST = 20  # deliveries told of one contact


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import: a sheet onto a list. mapping: "HEADING=FIELD" each; sheet: only that of a workbook.

    name: what the sheet is called on record; empty: as its file is.
    """

    file: Path
    list_name: str
    mapping: Sequence[str] = ()
    sheet: str = ""
    basis: str = ""
    refused: Path | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """What to do with the records of another program. name: what is on record as their source.

    refused, told: are given every refusal, and every change.
    """

    list_name: str
    name: str
    refused: Callable[[RefusedCell], None]
    told: Callable[[ContactChange], None]
    basis: str = ""


@dataclass(frozen=True, slots=True)
class _Aim:
    """The list an import is for, those of higher role, and by whose leave."""

    name: str
    above: tuple[str, ...]
    basis: str


class Contacts:
    """The contacts of a house."""

    def __init__(self, ground: Ground, lists: Lists, people: People) -> None:
        self._ground = ground
        self._lists = lists
        self._people = people

    def import_sheet(self, order: ImportOrder, by: str = "", *, dry_run: bool = False) -> ImportReport:
        """Bring the contacts of a sheet onto a list in one transaction, or only say what that would do.

        The sheet is read before, without keeping anybody waiting; what is refused is written to order.refused as it
        is found. Raises SheetError, NotFoundError, UsageError; StateError for a list that follows a sheet.
        """
        aim = self._aim(order.list_name, order.basis)
        mapping = parse_mapping(order.mapping)
        self._spare_sheets(order.refused, order.file)
        if not dry_run:
            self._people.require(by, Right.CONTACTS)
        sheet = Sheet(order.name or order.file.name, hash_sheet(order.file))
        others = self._ground.config.lists.keys() - {aim.name}
        with ExitStack() as stack:
            give_back = stack.enter_context(write_refused(order.refused))
            spool = stack.enter_context(spooled(self._ground, order.file, order.sheet))
            items = read_items(order.file, spool=spool, mapping=mapping, other_lists=others)
            return self._bring(aim, sheet, items, give_back, by, file=order.file, dry_run=dry_run)

    def import_records(
        self, records: Sequence[Mapping[str, str]], order: RecordOrder, by: str, *, dry_run: bool = False
    ) -> ImportReport:
        """Bring contacts that another program gives onto a list, as `import_sheet` does; undone like it.

        Raises NotFoundError, UsageError, StateError.
        """
        aim = self._aim(order.list_name, order.basis)
        if not dry_run:
            self._people.require(by, Right.CONTACTS)
        written = json.dumps([dict(one) for one in records], ensure_ascii=False, sort_keys=True)
        sheet = Sheet(order.name, hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest())
        return self._bring(aim, sheet, read_records(records), order.refused, by, order.told, dry_run=dry_run)

    def _aim(self, list_name: str, basis: str) -> _Aim:
        """Return where an import goes. Raises NotFoundError, UsageError; StateError for a list that follows a sheet."""
        (name,) = self._lists.choose_lists([list_name])
        settings = self._ground.config.lists[name]
        if settings.file:
            raise StateError(
                _("list {name} follows its sheet {file}, so nothing is imported into it").format(
                    name=name, file=settings.file
                ),
                cure=_("edit the sheet and run `mailer lists sync`; or take `file` out of [lists.{name}]").format(
                    name=name
                ),
            )
        ranks = list(Role)
        above = [
            one
            for one, other in self._ground.config.lists_in_order()
            if ranks.index(other.role) < ranks.index(settings.role)
        ]
        return _Aim(name, tuple(above), importing.check_basis(basis or DEFAULT_BASIS[settings.role]))

    def _bring(
        self,
        aim: _Aim,
        sheet: Sheet,
        items: Iterable[SheetItem],
        give_back: Callable[[RefusedCell], None],
        by: str,
        told: Callable[[ContactChange], None] | None = None,
        *,
        file: Path | None = None,
        dry_run: bool,
    ) -> ImportReport:
        with self._ground.store.stage() as staging:
            with staging.fill() as connection:
                importing.stage_sheet(connection, items, sheet, self._ground.secret, give_back)
            if file is not None and not sheet.contacts and not sheet.refused_count:
                raise _nobody(file, sheet)
            if dry_run:
                with staging.read() as connection:
                    ids = audience.find_lists(connection, [aim.name, *aim.above])
                    target = Target(
                        aim.name, ids.get(aim.name), tuple(ids[one] for one in aim.above if one in ids), aim.basis,
                        self._ground.config.zone,
                    )  # fmt: skip
                    return importing.preview_import(connection, sheet, target, self._ground.now(), told)
            with staging.write() as connection:
                actor = self._people.require(by, Right.CONTACTS, connection)
                ids = self._lists.declare(connection)
                target = Target(
                    aim.name, ids[aim.name], tuple(ids[one] for one in aim.above), aim.basis, self._ground.config.zone
                )
                now = self._ground.now()
                return importing.apply_import(connection, sheet, target, ids[aim.name], actor, now, told)

    def undo_import(self, number: int, by: str = "", *, dry_run: bool = False) -> UndoReport:
        """Put back what an import changed. Raises NotFoundError, StateError."""
        if dry_run:
            with self._ground.store.read() as connection:
                return importing.undo_import(connection, number, None, self._ground.now())
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            return importing.undo_import(connection, number, actor, self._ground.now())

    def imports(self, limit: int, list_name: str = "") -> list[ImportRecord]:
        """Return the newest imports first, or those into one list. Raises NotFoundError."""
        names = self._lists.choose_lists([list_name]) if list_name else [None]
        with self._ground.store.read() as connection:
            return contact_imports.list_imports(connection, limit, list_name=names[0])

    def export(self, file: Path, lists: Sequence[str] = (), by: str = "", *, everyone: bool = False) -> int:
        """Write contacts to a sheet, those actively on the lists (none: on any) or everyone ever; return how many rows.

        A segment stands for those of its lists whom it means. It is put on the audit trail. Raises UsageError,
        NotFoundError, StateError.
        """
        self._people.require(by, Right.CONTACTS)
        self._spare_sheets(file)
        wanted = self._filter(lists, "" if everyone else "active")
        count = 0
        digest = hashlib.sha256()
        with ExitStack() as stack:
            with self._ground.store.read() as connection:
                attributes = contacts.attribute_names(connection, wanted)
                headings = (*EXPORT_HEADINGS, *map(attribute_heading, attributes))
                writer = stack.enter_context(open_sheet(file, headings, "名单"))
                for one in contacts.iterate_contacts(connection, wanted):
                    cells = self._export_row(one, attributes)
                    digest.update(repr(cells).encode())
                    writer.write(cells)
                    count += 1
            with self._ground.store.write() as connection:  # before the file takes its place: no export without a word
                actor = self._people.require(by, Right.CONTACTS, connection)
                subject = Subject("list", wanted.lists[0] if len(wanted.lists) == 1 else "")
                segments = sorted(set(lists) & self._ground.config.segments.keys())
                audit.record(
                    connection, actor, Act.EXPORT_CONTACTS, subject, self._ground.now(),
                    lists=list(wanted.lists), segments=segments, rows=count, sha256=digest.hexdigest(),
                )  # fmt: skip
        return count

    def _spare_sheets(self, out: Path | None, *read: Path) -> None:
        """Raise UsageError where a file to be written is one that is read: the sheet at hand, or that of a list."""
        if not isinstance(out, Path):
            return
        followed = [self._ground.home / one.file for one in self._ground.config.lists.values() if one.file]
        if any(out.resolve() == file.resolve() for file in (*read, *followed)):
            raise UsageError(
                _("this sheet would be overwritten"), file=out, cure=_("name another file for what is written")
            )

    def _export_row(self, one: ListedContact, attributes: Sequence[str]) -> list[str]:
        since = one.since.astimezone(self._ground.config.zone).strftime(SINCE_FORMAT) if one.since else ""
        known = dict(one.contact.attributes)
        fields = [str(getattr(one.contact, name)) for name in FIELDS]
        return [
            *fields,
            one.list_name,
            one.status,
            one.basis,
            one.source,
            since,
            *(known.get(name, "") for name in attributes),
        ]

    def find(self, wanted: ContactFilter, limit: int) -> list[ListedContact]:
        """Return contacts with their standing, list by list; a list may be a segment. Raises NotFoundError."""
        chosen = self._filter(wanted.lists, wanted.status, wanted.text)
        with self._ground.store.read() as connection:
            return list(contacts.iterate_contacts(connection, chosen, limit))

    def _filter(self, lists: Sequence[str], status: str = "", text: str = "") -> ContactFilter:
        """Return what lists and segments mean together; none: all. Raises NotFoundError."""
        names = tuple(self._lists.choose(lists)) if lists else ()
        return ContactFilter(names, status, text, self._ground.config.filters_of(lists))

    def page(self, words: str, list_name: str, after: int, most: int, status: str = "") -> list[tuple[int, Contact]]:
        """Return contacts with their numbers, each once, from after a number on.

        list_name: a list or a segment. Raises NotFoundError for one that is not there.
        """
        wanted = self._filter([list_name] if list_name else [], status, words.strip()[:100])
        with self._ground.store.read() as connection:
            return contacts.page_of_contacts(connection, wanted, after, most)

    def standings(self, numbers: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """Return how contacts stand, by number: the title of each list with the status on it."""
        with self._ground.store.read() as connection:
            return contacts.standings_of(connection, numbers)

    def subscriptions(
        self, list_name: str, status: str, after: int, most: int
    ) -> list[tuple[int, str, SubscriptionRecord]]:
        """Return subscriptions with their numbers and addresses, from after a number on. Raises NotFoundError."""
        if list_name:
            self._lists.choose([list_name])
        with self._ground.store.read() as connection:
            return contacts.page_of_subscriptions(connection, list_name, status, after, most)

    def tell(self, text: str) -> ContactHistory:
        """Return everything on record of an address. Raises AddressError, NotFoundError."""
        address = parse_address(text)
        with self._ground.store.read() as connection:
            known = audience.find_contact(connection, address.key)
            hashed = hash_address(self._ground.secret, address.key)
            history = ContactHistory(
                address=known.address if known is not None else address.text,
                contact=known,
                international=address.is_international,
                subscriptions=audience.find_subscriptions(connection, address.key) or (),
                suppression=audience.find_suppression(connection, hashed, self._ground.now()),
                imports=tuple(contact_imports.imports_of(connection, address.key)),
                deliveries=tuple(
                    found
                    for number in contacts.deliveries_to(connection, address.key, NEWEST)
                    if (found := deliveries.tell_delivery(connection, number, self._ground.secret)) is not None
                ),
            )
            if known is None and history.suppression is None and not history.deliveries:
                raise self._unknown(connection, address.text)
            return history

    def _unknown(self, connection: Connection, text: str) -> NotFoundError:
        domain = text.rpartition("@")[2]
        near = [one.contact for one in contacts.iterate_contacts(connection, ContactFilter(text=f"@{domain}"), 3)]
        addresses: list[str] = list(dict.fromkeys(one.address for one in near if isinstance(one, Contact)))
        return NotFoundError(
            _("there is no contact {address}").format(address=text),
            cure=_("of {domain} there are: {addresses}").format(domain=domain, addresses=_(", ").join(addresses))
            if addresses
            else _("`mailer contacts list --find TEXT` looks for a part of a name or address"),
        )


def _nobody(file: Path, sheet: Sheet) -> SheetError:
    other = next((one for one in sheet.aside if one.kind is AsideKind.OTHER_LIST), None)
    if other is not None:
        return SheetError(
            _("all rows are of another list: {name}").format(name=other.text),
            file=file,
            line=other.place.row,
            cure=_("import it into that list; or, if they are to be on this one too, empty the column 名单"),
        )
    return SheetError(
        _("there is no row below the headings"),
        file=file,
        line=sheet.columns[0].row if sheet.columns else None,
        cure=_("write a row for each contact; nothing was changed"),
    )
