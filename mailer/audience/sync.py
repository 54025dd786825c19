"""Applies a sheet to its list: who is in it is subscribed, who is no longer in it has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.model.delivery import Contact
from mailer.store import audience
from mailer.store.database import Connection

DROPPED = "dropped from the sheet"  # the one reason from which a sheet may bring someone back


@dataclass(frozen=True, slots=True)
class ListChange:
    """What applying a sheet changes. kept_out: in the sheet, but the reader has left and stays so."""

    added: tuple[Contact, ...]
    changed: tuple[Contact, ...]
    removed: tuple[Contact, ...]
    kept_out: tuple[Contact, ...]
    unchanged: int


def sync_list(
    connection: Connection, list_id: int, sheet: Sequence[Contact], source: str, now: datetime, *, dry_run: bool = False
) -> ListChange:
    """Make a list follow its sheet, in the sheet's order; with dry_run only say what would change.

    Who has unsubscribed stays unsubscribed whatever the sheet says.
    """
    known = audience.read_subscribers(connection, list_id)
    added: list[Contact] = []
    changed: list[Contact] = []
    kept_out: list[Contact] = []
    unchanged = 0
    for position, wanted in enumerate(sheet):
        standing = known.get(wanted.key)
        if standing is not None and standing.status == "left":
            if audience.left_reason(connection, standing.subscription_id) != DROPPED:
                kept_out.append(wanted)
                continue
            added.append(wanted)
            if not dry_run:
                audience.save_contact(connection, wanted, now)
                audience.place_subscription(connection, standing.subscription_id, position)
                audience.resume_subscription(connection, standing.subscription_id, source, now)
        elif standing is None:
            added.append(wanted)
            if not dry_run:
                contact_id = audience.save_contact(connection, wanted, now)
                audience.subscribe(connection, contact_id, list_id, position, "sheet", source, now)
        else:
            if standing.contact != wanted:
                changed.append(wanted)
            else:
                unchanged += 1
            if not dry_run and standing.contact != wanted:
                audience.save_contact(connection, wanted, now)
            if not dry_run and standing.position != position:
                audience.place_subscription(connection, standing.subscription_id, position)
    keys = {wanted.key for wanted in sheet}
    removed = [one for key, one in known.items() if key not in keys and one.status == "active"]
    if not dry_run:
        for one in removed:
            audience.end_subscription(connection, one.contact_id, list_id, DROPPED, now)
    return ListChange(tuple(added), tuple(changed), tuple(one.contact for one in removed), tuple(kept_out), unchanged)
