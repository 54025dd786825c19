"""Everything on record of one contact."""

from dataclasses import dataclass

from mailer.model.contact_import import ImportRecord
from mailer.model.delivery import Contact
from mailer.model.history import DeliveryRecord, SubscriptionRecord, SuppressionRecord


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """A contact, its lists with consent, why it gets nothing, what brought it in, and its newest deliveries first.

    contact is None for an address that is only suppressed, or only among the deliveries.
    """

    address: str
    contact: Contact | None
    international: bool
    subscriptions: tuple[SubscriptionRecord, ...]
    suppression: SuppressionRecord | None
    imports: tuple[ImportRecord, ...]
    deliveries: tuple[DeliveryRecord, ...]
