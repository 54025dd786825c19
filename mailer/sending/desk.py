"""The copies a sender has in hand: whether they may begin, how they are settled or given back."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar

from mailer.errors import StoreError
from mailer.model.delivery import Delivery, DeliveryStatus
from mailer.model.outcome import Phase, Reply, ReplyClass
from mailer.sending.copies import Composing, Copy
from mailer.sending.feed import Feed
from mailer.sending.ledger import Ledger
from mailer.sending.pool import Pool
from mailer.sending.settings import SendingSettings
from mailer.sending.settle import given_back
from mailer.sending.suppression import suppress_failed
from mailer.sending.tally import Tally
from mailer.store.database import Connection
from mailer.store.settlements import Dot, Settled, Settlement
from mailer.tokens import hash_address

T = TypeVar("T")
TROUBLE_NAP_S = 0.5

log = logging.getLogger(__name__)


class Desk:
    """What a sender's tasks share: settings, ledger, pools, and which mailings run."""

    def __init__(
        self,
        settings: SendingSettings,
        ledger: Ledger,
        pools: Mapping[str, Pool],
        feed: Feed,
        stop: asyncio.Event,
    ) -> None:
        self.set = settings
        self.ledger = ledger
        self.pools = pools
        self.feed = feed
        self.composing = Composing(settings.letterheads, settings.signers)
        self.stop = stop
        self.over = False  # no further copy is begun
        self.progress = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.running: set[int] = set()  # mailings, as last seen
        self.quiet_from: dict[int, datetime] = {}  # of those with quiet hours: since when it is quiet, or will be next
        self.halting: set[int] = set()  # of those, the ones being held by us
        self.under_way: Counter[int] = Counter()  # copies by mailing, from claim to settlement
        self.under_way_domains: Counter[str] = Counter()
        self.tally = Tally()

    def progressed(self) -> None:
        """Wake the feeder."""
        self.progress.set()

    def take_on(self, copy: Copy) -> None:
        """Hand a claimed copy to its relay's connections."""
        self.under_way[copy.delivery.mailing_id] += 1
        self.under_way_domains[self.feed.domains.subject(copy.delivery.domain)] += 1
        pool = self.pools[copy.delivery.relay]
        if self._is_on(copy, pool):
            pool.put(copy)
        else:  # while it was claimed its relay came to rest, or its mailing was held
            self.give_back(copy)

    # -- before the wire

    def _is_on(self, copy: Copy, pool: Pool) -> bool:
        on = not (self.stop.is_set() or self.over or pool.resting or self.ledger.trouble)
        return on and copy.delivery.mailing_id in self.running and not self._is_quiet(copy)

    def _is_quiet(self, copy: Copy) -> bool:
        since = self.quiet_from.get(copy.delivery.mailing_id)
        return since is not None and self.set.now() >= since

    def may_ride(self, copy: Copy, pool: Pool) -> bool:
        """True when a copy's envelope may be said ahead.

        Not where a limit counts it: the relay reads it when it has answered the dot before it, perhaps seconds later,
        and would see more in a window than we let through.
        """
        return self._is_on(copy, pool) and copy.good_until is None

    async def may_begin(self, copy: Copy, pool: Pool) -> bool:
        """True when a copy may be begun; one whose permit has run out gets another, or is given back."""
        if not self._is_on(copy, pool):
            self.give_back(copy)
            return False
        if copy.may_begin(self.set.now()):
            return True
        now = self.set.now()
        try:
            renewed = await self.ledger.write(
                partial(self.feed.renew, one=copy.delivery, taken_at=copy.permit_at, now=now)
            )
        except StoreError:
            self.give_back(copy)
            return False
        copy.permit_at = now if renewed else None  # what it had is given back either way
        if renewed is None:
            self.give_back(copy)
            return False
        copy.good_until = renewed.good_until
        return True

    def permit_dot(self, copy: Copy) -> Awaitable[bool]:
        """Ask for the dot's commit, at once; awaited it raises StoreError where there can be none.

        In quiet hours there is none: what had its dot before may hear the reply.
        """
        one = copy.delivery
        if self._is_quiet(copy):
            denied: asyncio.Future[bool] = self.loop.create_future()
            denied.set_result(False)
            return denied
        address_hash = hash_address(self.set.secret, one.recipient.address.casefold())
        return self.ledger.permit(Dot(one.id, one.attempt, one.lease, address_hash))

    # -- after it

    def _settle(self, copy: Copy, end: Settlement, suppress_after: int = 0) -> None:
        one = copy.delivery
        now = self.set.now()
        also = None
        if log.isEnabledFor(logging.INFO):
            _log_attempt(one, end)
        if suppress_after:
            also = partial(suppress_failed, secret=self.set.secret, failed=one, end=end, issues=suppress_after, now=now)
        self.ledger.settle(Settled(one.id, one.attempt, one.lease, end, now), also)
        self._let_go(copy)

    def _let_go(self, copy: Copy) -> None:
        self.under_way[copy.delivery.mailing_id] -= 1
        subject = self.feed.domains.subject(copy.delivery.domain)
        self.under_way_domains[subject] -= 1
        if not self.under_way_domains[subject]:
            del self.under_way_domains[subject]
        hungry = self.pools[copy.delivery.relay].appetite() or self.feed.domains.connections(subject)
        if hungry or not self.under_way[copy.delivery.mailing_id]:
            self.progressed()  # not at every copy: the feeder would look on in vain

    def give_back(self, copy: Copy) -> None:
        """Return a copy to pending that nothing was tried for, and its permit with it."""
        one, now = copy.delivery, self.set.now()
        settled = Settled(one.id, one.attempt, one.lease, given_back(one), now)
        also = None
        if copy.permit_at is not None:
            also = partial(self.feed.give_back, one=one, taken_at=copy.permit_at, now=now)
        self.ledger.settle(settled, also)
        self._let_go(copy)

    def _give_back_ready(self) -> None:
        for pool in self.pools.values():
            while pool.ready:
                self.give_back(pool.ready.popleft())

    def settle_uncomposed(self, copy: Copy, why: str) -> None:
        """Refuse a recipient whose message cannot be made."""
        end = Settlement(DeliveryStatus.REFUSED, "refused", Reply(0, "", why, Phase.CONNECT), ReplyClass.PROTOCOL.value)
        self._settle(copy, end)

    async def _record(self, act: Callable[[Connection], T]) -> T | None:
        """Write what follows from a result; where the database cannot be written nothing is begun meanwhile anyway."""
        while True:
            try:
                return await self.ledger.write(act)
            except StoreError as error:
                log.warning("%s", error)
                if self.stop.is_set():
                    return None
                await asyncio.sleep(TROUBLE_NAP_S)


def _log_attempt(one: Delivery, end: Settlement) -> None:
    about = {
        "mailing": one.mailing_id, "delivery": one.id, "attempt": one.attempt, "relay": one.relay,
        "outcome": end.outcome,
    }  # fmt: skip
    log.info("delivery %d, attempt %d: %s, %s", one.id, one.attempt, end.outcome, end.reply, extra=about)
