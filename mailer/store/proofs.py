"""Proofs on record: no deliveries, so they count nowhere; who sent which edition, to how many, and what was replied."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from mailer.model.delivery import IssueStatus
from mailer.model.proof import ProofRecord
from mailer.store.schema import proof

PAGE = 20


def record_proof(
    connection: Connection,
    issue_slug: str,
    editions: Sequence[tuple[str, str]],
    status: IssueStatus,
    sent_by: str,
    recipients: int,
    now: datetime,
) -> dict[str, int]:
    """Write a proof of editions, given as (list name, sha256), each to so many; return list name to its id.

    It is written before the first copy leaves, so that one that is cut off is on record too.
    """
    ids: dict[str, int] = {}
    for list_name, sha256 in editions:
        inserted = connection.execute(
            insert(proof)
            .values(
                issue_slug=issue_slug,
                list_name=list_name,
                edition_sha256=sha256,
                issue_status=status.value,
                sent_by=sent_by,
                sent_at=now,
                recipients=recipients,
                accepted=0,
            )
            .returning(proof.c.id)
        )
        ids[list_name] = int(inserted.scalar_one())
    return ids


def finish_proof(connection: Connection, proof_id: int, accepted: int, reply: str) -> None:
    """Write how many copies of a proof were accepted, and what was replied."""
    connection.execute(update(proof).where(proof.c.id == proof_id).values(accepted=accepted, reply=reply))


def list_proofs(connection: Connection, issue_slug: str, most: int = PAGE) -> tuple[ProofRecord, ...]:
    """Return the newest proofs of an issue first."""
    rows = connection.execute(
        select(proof).where(proof.c.issue_slug == issue_slug).order_by(proof.c.id.desc()).limit(most)
    )
    return tuple(
        ProofRecord(
            row.id, row.issue_slug, row.list_name, row.edition_sha256, IssueStatus(row.issue_status), row.sent_by,
            row.sent_at, row.recipients, row.accepted, row.reply,
        )
        for row in rows
    )  # fmt: skip
