"""Deliveries looked at one by one: found again by their id, and told with everything that is known of them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, union_all, update

from mailer.model.delivery import Delivery, DeliveryStatus, Recipient
from mailer.model.history import AttemptRecord, DeliveryRecord, EarlierCopy, EventRecord
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt, delivery, distribution_list, event, issue, keeps_address, mailing
from mailer.tokens import HouseSecret, Purpose, TokenMaker, sign_token


def sample_delivery(connection: Connection, mailing_id: int, list_id: int) -> int | None:
    """Return the first accepted delivery of a list in a mailing, or None."""
    return connection.execute(
        select(delivery.c.id)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.list_id == list_id,
            delivery.c.status == DeliveryStatus.ACCEPTED.value,
        )
        .order_by(delivery.c.id)
        .limit(1)
    ).scalar()


def message_ids(connection: Connection, ids: Collection[int], secret: HouseSecret) -> dict[int, str]:
    """Return the Message-IDs of deliveries, by their ids: those of mailings that are known."""
    known = connection.execute(
        select(mailing.c.id, mailing.c.token_key, mailing.c.message_domain).where(
            mailing.c.id.in_({number // ORDINALS for number in ids})
        )
    )
    makers = {row.id: (TokenMaker(secret, Purpose.BOUNCE, row.token_key), row.message_domain) for row in known}
    found = {number: makers[number // ORDINALS] for number in ids if number // ORDINALS in makers}
    return {number: f"<{maker.make(number)}@{domain}>" for number, (maker, domain) in found.items()}


def find_delivery(connection: Connection, delivery_id: int, secret: HouseSecret) -> Delivery | None:
    """Return a delivery that was claimed at least once, or None."""
    row = connection.execute(
        select(
            delivery,
            issue.c.slug,
            distribution_list.c.name.label("list_name"),
            mailing.c.token_key,
            mailing.c.message_domain,
        )
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(mailing, mailing.c.id == delivery.c.mailing_id)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .where(delivery.c.id == delivery_id, delivery.c.sent_date.is_not(None))
    ).one_or_none()
    if row is None:
        return None
    token = sign_token(secret, Purpose.BOUNCE, row.id, row.token_key)
    return Delivery(
        id=row.id,
        mailing_id=row.mailing_id,
        issue_slug=row.slug,
        list_name=row.list_name,
        edition_id=row.edition_id,
        recipient=Recipient(row.address, row.name, row.title, row.organisation, row.city),
        message_id=f"<{token}@{row.message_domain}>",
        token=token,
        sent_date=row.sent_date,
        clock_from=(row.first_attempt_at or row.sent_date) + timedelta(seconds=row.held_s),
        attempts=row.attempts,
        lease=row.lease or "",
        attempt=row.last_attempt,
        relay=row.relay,
        domain=row.domain,
        token_key=row.token_key,
        answers=message_ids(connection, [row.corrects_id], secret)[row.corrects_id] if row.corrects_id else "",
    )


def copies_to(connection: Connection, address_key: str) -> list[int]:
    """Return the ids of all copies to an address, in whatever mailing; read from two indexes only."""
    at = delivery.c.address_key == address_key
    standing = select(delivery.c.id).where(delivery.c.issue_id.in_(select(issue.c.id)), at, keeps_address())
    freed = select(delivery.c.id).where(at, delivery.c.frees_address)
    return [int(number) for number in connection.execute(union_all(standing, freed)).scalars()]


def find_by_address(connection: Connection, mailing_id: int, address_key: str) -> list[int]:
    """Return the deliveries of a mailing to this address, the oldest first; more than one where it was sent again."""
    rows = connection.execute(
        select(delivery.c.id)
        .where(delivery.c.id.in_(copies_to(connection, address_key)), delivery.c.mailing_id == mailing_id)
        .order_by(delivery.c.id)
    )
    return [int(row.id) for row in rows]


def statuses_of(connection: Connection, mailing_id: int, address_key: str) -> list[DeliveryStatus]:
    """Return where the deliveries of a mailing to this address stand, the oldest first."""
    rows = connection.execute(
        select(delivery.c.status)
        .where(delivery.c.id.in_(find_by_address(connection, mailing_id, address_key)))
        .order_by(delivery.c.id)
    )
    return [DeliveryStatus(row.status) for row in rows]


def find_earlier(connection: Connection, mailing_id: int, address_key: str) -> tuple[EarlierCopy, ...]:
    """Return the other mailings of the same issue that have this address, but for cancelled copies."""
    issue_of = select(mailing.c.issue_id).where(mailing.c.id == mailing_id).scalar_subquery()
    rows = connection.execute(
        select(delivery.c.mailing_id, delivery.c.status)
        .where(
            delivery.c.issue_id == issue_of,
            delivery.c.address_key == address_key,
            delivery.c.mailing_id != mailing_id,
            keeps_address(),
        )
        .order_by(delivery.c.id)
    )
    return tuple(EarlierCopy(int(row.mailing_id), DeliveryStatus(row.status)) for row in rows)


def find_probable(connection: Connection, address_key: str, now: datetime, within: timedelta) -> int | None:
    """Return the newest copy to this address that a relay accepted within this time; None where there is none."""
    since = now - within
    recent = select(mailing.c.issue_id).where(
        mailing.c.started_at.is_not(None), (mailing.c.finished_at.is_(None)) | (mailing.c.finished_at > since)
    )
    return connection.execute(
        select(delivery.c.id)
        .where(
            delivery.c.issue_id.in_(recent),
            delivery.c.address_key == address_key,
            keeps_address(),
            delivery.c.status == DeliveryStatus.ACCEPTED.value,
            delivery.c.finished_at > since,
            delivery.c.finished_at <= now,
        )
        .order_by(delivery.c.finished_at.desc())
        .limit(1)
    ).scalar()


def accept_reported(connection: Connection, delivery_id: int, now: datetime) -> bool:
    """Settle a delivery in doubt as accepted, for a report on it shows that its relay had taken it; True if it was."""
    settled = connection.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.status == DeliveryStatus.UNCERTAIN.value)
        .values(status=DeliveryStatus.ACCEPTED.value, next_attempt_at=None, finished_at=now)
    )
    return settled.rowcount == 1


def addresses_at(connection: Connection, mailing_id: int, domain: str, most: int) -> tuple[str, ...]:
    """Return the first addresses of a mailing in exactly this domain."""
    rows = connection.execute(
        select(delivery.c.address)
        .where(delivery.c.mailing_id == mailing_id, delivery.c.domain == domain.lower())
        .order_by(delivery.c.id)
        .limit(most)
    )
    return tuple(str(row.address) for row in rows)


def tell_delivery(connection: Connection, delivery_id: int, secret: HouseSecret) -> DeliveryRecord | None:
    """Return everything on record of a delivery, or None."""
    row = connection.execute(
        select(
            delivery,
            distribution_list.c.name.label("list_name"),
            mailing.c.token_key,
            mailing.c.message_domain,
            mailing.c.started_at,
            mailing.c.created_at,
        )
        .join(mailing, mailing.c.id == delivery.c.mailing_id)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .where(delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    known = connection.execute(select(event).where(event.c.delivery_id == delivery_id).order_by(event.c.id)).all()
    token = sign_token(secret, Purpose.BOUNCE, row.id, row.token_key)
    return DeliveryRecord(
        id=row.id,
        mailing_id=row.mailing_id,
        list_name=row.list_name,
        edition_id=row.edition_id,
        recipient=Recipient(row.address, row.name, row.title, row.organisation, row.city),
        domain=row.domain,
        status=DeliveryStatus(row.status),
        planned_at=row.started_at or row.created_at,
        next_attempt_at=row.next_attempt_at,
        finished_at=row.finished_at,
        reply=row.reply,
        reply_class=row.reply_class,
        again=row.again,
        message_id=f"<{token}@{row.message_domain}>",
        attempts=_tell_attempts(connection, delivery_id),
        events=tuple(
            EventRecord(one.kind, one.reply_class, one.detail, one.happened_at, one.tie, one.about) for one in known
        ),
    )


def _tell_attempts(connection: Connection, delivery_id: int) -> tuple[AttemptRecord, ...]:
    tries = connection.execute(select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.number))
    return tuple(
        AttemptRecord(
            one.number,
            one.relay,
            one.started_at,
            one.dot_at,
            one.ended_at,
            one.outcome,
            one.phase,
            " ".join(part for part in (str(one.code) if one.code else "", one.enhanced, one.reply) if part),
            one.reply_class,
        )
        for one in tries
    )
