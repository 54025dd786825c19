"""The issues that everybody may read: which they are, by year, and where words stand in them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, exists, func, insert, or_, select

from mailer.model.delivery import MailingStatus
from mailer.model.page_text import find_excerpt, fold_text, read_page
from mailer.model.publication import Publication
from mailer.store.schema import approval, approval_edition, issue, mailing, page_text


def index_page(connection: Connection, edition_id: int, page: str) -> None:
    """Keep what is written on the page of an edition that everybody may read, so that it can be found."""
    found = read_page(page)
    connection.execute(
        insert(page_text).values(
            edition_id=edition_id,
            title=found.title,
            headings=list(found.headings),
            words=found.text,
            folded=fold_text(f"{found.title} {found.text}"),
        )
    )


def has_begun() -> ColumnElement[bool]:
    """True of an issue of which a mailing has begun."""
    return exists().where(mailing.c.issue_id == issue.c.id, mailing.c.started_at.is_not(None)).correlate(issue)


def shown_approval() -> ScalarSelect[int]:
    """The approval whose editions are shown of an issue: the newest that stands or was mailed.

    A change begun afterwards does not take back what readers have. A newer approval whose archive is not public does.
    """
    mailed = exists().where(mailing.c.approval_id == approval.c.id, mailing.c.status != MailingStatus.CANCELLED.value)
    return (
        select(approval.c.id)
        .where(approval.c.issue_id == issue.c.id, approval.c.approved_at.is_not(None))
        .where(or_(approval.c.voided_at.is_(None), mailed.correlate(approval)))
        .order_by(approval.c.approved_at.desc(), approval.c.id.desc())
        .limit(1)
        .correlate(issue)
        .scalar_subquery()
    )


def _select_published(*columns: Any) -> Select[Any]:
    """Select of the issues that everybody may read, each once, with the approval and the page that is shown."""
    page = (
        select(func.min(page_text.c.edition_id))
        .join(approval_edition, approval_edition.c.edition_id == page_text.c.edition_id)
        .where(approval_edition.c.approval_id == approval.c.id)
        .correlate(approval)
        .scalar_subquery()
    )
    shown = issue.join(approval, approval.c.id == shown_approval()).join(page_text, page_text.c.edition_id == page)
    return select(*columns).select_from(shown).where(has_begun())


_BEGAN = (
    select(func.min(mailing.c.started_at)).where(mailing.c.issue_id == issue.c.id).correlate(issue).scalar_subquery()
)
_COLUMNS = (
    issue.c.id, issue.c.slug, issue.c.year, issue.c.issued_on, issue.c.corrects, page_text.c.edition_id,
    page_text.c.title, page_text.c.headings, approval.c.approved_at, _BEGAN.label("began"),
)  # fmt: skip


def _holds(connection: Connection, words: Sequence[str]) -> list[ColumnElement[bool]]:
    # a place in plain octets, not a pattern: nothing is to be escaped, and it is the faster way in both databases
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return [place(page_text.c.folded, word) > 0 for word in words]


def count_years(connection: Connection) -> tuple[tuple[int, int], ...]:
    """Return the years of the issues that everybody may read, the newest first, with how many each has."""
    query = _select_published(issue.c.year, func.count()).group_by(issue.c.year).order_by(issue.c.year.desc())
    return tuple((int(year), int(count)) for year, count in connection.execute(query))


def find_published(connection: Connection, words: Sequence[str] = (), year: int | None = None) -> tuple[int, ...]:
    """Return the ids of the issues that everybody may read, the newest first: of a year or of any.

    Those alone that hold all of the words (folded). Every text is looked through, once.
    """
    of_year = [issue.c.year == year] if year is not None else []
    query = (
        _select_published(issue.c.id)
        .where(*of_year, *_holds(connection, words))
        .order_by(issue.c.year.desc(), issue.c.issued_on.desc(), issue.c.id.desc())
    )
    return tuple(connection.execute(query).scalars())


def read_published(
    connection: Connection, issue_ids: Sequence[int], words: Sequence[str] = ()
) -> tuple[Publication, ...]:
    """Return issues that everybody may read, in this order: each with its newest correction, and where it has words."""
    if not issue_ids:
        return ()
    rows = {row.id: row for row in connection.execute(_select_published(*_COLUMNS).where(issue.c.id.in_(issue_ids)))}
    corrections = _find_corrections(connection, [row.slug for row in rows.values()])
    texts = _read_words(connection, [row.edition_id for row in rows.values()]) if words else {}
    found = []
    for row in (rows[number] for number in issue_ids if number in rows):
        one = _to_publication(row, corrections.get(row.slug, ""))
        found.append(replace(one, excerpt=find_excerpt(texts[row.edition_id], tuple(words))) if words else one)
    return tuple(found)


def newest_published(connection: Connection, limit: int) -> tuple[Publication, ...]:
    """Return the issues that everybody may read, the one mailed last first."""
    rows = connection.execute(_select_published(*_COLUMNS).order_by(_BEGAN.desc(), issue.c.id.desc()).limit(limit))
    return tuple(_to_publication(row, "") for row in rows)


def _find_corrections(connection: Connection, slugs: Sequence[str]) -> dict[str, str]:
    """Return the newest correction that everybody may read, by the slug of the issue."""
    query = _select_published(issue.c.slug, issue.c.corrects).where(issue.c.corrects.in_(slugs)).order_by(issue.c.id)
    return {str(row.corrects): str(row.slug) for row in connection.execute(query)}


def _read_words(connection: Connection, edition_ids: Sequence[int]) -> dict[int, str]:
    query = select(page_text.c.edition_id, page_text.c.words).where(page_text.c.edition_id.in_(edition_ids))
    return {int(row.edition_id): str(row.words) for row in connection.execute(query)}


def _to_publication(row: Row[Any], corrected_by: str) -> Publication:
    return Publication(
        slug=row.slug,
        title=row.title,
        headings=tuple(row.headings),
        year=row.year,
        issued_on=date.fromisoformat(row.issued_on),
        published_at=row.began,
        updated_at=max(row.approved_at, row.began),
        corrects=row.corrects,
        corrected_by=corrected_by,
    )
