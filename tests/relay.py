"""A relay for tests of the sender: a real SMTP server (aiosmtpd) whose mailboxes answer as they are told."""

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Relay:
    """Answers from lists: each try of an address takes the next reply, and 250 when there is none left.

    taken counts messages by recipient, messages holds the last of each; seen holds the Message-ID and Date of each try that reached DATA.
    """

    mail: list[str] = field(default_factory=list)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, list[str]] = field(default_factory=dict)
    rcpt_wait_s: float = 0.0
    data_wait_s: float = 0.0
    timeout_s: float = 300.0
    port: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    messages: dict[str, bytes] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    seen: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    senders: list[str] = field(default_factory=list)

    async def __aenter__(self) -> "Relay":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="relay.test", enable_SMTPUTF8=True, timeout=self.timeout_s, loop=loop),
            "127.0.0.1",
            self.port,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()  # not waited for: from Python 3.12 that lasts until the last client has gone

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.senders.append(address)
        if self.mail:
            return self.mail.pop(0)
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked[address] += 1
        await asyncio.sleep(self.rcpt_wait_s)
        if self.rcpt.get(address):
            return self.rcpt[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert len(envelope.rcpt_tos) == 1, "one recipient a message"
        address = envelope.rcpt_tos[0]
        message = message_from_bytes(envelope.original_content or b"")
        assert message["To"] == address
        self.seen[address].append((message["Message-ID"], message["Date"]))
        await asyncio.sleep(self.data_wait_s)
        if self.data.get(address):
            return self.data[address].pop(0)
        self.taken[address] += 1
        self.messages[address] = envelope.original_content or b""
        return "250 2.0.0 queued"


@contextmanager
def in_a_thread(one: Relay) -> Iterator[Relay]:
    """Have a relay listen on its port while this lasts."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with one:
            ready.set()
            await stop.wait()

    def run() -> None:
        loop.run_until_complete(serve())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield one
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
