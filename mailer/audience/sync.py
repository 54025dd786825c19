"""Applies a sheet to its list: who is in it is subscribed, who is no longer in it has left."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from mailer.i18n import N_, _
from mailer.model.consent import Basis
from mailer.model.delivery import Contact
from mailer.model.history_words import say_left
from mailer.model.words import reason_word
from mailer.store import audience
from mailer.store.audience import RETURNABLE, Subscriber
from mailer.store.database import Connection

LEFT = N_("has left: {reason}")
SUPPRESSED = N_("gets no mail of ours: {reason}")


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A row of a sheet that subscribes nobody. why: a msgid with {reason}, of which reason is what is on record."""

    contact: Contact
    why: str
    reason: str

    @property
    def sentence(self) -> str:
        """Why it subscribes nobody, or reaches nobody, in the user's language."""
        word = reason_word(self.reason) if self.why == SUPPRESSED else say_left(self.reason)
        return _(self.why).format(reason=word)


@dataclass(frozen=True, slots=True)
class Changed:
    """A contact of whom its sheet says something else than before."""

    before: Contact
    after: Contact

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what differs."""
        return tuple(
            one.name for one in fields(Contact) if getattr(self.before, one.name) != getattr(self.after, one.name)
        )


@dataclass(frozen=True, slots=True)
class ListChange:
    """What applying a sheet changes.

    refused: in the sheet, but the reader has left and stays so, or the address is suppressed. moved: how many of those
    that stay stand elsewhere among each other. silent: on the list, but suppressed, so they get nothing.
    """

    added: tuple[Contact, ...]
    differing: tuple[Changed, ...]
    removed: tuple[Contact, ...]
    refused: tuple[KeptOut, ...]
    unchanged: int
    moved: int = 0
    silent: tuple[KeptOut, ...] = ()

    @property
    def before(self) -> int:
        """How many were on the list."""
        return len(self.removed) + len(self.differing) + self.unchanged

    @property
    def changed(self) -> tuple[Contact, ...]:
        """What those are from now on of whom the sheet says something else."""
        return tuple(one.after for one in self.differing)

    @property
    def kept_out(self) -> tuple[Contact, ...]:
        """Who is in the sheet and is not subscribed by it."""
        return tuple(one.contact for one in self.refused)


@dataclass(slots=True)
class _Comparison:
    """How the rows of a sheet stand to the subscribers of its list.

    new is contact and position, back subscription ids, moved subscription id and position, rewritten contact id and
    what the contact becomes; places are the former positions of those that stay, in the sheet's order.
    """

    new: list[tuple[Contact, int]] = field(default_factory=list)
    added: list[Contact] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    refused: list[KeptOut] = field(default_factory=list)
    silent: list[KeptOut] = field(default_factory=list)
    removed: list[Subscriber] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rewritten: list[tuple[int, Contact]] = field(default_factory=list)
    unchanged: int = 0


def sync_list(
    connection: Connection,
    list_id: int | None,
    sheet: Sequence[Contact],
    source: str,
    now: datetime,
    *,
    above: Collection[str] = frozenset(),
    suppressed: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> ListChange:
    """Make a list follow its sheet, in the sheet's order; with dry_run only say what would change, and write nothing.

    Who has unsubscribed stays unsubscribed whatever the sheet says. above: the address keys of those actively on a
    list of higher role; that list's sheet says who they are, this one only that they are on this list too. A list
    that is not in the database yet has no id and nobody on it. suppressed: address keys that get nothing, with the
    reason; the sheet subscribes none of them, and ends no subscription for it.
    """
    known = audience.read_subscribers(connection, list_id) if list_id is not None else {}
    rows = _settle_levels(sheet)
    found = _compare(known, rows, above, suppressed or {})
    if list_id is not None and not dry_run:
        _apply(connection, list_id, found, source, now, above)
    return ListChange(
        tuple(found.added),
        tuple(found.changed),
        tuple(one.contact for one in found.removed),
        tuple(found.refused),
        found.unchanged,
        len(found.places) - _longest_rise(found.places),
        tuple(found.silent),
    )


def _settle_levels(sheet: Sequence[Contact]) -> Sequence[Contact]:
    """Give every row of an organisation the level that its first row with one says: it has one only."""
    levels: dict[tuple[str, str], str] = {}
    for row in sheet:
        if row.level:
            levels.setdefault((row.organisation, row.city), row.level)
    if not levels:
        return sheet
    settled = ((row, levels.get((row.organisation, row.city), "")) for row in sheet)
    return [row if row.level == level else replace(row, level=level) for row, level in settled]


def _compare(
    known: Mapping[str, Subscriber], sheet: Sequence[Contact], above: Collection[str], suppressed: Mapping[str, str]
) -> _Comparison:
    found = _Comparison()
    for position, said in enumerate(sheet):
        standing = known.get(said.key)
        reason = suppressed.get(said.key)
        if standing is not None and standing.status == "left" and standing.left_reason not in RETURNABLE:
            found.refused.append(KeptOut(said, LEFT, standing.left_reason))
            continue
        if reason is not None and (standing is None or standing.status != "active"):
            found.refused.append(KeptOut(said, SUPPRESSED, reason))
            continue
        if standing is None:
            found.added.append(said)
            found.new.append((said, position))
            continue
        if reason is not None:
            found.silent.append(KeptOut(said, SUPPRESSED, reason))
        _compare_known(found, standing, said, position, above)
    keys = {said.key for said in sheet}
    found.removed = [one for key, one in known.items() if key not in keys and one.status == "active"]
    return found


def _compare_known(
    found: _Comparison, standing: Subscriber, said: Contact, position: int, above: Collection[str]
) -> None:
    wanted = audience.merge_contact(standing.contact, said)
    differs = standing.contact != wanted and wanted.key not in above
    if differs:
        found.rewritten.append((standing.contact_id, wanted))
    if standing.status != "active":
        found.added.append(wanted)
        found.back.append(standing.subscription_id)
    else:
        found.places.append(standing.position)
        if differs:
            found.changed.append(Changed(standing.contact, wanted))
        else:
            found.unchanged += 1
    if standing.position != position:
        found.moved.append((standing.subscription_id, position))


def _longest_rise(places: Sequence[int]) -> int:
    """Return how many may stay where they are among each other: the longest rising part of a sequence."""
    tails: list[int] = []
    for place in places:
        if not tails or place > tails[-1]:
            tails.append(place)
        else:
            tails[bisect_left(tails, place)] = place
    return len(tails)


def _apply(
    connection: Connection, list_id: int, found: _Comparison, source: str, now: datetime, above: Collection[str]
) -> None:
    ids = audience.save_contacts(connection, [wanted for wanted, _position in found.new], now, keep=above)
    places = [(ids[wanted.key], position) for wanted, position in found.new]
    audience.subscribe_contacts(connection, list_id, places, Basis.SHEET, source, now)
    audience.change_contacts(connection, found.rewritten, now)
    audience.resume_subscriptions(connection, found.back, source, now)
    audience.place_subscriptions(connection, found.moved)
    audience.drop_subscriptions(connection, [one.subscription_id for one in found.removed], now)
