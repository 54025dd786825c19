"""Lists of a house: synced with their sheets, counted, left; and segments of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.app.spools import hash_sheet, spooled
from mailer.audience.leaving import Membership as Membership
from mailer.audience.leaving import leave_list, read_membership, return_to_list, say_why
from mailer.audience.sync import KeptOut as KeptOut
from mailer.audience.sync import ListChange as ListChange
from mailer.audience.sync import sync_list
from mailer.errors import MailerError, NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.consent import LeaveReason
from mailer.model.delivery import Contact, DistributionList
from mailer.model.people import PROGRAM, Actor, Right
from mailer.sending.plan import count_recipients
from mailer.sources.sheets import read_sheet
from mailer.store import audience, audit, plans
from mailer.store.audience import ListCount
from mailer.store.database import Connection
from mailer.tokens import hash_address

FEW = 2  # as many may always be dropped, where somebody stays
PAGE = 500  # addresses looked up at once


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How many subscriptions lists have; how many are a reader’s second; how many readers are suppressed."""

    active: int
    twice: int
    suppressed: int

    @property
    def readers(self) -> int:
        """Who would get an issue that has reached nobody yet."""
        return self.active - self.twice - self.suppressed


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """A segment of the settings with how many readers it means: by list, and in all, each once."""

    name: str
    lists: Mapping[str, int]
    readers: int


