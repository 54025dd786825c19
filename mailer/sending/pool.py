"""A relay's connections: how many there may be, what waits for them, and how they stand."""

import asyncio
from collections import deque

from mailer.mail.replies import ReplyRules
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.delivery import Delivery
from mailer.model.outcome import Phase, RelayFailure
from mailer.sending.copies import Copy
from mailer.sending.settings import RelayAccess
from mailer.sending.settle import Consequence

AHEAD = 2  # copies claimed a connection, so that none waits for the database
MOST_AHEAD = 24  # as many where they are gone at once
FEW_CLAIMS_S = 0.15  # a claim serves at least so long: its cost is nearly the same for ten copies and for two hundred
LONG_WAIT_S = 2.0  # a copy that waited so long was claimed too early
LOGINS = 3  # at once: where one is refused, so are two more at most (faults F10); with a token each tries twice
LOST_RIDES = 2  # envelopes lost in a row before a relay is no longer trusted with pipelining


class Pool:
    """The connections to one relay, and what its answers of late say of it; `resting` is set by who knows its pace."""

    def __init__(self, name: str, access: RelayAccess, rules: ReplyRules | None = None) -> None:
        self.name = name
        self.config = access.config
        self.credentials = access.credentials
        self.ready: deque[Copy] = deque()
        self.resting = False
        self.changing = 0  # changes of its pace that are not on record yet
        self.proven = False  # a session was opened since it last failed
        self.failed = False  # it rests or rested, and nothing got through since
        self.accepted = False  # it has taken a copy in this run
        self.dead_in_a_row = 0  # addresses it called dead since it took a copy
        self.called_dead: list[tuple[Delivery, Consequence]] = []  # those before it took any, not suppressed yet
        self.doubts_in_a_row = 0  # dots it did not answer since it took a copy
        self._ahead = AHEAD
        self._fed_at = 0.0
        self._opening = asyncio.Lock()
        self._logging_in = asyncio.Semaphore(LOGINS if access.config.auth == "password" else 1)
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []  # connections by number
        self._rules = rules
        self._lost_rides = 0
        self._pipelining = access.config.pipelining

    @property
    def width(self) -> int:
        """How many connections may be used: one until one has shown that the relay works."""
        return self.config.connections if self.proven else 1

    def appetite(self) -> int:
        """How many copies should be claimed for it now."""
        if self.resting:
            return 0
        depth = self.config.connections * self._ahead
        missing = depth - len(self.ready)
        return missing if missing * 2 >= depth else 0

    def fed(self) -> None:
        """Note that copies were claimed for it; where that was a moment ago, more are claimed the next time."""
        now = asyncio.get_running_loop().time()
        if now - self._fed_at < FEW_CLAIMS_S and not self.config.limits:  # there a permit is precious
            self._ahead = min(self._ahead * 2, MOST_AHEAD)
        self._fed_at = now

    def pop(self) -> Copy | None:
        """Return the next copy, or None; learn from it how many should be claimed ahead."""
        if not self.ready:
            return None
        copy = self.ready.popleft()
        if asyncio.get_running_loop().time() - copy.queued_at > LONG_WAIT_S:
            self._ahead = max(self._ahead // 2, AHEAD)
        return copy

    def put(self, copy: Copy) -> None:
        """Add a claimed copy, and wake a connection that waits."""
        copy.queued_at = asyncio.get_running_loop().time()
        self.ready.append(copy)
        self._wake_one()

    def _wake_one(self) -> None:
        for number, waiter in reversed(self._waiting):  # the one that waited least has the warmest session
            if number < self.width and not waiter.done():
                waiter.set_result(None)
                return

    def wake_all(self) -> None:
        """Let every connection look again."""
        for _number, waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def take(self, number: int, seconds: float) -> Copy | None:
        """Return the next copy for the connection of this number, waiting for so long; None when there was none."""
        try:
            async with asyncio.timeout(seconds):
                while number >= self.width or self.resting or not self.ready:
                    entry = (number, asyncio.get_running_loop().create_future())
                    self._waiting.append(entry)
                    try:
                        await entry[1]
                    finally:
                        self._waiting.remove(entry)
                return self.pop()
        except TimeoutError:
            return None

    async def open(self) -> SmtpSession | RelayFailure | None:
        """Open a session; one at a time until one has worked. None when the relay came to rest meanwhile.

        A few at a time log in: a password that is no longer right must not be tried by all connections at once.
        """
        if self.proven and not self.config.username:
            return await self._open()
        async with self._logging_in if self.proven else self._opening:
            return None if self.resting else await self._open()

    async def _open(self) -> SmtpSession | RelayFailure:
        config = self.config.model_copy(update={"pipelining": self._pipelining})
        opened = await open_session(config, self.credentials, rules=self._rules)
        if isinstance(opened, SmtpSession) and not self.proven:
            self.proven = True
            self.wake_all()
        return opened

    def ride_lost(self, failure: RelayFailure, session: SmtpSession) -> None:
        """Note that a connection broke under commands said ahead (faults F35): after some, they are said in turn.

        Before MAIL is answered it counts only at the first message: later the relay may have closed of itself.
        """
        phases = (Phase.RCPT, Phase.DATA) if session.sent else (Phase.MAIL, Phase.RCPT, Phase.DATA)
        if failure.reply.code == 0 and failure.reply.phase in phases:
            self._lost_rides += 1
            self._pipelining = self._pipelining and self._lost_rides < LOST_RIDES

    def ride_arrived(self) -> None:
        """Note that commands said ahead were answered."""
        self._lost_rides = 0
