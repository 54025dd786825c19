"""What a refusal in the dialogue does to an address: dead ones get nothing more, doubtful ones after some issues."""

from datetime import datetime

from mailer.model.delivery import Delivery
from mailer.store import audience
from mailer.store.database import Connection
from mailer.store.settlements import Settlement
from mailer.tokens import HouseSecret, hash_address


def suppress_failed(
    connection: Connection, *, secret: HouseSecret, failed: Delivery, end: Settlement, issues: int, now: datetime
) -> bool:
    """Suppress the address of a delivery that failed, if it has failed in so many issues in a row; True when it was.

    Must run after the settlement itself: that is one of the failures.
    """
    key = failed.recipient.address.casefold()
    if issues > 1 and audience.failures_in_a_row(connection, key, issues) < issues:
        return False
    source = f"mailing {failed.mailing_id}"
    return audience.suppress_address(connection, hash_address(secret, key), end.reply_class or "refused", source, now)