class Lists:
    """The distribution lists of a house."""

    def __init__(self, ground: Ground, people: People) -> None:
        self._ground = ground
        self._people = people

    def choose(self, names: Sequence[str] = ()) -> list[str]:
        """Return list names in sending order: those named, or all; a segment stands for its lists.

        Raises NotFoundError.
        """
        config = self._ground.config
        ordered = [name for name, _settings in config.lists_in_order()]
        for name in names:
            if name not in ordered and name not in config.segments:
                raise NotFoundError(
                    _("there is no list {name}").format(name=name),
                    cure=_("config.toml has: {names}").format(names=_(", ").join([*ordered, *config.segments])),
                )
        wanted = config.base_lists(names)
        return [name for name in ordered if not names or name in wanted]

    def choose_lists(self, names: Sequence[str] = ()) -> list[str]:
        """Return list names as `choose` does, where a segment would mean more than its readers.

        Raises UsageError for a segment.
        """
        for name in names:
            if name in self._ground.config.segments:
                raise UsageError(
                    _("{name} is a segment, not a list").format(name=name),
                    field="--list",
                    cure=_("name one of its lists"),
                )
        return self.choose(names)

    def declare(self, connection: Connection) -> dict[str, int]:
        """Write the lists of the settings, in sending order; return name to id."""
        return audience.sync_lists(connection, list(self._declared().values()))

    def _declared(self) -> dict[str, DistributionList]:
        ordered = self._ground.config.lists_in_order()
        return {name: DistributionList(name, one.title, one.role) for name, one in ordered}

    def sync(
        self, names: Sequence[str] = (), by: str | None = None, *, dry_run: bool = False, may_shrink: bool = False
    ) -> dict[str, ListChange]:
        """Make those of the lists follow their sheets that have one, all or none; what changed is on the audit trail.

        by: who has it done, and may; None where the program does it before it plans or counts. Raises SheetError and
        changes nothing. A dry run writes nothing and waits for no one who writes. A sheet that drops too much of its
        list is taken for a mistake, unless `may_shrink`: `require_size`. Lists that follow no sheet are as they are:
        `require_sheets`.
        """
        config = self._ground.config
        chosen = [name for name in self.choose(names) if config.lists[name].follows_file]
        sheets = {name: self._read(self._ground.home / config.lists[name].file) for name in chosen}
        digests = {name: hash_sheet(self._ground.home / config.lists[name].file) for name in chosen}
        ordered = config.lists_in_order()
        now = self._ground.now()
        changes: dict[str, ListChange] = {}
        above: set[str] = set()
        with self._ground.store.read() if dry_run else self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection) if by is not None else PROGRAM
            ids = (
                audience.find_lists(connection, [name for name, _one in ordered])
                if dry_run
                else self.declare(connection)
            )
            for name, settings in ordered:
                list_id = ids.get(name)
                active = audience.active_keys(connection, list_id) if list_id is not None else set()
                if name in sheets:
                    suppressed = self._find_suppressed(connection, sheets[name])
                    changes[name] = sync_list(
                        connection, list_id, sheets[name], settings.file, now,
                        above=above, suppressed=suppressed, dry_run=dry_run,
                    )  # fmt: skip
                    if not may_shrink:
                        self.require_size({name: changes[name]})
                    active -= {one.key for one in changes[name].removed}
                    active |= {one.key for one in changes[name].added}
                above |= active
            if not dry_run:
                self._record(connection, actor, changes, digests, now)
        return changes

    def find_sheet_faults(self) -> list[MailerError]:
        """Return why sheets cannot be read, of the lists that follow one; each is read whole."""
        found: list[MailerError] = []
        for one in self._ground.config.lists.values():
            if one.follows_file:
                try:
                    self._read(self._ground.home / one.file)
                except MailerError as error:
                    found.append(error)
        return found

    def _record(
        self,
        connection: Connection,
        actor: Actor,
        changes: Mapping[str, ListChange],
        digests: Mapping[str, str],
        now: datetime,
    ) -> None:
        for name, change in changes.items():
            counts = {
                "added": len(change.added), "changed": len(change.changed), "removed": len(change.removed),
                "moved": change.moved,
            }  # fmt: skip
            if any(counts.values()):
                audit.record(
                    connection, actor, Act.SYNC_LIST, Subject("list", name), now, sha256=digests[name], **counts
                )

    def require_size(self, changes: Mapping[str, ListChange]) -> None:
        """Raise StateError where a sheet drops more of its list than it may at once.

        That is more than `most_dropped` of those on it, but always FEW; and never everybody, where `most_dropped`
        is below 1.
        """
        for name, change in changes.items():
            settings = self._ground.config.lists[name]
            dropped, before = len(change.removed), change.before
            emptied = dropped == before and not change.added
            if dropped > before * settings.most_dropped and (dropped > FEW or emptied):
                raise StateError(
                    _("the sheet of list {name} would drop {dropped} of {before} subscribers").format(
                        name=name, dropped=dropped, before=before
                    ),
                    file=settings.file,
                    cure=_("put the rows back; or, if it is meant: `mailer lists sync --shrink`"),
                )

    def require_sheets(self, names: Sequence[str]) -> None:
        """Raise StateError where one of the lists follows no sheet: a person who names it means another."""
        for name in self.choose(names) if names else ():
            if not self._ground.config.lists[name].file:
                raise StateError(
                    _("list {name} follows no sheet").format(name=name),
                    cure=_("`mailer contacts import FILE --list {name}` brings contacts onto it").format(name=name),
                )

    def _read(self, file: Path) -> tuple[Contact, ...]:
        with spooled(self._ground, file) as spool:
            return read_sheet(file, spool=spool)

    def _find_suppressed(self, connection: Connection, sheet: Sequence[Contact]) -> dict[str, str]:
        """Return the address keys of a sheet that get nothing, with the reason."""
        now = self._ground.now()
        if not audience.any_suppressed(connection, now):
            return {}
        found: dict[str, str] = {}
        for start in range(0, len(sheet), PAGE):
            hashes = {hash_address(self._ground.secret, one.key): one.key for one in sheet[start : start + PAGE]}
            reasons = audience.suppression_reasons(connection, list(hashes), now)
            found |= {hashes[one]: reason for one, reason in reasons.items()}
        return found

    def naming(self, key: str) -> tuple[str, ...]:
        """Return the sheets that still have an address, by its key; one that cannot be read is left out."""
        config = self._ground.config
        found = []
        for settings in config.lists.values():
            file = self._ground.home / settings.file
            if settings.follows_file and file.exists() and any(one.key == key for one in self._read(file)):
                found.append(settings.file)
        return tuple(found)

    def count(self) -> tuple[ListCount, ...]:
        """Return the lists of the settings with their counts, as of the last sync."""
        wanted = self._declared()
        with self._ground.store.read() as connection:
            known = [one for one in audience.read_lists(connection).values() if one.name in wanted]
            if known == list(wanted.values()):
                return tuple(one for one in audience.count_lists(connection) if one.value.name in wanted)
        with self._ground.store.write() as connection:  # only where the settings have changed: a page waits for nobody
            self.declare(connection)
            return tuple(one for one in audience.count_lists(connection) if one.value.name in wanted)

    def count_recipients(self, names: Sequence[str]) -> dict[str, int]:
        """Return how many readers each of these lists has, as of the last sync; `sending.plan` says who counts.

        Nobody who writes waits for it: with suppressions on record it takes some 15 s for a million.
        """
        with self._ground.store.read() as connection:
            ids = audience.find_lists(connection, names)
            ordered = [name for name in self.choose() if name in ids]
            counts = count_recipients(
                connection, [ids[name] for name in ordered], self._ground.secret, self._ground.now()
            )
        return {name: counts[ids[name]] for name in ordered}

    def reckon(self, names: Sequence[str]) -> Reckoning:
        """Return how many are on lists, as of the last sync, and how many of them a first mailing leaves out."""
        with self._ground.store.read() as connection:
            ids = audience.find_lists(connection, names)
            ordered = [ids[name] for name in self.choose() if name in ids]
            active = sum(one.active for one in audience.count_lists(connection) if one.id in ordered)
            once = sum(plans.count_recipients(connection, one, ordered[:at]) for at, one in enumerate(ordered))
            counted = count_recipients(connection, ordered, self._ground.secret, self._ground.now())
        return Reckoning(active, active - once, once - sum(counted.values()))

    def count_segments(self, names: Collection[str] = ()) -> tuple[SegmentCount, ...]:
        """Return segments (none: all) with how many readers each means, as of the last sync. Raises NotFoundError."""
        config = self._ground.config
        for name in names:
            if name not in config.segments:
                raise NotFoundError(
                    _("there is no segment {name}").format(name=name),
                    cure=_("config.toml has: {names}").format(names=_(", ").join(config.segments)),
                )
        with self._ground.store.read() as connection:
            ids = audience.find_lists(connection, list(config.lists))
            return tuple(
                SegmentCount(
                    name,
                    {
                        one: plans.count_segment(connection, [ids[one]], (segment.filter,)) if one in ids else 0
                        for one in segment.lists
                    },
                    plans.count_segment(
                        connection, [ids[one] for one in segment.lists if one in ids], (segment.filter,)
                    ),
                )
                for name, segment in config.segments.items()
                if not names or name in names
            )

    def read_segment(self, name: str) -> dict[str, list[Contact]]:
        """Return whom a segment means, by list, in the order of the list. Raises NotFoundError."""
        (_found,) = self.count_segments([name])
        segment = self._ground.config.segments[name]
        with self._ground.store.read() as connection:
            ids = audience.find_lists(connection, segment.lists)
            return {
                one: [
                    each.contact
                    for each in sorted(
                        audience.read_subscribers(connection, ids[one]).values(), key=lambda each: each.position
                    )
                    if each.status == "active" and segment.filter.fits(each.contact)
                ]
                for one in segment.lists
                if one in ids
            }

    def read_membership(self, token: str) -> Membership | None:
        """Return what an unsubscribe token stands for, or None; changes nothing."""
        with self._ground.store.read() as connection:
            return read_membership(connection, self._ground.secret, token)

    def leave(self, token: str, source: str) -> bool:
        """End the subscription a token stands for; False when the token is not one of ours."""
        with self._ground.store.write() as connection:
            return leave_list(connection, self._ground.secret, token, source, self._ground.now())

    def come_back(self, token: str) -> Membership | None:
        """Take back what an unsubscribe token has ended within a day, as its reader wishes; None for one not ours."""
        with self._ground.store.write() as connection:
            version = self._ground.config.joining.text_version
            return return_to_list(connection, self._ground.secret, token, version, self._ground.now())

    def say_why(self, token: str, reason: LeaveReason) -> None:
        """Keep why a reader left by an unsubscribe token, if the token is ours."""
        with self._ground.store.write() as connection:
            say_why(connection, self._ground.secret, token, reason)
