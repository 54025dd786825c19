"""An SMTP server on this machine that takes everything and keeps nothing: where the copies of a rehearsal end.

It offers what a good relay offers (PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN), so that the whole dialogue is spoken.
"""

import asyncio
import re
from types import TracebackType

HOST = "127.0.0.1"
LONGEST_LINE = 8192
MOST_OCTETS = 256 * 1024 * 1024  # of one message; nobody but us should be connected
_OFFERS = ("PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN")
_PATH = re.compile(rb"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)
_END = b"\r\n.\r\n"


class Sink:
    """Counts what it took: messages, their octets as they were composed, whose they were. An asynchronous context.

    twice: recipients who got a second one; beyond_ascii: those whose address needs SMTPUTF8. Recipients are known by
    a hash, as there may be a million.
    """

    def __init__(self) -> None:
        self.port = 0
        self.messages = 0
        self.octets = 0
        self.largest = 0
        self.beyond_ascii = 0
        self.twice: set[str] = set()
        self._recipients: set[int] = set()
        self._dialogues: set[_Dialogue] = set()

    @property
    def recipients(self) -> int:
        """How many different recipients there were."""
        return len(self._recipients)

    async def __aenter__(self) -> "Sink":
        self._server = await asyncio.get_running_loop().create_server(lambda: _Dialogue(self), HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for one in list(self._dialogues):
            one.hang_up()
        await self._server.wait_closed()

    def take(self, recipients: list[bytes], message: bytes | bytearray | memoryview) -> None:
        """Count one message."""
        self.messages += 1
        self.octets += len(message)
        self.largest = max(self.largest, len(message))
        for one in recipients:
            if hash(one) in self._recipients:
                self.twice.add(one.decode("utf-8", "replace"))
            self._recipients.add(hash(one))
            self.beyond_ascii += not one.isascii()


class _Dialogue(asyncio.Protocol):
    """One connection."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._looked_at = 0  # of the buffer, for the end of a message
        self._in_message = False
        self._sender: bytes | None = None
        self._recipients: list[bytes] = []
        self._replies: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink._dialogues.add(self)
        transport.write(b"220 sink.invalid takes everything\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._dialogues.discard(self)

    def hang_up(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take_message() if self._in_message else self._take_command():
            pass
        if self._replies and self._transport is not None:
            self._transport.write(b"".join(self._replies))
            self._replies.clear()
        if len(self._buffer) > (MOST_OCTETS if self._in_message else LONGEST_LINE):
            self.hang_up()

    def _say(self, line: str) -> None:
        self._replies.append(line.encode() + b"\r\n")

    def _take_message(self) -> bool:
        """Take a message from the buffer, or say that more of it must come."""
        if self._buffer.startswith(b".\r\n"):  # an empty one
            end, after = 0, 3
        else:
            end = self._buffer.find(_END, max(self._looked_at - len(_END), 0))
            if end < 0:
                self._looked_at = len(self._buffer)
                return False
            end, after = end + 2, end + len(_END)
        with memoryview(self._buffer) as view, view[:end] as message:
            self._sink.take(self._recipients, message)
        del self._buffer[:after]
        self._looked_at, self._in_message = 0, False
        self._forget()
        self._say("250 2.0.0 taken, and forgotten")
        return True

    def _forget(self) -> None:
        self._sender, self._recipients = None, []

    def _take_command(self) -> bool:
        """Answer a command from the buffer, or say that more of it must come."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        verb = line.split(b" ", 1)[0].upper()
        path = _PATH.search(line)
        match verb:
            case b"EHLO":
                self._forget()
                names = ("sink.invalid", *_OFFERS)
                for name in names[:-1]:
                    self._say(f"250-{name}")
                self._say(f"250 {names[-1]}")
            case b"MAIL" if path is not None and self._sender is None:
                self._sender = path[1]
                self._say("250 2.1.0 sender ok")
            case b"RCPT" if path is not None and self._sender is not None:
                self._recipients.append(path[1])
                self._say("250 2.1.5 recipient ok")
            case b"DATA" if self._recipients:
                self._in_message = True
                self._say("354 end with a dot")
            case b"RSET" | b"HELO":
                self._forget()
                self._say("250 2.0.0 ok")
            case b"NOOP":
                self._say("250 2.0.0 ok")
            case b"QUIT":
                self._say("221 2.0.0 bye")
                if self._transport is not None:
                    self._transport.write(b"".join(self._replies))
                    self._replies.clear()
                    self._transport.close()
                return False
            case b"MAIL" | b"RCPT" | b"DATA":
                self._say("503 5.5.1 not now")
            case _:
                self._say("502 5.5.1 no such command")
        return True
