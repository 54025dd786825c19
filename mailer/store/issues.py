"""Issues and their frozen editions."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from mailer.errors import EditionChangedError
from mailer.i18n import _
from mailer.model.delivery import ISSUE_MOVES, IssueStatus, MailingStatus, sources_of
from mailer.model.edition import Edition, asset_hashes, edition_from_json, edition_to_json
from mailer.model.issue import Archive, Issue
from mailer.model.numbering import IssueNumber
from mailer.store.publications import index_page
from mailer.store.schema import asset, edition, issue, mailing, mailing_list


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """What the ledger knows of an issue; content_sha256 is of the folder when it was last recorded."""

    id: int
    slug: str
    status: IssueStatus
    content_sha256: str
    year: int
    number: int | None
    total: int | None
    supplement: str
    corrects: str


def find_issue(connection: Connection, slug: str) -> IssueRecord | None:
    """Return the record of an issue, or None when it was never recorded."""
    row = connection.execute(select(issue).where(issue.c.slug == slug)).one_or_none()
    if row is None:
        return None
    return IssueRecord(
        row.id, row.slug, IssueStatus(row.status), row.content_sha256, row.year, row.number, row.total, row.supplement,
        row.corrects,
    )  # fmt: skip


def issue_numbers(connection: Connection) -> tuple[IssueNumber, ...]:
    """Return how every recorded issue is counted, oldest first."""
    return tuple(
        IssueNumber(
            row.slug,
            row.year,
            row.number,
            row.total,
            date.fromisoformat(row.issued_on),
            row.supplement,
            folder=False,
            corrects=row.corrects,
        )
        for row in connection.execute(select(issue).order_by(issue.c.issued_on, issue.c.id))
    )


def record_issue(connection: Connection, value: Issue, content_sha256: str, now: datetime) -> IssueRecord:
    """Write an issue's masthead and content hash; another content makes it a draft.

    The caller has voided what was submitted of the former content.
    """
    fields = {
        "content_sha256": content_sha256,
        "year": value.masthead.year,
        "number": value.masthead.number,
        "total": value.masthead.total,
        "supplement": value.masthead.supplement,
        "issued_on": value.masthead.date.isoformat(),
        "corrects": value.corrects,
        "changed_at": now,
    }
    known = find_issue(connection, value.slug)
    if known is None:
        connection.execute(insert(issue).values(slug=value.slug, status=IssueStatus.DRAFT.value, **fields))
    elif known.content_sha256 != content_sha256:
        connection.execute(update(issue).where(issue.c.id == known.id).values(status=IssueStatus.DRAFT.value, **fields))
    found = find_issue(connection, value.slug)
    assert found is not None
    return found


def forget_issue(connection: Connection, issue_id: int) -> None:
    """Drop the record of an issue, so that its number is free; the database refuses it for one that was submitted."""
    connection.execute(delete(issue).where(issue.c.id == issue_id))


def lock_issue(connection: Connection, issue_id: int) -> None:
    """Let no other transaction submit, approve or plan this issue before this one ends (SQLite has one writer)."""
    connection.execute(select(issue.c.id).where(issue.c.id == issue_id).with_for_update())


def move_issue(connection: Connection, issue_id: int, target: IssueStatus, now: datetime) -> bool:
    """Move an issue's status where the table of moves allows it; False when it does not."""
    allowed = [source.value for source in sources_of(target, ISSUE_MOVES)]
    result = connection.execute(
        update(issue)
        .where(issue.c.id == issue_id, issue.c.status.in_(allowed))
        .values(status=target.value, changed_at=now)
    )
    return result.rowcount == 1


def freeze_editions(
    connection: Connection, issue_id: int, editions: Sequence[Edition], now: datetime
) -> dict[str, int]:
    """Store editions, each once by its hash; return list name to edition id."""
    ids: dict[str, int] = {}
    for value in editions:
        known = connection.execute(
            select(edition.c.id).where(
                edition.c.issue_id == issue_id,
                edition.c.list_name == value.list_name,
                edition.c.sha256 == value.sha256,
            )
        ).scalar()
        ids[value.list_name] = known or _insert_edition(connection, issue_id, value, now)
    return ids


