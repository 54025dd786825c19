"""Freezes a mailing's audience: one delivery per address that the issue has not reached."""

from dataclasses import dataclass

from mailer.model.delivery import DeliveryStatus, Recipient
from mailer.store import audience, deliveries, mailings
from mailer.store.audience import Subscriber
from mailer.store.database import Connection
from mailer.store.deliveries import ORDINALS, PlannedDelivery
from mailer.tokens import HouseSecret, Purpose, hash_address, sign_token

PAGE = 1000


@dataclass(frozen=True, slots=True)
class PlanCount:
    """What a plan came to: deliveries written (suppressed among them), and addresses the issue had reached before."""

    planned: int
    suppressed: int
    reached: int


def plan_mailing(connection: Connection, mailing_id: int, secret: HouseSecret, message_domain: str) -> PlanCount:
    """Write one delivery per active subscriber of the mailing's lists, in sending order, and return the count.

    An address on two lists gets the edition of the first, which is the higher role. Addresses that this issue has
    reached are left out; suppressed ones are written as suppressed, so that the report names them. Message-IDs are
    fixed here. Must run inside the transaction that starts the mailing.
    """
    issue_id = mailings.mailing_issue(connection, mailing_id)
    mailings.lock_issue(connection, issue_id)
    ordinal = deliveries.last_ordinal(connection, mailing_id)
    planned = suppressed = reached = 0
    for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing_id):
        for page in audience.iterate_active(connection, list_id, PAGE):
            known = deliveries.reached_among(connection, issue_id, [one.contact.key for one in page])
            hashes = {one.contact.key: hash_address(secret, one.contact.key) for one in page}
            stopped = audience.suppressed_among(connection, list(hashes.values()))
            fresh = [one for one in page if one.contact.key not in known]
            rows: list[PlannedDelivery] = []
            for one in fresh:
                ordinal += 1
                row = PlannedDelivery(
                    id=mailing_id * ORDINALS + ordinal,
                    mailing_id=mailing_id,
                    issue_id=issue_id,
                    list_id=list_id,
                    contact_id=one.contact_id,
                    edition_id=edition_id,
                    address=one.contact.address,
                    address_key=one.contact.key,
                    recipient=_freeze(one),
                    status=DeliveryStatus.SUPPRESSED if hashes[one.contact.key] in stopped else DeliveryStatus.PENDING,
                    token=(token := sign_token(secret, Purpose.BOUNCE, mailing_id * ORDINALS + ordinal)),
                    message_id=f"<{token}@{message_domain}>",
                )
                rows.append(row)
            deliveries.insert_deliveries(connection, rows)
            planned += len(rows)
            suppressed += sum(row.status is DeliveryStatus.SUPPRESSED for row in rows)
            reached += len(page) - len(fresh)
    return PlanCount(planned, suppressed, reached)


def _freeze(one: Subscriber) -> Recipient:
    return Recipient(
        address=one.contact.address,
        name=one.contact.name,
        title=one.contact.title,
        organisation=one.contact.organisation,
        city=one.contact.city,
    )
