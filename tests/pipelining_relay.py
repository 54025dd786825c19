"""A relay of our own for tests of the whole sender: PIPELINING, DSN and SIZE, faults at chosen points, and a diary.

aiosmtpd has no PIPELINING. This one plays a fault wherever `plays` names a point and how many times it was reached:
{("RCPT", 7): "421 4.3.2 bye"}. Points: BANNER EHLO AUTH MAIL RCPT DATA BODY DOT AFTER QUIT. What it plays is a reply
line (after a 421 it closes), or

DROP      end the connection (RST)            HANGUP   close it in order (FIN)
NEVER     say nothing more on it              DRIP     the usual reply, an octet each 50 ms
TAKE x    at the dot: the message is taken, then x is played
"""

import asyncio
import contextlib
import ssl
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from types import TracebackType

from tests.mail.line_server import reset_on_close

EVERY = 0  # in `plays`: each time the point is reached
OFFERS = ("PIPELINING", "DSN", "SIZE 100000", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8")


class GoneError(Exception):
    """This connection is over."""


@dataclass(frozen=True)
class Said:
    """A transaction that was begun, or a message that was taken: when, on which connection, to whom."""

    at: float
    connection: int
    recipient: str

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]


@dataclass
class PipeliningRelay:
    """Use `async with`; or start() and stop() to have it go away and come back on the same port.

    rcpt and dot hold the replies an address gets, one a try, and then 250; waits are seconds at a point. begun and taken are the diary.
    """

    plays: dict[tuple[str, int], str] = field(default_factory=dict)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    dot: dict[str, list[str]] = field(default_factory=dict)
    offers: tuple[str, ...] = OFFERS
    waits: dict[str, float] = field(default_factory=dict)
    dot_wait_s: float = 0.0
    messages_per_connection: int = 0
    last_words: str = ""  # after so many messages: a 421, or nothing
    no_more_than_one: bool = False  # it closes when more than one command is there at once
    tls: ssl.SSLContext | None = None
    port: int = 0
    now: Callable[[], float] | None = None
    connections: int = 0
    open: int = 0
    crowd: list[int] = field(default_factory=list)  # how many were open when each connection came
    reached: Counter[str] = field(default_factory=Counter)
    begun: list[Said] = field(default_factory=list)
    taken: list[Said] = field(default_factory=list)
    seen: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> "PipeliningRelay":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        assert kind is not None or not self.wrong, self.wrong

    def copies(self) -> Counter[str]:
        """How many messages each recipient got."""
        return Counter(one.recipient for one in self.taken)

    def message_ids(self) -> dict[str, set[tuple[str, str]]]:
        """The Message-IDs and Dates that came for each recipient, taken or not."""
        return {recipient: set(tries) for recipient, tries in self.seen.items()}

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(_Talk(self, reader, writer, self.connections).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def time(self) -> float:
        return self.now() if self.now is not None else asyncio.get_running_loop().time()


class _Talk:
    """One connection."""

    def __init__(
        self, relay: PipeliningRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._relay = relay
        self._reader = reader
        self._writer = writer
        self._number = number
        self._messages = 0
        self._begun_at: float | None = None
        self._recipient = ""

    async def run(self) -> None:
        relay = self._relay
        relay.open += 1
        relay.crowd.append(relay.open)
        try:
            await self._answer("BANNER", "220 relay.test ESMTP")
            while line := await self._reader.readline():
                await self._obey(line)
        except (GoneError, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            relay.open -= 1
            self._writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 0.05)

    async def _answer(self, point: str, usual: str) -> str:
        """Say what is to be said at this point; return it."""
        relay = self._relay
        relay.reached[point] += 1
        number = relay.reached[point]
        if point in relay.waits:
            await asyncio.sleep(relay.waits[point])
        played = relay.plays.get((point, number)) or relay.plays.get((point, EVERY))
        return await self._play(played or usual, usual)

    async def _play(self, what: str, usual: str) -> str:
        match what:
            case "DROP":
                await asyncio.sleep(0.02)  # what was said before must not be lost with it
                reset_on_close(self._writer)
                self._writer.transport.abort()
                raise GoneError
            case "HANGUP":
                raise GoneError
            case "NEVER":
                while await self._reader.read(65536):
                    pass
                raise GoneError
            case "DRIP":
                for octet in f"{usual}\r\n".encode():
                    self._writer.write(bytes([octet]))
                    await asyncio.sleep(0.05)
                return usual
        self._writer.write(f"{what}\r\n".encode("latin-1", "surrogateescape"))
        if what.rpartition("\n")[2].startswith("421"):
            await self._writer.drain()
            raise GoneError
        return what

    async def _obey(self, line: bytes) -> None:
        relay = self._relay
        text = line.decode().rstrip("\r\n")
        if not line.endswith(b"\r\n"):
            relay.wrong.append(f"a bare line end: {line!r}")
        if relay.no_more_than_one and self._reader._buffer:  # type: ignore[attr-defined]
            raise GoneError
        match text.split(" ")[0].split(":")[0].upper():
            case "EHLO":
                await self._answer(
                    "EHLO", "\r\n".join([f"250-{one}" for one in ("relay.test", *relay.offers)] + ["250 HELP"])
                )
            case "AUTH":
                await self._answer("AUTH", "235 2.7.0 ok")
            case "MAIL":
                relay.parameters.append(text.partition("> ")[2])
                at = relay.time()
                said = await self._answer("MAIL", "250 2.1.0 ok" if self._begun_at is None else "503 5.5.1 nested MAIL")
                self._begun_at = at if said.startswith("2") else self._begun_at
            case "RCPT":
                await self._hear_recipient(text)
            case "DATA":
                await self._take_message()
            case "RSET":
                self._begun_at, self._recipient = None, ""
                await self._play("250 2.0.0 reset", "")
            case "QUIT":
                await self._answer("QUIT", "221 2.0.0 bye")
                raise GoneError
            case _:
                relay.wrong.append(f"no such command: {text!r}")
                await self._play("500 5.5.2 what?", "")

    async def _hear_recipient(self, text: str) -> None:
        relay, address = self._relay, text.partition("<")[2].partition(">")[0]
        if self._begun_at is None:
            await self._play("503 5.5.1 MAIL first", "")
            return
        relay.begun.append(Said(self._begun_at, self._number, address))
        usual = relay.rcpt[address].pop(0) if relay.rcpt.get(address) else "250 2.1.5 ok"
        said = await self._answer("RCPT", usual)
        if said.startswith("2"):
            if self._recipient:
                relay.wrong.append("two recipients in a transaction")
            self._recipient = address

    async def _take_message(self) -> None:
        relay = self._relay
        said = await self._answer("DATA", "354 go on" if self._recipient else "503 5.5.1 no valid recipients")
        if not said.startswith("354"):
            return
        if ("BODY", relay.reached["DATA"]) in relay.plays:
            await self._reader.read(20)
            await self._play(relay.plays[("BODY", relay.reached["DATA"])], "")
        octets = b""
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise GoneError
            octets += line[1:] if line.startswith(b".") else line
        recipient, self._begun_at, self._recipient = self._recipient, None, ""
        if not octets or not recipient:
            if octets or recipient:
                relay.wrong.append("an empty message, or one to nobody")
            await self._play("554 5.5.1 no valid recipients", "")
            return
        if octets.replace(b"\r\n", b"").translate(None, b"\r\n") != octets.replace(b"\r\n", b""):
            relay.wrong.append("a bare CR or LF in a message")
        await self._judge(recipient, octets)

    async def _judge(self, recipient: str, octets: bytes) -> None:
        relay = self._relay
        message = message_from_bytes(octets)
        if message["To"] != recipient:
            relay.wrong.append(f"a message to {message['To']} for {recipient}")
        relay.seen[recipient].append((message["Message-ID"], message["Date"]))
        await asyncio.sleep(relay.dot_wait_s)
        usual = relay.dot[recipient].pop(0) if relay.dot.get(recipient) else "250 2.0.0 queued"
        relay.reached["DOT"] += 1
        what = relay.plays.get(("DOT", relay.reached["DOT"])) or relay.plays.get(("DOT", EVERY)) or usual
        if what.startswith("TAKE "):
            relay.taken.append(Said(relay.time(), self._number, recipient))
            await self._play(what.removeprefix("TAKE "), usual)
            return
        if what.startswith("2") or what == "DRIP":
            relay.taken.append(Said(relay.time(), self._number, recipient))
            self._messages += 1
        await self._play(what, usual)
        if self._messages == relay.messages_per_connection > 0:
            if relay.last_words:
                await self._play(relay.last_words, "")
            raise GoneError
        if ("AFTER", relay.reached["DOT"]) in relay.plays:
            await self._play(relay.plays[("AFTER", relay.reached["DOT"])], "")
