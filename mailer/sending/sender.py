"""The sender: delivers whatever mailings run, through all relays at once, until told to stop.

Coordinated in one event loop: a feeder claims what is due, each connection's lane carries one copy at a time. The
database is reached only through the ledger's thread.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from mailer.errors import EditionChangedError, InputError, StoreError
from mailer.i18n import _
from mailer.model.delivery import MailingStatus
from mailer.model.pace import NO_PACE
from mailer.sending.copies import Copy
from mailer.sending.feed import Claim, Domains, Feed, relay_subject
from mailer.sending.lane import Lane
from mailer.sending.ledger import Ledger
from mailer.sending.outcomes import Outcomes
from mailer.sending.pool import Pool
from mailer.sending.retry import resend_uncertain_at
from mailer.sending.settings import SendingSettings
from mailer.sending.tempo import keep_tempo
from mailer.store import claims, issues, mailings, pace, recovery
from mailer.store.claims import RunningMailing
from mailer.store.database import Connection, Store

log = logging.getLogger(__name__)

DRAIN_S = 30.0
RECORD_S = 20.0  # how long what happened is tried to be recorded at the end, while the database cannot be written
IDLE_S = 0.5  # the longest nap: a pause or a cancel acts within a second or two
SHORTEST_NAP_S = 0.01
HOUSEKEEPING_S = 1.0


class Sender(Outcomes):
    """One run of the sender over a database."""

    def __init__(self, settings: SendingSettings, store: Store, stop: asyncio.Event, only: int | None = None) -> None:
        lease = uuid.uuid4().hex
        configs = {name: one.config for name, one in settings.relays.items()}
        domains = Domains(settings.domains)
        super().__init__(
            settings,
            Ledger(store, settings.now),
            {name: Pool(name, one, settings.rules) for name, one in settings.relays.items()},
            Feed(configs, domains, settings.secret, settings.policy.scale, lease),
            stop,
        )
        self._only = only
        self._verdicts = {}
        self._fit: set[int] = set()  # mailings whose editions are loaded
        self._housekept_at = 0.0
        self._lanes: list[Lane] = []

    async def run(self) -> None:
        """Deliver until `stop`, or with `only` until that mailing no longer runs.

        The caller holds the sender lock, so what is still claimed at the start was left by a crash. Raises StoreError
        when the database cannot be read at the start.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.ledger.write(self._recover_all)
            self._lanes = [
                Lane(self, pool, number) for pool in self.pools.values() for number in range(pool.config.connections)
            ]
            tasks = [asyncio.create_task(lane.run()) for lane in self._lanes]
            feeder = asyncio.create_task(self._feed())
            await asyncio.wait([feeder, *tasks], return_when=asyncio.FIRST_COMPLETED)
            self.over = True
            self._give_back_ready()
            await self._drain(tasks)
            for task in (feeder, *tasks):
                if task.done():
                    task.result()  # raises what ended it
            tasks.append(feeder)
        finally:
            self.over = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(StoreError):
                await self.ledger.write(self._recover_own)
            await self.ledger.close(RECORD_S)

    def _recover_all(self, connection: Connection) -> None:
        now = self.set.now()
        found = recovery.recover_claims(connection, now, resend_uncertain_at(now, self.set.policy))
        if found.uncertain or found.freed:
            log.warning("after a stop: %d uncertain, %d pending again", found.uncertain, found.freed)
        for name, is_held in self._held_relays(connection, now).items():
            self.pools[name].resting = is_held

    def _recover_own(self, connection: Connection) -> None:
        """What this run was cut off from: uncertain after its dot, else pending."""
        now = self.set.now()
        recovery.recover_claims(connection, now, resend_uncertain_at(now, self.set.policy), self.feed.lease)

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Let what is on the wire end, for DRAIN_S."""
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while any(lane.busy for lane in self._lanes) and not all(task.done() for task in tasks):
            if asyncio.get_running_loop().time() >= deadline:
                return
            await self._nap(0.05)

    async def _nap(self, seconds: float) -> None:
        self.progress.clear()
        # not wait_for: until Python 3.12 it can swallow the cancellation that ends this run
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.progress.wait()

    async def _feed(self) -> None:
        """Claim what relays have appetite for, and look after mailings meanwhile, until there is nothing more to do."""
        while not (self.stop.is_set() or self.over):
            try:
                claimed = await self._claim_more()
                if claimed:
                    await asyncio.sleep(0)
                    continue
                wait = await self._look_on()
            except StoreError as error:
                log.warning("%s", error)
                await self._nap(IDLE_S)
                continue
            if wait is None:
                return
            await self._nap(min(max(wait, SHORTEST_NAP_S), IDLE_S))

    async def _claim_more(self) -> bool:
        appetite = {name: pool.appetite() for name, pool in self.pools.items()}
        due = asyncio.get_running_loop().time() >= self._housekept_at
        if self.ledger.trouble or not (any(appetite.values()) or due):
            return False
        running, quiet, held, claimed = await self.ledger.write(
            partial(self._claim, appetite=appetite, housekeeping=due)
        )
        self.running, self.quiet_from = running - self.halting, quiet
        for name, is_held in held.items():
            if not self.pools[name].changing:  # else what was read may be older than what we know
                self.pools[name].resting = is_held
        if due:
            self._housekept_at = asyncio.get_running_loop().time() + HOUSEKEEPING_S * self.set.policy.scale**0.5
        for claim in claimed:
            self.take_on(Copy(claim))
        for name in {claim.delivery.relay for claim in claimed}:
            self.pools[name].fed()
        for pool in self.pools.values():
            if pool.ready and not pool.resting:
                pool.wake_all()  # its rest may have ended while copies waited
        return bool(claimed)

    def _claim(
        self, connection: Connection, appetite: Mapping[str, int], housekeeping: bool
    ) -> tuple[set[int], dict[int, datetime], dict[str, bool], list[Claim]]:
        """Claim for every relay that is ready; now and then take up what is due otherwise.

        Returns which mailings run, since when it is quiet for them or will be, which relays are held, and the claims.
        """
        now = self.set.now()
        running = claims.running_mailings(connection, self._only)
        held: dict[str, bool] = {}
        if housekeeping:
            resend_at = resend_uncertain_at(now, self.set.policy)
            for one in running:
                recovery.recover_expired(connection, one.id, now, resend_at, self.feed.lease)
                recovery.requeue_uncertain(connection, one.id, now)
            keep_tempo(connection, running, now)
            held = self._held_relays(connection, now)
        running = [one for one in running if self._is_fit(connection, one, now)]
        under_way = dict(self.under_way_domains)
        quiet = {one.id: one.tempo.quiet.quiet_from(now) for one in running if one.tempo.quiet is not None}
        awake = [one for one in running if one.id not in quiet or now < quiet[one.id]]
        claimed = self.feed.claim(connection, awake, appetite, under_way, now)
        return {one.id for one in running}, quiet, held, claimed

    def _held_relays(self, connection: Connection, now: datetime) -> dict[str, bool]:
        """Return which relays may not be used now: a rest may be over, or another process may have begun one."""
        paces = pace.read_paces(connection, [relay_subject(name) for name in self.pools])
        return {name: paces.get(relay_subject(name), NO_PACE).is_held(now) for name in self.pools}

    def _is_fit(self, connection: Connection, one: RunningMailing, now: datetime) -> bool:
        """Load what a mailing needs; hold one that could only fail on each of its readers."""
        reason = ""
        for _id, name, edition_id in mailings.mailing_lists(connection, one.id) if one.id not in self._fit else ():
            if name not in self.set.letterheads:
                reason = _("config.toml no longer has the list {name}").format(name=name)
            if not reason and not self.composing.knows(edition_id):
                try:
                    self.composing.add(edition_id, issues.load_edition(connection, edition_id))
                except (EditionChangedError, InputError) as error:
                    reason = str(error)
        if reason:
            mailings.move_mailing(connection, one.id, MailingStatus.HELD, now, reason, why="unfit")
            return False
        self._fit.add(one.id)
        return True

    async def _look_on(self) -> float | None:
        """Finish mailings with nothing open; return how long nothing is due, None when `only` no longer runs."""
        if any(pool.ready for pool in self.pools.values()) or self.ledger.trouble:
            return IDLE_S
        running, wait = await self.ledger.write(self._finish)
        self.running = running - self.halting
        if self._only is not None and self._only not in self.running and not self.under_way[self._only]:
            return None
        return wait

    def _finish(self, connection: Connection) -> tuple[set[int], float]:
        now = self.set.now()
        waits = [IDLE_S]
        running = claims.running_mailings(connection, self._only)
        still = {one.id for one in running}
        for one in running:
            if self.under_way[one.id]:
                continue
            left = recovery.remaining_work(connection, one.id, now)
            if not left.open:
                mailings.move_mailing(connection, one.id, MailingStatus.FINISHED, now)
                still.discard(one.id)
                self._verdicts.pop(one.id, None)
            elif left.next_at is not None and left.next_at > now:
                waits.append((left.next_at - now).total_seconds())
                self._housekept_at = min(self._housekept_at, self.loop.time() + waits[-1])
        return still, min(waits)


async def run_sender(settings: SendingSettings, store: Store, stop: asyncio.Event, *, only: int | None = None) -> None:
    """Deliver running mailings until `stop`; with `only`, that one mailing until it no longer runs."""
    await Sender(settings, store, stop, only).run()
