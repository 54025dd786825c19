"""A copy of the house for a rehearsal: who would get an issue, and what; and what a rehearsal left in it."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, func, insert, select

from mailer.model.delivery import DeliveryStatus
from mailer.model.edition import asset_hashes
from mailer.model.rehearsal import Untaken
from mailer.store.database import Store
from mailer.store.house import forget_identity
from mailer.store.schema import (
    approval,
    approval_edition,
    approval_step,
    asset,
    contact,
    delivery,
    distribution_list,
    edition,
    house,
    issue,
    keeps_address,
    mailing,
    mailing_list,
    organisation,
    subscription,
    suppression,
    user_account,
)

PAGE = 5000


def copy_for_rehearsal(source: Connection, target: Store, slug: str) -> None:
    """Copy lists, readers and suppressions, and of this issue its editions, approvals and whom it has reached.

    Of a correction also what the issue that it corrects has reached. The target is an empty, migrated database; the
    source is only read, a page at a time. Pace is not copied.
    """
    known = source.execute(select(issue.c.id, issue.c.corrects).where(issue.c.slug == slug)).one_or_none()
    for table in (house, user_account, distribution_list, organisation, contact, subscription, suppression):
        _pour(source, target, table)
    with target.write() as connection:
        forget_identity(connection)
    if known is None:
        return
    corrected = source.execute(select(issue.c.id).where(issue.c.slug == known.corrects)).scalar()
    for issue_id in (known.id, corrected):
        if issue_id is not None:
            _copy_issue(source, target, issue_id)


def _copy_issue(source: Connection, target: Store, issue_id: int) -> None:
    mailings = select(mailing.c.id).where(mailing.c.issue_id == issue_id)
    approvals = select(approval.c.id).where(approval.c.issue_id == issue_id)
    _pour(source, target, issue, issue.c.id == issue_id)
    for sha256 in _files(source, issue_id):
        if not _is_there(target, sha256):
            _pour(source, target, asset, asset.c.sha256 == sha256)  # each may be megabytes
    _pour(source, target, edition, edition.c.issue_id == issue_id)
    _pour(source, target, approval, approval.c.issue_id == issue_id)
    _pour(source, target, approval_edition, approval_edition.c.approval_id.in_(approvals))
    _pour(source, target, approval_step, approval_step.c.approval_id.in_(approvals))
    _pour(source, target, mailing, mailing.c.issue_id == issue_id)
    _pour(source, target, mailing_list, mailing_list.c.mailing_id.in_(mailings))
    # a copy that was sent again may be the one that was accepted
    counts = ~delivery.c.frees_address | (delivery.c.status == DeliveryStatus.ACCEPTED.value)
    _pour(source, target, delivery, delivery.c.issue_id == issue_id, counts)


def _files(source: Connection, issue_id: int) -> set[str]:
    stored = source.execute(select(edition.c.stored).where(edition.c.issue_id == issue_id)).scalars()
    return {sha256 for one in stored for sha256 in asset_hashes(one)}


def _is_there(target: Store, sha256: str) -> bool:
    with target.read() as connection:
        return connection.execute(select(asset.c.sha256).where(asset.c.sha256 == sha256)).first() is not None


def _pour(source: Connection, target: Store, table: Table, *wanted: ColumnElement[bool]) -> None:
    query = select(table).where(*wanted)
    if source.dialect.name == "sqlite":  # its values are what the target keeps: no need to read them
        _pour_raw(source, target, table, query)
        return
    for page in source.execute(query.execution_options(yield_per=PAGE)).mappings().partitions():
        with target.write() as connection:
            connection.execute(insert(table), [dict(row) for row in page])


def _pour_raw(source: Connection, target: Store, table: Table, query: Select[Any]) -> None:
    text = query.compile(dialect=source.dialect, compile_kwargs={"literal_binds": True})
    names = [column.name for column in table.columns]
    row = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - ours
    for page in source.exec_driver_sql(str(text)).partitions(PAGE):
        with target.write() as connection:
            connection.exec_driver_sql(row, [tuple(values) for values in page])


def count_reached_before(connection: Connection, mailing_id: int, issue_id: int, list_id: int) -> int:
    """Return how many active subscribers of a list another mailing of the issue has reached."""
    before = exists().where(
        delivery.c.issue_id == issue_id,
        delivery.c.address_key == contact.c.address_key,
        delivery.c.mailing_id != mailing_id,
        keeps_address(),
    )
    on_list = (subscription.c.list_id == list_id, subscription.c.status == "active")
    query = select(func.count()).select_from(subscription).join(contact).where(*on_list, before)
    return int(connection.execute(query).scalar_one())


def find_untaken(connection: Connection, mailing_id: int, most: int) -> tuple[tuple[Untaken, ...], int]:
    """Return the first deliveries of a mailing that were neither accepted nor suppressed, and how many there are."""
    well = (DeliveryStatus.ACCEPTED.value, DeliveryStatus.SUPPRESSED.value)
    wanted = (delivery.c.mailing_id == mailing_id, delivery.c.status.not_in(well))
    rows = connection.execute(
        select(delivery.c.address, distribution_list.c.name, delivery.c.status, delivery.c.reply)
        .join_from(delivery, distribution_list)
        .where(*wanted)
        .order_by(delivery.c.id)
        .limit(most)
    )
    count = int(connection.execute(select(func.count()).select_from(delivery).where(*wanted)).scalar_one())
    return tuple(Untaken(row[0], row[1], DeliveryStatus(row[2]), row[3]) for row in rows), count
