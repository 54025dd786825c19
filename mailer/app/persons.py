"""Contacts of a house: put on lists and taken off by staff, corrected; handed out or erased, as is a person's right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.app.traces import clear_traces
from mailer.audience.joining import Joined as Joined
from mailer.audience.joining import join_by_staff
from mailer.audience.leaving import leave_by_staff
from mailer.audience.persons import change_contact, erase_person, hand_out
from mailer.errors import UsageError
from mailer.i18n import LANGUAGES, _
from mailer.model.address import parse_address
from mailer.model.consent import Basis, Grounds
from mailer.model.contact_sheet import LIMITS
from mailer.model.delivery import Contact
from mailer.model.organisation import ContactReach, Organisation, OrganisationContact, OrganisationPage, Reach
from mailer.model.people import Right
from mailer.sources.contact_rows import fault_of, read_phone
from mailer.store import audience, organisations
from mailer.store.database import Connection
from mailer.tokens import hash_address

BASES = (Basis.CONSENT, Basis.CONTRACT, Basis.DUTY, Basis.PUBLIC)  # what staff may name
LONGEST_SOURCE = 200
LONGEST_KEY = 40
PAGE = 500
SEARCHED = 500  # organisations, some 50 ms where each has ten contacts


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What an erasure came to: copies that stay in the figures, and sheets that still name the person.

    pending: the database's log file still holds what was erased, as somebody reads in it. overwritten: False on
    PostgreSQL, whose server keeps the octets of former rows until it needs the room.
    """

    deliveries: int
    sheets: tuple[str, ...]
    pending: bool
    overwritten: bool


class Persons:
    """The contacts of a house, one by one, and their rights."""

    def __init__(self, ground: Ground, lists: Lists, people: People) -> None:
        self._ground = ground
        self._lists = lists
        self._people = people

    def join(
        self,
        text: str,
        list_name: str,
        by: str,
        *,
        basis: str = Basis.CONSENT,
        source: str = "",
        name: str = "",
        organisation: str = "",
        city: str = "",
    ) -> Joined:
        """Put an address on a list by a person's word. What is said of it counts if it is new.

        source: where the leave to write is on record, such as a letter and its date. Raises AddressError,
        NotFoundError, UsageError, StateError.
        """
        address = parse_address(text)
        said = _check_changes({"name": name, "organisation": organisation, "city": city})
        self._require_list(list_name)
        if basis not in BASES:
            raise UsageError(
                _("“{text}” is no basis that staff may name").format(text=basis[:40]),
                field="--basis",
                cure=_("one of: {names}").format(names=_(", ").join(BASES)),
            )
        where = " ".join(source.split())
        if not where or len(where) > LONGEST_SOURCE:
            raise UsageError(
                _("say where the consent is on record"), field="--source", cure=_('--source "letter of 2026-03-02"')
            )
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            ids = self._lists.declare(connection)
            grounds = Grounds(basis, where, self._ground.config.joining.text_version, actor)
            return join_by_staff(
                connection,
                self._ground.secret,
                Contact(address.text, address.key, **said),
                list_name,
                ids[list_name],
                grounds,
                self._ground.now(),
                follows_file=self._ground.config.lists[list_name].follows_file,
            )

    def leave(self, text: str, lists: Sequence[str], reason: str, by: str) -> tuple[str, ...]:
        """Take an address off lists with a reason; return the names of those it was on till now.

        Without lists it is off all of them, and no sheet or import adds it to any later. Raises AddressError,
        NotFoundError, UsageError, StateError.
        """
        address = parse_address(text)
        chosen = self._lists.choose_lists(lists)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            ids = self._lists.declare(connection)
            wanted = {name: ids[name] for name in chosen}
            now = self._ground.now()
            return leave_by_staff(
                connection, self._ground.secret, address, wanted, reason, actor, now, everywhere=not lists
            )

    def attributes(self, text: str) -> dict[str, str]:
        """Return the attributes of the contact at an address; none where nobody has it. Raises AddressError."""
        with self._ground.store.read() as connection:
            found = audience.find_contact(connection, parse_address(text).key)
        return dict(found.attributes) if found is not None else {}

    def change(self, text: str, changes: Mapping[str, Any], by: str) -> Contact:
        """Correct what is kept of a person, as strictly as a sheet is read.

        Raises UsageError for a value that no sheet may hold, and what `audience.persons.change_contact` raises.
        """
        address = parse_address(text)
        checked = _check_changes(changes)
        files = [name for name, one in self._ground.config.lists.items() if one.follows_file]
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            return change_contact(connection, self._ground.secret, address, checked, actor, self._ground.now(), files)

    def hand_out(self, text: str, by: str) -> dict[str, Any]:
        """Return everything kept of the person at an address. Raises AddressError, NotFoundError, StateError."""
        address = parse_address(text)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.PERSONS, connection)
            return hand_out(connection, self._ground.secret, address, actor, self._ground.now())

    def forget(self, text: str, by: str) -> Forgotten:
        """Erase the person at an address from the database; sheets are people's own, and only named.

        Raises AddressError, NotFoundError; StateError while a copy is on the wire.
        """
        address = parse_address(text)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.PERSONS, connection)
            done = erase_person(connection, self._ground.secret, address, actor, self._ground.now())
        pending = not clear_traces(self._ground)
        return Forgotten(done.deliveries, self._lists.naming(address.key), pending, self._ground.store.is_sqlite)

    def organisations(self, city: str = "", *, without_address: bool = False) -> list[Organisation]:
        """Return organisations with their contacts, by city and name: all of them, or those where no address works.

        An address works while it is on some list and not suppressed; nobody can promise that mail arrives.
        """
        with self._ground.store.read() as connection:
            units = list(self._read_units(connection, city).values())
        return [one for one in units if not (without_address and one.works)]

    def page_of_organisations(self, city: str, after: int, most: int, *, without_address: bool) -> OrganisationPage:
        """Return the next organisations after the one with this number, as `organisations` does.

        While suppressions are on record, a page of those without an address looks through SEARCHED organisations.
        """
        with self._ground.store.read() as connection:
            if not without_address:
                count = organisations.count_organisations(connection, city)
                numbers = organisations.page_of_numbers(connection, city, after, most + 1)
                units = self._read_units(connection, city, numbers[:most])
                return OrganisationPage(tuple(units.values()), numbers[most - 1] if numbers[most:] else 0, count)
            if not audience.any_suppressed(connection, self._ground.now()):
                numbers = organisations.page_of_numbers(connection, city, after, most + 1, only_off_lists=True)
                units = self._read_units(connection, city, numbers[:most])
                return OrganisationPage(tuple(units.values()), numbers[most - 1] if numbers[most:] else 0)
            numbers = organisations.page_of_numbers(connection, city, after, SEARCHED + 1)
            keys = organisations.active_keys(connection, numbers[:SEARCHED])
            reasons = self._find_suppressed(connection, [key for _number, key in keys])
            reached = {number for number, key in keys if key not in reasons}
            dead = [number for number in numbers[:SEARCHED] if number not in reached]
            shown = tuple(self._read_units(connection, city, dead[:most]).values())
        if len(dead) > most:
            return OrganisationPage(shown, dead[most - 1])
        if numbers[SEARCHED:]:
            return OrganisationPage(shown, numbers[SEARCHED - 1], searched=True)
        return OrganisationPage(shown)

    def _read_units(
        self, connection: Connection, city: str, numbers: Sequence[int] | None = None
    ) -> dict[int, Organisation]:
        rows = list(organisations.iterate_members(connection, city, numbers))
        reasons = self._find_suppressed(connection, [row.key for row in rows if row.key])
        found: dict[int, list[OrganisationContact]] = {}
        for row in rows:
            found.setdefault(row.organisation_id, []).append(row)
        return {number: _to_organisation(members, reasons) for number, members in found.items()}

    def _find_suppressed(self, connection: Connection, keys: Sequence[str]) -> dict[str, str]:
        now = self._ground.now()
        if not audience.any_suppressed(connection, now):
            return {}
        found: dict[str, str] = {}
        for start in range(0, len(keys), PAGE):
            hashes = {hash_address(self._ground.secret, key): key for key in keys[start : start + PAGE]}
            reasons = audience.suppression_reasons(connection, list(hashes), now)
            found |= {hashes[one]: reason for one, reason in reasons.items()}
        return found

    def _require_list(self, name: str) -> None:
        if name not in self._lists.choose([name]):
            raise UsageError(
                _("{name} is a segment, not a list").format(name=name), field="--list", cure=_("name one of its lists")
            )


