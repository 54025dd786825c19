"""The sender: delivers whatever mailings are running, one after another, until told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from mailer.model.delivery import MailingStatus
from mailer.sending.deliver import MailingRun, SendingSettings
from mailer.sending.ledger import Ledger
from mailer.sending.retry import resend_uncertain_at
from mailer.store import deliveries, mailings
from mailer.store.database import Connection, Store

log = logging.getLogger(__name__)

IDLE_S = 0.5


def recover(connection: Connection, now: datetime, resend_at: datetime | None) -> None:
    """Settle what a crash left claimed; only for a sender that holds the folder's sender lock."""
    doubtful, freed = deliveries.recover_claims(connection, now, resend_at)
    if doubtful or freed:
        log.warning("after a stop: %d uncertain, %d pending again", doubtful, freed)


def running_mailings(connection: Connection) -> list[int]:
    """Return the mailings to deliver, oldest first."""
    return [one.id for one in reversed(mailings.list_mailings(connection, [MailingStatus.RUNNING], limit=1000))]


async def run_sender(settings: SendingSettings, store: Store, stop: asyncio.Event, *, only: int | None = None) -> None:
    """Deliver running mailings until `stop`; with `only`, that one mailing until it is no longer running.

    The caller holds the sender lock. Raises StoreError when the database cannot be written.
    """
    ledger = Ledger(store)
    resend_at = resend_uncertain_at(settings.now(), settings.policy)
    try:
        await ledger.write(lambda connection: recover(connection, settings.now(), resend_at))
        if only is not None:
            await MailingRun(settings, ledger, only, stop).run()
            return
        await _until(stop, lambda: _deliver_all(settings, ledger, stop))
    finally:
        # what was cut off while it waited for its reply is uncertain, what never had its dot is pending
        await ledger.write(lambda connection: recover(connection, settings.now(), resend_at))
        ledger.close()


async def _until(stop: asyncio.Event, act: Callable[[], Awaitable[None]]) -> None:
    while not stop.is_set():
        await act()
        try:
            await asyncio.wait_for(stop.wait(), IDLE_S)
        except TimeoutError:
            continue


async def _deliver_all(settings: SendingSettings, ledger: Ledger, stop: asyncio.Event) -> None:
    for mailing_id in await ledger.write(running_mailings):
        if not stop.is_set():
            await MailingRun(settings, ledger, mailing_id, stop).run()
