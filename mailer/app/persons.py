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
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.consent import Basis, Grounds
from mailer.model.delivery import Contact
from mailer.model.organisation import ContactReach, Organisation, OrganisationContact, Reach
from mailer.model.people import Right
from mailer.store import audience, organisations
from mailer.store.database import Connection
from mailer.tokens import hash_address

BASES = (Basis.CONSENT, Basis.CONTRACT, Basis.DUTY, Basis.PUBLIC)  # what staff may name
LONGEST_SOURCE = 200
PAGE = 500


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
        basis: Basis = Basis.CONSENT,
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
        self._require_list(list_name)
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
                Contact(address.text, address.key, name=name, organisation=organisation, city=city),
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
        """Correct what is kept of a person; raises what `audience.persons.change_contact` raises."""
        address = parse_address(text)
        files = [name for name, one in self._ground.config.lists.items() if one.follows_file]
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            return change_contact(connection, self._ground.secret, address, changes, actor, self._ground.now(), files)

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
            rows = list(organisations.iterate_members(connection, city))
            reasons = self._find_suppressed(connection, rows)
        found: dict[int, list[OrganisationContact]] = {}
        for row in rows:
            found.setdefault(row.organisation_id, []).append(row)
        units = [_to_organisation(members, reasons) for members in found.values()]
        return [one for one in units if not (without_address and one.works)]

    def _find_suppressed(self, connection: Connection, rows: Sequence[OrganisationContact]) -> dict[str, str]:
        now = self._ground.now()
        if not audience.any_suppressed(connection, now):
            return {}
        found: dict[str, str] = {}
        for start in range(0, len(rows), PAGE):
            page = [one.key for one in rows[start : start + PAGE] if one.key]
            hashes = {hash_address(self._ground.secret, key): key for key in page}
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
