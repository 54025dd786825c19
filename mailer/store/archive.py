"""What readers may fetch of frozen editions: web pages, and pictures that mails name by their address."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from mailer.errors import EditionChangedError
from mailer.i18n import _
from mailer.model.edition import hash_stored
from mailer.model.issue import Archive
from mailer.store.publications import has_begun, shown_approval
from mailer.store.reach import list_corrections
from mailer.store.schema import approval_edition, asset, delivery, edition, issue


@dataclass(frozen=True, slots=True)
class HostedPicture:
    """A picture that anybody may fetch who knows its address."""

    media_type: str
    content: bytes = field(repr=False)


def page_of_delivery(connection: Connection, delivery_id: int) -> str | None:
    """Return the web page of what a delivery carried; None without one, or where its issue has no archive.

    Raises EditionChangedError for an edition that is no longer what was approved.
    """
    row = connection.execute(
        select(edition.c.id, edition.c.sha256, edition.c.stored)
        .join(delivery, delivery.c.edition_id == edition.c.id)
        .where(delivery.c.id == delivery_id)
    ).one_or_none()
    return _page(row, (Archive.MEMBERS, Archive.PUBLIC)) if row is not None else None


def public_page(connection: Connection, slug: str) -> str | None:
    """Return the web page of an issue that everybody may read, else None; None too before a mailing of it has begun.

    It is of the newest approval that stands or was mailed: a change begun afterwards does not take back what readers
    have. A newer approval whose archive is not public does. Raises EditionChangedError.
    """
    rows = connection.execute(
        select(edition.c.id, edition.c.sha256, edition.c.stored)
        .join(approval_edition, approval_edition.c.edition_id == edition.c.id)
        .join(issue, issue.c.id == edition.c.issue_id)
        .where(issue.c.slug == slug, has_begun(), approval_edition.c.approval_id == shown_approval())
        .order_by(edition.c.id)
    )
    return next((page for row in rows if (page := _page(row, (Archive.PUBLIC,)))), None)


def public_correction(connection: Connection, slug: str) -> str | None:
    """Return the newest correction of an issue whose page everybody may read, by its slug; None without one."""
    found = reversed(list_corrections(connection, slug))
    return next((one for one in found if public_page(connection, one) is not None), None)


def hosted_picture(connection: Connection, sha256: str) -> HostedPicture | None:
    """Return a picture by the hash of its content; None for a file that is not hosted, or is no longer that one."""
    row = connection.execute(
        select(asset.c.media_type, asset.c.content).where(asset.c.sha256 == sha256, asset.c.hosted)
    ).one_or_none()
    if row is None or hashlib.sha256(row.content).hexdigest() != sha256:
        return None
    return HostedPicture(row.media_type, row.content)


def _page(row: Row[Any, Any, Any], allowed: tuple[Archive, ...]) -> str | None:
    if row.stored.get("archive", Archive.OFF) not in allowed:
        return None
    if hash_stored(row.stored) != row.sha256:
        raise EditionChangedError(
            _("edition {id} was changed in the database: its sha256 no longer fits").format(id=row.id),
            cure=_("put the database back from a backup, or approve the issue again"),
        )
    page: str = row.stored["page"]
    return page or None
