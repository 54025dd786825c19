"""One connection's task: carries one copy after another to its settlement."""

import logging
from typing import TYPE_CHECKING

from mailer.errors import StoreError
from mailer.mail.envelope import Envelope
from mailer.mail.smtp import SmtpSession
from mailer.model.outcome import Action, Phase, RelayFailure, SendResult
from mailer.sending.copies import Copy
from mailer.sending.pool import Pool

if TYPE_CHECKING:
    from mailer.sending.sender import Sender

log = logging.getLogger(__name__)

IDLE_S = 10.0  # then the connection is given up


class Lane:
    """A connection to a relay, and what it carries. `busy` while a copy is in its hands."""

    def __init__(self, sender: "Sender", pool: Pool, number: int) -> None:
        self.busy = False
        self._sender = sender
        self._pool = pool
        self._number = number
        self._session: SmtpSession | None = None
        self._next: Copy | None = None  # composed; its envelope may have been said already

    async def run(self) -> None:
        """Carry copies until cancelled; raises nothing that a relay, a reader or the database does."""
        try:
            while True:
                copy, self._next = self._next, None
                if copy is None:
                    copy = await self._pool.take(self._number, IDLE_S)
                if copy is None:
                    await self._leave()
                    continue
                self.busy = True
                try:
                    await self._carry(copy)
                finally:
                    self.busy = self._next is not None
                    if not self.busy:
                        self._sender.progressed()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.quit()

    async def _carry(self, copy: Copy) -> None:
        sender = self._sender
        if not await sender.may_begin(copy, self._pool) or not self._compose(copy):
            await self._drop_riding()
            return
        if not await self._reach_relay(copy):
            return
        result = await self._send(copy)
        if result is None:
            return
        if _says_nothing(result) and self._session is not None and (self._session.sent or self._session.pipelining):
            # kept open too long, gone after the last message, or taken aback by commands said ahead: once more on a
            # fresh one (faults F31-F33, F35)
            if isinstance(result, RelayFailure):
                self._pool.ride_lost(result, self._session)
            if not await self._reach_relay(copy, anew=True):
                return
            result = await self._send(copy)
            if result is None:
                return
        done = await sender.settle_result(copy, self._pool, result)
        session, most = self._session, self._pool.config.messages_per_connection
        if done or (session is not None and session.sent >= most):
            await self._leave()

    async def _drop_riding(self) -> None:
        if self._session is not None and self._session.riding is not None:
            await self._leave()

    def _compose(self, copy: Copy) -> bool:
        """Compose a copy; one that cannot be is settled, and ends nothing else (faults F49)."""
        try:
            self._sender.composing.compose(copy, self._pool.config.envelope)
        except Exception as error:
            about = {"mailing": copy.delivery.mailing_id, "delivery": copy.delivery.id}
            log.exception("delivery %d cannot be composed", copy.delivery.id, extra=about)
            self._sender.settle_uncomposed(copy, str(error))
            return False
        return True

    async def _reach_relay(self, copy: Copy, *, anew: bool = False) -> bool:
        """See that there is a session; where none is to be had the copy is given back."""
        if anew or self._session is None or not self._session.usable:
            await self._leave()
            opened = await self._pool.open()
            if not isinstance(opened, SmtpSession):
                self._sender.give_back(copy)
                if opened is not None:
                    await self._sender.relay_failed(self._pool, opened)
                return False
            self._session = opened
            if not await self._sender.may_begin(copy, self._pool):  # opening may have taken long
                return False
        return True

    async def _send(self, copy: Copy) -> SendResult | None:
        assert self._session is not None
        assert copy.composed is not None
        envelope, octets = copy.composed
        rode = self._session.riding is envelope

        async def before_dot() -> bool:
            permitted = self._sender.permit_dot(copy)
            self._prepare_next()  # while the commit is made
            return await permitted

        try:
            result = await self._session.send(envelope, octets, before_dot, self._look_ahead)
        except StoreError:  # the dot could not be put on record, so it was not written
            self._sender.give_back(copy)
            return None
        if rode and not _says_nothing(result):
            self._pool.ride_arrived()
        return result

    def _prepare_next(self) -> None:
        """Take the next copy in hand and compose it, if this connection may carry another."""
        assert self._session is not None
        if self._session.sent + 1 >= self._pool.config.messages_per_connection or self._number >= self._pool.width:
            return
        ready = self._pool.ready
        while self._next is None and (not ready or self._sender.may_ride(ready[0], self._pool)):
            copy = self._pool.pop()
            if copy is None:
                return
            if self._compose(copy):
                self._next = copy

    def _look_ahead(self) -> Envelope | None:
        """Return the next copy's envelope, to be said behind the dot that is about to be written."""
        copy = self._next
        if copy is None or copy.composed is None or not self._sender.may_ride(copy, self._pool):
            return None
        return copy.composed[0]


def _says_nothing(result: SendResult) -> bool:
    """True for a connection that ended before the relay said a word on this copy."""
    if not isinstance(result, RelayFailure) or result.meaning.action is not Action.RECONNECT:
        return False
    if result.reply.phase is Phase.MAIL:
        return True
    return result.reply.code == 0 and result.reply.phase in (Phase.RCPT, Phase.DATA)