def _keep_assets(connection: Connection, value: Edition) -> None:
    wanted = {file.sha256: file for file in value.assets}
    hosted = {file.sha256 for file in value.hosted}
    known = set(connection.execute(select(asset.c.sha256).where(asset.c.sha256.in_(list(wanted)))).scalars())
    for sha256, file in wanted.items():
        if sha256 not in known:
            connection.execute(
                insert(asset).values(
                    sha256=sha256, media_type=file.media_type, content=file.content, hosted=sha256 in hosted
                )
            )
    connection.execute(update(asset).where(asset.c.sha256.in_(hosted & known)).values(hosted=True))


def _insert_edition(connection: Connection, issue_id: int, value: Edition, now: datetime) -> int:
    _keep_assets(connection, value)
    inserted = connection.execute(
        insert(edition)
        .values(
            issue_id=issue_id,
            list_name=value.list_name,
            sha256=value.sha256,
            stored=edition_to_json(value),
            created_at=now,
        )
        .returning(edition.c.id)
    )
    number = int(inserted.scalar_one())
    if value.archive is Archive.PUBLIC and value.page:
        index_page(connection, number, value.page)
    return number


def load_edition(connection: Connection, edition_id: int) -> Edition:
    """Return a frozen edition; its hash is computed from what is stored and compared with the one recorded."""
    row = connection.execute(select(edition).where(edition.c.id == edition_id)).one()
    value = edition_from_json(row.stored, _load_assets(connection, row.stored, edition_id))
    if value.sha256 != row.sha256:
        raise EditionChangedError(
            _("edition {id} was changed in the database: its sha256 no longer fits").format(id=edition_id),
            cure=_("put the database back from a backup, or approve the issue again"),
        )
    return value


def read_stored(connection: Connection, edition_id: int) -> Mapping[str, Any]:
    """Return an edition as it is stored, without its files and unchecked: for figures, never for sending."""
    found: Mapping[str, Any] = connection.execute(
        select(edition.c.stored).where(edition.c.id == edition_id)
    ).scalar_one()
    return found


def subject_of_mailing(connection: Connection, mailing_id: int) -> str:
    """Return the subject its first list gets, without what is filled in per reader; empty where it has no edition."""
    stored = connection.execute(
        select(edition.c.stored)
        .join(mailing_list, mailing_list.c.edition_id == edition.c.id)
        .where(mailing_list.c.mailing_id == mailing_id)
        .order_by(mailing_list.c.position)
        .limit(1)
    ).scalar()
    return "".join(part for part in stored["subject"] if isinstance(part, str)) if stored else ""


def _load_assets(connection: Connection, stored: Mapping[str, Any], edition_id: int) -> dict[str, bytes]:
    wanted = asset_hashes(stored)
    rows = connection.execute(select(asset.c.sha256, asset.c.content).where(asset.c.sha256.in_(list(wanted))))
    contents = {sha256: content for sha256, content in rows if hashlib.sha256(content).hexdigest() == sha256}
    if len(contents) != len(wanted):
        raise EditionChangedError(
            _("a file of edition {id} is missing from the database, or was changed there").format(id=edition_id),
            cure=_("put the database back from a backup, or approve the issue again"),
        )
    return contents


def newest_approved_unmailed(connection: Connection) -> IssueRecord | None:
    """Return the approved issue with the latest date that no mailing (cancelled ones aside) has been made for.

    Never a correction: that goes out when a person says so.
    """
    taken = exists().where(mailing.c.issue_id == issue.c.id, mailing.c.status != MailingStatus.CANCELLED.value)
    slug = connection.execute(
        select(issue.c.slug)
        .where(issue.c.status == IssueStatus.APPROVED.value, issue.c.corrects == "", ~taken)
        .order_by(issue.c.issued_on.desc(), func.coalesce(issue.c.total, 0).desc())
        .limit(1)
    ).scalar()
    return find_issue(connection, slug) if slug else None
