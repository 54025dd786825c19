"""Delivers a running mailing: claim, compose, send, settle, until nothing is open.

Coordinated in one event loop: a feeder claims what is due, each connection's task carries one copy at a time. The
database is reached only through the ledger's thread.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from mailer.config import RelayConfig
from mailer.i18n import _
from mailer.mail.message import Letterhead, compose_message, envelope_sender
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.address import parse_address
from mailer.model.delivery import Delivery, DeliveryStatus, MailingStatus
from mailer.model.edition import Edition
from mailer.model.outcome import (
    Action,
    Deferred,
    Meaning,
    Outcome,
    Phase,
    Refused,
    RelayFailure,
    Reply,
    ReplyClass,
    SendResult,
    Withheld,
)
from mailer.sending.ledger import Ledger
from mailer.sending.retry import RetryPolicy
from mailer.sending.settle import MOST_STOPS, Consequence, as_deferral, decide_outcome, released
from mailer.store import deliveries, issues, mailings
from mailer.store.database import Connection
from mailer.store.deliveries import Settlement
from mailer.tokens import HouseSecret, hash_address

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=30)  # longer than any one dialogue: connect, message, and ten minutes for the final dot
DRAIN_S = 30.0
LONGEST_NAP_S = 1.0  # so that a pause or a cancel acts within a second or two
RELAY_WAIT = timedelta(seconds=15)  # before a dead relay is tried again; doubles
LONGEST_RELAY_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class SendingSettings:
    """What a sender needs besides the ledger. letterheads are by list name."""

    secret: HouseSecret
    relay_name: str
    relay: RelayConfig
    password: str
    policy: RetryPolicy
    letterheads: dict[str, Letterhead]
    now: Callable[[], datetime]
    dice: Callable[[], float] = field(default=random.random)


class MailingRun:
    """One run over one mailing. `run()` returns when it is finished, held, paused, cancelled, or `stop` is set."""

    def __init__(self, settings: SendingSettings, ledger: Ledger, mailing_id: int, stop: asyncio.Event) -> None:
        self._set = settings
        self._ledger = ledger
        self._mailing_id = mailing_id
        self._stop = stop
        self._lease = uuid.uuid4().hex
        self._claimed: asyncio.Queue[Delivery] = asyncio.Queue()
        self._busy = 0
        self._settled = asyncio.Event()
        self._relay_rests_until: datetime | None = None
        self._relay_failures = 0
        self._stops = 0
        self._held = False
        self._editions: dict[int, Edition] = {}

    async def run(self) -> None:
        """Deliver. Raises StoreError when the ledger cannot be written: nothing is sent that cannot be recorded."""
        workers = [asyncio.create_task(self._work()) for _number in range(self._set.relay.connections)]
        feeder = asyncio.create_task(self._feed())
        try:
            done, _pending = await asyncio.wait([feeder, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # raises what ended it
            await self._drain(workers)
        finally:
            for task in (feeder, *workers):
                task.cancel()
            await asyncio.gather(feeder, *workers, return_exceptions=True)
            await self._release_claimed()

    async def _drain(self, workers: list[asyncio.Task[None]]) -> None:
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while self._busy and asyncio.get_running_loop().time() < deadline:
            if any(worker.done() for worker in workers):
                break
            await self._nap(0.05)

    async def _nap(self, seconds: float) -> None:
        self._settled.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), seconds)

    async def _feed(self) -> None:
        if not await self._ledger.write(self._has_letterheads):
            return
        while not self._stop.is_set():
            now = self._set.now()
            if self._relay_rests_until is not None and now < self._relay_rests_until:
                if not await self._ledger.write(self._is_running):
                    return
                await self._nap(min(LONGEST_NAP_S, (self._relay_rests_until - now).total_seconds()))
                continue
            room = self._set.relay.connections * 2 - self._claimed.qsize() - self._busy
            if room <= 0:
                await self._nap(LONGEST_NAP_S)
                continue
            claimed = await self._ledger.write(partial(self._claim, now=now, limit=room))
            for delivery in claimed:
                self._claimed.put_nowait(delivery)
            if claimed:
                continue
            more = await self._ledger.write(partial(self._look_on, now=now))
            if more is None:
                return
            await self._nap(more)

    def _has_letterheads(self, connection: Connection) -> bool:
        """Hold a mailing to a list that the settings no longer have, rather than fail on each of its readers."""
        names = [name for _id, name, _edition in mailings.mailing_lists(connection, self._mailing_id)]
        missing = [name for name in names if name not in self._set.letterheads]
        if missing:
            reason = _("config.toml no longer has the list {name}").format(name=missing[0])
            mailings.move_mailing(connection, self._mailing_id, MailingStatus.HELD, self._set.now(), reason)
        return not missing

    def _is_running(self, connection: Connection) -> bool:
        record = mailings.find_mailing(connection, self._mailing_id)
        return record is not None and record.status is MailingStatus.RUNNING

    def _claim(self, connection: Connection, now: datetime, limit: int) -> list[Delivery]:
        deliveries.requeue_uncertain(connection, self._mailing_id, now)
        return deliveries.claim_deliveries(
            connection, self._mailing_id, self._lease, now + LEASE, now, self._set.relay_name, limit
        )

    def _look_on(self, connection: Connection, now: datetime) -> float | None:
        """Return how long to nap, or None when this run is over; finishes a mailing that has nothing open."""
        if not self._is_running(connection):
            return None
        left = deliveries.remaining_work(connection, self._mailing_id)
        if left.open == 0:
            mailings.move_mailing(connection, self._mailing_id, MailingStatus.FINISHED, now)
            return None
        wait = (left.next_at - now).total_seconds() if left.next_at is not None else LONGEST_NAP_S
        return min(max(wait, 0.01), LONGEST_NAP_S)

    async def _work(self) -> None:
        session: SmtpSession | None = None
        try:
            while True:
                delivery = await self._next_delivery(session)
                if delivery is None:
                    session = None
                    continue
                self._busy += 1
                try:
                    session = await self._carry(delivery, session)
                finally:
                    self._busy -= 1
                    self._settled.set()
        finally:
            if session is not None:
                await session.quit()

    async def _next_delivery(self, session: SmtpSession | None) -> Delivery | None:
        """Wait for a claimed delivery; None after an idle while with a session open, which is then closed."""
        if session is None:
            return await self._claimed.get()
        try:
            return await asyncio.wait_for(self._claimed.get(), 5)
        except TimeoutError:
            await session.quit()
            return None

    async def _carry(self, delivery: Delivery, session: SmtpSession | None) -> SmtpSession | None:
        """Take one claimed delivery to its settlement; return the session if it can carry another."""
        resting = self._relay_rests_until is not None and self._set.now() < self._relay_rests_until
        if self._stop.is_set() or self._held or resting:
            await self._release([delivery])
            return session
        opened = session if session is not None and session.usable else await self._open()
        if isinstance(opened, RelayFailure):
            await self._settle_failure(delivery, opened)
            return None
        edition = await self._edition(delivery.edition_id)
        letterhead = self._set.letterheads[delivery.list_name]
        try:
            message = compose_message(edition, delivery, letterhead)
        except Exception as error:  # one poisonous recipient must not end the run (faults F49)
            log.exception("delivery %d cannot be composed", delivery.id)
            await self._settle(delivery, _uncomposed(str(error)))
            return opened
        sender = envelope_sender(self._set.relay.envelope, letterhead, delivery.token)
        result = await opened.send(sender, delivery.recipient.address, message, partial(self._permit, delivery))
        if opened is session and _went_stale(result):  # kept open too long: once more on a fresh one (faults F33)
            opened = await self._open()
            if isinstance(opened, RelayFailure):
                await self._settle_failure(delivery, opened)
                return None
            result = await opened.send(sender, delivery.recipient.address, message, partial(self._permit, delivery))
        reconnect = await self._settle_result(delivery, result)
        if reconnect or not opened.usable or opened.sent >= self._set.relay.messages_per_connection:
            await opened.quit()
            return None
        return opened

    async def _open(self) -> SmtpSession | RelayFailure:
        opened = await open_session(self._set.relay, self._set.password)
        if not isinstance(opened, RelayFailure):
            self._relay_failures = 0
            self._relay_rests_until = None
        return opened

    async def _edition(self, edition_id: int) -> Edition:
        if edition_id not in self._editions:
            self._editions[edition_id] = await self._ledger.write(
                lambda connection: issues.load_edition(connection, edition_id)
            )
        return self._editions[edition_id]

    def _hash(self, delivery: Delivery) -> str:
        return hash_address(self._set.secret, parse_address(delivery.recipient.address).key)

    async def _permit(self, delivery: Delivery) -> bool:
        address_hash = self._hash(delivery)
        return await self._ledger.write(
            lambda connection: deliveries.permit_dot(
                connection, delivery.id, self._lease, address_hash, self._set.now()
            )
        )

    async def _settle_result(self, delivery: Delivery, result: SendResult) -> bool:
        match result:
            case Withheld():
                await self._settle_withheld(delivery)
                return True
            case RelayFailure():
                deferred = as_deferral(result)
                if deferred is None:
                    await self._settle_failure(delivery, result)
                    return True
                outcome: Outcome = deferred
            case _:
                outcome = result
        consequence = decide_outcome(outcome, delivery, self._set.now(), self._set.policy, self._set.dice())
        await self._settle(delivery, consequence)
        if isinstance(outcome, Deferred | Refused) and outcome.meaning.action is Action.PAUSE_RELAY:
            self._rest(outcome.meaning)
        return consequence.reconnect

    async def _settle(self, delivery: Delivery, consequence: Consequence) -> None:
        def act(connection: Connection) -> None:
            now = self._set.now()
            deliveries.settle_delivery(connection, delivery.id, self._lease, consequence.settlement, now)
            if consequence.hold_domain_until is not None:
                domain = delivery.recipient.address.rpartition("@")[2]
                deliveries.hold_domain(connection, self._mailing_id, domain, consequence.hold_domain_until)

        self._stops += consequence.stop
        holds = self._stops >= MOST_STOPS and not self._held
        self._held = self._held or holds  # before the next await: no other connection may try once more
        await self._ledger.write(act)
        if holds:
            await self._hold(str(consequence.settlement.reply))

    async def _settle_withheld(self, delivery: Delivery) -> None:
        address_hash = self._hash(delivery)

        def act(connection: Connection) -> None:
            now = self._set.now()
            mailing = mailings.find_mailing(connection, self._mailing_id)
            if deliveries.reader_stopped(connection, delivery.id, address_hash):
                status = DeliveryStatus.SUPPRESSED
            elif mailing is not None and mailing.status is MailingStatus.CANCELLED:
                status = DeliveryStatus.CANCELLED
            else:
                status = DeliveryStatus.PENDING
            end = Settlement(status, "withheld", Reply(0, "", "", Phase.BODY), "", counts=False)
            deliveries.settle_delivery(connection, delivery.id, self._lease, end, now)

        await self._ledger.write(act)

    async def _settle_failure(self, delivery: Delivery, failure: RelayFailure) -> None:
        """The relay or our settings failed: the delivery is untouched, its clock stands still while the relay rests."""
        if failure.meaning.action is Action.STOP_AND_ASK:
            await self._settle(delivery, Consequence(released(failure.reply, failure.meaning), stop=MOST_STOPS))
            return
        wait = self._rest(failure.meaning)
        log.warning("relay %s: %s; next try in %.1f s", self._set.relay_name, failure.reply, wait.total_seconds())
        end = released(failure.reply, failure.meaning, clock_from=delivery.clock_from + wait)
        await self._settle(delivery, Consequence(end))

    def _rest(self, meaning: Meaning) -> timedelta:
        """Let the relay rest, longer each time in a row; return how long."""
        now = self._set.now()
        if self._relay_rests_until is not None and now < self._relay_rests_until:
            return self._relay_rests_until - now
        doubled = min(RELAY_WAIT * float(2 ** min(self._relay_failures, 10)), LONGEST_RELAY_WAIT)
        wait = max(doubled, timedelta(seconds=meaning.retry_after_s)) * self._set.policy.scale
        self._relay_failures += 1
        self._relay_rests_until = now + wait
        return wait

    async def _hold(self, reply: str) -> None:
        reason = _("the relay asks to stop: {reply}").format(reply=reply)
        log.error("mailing %d is held: %s", self._mailing_id, reply)
        await self._ledger.write(
            lambda connection: mailings.move_mailing(
                connection, self._mailing_id, MailingStatus.HELD, self._set.now(), reason
            )
        )

    async def _release(self, claimed: list[Delivery]) -> None:
        nothing = Settlement(DeliveryStatus.PENDING, "released", Reply(0, "", "", Phase.CONNECT), "", counts=False)

        def act(connection: Connection) -> None:
            for delivery in claimed:
                deliveries.settle_delivery(connection, delivery.id, self._lease, nothing, self._set.now())

        await self._ledger.write(act)

    async def _release_claimed(self) -> None:
        waiting = [self._claimed.get_nowait() for _number in range(self._claimed.qsize())]
        if waiting:
            await self._release(waiting)


def _went_stale(result: SendResult) -> bool:
    return (
        isinstance(result, RelayFailure)
        and result.reply.phase is Phase.MAIL
        and result.meaning.action is Action.RECONNECT
    )


def _uncomposed(why: str) -> Consequence:
    reply = Reply(0, "", why, Phase.CONNECT)
    return Consequence(Settlement(DeliveryStatus.REFUSED, "refused", reply, ReplyClass.PROTOCOL.value))
