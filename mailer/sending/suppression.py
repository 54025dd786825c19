"""What a refusal in the dialogue does to an address: dead ones get nothing more, doubtful ones after some issues."""

from datetime import datetime

from mailer.model.delivery import Delivery
from mailer.model.outcome import ReplyClass
from mailer.model.suppression import count_run
from mailer.store import audience
from mailer.store.database import Connection
from mailer.store.failures import copies_of
from mailer.store.settlements import Settlement
from mailer.store.suppressions import lifted_at
from mailer.tokens import HouseSecret, hash_address


def suppress_failed(
    connection: Connection, *, secret: HouseSecret, failed: Delivery, end: Settlement, issues: int, now: datetime
) -> bool:
    """Suppress the address of a delivery that failed, if it has failed in so many issues in a row; True when it was.

    Must run after the settlement itself: that is one of the failures. Bounces are failures, too.
    """
    key = failed.recipient.address.casefold()
    address_hash = hash_address(secret, key)
    if issues > 1:
        since = lifted_at(connection, address_hash, now)
        copies = copies_of(connection, key, issues, also=failed.id, since=since)
        if count_run(copies, now, ReplyClass(end.reply_class or "unknown")).issues < issues:
            return False
    source = f"mailing {failed.mailing_id}"
    return audience.suppress_address(connection, address_hash, end.reply_class or "refused", source, now)