def _to_organisation(members: Sequence[OrganisationContact], reasons: Mapping[str, str]) -> Organisation:
    first = members[0]
    return Organisation(
        first.organisation,
        first.city,
        first.level,
        first.kind,
        tuple(_to_reach(one, reasons.get(one.key)) for one in members if one.address),
    )


def _to_reach(one: OrganisationContact, reason: str | None) -> ContactReach:
    reach = Reach.SUPPRESSED if reason is not None else Reach.WORKS if one.active else Reach.OFF_LISTS
    return ContactReach(one.address, one.name, one.title, reach, reason or "")


def _check_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as they are kept. Raises UsageError for what an import would refuse too."""
    checked: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "attributes":
            checked[name] = tuple((_check_attribute(key), _check_value(key, said)) for key, said in value)
        elif name == "language":
            if value and value not in LANGUAGES:
                raise UsageError(
                    _("nothing is written in the language “{name}”").format(name=value[:20]),
                    field="--language",
                    cure=_("one of: {names}; or empty, for that of the list").format(names=_(", ").join(LANGUAGES)),
                )
            checked[name] = value
        else:
            checked[name] = _check_value(name, read_phone(value)[0] if name == "phone" else value)
    return checked


def _check_attribute(key: str) -> str:
    if not key.isprintable() or len(key) > LONGEST_KEY:
        raise UsageError(
            _("this is no name of an attribute"),
            field="--attribute",
            cure=_("at most {n} characters, on one line").format(n=LONGEST_KEY),
        )
    return key


def _check_value(name: str, value: str) -> str:
    kept = value.strip()
    # an attribute is as long as a name may be
    fault = fault_of(name if name in LIMITS else "name", kept, exported=True)
    if fault is not None:
        reason, cure = fault
        raise UsageError(reason, field=f"--{name}" if name in LIMITS else "--attribute", cure=cure)
    return kept
