"""The preferences of a reader: which of the lists that readers choose themselves, by the token in a delivery."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.joining import lift_by_consent, subscribe
from mailer.audience.leaving import UNSUBSCRIBED
from mailer.errors import StateError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.consent import Basis, ConsentAct, Grounds
from mailer.store import audience, joining
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, Purpose, read_token


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a reader stands with lists: name to whether active. Those they may join, and those they are on."""

    address: str
    active: Mapping[str, bool]


def read_preferences(
    connection: Connection, secret: HouseSecret, token: str, lists: Mapping[str, int], open_lists: Collection[str]
) -> Preferences | None:
    """Return what a token's page may offer; None for a token that is not ours for this purpose.

    lists: all of the settings, name to id. open_lists: those that readers may join. A list that is not open is offered
    only to who is on it, and so to leave.
    """
    standing = _standing(connection, secret, token)
    if standing is None:
        return None
    known = joining.standings(connection, standing.contact_id, list(lists))
    active = {name: known.get(name, (0, ""))[1] == "active" for name in lists}
    return Preferences(standing.address, {name: on for name, on in active.items() if on or name in open_lists})


def set_preferences(
    connection: Connection,
    secret: HouseSecret,
    token: str,
    wanted: Collection[str],
    lists: Mapping[str, int],
    open_lists: Collection[str],
    text_version: str,
    now: datetime,
) -> Preferences | None:
    """Have a reader be on those lists that they want, of those their preferences offer, and on no other of these.

    Who holds the token reads the mailbox, so it is as good as a link to confirm. None as for `read_preferences`. Raises
    StateError, and changes nothing, where they want one that is not offered: their page was an old one.
    """
    before = read_preferences(connection, secret, token, lists, open_lists)
    standing = _standing(connection, secret, token)
    if before is None or standing is None:
        return None
    if not before.active.keys() >= set(wanted):
        raise StateError(_("one of these lists cannot be chosen here"), cure=_("open the page anew and choose again"))
    grounds = Grounds(Basis.OPT_IN, "preferences", text_version)
    joins = [lists[name] for name, is_on in before.active.items() if name in wanted and not is_on]
    if joins:
        key = parse_address(standing.address).key
        lift_by_consent(connection, secret, key, standing.contact_id, joins, now)
    for name, is_on in before.active.items():
        if name in wanted and not is_on:
            subscribe(connection, standing.contact_id, lists[name], ConsentAct.CONFIRMED, grounds, now)
        elif name not in wanted and is_on:
            audience.end_subscription(
                connection, standing.contact_id, lists[name], UNSUBSCRIBED, now, source="preferences"
            )
    return read_preferences(connection, secret, token, lists, open_lists)


def _standing(connection: Connection, secret: HouseSecret, token: str) -> audience.Standing | None:
    number = read_token(secret, Purpose.PREFERENCES, token)
    found = audience.standing_of_delivery(connection, number) if number is not None else None
    return found if found is not None and not found.erased else None
