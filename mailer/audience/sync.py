"""Applies a sheet to its list: who is in it is subscribed, who is no longer in it has left."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.model.delivery import Contact
from mailer.store import audience
from mailer.store.audience import DROPPED, Subscriber
from mailer.store.database import Connection


@dataclass(frozen=True, slots=True)
class ListChange:
    """What applying a sheet changes. kept_out: in the sheet, but the reader has left and stays so."""

    added: tuple[Contact, ...]
    changed: tuple[Contact, ...]
    removed: tuple[Contact, ...]
    kept_out: tuple[Contact, ...]
    unchanged: int


@dataclass(slots=True)
class _Comparison:
    """How the rows of a sheet stand to the subscribers of its list.

    new is contact and position, back subscription ids, moved subscription id and position, rewritten contact id and
    what the contact becomes.
    """

    new: list[tuple[Contact, int]] = field(default_factory=list)
    added: list[Contact] = field(default_factory=list)
    changed: list[Contact] = field(default_factory=list)
    kept_out: list[Contact] = field(default_factory=list)
    removed: list[Subscriber] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
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
    dry_run: bool = False,
) -> ListChange:
    """Make a list follow its sheet, in the sheet's order; with dry_run only say what would change, and write nothing.

    Who has unsubscribed stays unsubscribed whatever the sheet says. above: the address keys of those actively on a
    list of higher role; that list's sheet says who they are, this one only that they are on this list too. A list
    that is not in the database yet has no id and nobody on it.
    """
    known = audience.read_subscribers(connection, list_id) if list_id is not None else {}
    found = _compare(known, sheet, above)
    if list_id is not None and not dry_run:
        _apply(connection, list_id, found, source, now, above)
    return ListChange(
        tuple(found.added),
        tuple(found.changed),
        tuple(one.contact for one in found.removed),
        tuple(found.kept_out),
        found.unchanged,
    )


def _compare(known: Mapping[str, Subscriber], sheet: Sequence[Contact], above: Collection[str]) -> _Comparison:
    found = _Comparison()
    for position, wanted in enumerate(sheet):
        standing = known.get(wanted.key)
        if standing is None:
            found.added.append(wanted)
            found.new.append((wanted, position))
            continue
        if standing.status == "left" and standing.left_reason != DROPPED:
            found.kept_out.append(wanted)
            continue
        differs = standing.contact != wanted and wanted.key not in above
        if differs:
            found.rewritten.append((standing.contact_id, wanted))
        if standing.status == "left":
            found.added.append(wanted)
            found.back.append(standing.subscription_id)
        elif differs:
            found.changed.append(wanted)
        else:
            found.unchanged += 1
        if standing.position != position:
            found.moved.append((standing.subscription_id, position))
    keys = {wanted.key for wanted in sheet}
    found.removed = [one for key, one in known.items() if key not in keys and one.status == "active"]
    return found


def _apply(
    connection: Connection, list_id: int, found: _Comparison, source: str, now: datetime, above: Collection[str]
) -> None:
    ids = audience.save_contacts(connection, [wanted for wanted, _position in found.new], now, keep=above)
    places = [(ids[wanted.key], position) for wanted, position in found.new]
    audience.subscribe_contacts(connection, list_id, places, "sheet", source, now)
    audience.change_contacts(connection, found.rewritten, now)
    audience.resume_subscriptions(connection, found.back, source, now)
    audience.place_subscriptions(connection, found.moved)
    audience.drop_subscriptions(connection, [one.subscription_id for one in found.removed], now)
