"""Delivers what is due of a running mailing: claim, compose, send, settle.

Coordinated in one event loop: a feeder claims what is due, each connection's task carries one copy at a time. The
database is reached only through the ledger's thread.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from mailer.config import RelayConfig
from mailer.errors import EditionChangedError, StoreError
from mailer.i18n import _
from mailer.mail.message import Letterhead, compose_message, envelope_sender
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.delivery import Delivery, DeliveryStatus, MailingStatus
from mailer.model.edition import Edition
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Outcome,
    Phase,
    Refused,
    RelayFailure,
    Reply,
    ReplyClass,
    SendResult,
    Uncertain,
    Withheld,
)
from mailer.sending.ledger import Ledger
from mailer.sending.rest import RelayRest
from mailer.sending.retry import RetryPolicy, resend_uncertain_at
from mailer.sending.settle import MOST_STOPS, Consequence, as_deferral, decide_outcome, released
from mailer.store import deliveries, issues, mailings, recovery
from mailer.store.database import Connection
from mailer.store.deliveries import Settlement
from mailer.tokens import HouseSecret, hash_address

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=60)  # a dialogue at its slowest, and the one before it on the same connection
DRAIN_S = 30.0
RECORD_S = 20.0  # how long an outcome that happened is tried to be recorded while the database cannot be written
LONGEST_NAP_S = 1.0  # so that a pause or a cancel acts within a second or two


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
    """One run over a mailing: delivers all that is due, then returns; what is due later is for a later run."""

    def __init__(
        self, settings: SendingSettings, ledger: Ledger, rest: RelayRest, mailing_id: int, stop: asyncio.Event
    ) -> None:
        self._set = settings
        self._ledger = ledger
        self._rest = rest
        self._mailing_id = mailing_id
        self._stop = stop
        self._lease = uuid.uuid4().hex
        self._claimed: asyncio.Queue[Delivery] = asyncio.Queue()
        self._busy = 0
        self._settled = asyncio.Event()
        self._stops = 0
        self._accepted = False
        self._over = False  # no further copy is begun
        self._editions: dict[int, Edition] = {}

    async def run(self) -> float | None:
        """Deliver; return the seconds until more is due, or None when the mailing no longer runs.

        Raises StoreError when the ledger cannot be written: nothing is sent that cannot be recorded.
        """
        if not await self._ledger.write(self._look_over):
            return None
        workers = [asyncio.create_task(self._work()) for _number in range(self._set.relay.connections)]
        feeder = asyncio.create_task(self._feed())
        try:
            await asyncio.wait([feeder, *workers], return_when=asyncio.FIRST_COMPLETED)
            self._over = True
            await self._drain(workers)
            for task in (*workers, feeder):
                if task.done():
                    task.result()  # raises what ended it
            return feeder.result() if feeder.done() else 0.0
        finally:
            for task in (feeder, *workers):
                task.cancel()
            await asyncio.gather(feeder, *workers, return_exceptions=True)
            await self._ledger.write(self._recover)

    def _recover(self, connection: Connection) -> None:
        """What this run was cut off from: uncertain after its dot, else pending."""
        now = self._set.now()
        recovery.recover_claims(connection, now, resend_uncertain_at(now, self._set.policy), self._lease)

    async def _drain(self, workers: list[asyncio.Task[None]]) -> None:
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while self._busy and not all(worker.done() for worker in workers):
            if asyncio.get_running_loop().time() >= deadline:
                return
            await self._nap(0.05)

    async def _nap(self, seconds: float) -> None:
        self._settled.clear()
        # not wait_for: until Python 3.12 it can swallow the cancellation that ends this run
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()

    async def _feed(self) -> float | None:
        while not (self._stop.is_set() or self._over):
            now = self._set.now()
            resting = self._rest.remaining(now)
            room = self._set.relay.connections * 2 - self._claimed.qsize() - self._busy
            if not resting and room > 0:
                claimed = await self._ledger.write(partial(self._claim, now=now, limit=room))
                for delivery in claimed:
                    self._claimed.put_nowait(delivery)
                if claimed:
                    continue
            if self._busy or self._claimed.qsize():
                await self._nap(LONGEST_NAP_S)
                continue
            wait = await self._ledger.write(partial(self._look_on, now=now))
            return wait if wait is None else max(wait, resting.total_seconds())
        return 0.0

    def _look_over(self, connection: Connection) -> bool:
        """Return whether there is a mailing to deliver; hold one that could only fail on each of its readers."""
        if not self._is_running(connection):
            return False
        reason = ""
        for _id, name, edition_id in mailings.mailing_lists(connection, self._mailing_id):
            if name not in self._set.letterheads:
                reason = _("config.toml no longer has the list {name}").format(name=name)
                break
            try:
                self._editions[edition_id] = issues.load_edition(connection, edition_id)
            except EditionChangedError as error:
                reason = str(error)
                break
        if reason:
            mailings.move_mailing(connection, self._mailing_id, MailingStatus.HELD, self._set.now(), reason)
        return not reason

    def _is_running(self, connection: Connection) -> bool:
        record = mailings.find_mailing(connection, self._mailing_id)
        return record is not None and record.status is MailingStatus.RUNNING

    def _claim(self, connection: Connection, now: datetime, limit: int) -> list[Delivery]:
        recovery.requeue_uncertain(connection, self._mailing_id, now)
        return deliveries.claim_deliveries(
            connection, self._mailing_id, self._lease, now + LEASE, now, self._set.relay_name, limit
        )

    def _look_on(self, connection: Connection, now: datetime) -> float | None:
        """Return the seconds until more is due, or None when the mailing is over; finishes one with nothing open."""
        if not self._is_running(connection):
            return None
        resend_at = resend_uncertain_at(now, self._set.policy)
        recovery.recover_expired(connection, self._mailing_id, now, resend_at)
        left = recovery.remaining_work(connection, self._mailing_id, now)
        if left.open == 0:
            mailings.move_mailing(connection, self._mailing_id, MailingStatus.FINISHED, now)
            return None
        return max((left.next_at - now).total_seconds(), 0.0) if left.next_at is not None else LONGEST_NAP_S

    async def _work(self) -> None:
        session: SmtpSession | None = None
        try:
            while True:
                delivery = await self._claimed.get()
                self._busy += 1
                try:
                    session = await self._carry(delivery, session)
                finally:
                    self._busy -= 1
                    self._settled.set()
        finally:
            if session is not None:
                await session.quit()

    async def _carry(self, delivery: Delivery, session: SmtpSession | None) -> SmtpSession | None:
        """Take one claimed delivery to its settlement; return the session if it can carry another."""
        if self._stop.is_set() or self._over or self._rest.remaining(self._set.now()):
            await self._release(delivery)
            return session
        opened = session if session is not None and session.usable else await self._open()
        if isinstance(opened, RelayFailure):
            await self._settle_failure(delivery, opened)
            return None
        letterhead = self._set.letterheads[delivery.list_name]
        try:
            message = compose_message(self._editions[delivery.edition_id], delivery, letterhead)
            sender = envelope_sender(self._set.relay.envelope, letterhead, delivery.token)
        except Exception as error:  # one poisonous recipient must not end the run (faults F49)
            log.exception("delivery %d cannot be composed", delivery.id)
            await self._settle(delivery, _uncomposed(str(error)))
            return opened
        carry = partial(_send, sender=sender, delivery=delivery, message=message, permit=self._permit)
        result = await carry(opened)
        if opened is session and _went_stale(result):  # kept open too long: once more on a fresh one (faults F33)
            opened = await self._open()
            result = opened if isinstance(opened, RelayFailure) else await carry(opened)
        reconnect = await self._settle_result(delivery, result)
        if isinstance(opened, RelayFailure):
            return None
        if reconnect or not opened.usable or opened.sent >= self._set.relay.messages_per_connection:
            await opened.quit()
            return None
        return opened

    async def _open(self) -> SmtpSession | RelayFailure:
        return await open_session(self._set.relay, self._set.password)

    def _hash(self, delivery: Delivery) -> str:
        return hash_address(self._set.secret, delivery.recipient.address.casefold())

    async def _permit(self, delivery: Delivery) -> bool:
        address_hash = self._hash(delivery)
        return await self._ledger.write(
            lambda connection: deliveries.permit_dot(
                connection, delivery.id, self._lease, address_hash, self._set.now()
            )
        )

    async def _settle_result(self, delivery: Delivery, result: SendResult) -> bool:
        """Settle what became of a copy; return True when its connection should be replaced."""
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
                if self._rest.works():
                    await self._record(partial(mailings.note_mailing, mailing_id=self._mailing_id, reason=""))
        self._accepted = self._accepted or isinstance(outcome, Accepted | Uncertain)
        consequence = decide_outcome(
            outcome,
            delivery,
            self._set.now(),
            self._set.policy,
            self._set.dice(),
            others_accepted=self._accepted or delivery.attempts > 0,
        )
        await self._settle(delivery, consequence)
        if isinstance(outcome, Deferred | Refused) and outcome.meaning.action is Action.PAUSE_RELAY:
            await self._let_relay_rest(outcome.reply, outcome.meaning.retry_after_s)
        return consequence.reconnect

    async def _settle(self, delivery: Delivery, consequence: Consequence) -> None:
        def act(connection: Connection) -> None:
            now = self._set.now()
            deliveries.settle_delivery(connection, delivery.id, self._lease, consequence.settlement, now)
            if consequence.hold_domain_until is not None:
                domain = delivery.recipient.address.rpartition("@")[2]
                recovery.hold_domain(connection, self._mailing_id, domain, consequence.hold_domain_until)

        self._stops += consequence.stop
        holds = self._stops >= MOST_STOPS and not self._over
        self._over = self._over or holds  # before the next await: no other connection may try once more
        await self._record(act)
        if holds:
            await self._hold(str(consequence.settlement.reply))

    async def _record(self, act: Callable[[Connection], object]) -> None:
        """Write what happened on the wire, again and again for a while: it cannot be made to happen twice."""
        deadline = asyncio.get_running_loop().time() + RECORD_S
        while True:
            try:
                await self._ledger.write(act)
            except StoreError:
                self._over = True
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(0.5)
            else:
                return

    async def _settle_withheld(self, delivery: Delivery) -> None:
        address_hash = self._hash(delivery)

        def act(connection: Connection) -> None:
            now = self._set.now()
            stopped = deliveries.reader_stopped(connection, delivery.id, address_hash, now)
            status = DeliveryStatus.SUPPRESSED if stopped else DeliveryStatus.PENDING
            end = Settlement(status, "withheld", Reply(0, "", "", Phase.BODY), "", counts=False)
            deliveries.settle_delivery(connection, delivery.id, self._lease, end, now)

        await self._record(act)

    async def _settle_failure(self, delivery: Delivery, failure: RelayFailure) -> None:
        """The relay or our settings failed: the delivery is untouched, and no clock runs while the relay rests."""
        if failure.meaning.action is Action.STOP_AND_ASK:
            await self._settle(delivery, Consequence(released(failure.reply, failure.meaning), stop=MOST_STOPS))
            return
        await self._let_relay_rest(failure.reply, failure.meaning.retry_after_s)
        await self._settle(delivery, Consequence(released(failure.reply, failure.meaning)))

    async def _let_relay_rest(self, reply: Reply, asked_s: int) -> None:
        wait = self._rest.begin(self._set.now(), asked_s).total_seconds()
        if not wait:
            return
        log.warning("relay %s rests for %.1f s: %s", self._set.relay_name, wait, reply)
        reason = _("the relay {name} rests, as it said: {reply}").format(name=self._set.relay_name, reply=reply)

        def act(connection: Connection) -> None:
            mailings.note_mailing(connection, self._mailing_id, reason)
            for running in mailings.list_mailings(connection, [MailingStatus.RUNNING], limit=1000):
                mailings.add_held(connection, running.id, wait)

        await self._record(act)

    async def _hold(self, reply: str) -> None:
        reason = _("the relay asks to stop: {reply}").format(reply=reply)
        log.error("mailing %d is held: %s", self._mailing_id, reply)

        def act(connection: Connection) -> None:
            mailings.move_mailing(connection, self._mailing_id, MailingStatus.HELD, self._set.now(), reason)

        await self._record(act)

    async def _release(self, delivery: Delivery) -> None:
        nothing = Settlement(DeliveryStatus.PENDING, "released", Reply(0, "", "", Phase.CONNECT), "", counts=False)
        await self._record(
            lambda connection: deliveries.settle_delivery(
                connection, delivery.id, self._lease, nothing, self._set.now()
            )
        )


async def _send(
    session: SmtpSession,
    *,
    sender: str,
    delivery: Delivery,
    message: bytes,
    permit: Callable[[Delivery], Awaitable[bool]],
) -> SendResult:
    return await session.send(sender, delivery.recipient.address, message, partial(permit, delivery))


def _went_stale(result: SendResult) -> bool:
    return (
        isinstance(result, RelayFailure)
        and result.reply.phase is Phase.MAIL
        and result.meaning.action is Action.RECONNECT
    )


def _uncomposed(why: str) -> Consequence:
    reply = Reply(0, "", why, Phase.CONNECT)
    return Consequence(Settlement(DeliveryStatus.REFUSED, "refused", reply, ReplyClass.PROTOCOL.value))
