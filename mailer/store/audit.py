"""The audit trail: entries are appended in the transaction of the act, each with the hash of the one before.

The chain is a plain SHA-256 over what an entry holds. Triggers refuse to change it; who may drop triggers could
write the whole chain anew, which shows only to those who noted its head elsewhere.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, text

from mailer.model.audit import NO_HASH, Act, AuditCheck, AuditEntry, AuditFault, AuditHead, Subject
from mailer.model.people import Actor
from mailer.store.schema import audit_entry, issue, mailing

TRAIL_LOCK = 7461955  # PostgreSQL's number for the end of the chain
PAGE = 500


def record(
    connection: Connection, actor: Actor, act: Act, subject: Subject, now: datetime, /, **details: object
) -> AuditHead:
    """Append an entry in the transaction of the act itself, and return the new head.

    details: numbers, texts, lists and tables of them; of a reader ids and HMACs only (ValueError for what looks like
    an address). On PostgreSQL writers wait here for each other until they commit, so record last in a transaction.
    """
    written = json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if "@" in written:
        raise ValueError("an address must not stand in the audit trail")
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": TRAIL_LOCK})
    head = audit_head(connection)
    number, previous = (head.id + 1, head.sha256) if head is not None else (1, NO_HASH)
    named = actor if actor.user_id is None else Actor("", actor.user_id)
    at = now.astimezone(UTC).isoformat(timespec="microseconds")
    entry = AuditEntry(number, at, named, act.value, subject, written, previous, "")
    sha256 = hash_entry(entry)
    connection.execute(
        insert(audit_entry).values(
            id=number,
            at=at,
            actor_id=named.user_id,
            actor_name=named.name,
            act=act.value,
            subject_kind=subject.kind,
            subject=subject.name,
            details=written,
            previous_sha256=previous,
            sha256=sha256,
        )
    )
    return AuditHead(number, sha256)


def hash_entry(entry: AuditEntry) -> str:
    """Return the SHA-256 of an entry, in hex: over a JSON array of its fields but the hash itself."""
    fields = [
        entry.id,
        entry.at,
        entry.actor.user_id,
        entry.actor.name,
        entry.act,
        entry.subject.kind,
        entry.subject.name,
        entry.details,
        entry.previous_sha256,
    ]
    # SQLite lets whoever tampers with it put anything into a column, octets too
    written = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=repr)
    return hashlib.sha256(written.encode(errors="backslashreplace")).hexdigest()


def audit_head(connection: Connection) -> AuditHead | None:
    """Return the newest entry's number and hash, None while the trail is empty."""
    newest = select(audit_entry.c.id, audit_entry.c.sha256).order_by(audit_entry.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return AuditHead(int(row.id), str(row.sha256)) if row is not None else None


def is_head_kept(connection: Connection, noted: AuditHead) -> bool:
    """Return whether the entry that was once the newest still stands where it stood; looks at that one only."""
    found = connection.execute(select(audit_entry.c.sha256).where(audit_entry.c.id == noted.id)).scalar()
    return found == noted.sha256


def check_trail(connection: Connection, noted: str = "", remembered: AuditHead | None = None) -> AuditCheck:
    """Walk the whole trail, a page at a time, up to the first entry that is changed or follows no other.

    noted: the hash of a head that was noted earlier, or its beginning; that it is gone tells that entries were taken
    from the end, or that the chain was written anew. remembered: the head that this machine keeps, for the same.
    """
    head: AuditHead | None = None
    found = kept = False
    while page := _page(connection, head.id if head is not None else 0):
        for entry in page:
            number, previous = (head.id + 1, head.sha256) if head is not None else (1, NO_HASH)
            fault = None
            if hash_entry(entry) != entry.sha256:
                fault = AuditFault.CHANGED
            elif (entry.id, entry.previous_sha256) != (number, previous):
                fault = AuditFault.BROKEN
            if fault is not None:
                # an entry beyond is not judged by what stands before the fault
                return AuditCheck(number - 1, head, fault, entry.id, found if noted else None, kept or None)
            head = AuditHead(entry.id, entry.sha256)
            kept = kept or head == remembered
            found = found or (noted != "" and entry.sha256.startswith(noted))
    known = None if remembered is None else kept
    return AuditCheck(head.id if head is not None else 0, head, None, None, found if noted else None, known)


def _page(connection: Connection, after: int) -> list[AuditEntry]:
    query = select(audit_entry).order_by(audit_entry.c.id).limit(PAGE)
    if after:  # else from the very first: one that was put in may have a number below 1
        query = query.where(audit_entry.c.id > after)
    return [_to_entry(row) for row in connection.execute(query)]


def list_entries(
    connection: Connection, limit: int, *, issue_slug: str | None = None, mailing_id: int | None = None
) -> list[AuditEntry]:
    """Return the newest entries first: all, or those on an issue and its mailings, or on one mailing."""
    wanted: list[ColumnElement[bool]] = []
    if issue_slug is not None:
        numbers = connection.execute(
            select(mailing.c.id).join_from(mailing, issue).where(issue.c.slug == issue_slug)
        ).scalars()
        wanted.append(or_(_about("issue", [issue_slug]), _about("mailing", [str(one) for one in numbers])))
    if mailing_id is not None:
        wanted.append(_about("mailing", [str(mailing_id)]))
    rows = connection.execute(select(audit_entry).where(*wanted).order_by(audit_entry.c.id.desc()).limit(limit))
    return [_to_entry(row) for row in rows]


def entries_about(connection: Connection, subject: Subject) -> list[AuditEntry]:
    """Return what is on record of one subject, oldest first."""
    wanted = _about(subject.kind, [subject.name])
    rows = connection.execute(select(audit_entry).where(wanted).order_by(audit_entry.c.id))
    return [_to_entry(row) for row in rows]


def count_since(connection: Connection, act: Act, subject: Subject, since: datetime) -> int:
    """Return how often something was done to a subject since a time."""
    at = since.astimezone(UTC).isoformat(timespec="microseconds")
    wanted = (_about(subject.kind, [subject.name]), audit_entry.c.act == act.value, audit_entry.c.at >= at)
    return int(connection.execute(select(func.count()).select_from(audit_entry).where(*wanted)).scalar_one())


def _about(kind: str, names: Sequence[str]) -> ColumnElement[bool]:
    return and_(audit_entry.c.subject_kind == kind, audit_entry.c.subject.in_(names))


def _to_entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        int(row.id),
        row.at,
        Actor(row.actor_name, row.actor_id),
        row.act,
        Subject(row.subject_kind, row.subject),
        row.details,
        row.previous_sha256,
        row.sha256,
    )
