"""The sender: delivers whatever mailings are running, in turns, until told to stop."""

import asyncio
import contextlib
import logging

from mailer.model.delivery import MailingStatus
from mailer.sending.deliver import MailingRun, SendingSettings
from mailer.sending.ledger import Ledger
from mailer.sending.rest import RelayRest
from mailer.sending.retry import resend_uncertain_at
from mailer.store import mailings, recovery
from mailer.store.database import Connection, Store

log = logging.getLogger(__name__)

IDLE_S = 0.5
LOOK_S = 5.0  # a mailing that waits for a retry is looked at this often all the same


def running_mailings(connection: Connection) -> list[int]:
    """Return the mailings to deliver, oldest first."""
    return [one.id for one in reversed(mailings.list_mailings(connection, [MailingStatus.RUNNING], limit=1000))]


async def run_sender(settings: SendingSettings, store: Store, stop: asyncio.Event, *, only: int | None = None) -> None:
    """Deliver running mailings until `stop`; with `only`, that one mailing until it no longer runs.

    No mailing waits for another's retries. The caller holds the sender lock, so what is still claimed at the start
    was left by a crash. Raises StoreError when the database cannot be written.
    """
    ledger = Ledger(store)

    def recover(connection: Connection) -> None:
        now = settings.now()
        found = recovery.recover_claims(connection, now, resend_uncertain_at(now, settings.policy))
        if found.uncertain or found.freed:
            log.warning("after a stop: %d uncertain, %d pending again", found.uncertain, found.freed)

    rest = RelayRest(settings.policy.scale)
    clock = asyncio.get_running_loop().time
    look_at: dict[int, float] = {}  # by mailing: not before
    try:
        await ledger.write(recover)
        while not stop.is_set():
            chosen = [only] if only is not None else await ledger.read(running_mailings)
            look_at = {number: look_at.get(number, 0.0) for number in chosen}
            for number in chosen:
                if stop.is_set() or clock() < look_at[number]:
                    continue
                wait = await MailingRun(settings, ledger, rest, number, stop).run()
                if wait is None and only is not None:
                    return
                look_at[number] = clock() + min(wait or 0.0, LOOK_S)
            soonest = min(look_at.values(), default=clock() + IDLE_S) - clock()
            await _pause(stop, min(max(soonest, 0.01), IDLE_S))
    finally:
        ledger.close()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0.01)):
            await stop.wait()
