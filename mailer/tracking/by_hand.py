"""Suppressions by people's hands: entered and lifted with a reason, and on the audit trail by HMAC."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor
from mailer.model.suppression import BY_HAND, SuppressionEntry
from mailer.store import audience, audit, suppressions
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, hash_address

LONGEST_REASON = 500


def add_by_hand(
    connection: Connection, secret: HouseSecret, address: str, reason: str, actor: Actor, now: datetime
) -> str:
    """Suppress an address from now on and return its HMAC.

    Raises AddressError, UsageError without a reason, StateError where it gets nothing already.
    """
    parsed, words = parse_address(address), check_reason(reason)
    address_hash = hash_address(secret, parsed.key)
    if not audience.suppress_address(connection, address_hash, BY_HAND, actor.name, now):
        raise StateError(
            _("{address} gets nothing already").format(address=parsed.text),
            cure=_("`mailer suppressions list` says why"),
        )
    suppressions.note_suppression(connection, address_hash, words)
    audit.record(connection, actor, Act.SUPPRESS, Subject("address", address_hash), now, reason=hash_reason(words))
    return address_hash


def lift_by_hand(
    connection: Connection, secret: HouseSecret, address: str, reason: str, actor: Actor, now: datetime
) -> SuppressionEntry:
    """Let an address get mail again and return what was lifted; what failed until now counts no more.

    Raises AddressError, UsageError without a reason, NotFoundError where the address is not suppressed.
    """
    parsed, words = parse_address(address), check_reason(reason)
    address_hash = hash_address(secret, parsed.key)
    found = suppressions.find_entry(connection, address_hash, now)
    if found is None:
        raise NotFoundError(
            _("{address} is not suppressed").format(address=parsed.text),
            cure=_("`mailer why MAILING {address}` says how it stands").format(address=parsed.text),
        )
    audience.lift_suppression(connection, address_hash, now)
    suppressions.note_suppression(connection, address_hash, words)
    was = {"was": found.reason, "since": found.since.isoformat()}
    audit.record(connection, actor, Act.LIFT, Subject("address", address_hash), now, reason=hash_reason(words), **was)
    return found


def list_entries(connection: Connection, secret: HouseSecret, now: datetime) -> list[SuppressionEntry]:
    """Return what is suppressed, the newest first, each with its address where a contact has it.

    An HMAC cannot be undone, so the contacts are gone through: some 3 µs each.
    """
    return with_addresses(connection, secret, suppressions.list_suppressions(connection, now))


def with_addresses(
    connection: Connection, secret: HouseSecret, entries: Sequence[SuppressionEntry]
) -> list[SuppressionEntry]:
    """Return entries with their addresses, of those that a contact has."""
    wanted = {one.address_hash for one in entries}
    known: dict[str, str] = {}
    if wanted:
        for key, address in suppressions.iterate_contact_keys(connection):
            hashed = hash_address(secret, key)
            if hashed in wanted:
                known[hashed] = address
                if len(known) == len(wanted):
                    break
    return [one.with_address(known.get(one.address_hash, "")) for one in entries]


def check_reason(reason: str) -> str:
    """Return a person's reason on one line. Raises UsageError for none, or too long a one."""
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON:
        raise UsageError(_("say why"), field="--reason", cure=_('--reason "…", at most 500 characters'))
    return words


def hash_reason(words: str) -> str:
    """Return a reason as the trail may hold it: by hash, as its words may name a reader and nothing there is erased."""
    return hashlib.sha256(words.encode()).hexdigest()
