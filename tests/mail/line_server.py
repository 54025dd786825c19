"""A scripted SMTP line server: each connection plays one script, so that a fault is a few readable lines.

S text          send a line (Python escapes allowed: \\xd3 is one octet)
RAW text        send octets as they are, without a line end
C pattern       read a line; it must match (shell pattern)
BODY            read a message to its lone dot and keep it
PART n          read n octets of a body, and no more for now
SLOW s text     send a line one octet each s seconds
WAIT s          do nothing for s seconds
STALL           read nothing more until the client is gone
TLS             lay TLS over the connection
DROP            end the connection at once (RST)
HANGUP          close in order (FIN)
"""

import asyncio
import contextlib
import fnmatch
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType

HELLO = """
S 220 relay.test ESMTP
C EHLO *
S 250-relay.test
S 250-SIZE 100000000
S 250 ENHANCEDSTATUSCODES
"""
ENVELOPE = """
C MAIL FROM:<*>*
S 250 2.1.0 ok
C RCPT TO:<*>
S 250 2.1.5 ok
C DATA
S 354 go on
"""
MESSAGE = f"""{ENVELOPE}
BODY
S 250 2.0.0 queued
"""
BYE = """
C QUIT
S 221 2.0.0 bye
"""


class ScriptBrokenError(AssertionError):
    """The client said something the script does not have."""


@dataclass
class LineServer:
    """Plays scripts, one a connection in order, the last one again and again. Use `async with`."""

    scripts: list[str]
    tls: ssl.SSLContext | None = None
    port: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    connections: int = 0
    octets: bytes = b""

    async def __aenter__(self) -> "LineServer":
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if kind is None and self.wrong:
            raise ScriptBrokenError("; ".join(self.wrong))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._play(script, reader, writer))
        self._tasks.add(task)

    async def _play(self, script: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for line in script.strip().splitlines():
                if line.strip() and not await self._step(line, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 0.05)

    async def _step(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        verb, _blank, rest = line.partition(" ")
        octets = rest.encode("latin-1").decode("unicode_escape").encode("latin-1") if rest.isascii() else rest.encode()
        match verb:
            case "S":
                writer.write(octets + b"\r\n")
            case "RAW":
                writer.write(octets)
            case "C":
                return await self._expect(rest, reader)
            case "BODY":
                self.messages.append(await self._take(reader.readuntil(b"\r\n.\r\n")))
            case "PART":
                await self._take(reader.readexactly(int(rest)))
            case "SLOW":
                pause, _blank, text = rest.partition(" ")
                for octet in f"{text}\r\n".encode():
                    writer.write(bytes([octet]))
                    await asyncio.sleep(float(pause))
            case "WAIT":
                await asyncio.sleep(float(rest))
            case "STALL":
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.sleep(30)
            case "TLS":
                assert self.tls is not None
                await writer.drain()
                await writer.start_tls(self.tls)
            case "DROP":
                reset_on_close(writer)
                writer.transport.abort()
                return False
            case "HANGUP":
                return False
            case _:
                raise ScriptBrokenError(f"no such step: {line}")
        return True

    async def _expect(self, pattern: str, reader: asyncio.StreamReader) -> bool:
        line = await reader.readline()
        self.octets += line
        if not line:
            return False  # the client left; whether it should have, the test says
        text = line.decode("utf-8").rstrip("\r\n")
        self.commands.append(text)
        if text == "QUIT" and not fnmatch.fnmatchcase(text, pattern):
            return False  # leaving is always in order
        if not fnmatch.fnmatchcase(text, pattern):
            self.wrong.append(f"expected {pattern!r}, got {text!r}")
            return False
        return True

    async def _take(self, reading: "asyncio.Future[bytes] | object") -> bytes:
        taken: bytes = await reading  # type: ignore[misc]
        self.octets += taken
        return taken


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Make the socket end with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def playing(*scripts: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[LineServer]:
    """A server that plays these scripts, one a connection."""
    async with LineServer(list(scripts), tls) as server:
        yield server
