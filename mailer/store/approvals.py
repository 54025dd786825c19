"""Submissions of issues, the steps of approval given to them, and what voided them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from mailer.model.approval import (
    ApprovalRecord,
    ApprovalRules,
    ApprovedList,
    Change,
    FileChange,
    GivenStep,
    IssueContent,
    Step,
    Voided,
    VoidReason,
)
from mailer.model.people import Actor
from mailer.store.schema import approval, approval_edition, approval_step, edition


def insert_approval(
    connection: Connection,
    issue_id: int,
    content: IssueContent,
    editions: Sequence[tuple[int, int | None]],
    rules: ApprovalRules,
    by: Actor,
    opinion: str,
    now: datetime,
) -> int:
    """Write a submission of editions, given as (edition id, readers of its list) in sending order; return its id.

    The database refuses a second one beside one that is not voided.
    """
    inserted = connection.execute(
        insert(approval)
        .values(
            issue_id=issue_id,
            content_sha256=content.sha256,
            source=content.source,
            files=dict(content.files),
            rules={"steps": [[one.name, list(one.by)] for one in rules.steps], "four_eyes": rules.four_eyes},
            submitted_by=by.name,
            submitted_by_id=by.user_id,
            submitted_at=now,
            opinion=opinion,
        )
        .returning(approval.c.id)
    )
    number = int(inserted.scalar_one())
    rows = [
        {"approval_id": number, "edition_id": edition_id, "position": position, "recipients": recipients}
        for position, (edition_id, recipients) in enumerate(editions)
    ]
    connection.execute(insert(approval_edition), rows)
    return number


def insert_step(connection: Connection, approval_id: int, position: int, given: GivenStep) -> None:
    """Write a step that was given; the database refuses a second one in its place."""
    connection.execute(
        insert(approval_step).values(
            approval_id=approval_id,
            position=position,
            name=given.name,
            given_by=given.by.name,
            given_by_id=given.by.user_id,
            opinion=given.opinion,
            given_at=given.at,
        )
    )


def complete_approval(connection: Connection, approval_id: int, now: datetime) -> None:
    """Note that every step is given."""
    connection.execute(update(approval).where(approval.c.id == approval_id).values(approved_at=now))


def void_approval(connection: Connection, approval_id: int, voided: Voided) -> None:
    """Write what ended a submission or an approval; one that has ended keeps its first end."""
    connection.execute(
        update(approval)
        .where(approval.c.id == approval_id, approval.c.voided_at.is_(None))
        .values(
            voided_at=voided.at,
            void_reason=voided.reason or "",
            voided_by=voided.by.name,
            voided_by_id=voided.by.user_id,
            void_opinion=voided.opinion,
            void_change=asdict(voided.change) if voided.change is not None else None,
        )
    )


def current_approval(connection: Connection, issue_id: int) -> ApprovalRecord | None:
    """Return what of an issue is submitted or approved and not voided, or None."""
    return _find(connection, (approval.c.issue_id == issue_id) & approval.c.voided_at.is_(None))


def standing_approval(connection: Connection, issue_id: int) -> ApprovalRecord | None:
    """Return the approval of an issue, with all its steps and not voided, or None."""
    found = current_approval(connection, issue_id)
    return found if found is not None and found.approved_at is not None else None


def load_approval(connection: Connection, approval_id: int) -> ApprovalRecord:
    """Return a submission by its id, voided or not."""
    found = _find(connection, approval.c.id == approval_id)
    assert found is not None
    return found


def newest_approval(connection: Connection, issue_id: int) -> ApprovalRecord | None:
    """Return the newest submission of an issue, voided or not, or None where it was never submitted."""
    return next(iter(list_approvals(connection, issue_id, 1)), None)


def list_approvals(connection: Connection, issue_id: int, most: int) -> list[ApprovalRecord]:
    """Return the submissions of an issue, voided or not, the newest first."""
    rows = connection.execute(
        select(approval).where(approval.c.issue_id == issue_id).order_by(approval.c.id.desc()).limit(most)
    ).all()
    return [_to_record(connection, row) for row in rows]


def read_content(connection: Connection, approval_id: int) -> IssueContent | None:
    """Return the content as it was submitted; None for an approval of before texts were kept."""
    row = connection.execute(
        select(approval.c.content_sha256, approval.c.source, approval.c.files).where(approval.c.id == approval_id)
    ).one()
    return IssueContent(row.content_sha256, row.source, row.files) if row.files is not None else None


def _find(connection: Connection, wanted: ColumnElement[bool]) -> ApprovalRecord | None:
    row = connection.execute(select(approval).where(wanted)).one_or_none()
    return _to_record(connection, row) if row is not None else None


def _to_record(connection: Connection, row: Row[Any]) -> ApprovalRecord:
    lists = connection.execute(
        select(edition.c.list_name, edition.c.id, edition.c.sha256, approval_edition.c.recipients)
        .join(approval_edition, approval_edition.c.edition_id == edition.c.id)
        .where(approval_edition.c.approval_id == row.id)
        .order_by(approval_edition.c.position, edition.c.id)
    )
    steps = connection.execute(
        select(approval_step).where(approval_step.c.approval_id == row.id).order_by(approval_step.c.position)
    )
    return ApprovalRecord(
        id=row.id,
        issue_id=row.issue_id,
        content_sha256=row.content_sha256,
        submitted_by=Actor(row.submitted_by, row.submitted_by_id),
        submitted_at=row.submitted_at,
        opinion=row.opinion,
        rules=ApprovalRules(
            tuple(Step(name, tuple(by)) for name, by in row.rules["steps"]), bool(row.rules["four_eyes"])
        ),
        lists=tuple(ApprovedList(*one) for one in lists),
        given=tuple(
            GivenStep(one.name, Actor(one.given_by, one.given_by_id), one.opinion, one.given_at) for one in steps
        ),
        approved_at=row.approved_at,
        voided=_to_voided(row),
    )


def _to_voided(row: Row[Any]) -> Voided | None:
    if row.voided_at is None:
        return None
    reason = VoidReason(row.void_reason) if row.void_reason else None  # none was kept before there were steps
    change = _to_change(row.void_change) if row.void_change is not None else None
    return Voided(row.voided_at, reason, Actor(row.voided_by, row.voided_by_id), row.void_opinion, change)


def _to_change(stored: dict[str, Any]) -> Change:
    return Change(
        content_sha256=stored["content_sha256"],
        diff=stored["diff"],
        files=tuple(FileChange(**one) for one in stored["files"]),
        lists=tuple(stored["lists"]) if stored["lists"] is not None else None,
        editions=tuple(stored["editions"]),
        known=stored["known"],
    )
