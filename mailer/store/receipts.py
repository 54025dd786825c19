"""Receipts that readers confirmed by hand."""

from sqlalchemy import Connection, func, select

from mailer.model.reading import Receipt
from mailer.store.schema import delivery, distribution_list, edition, event

RECEIVED = "received"  # the kind of event


def receipt_of_delivery(connection: Connection, delivery_id: int) -> Receipt | None:
    """Return what a receipt page says of a delivery; None where there is no such delivery."""
    row = connection.execute(
        select(delivery.c.address, distribution_list.c.title, edition.c.stored)
        .join_from(delivery, distribution_list)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .where(delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    confirmed_at = connection.execute(
        select(func.min(event.c.happened_at)).where(event.c.delivery_id == delivery_id, event.c.kind == RECEIVED)
    ).scalar()
    subject = "".join(part for part in row.stored["subject"] if isinstance(part, str))
    return Receipt(subject, row.address, row.title, confirmed_at)


def count_received(connection: Connection, mailing_id: int) -> dict[int, int]:
    """Return deliveries whose readers confirmed receipt, by list id."""
    rows = connection.execute(
        select(event.c.list_id, func.count(func.distinct(event.c.delivery_id)))
        .where(event.c.mailing_id == mailing_id, event.c.kind == RECEIVED)
        .group_by(event.c.list_id)
    )
    return dict(rows.all())
