"""The octets of one SMTP connection: replies read under a cap, writes that wait until they left, TLS laid over it.

It knows nothing of SMTP beyond the shape of a reply. A deadline is for a whole reply, so a server that drips octets
gains nothing (faults F36).
"""

import asyncio
import contextlib
import socket
import ssl

from mailer.i18n import _
from mailer.mail.reply_lines import MalformedReplyError, decode_text, split_line

MAX_LINE = 8192  # RFC 5321 §4.5.3.1.5 allows 512; real servers send more
MAX_LINES = 100
MAX_UNREAD = 64 * 1024
SEND_BUFFER = 256 * 1024  # a whole message, so that its body leaves in one step and does not wait for the way back


class LostConnectionError(Exception):
    """The connection ended before the reply was whole; `text` says how."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Wire(asyncio.Protocol):
    """One connection. `ended` is empty while it is open, else says why it is not."""

    def __init__(self) -> None:
        self.ended = ""
        self.encrypted = False
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._full = False
        self._waiter: asyncio.Future[None] | None = None

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; called again when TLS is laid over the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # pause_writing as soon as anything waits, so that flush() means "the kernel has it all"
        transport.set_write_buffer_limits(high=1)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def data_received(self, data: bytes) -> None:
        """Keep what came; a server that talks on and on unasked is cut off."""
        self._unread += data
        if len(self._unread) > MAX_UNREAD:
            self._end(_("the server talks without being asked"))
            self.close()
        self._wake()

    def eof_received(self) -> bool:
        """End here too: a half-open SMTP connection is of no use."""
        self._end(_("the server closed the connection"))
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Wake whoever waits."""
        self._end(_("the connection was lost: {why}").format(why=error) if error else _("the connection is closed"))

    def pause_writing(self) -> None:
        """Hold flush()."""
        self._full = True

    def resume_writing(self) -> None:
        """Let flush() go on."""
        self._full = False
        self._wake()

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _news(self, deadline: float | None = None) -> None:
        """Wait until something came, left or ended; one task at a time uses a wire. Raises TimeoutError.

        A timer of its own costs half of what asyncio.timeout does, and each message has one.
        """
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        if deadline is None:
            await waiter
            return
        timer = loop.call_at(deadline, _expire, waiter)
        try:
            await waiter
        finally:
            timer.cancel()

    # the dialogue calls these

    @property
    def unread(self) -> bool:
        """True when the server has sent something nobody has read."""
        return bool(self._unread)

    @property
    def flushed(self) -> bool:
        """True when the kernel has everything that was written."""
        return not self._full

    @property
    def local_host(self) -> str:
        """Our end's address as an address literal (RFC 5321 §4.1.3)."""
        assert self._transport is not None
        host = str((self._transport.get_extra_info("sockname") or ("127.0.0.1",))[0]).partition("%")[0]
        return f"[IPv6:{host}]" if ":" in host else f"[{host}]"

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS that lies over the connection; None without."""
        found = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        return found if isinstance(found, ssl.SSLObject) else None

    def write(self, octets: bytes) -> None:
        """Put octets on the wire; raises LostConnectionError when it has ended."""
        if self.ended or self._transport is None or self._transport.is_closing():
            raise LostConnectionError(self.ended or _("the connection is closed"))
        self._transport.write(octets)

    async def flush(self) -> None:
        """Wait until the kernel has what was written; raises LostConnectionError when the connection ends first."""
        while self._full and not self.ended:
            await self._news()
        if self.ended:
            raise LostConnectionError(self.ended)

    def take_lines(self) -> list[bytes] | None:
        """Return the lines of the next reply, without line ends, where it is here as a whole; else None.

        Raises MalformedReplyError when it is no reply: an impossible code, an empty line, one over MAX_LINE octets,
        more than MAX_LINES lines.
        """
        lines: list[bytes] = []
        unread, start = self._unread, 0
        while len(lines) < MAX_LINES:
            end = unread.find(b"\n", start)
            if (end if end >= 0 else len(unread)) - start > MAX_LINE:
                raise MalformedReplyError(decode_text(bytes(unread[start : start + MAX_LINE])))
            if end < 0:
                return None
            line = bytes(unread[start:end]).removesuffix(b"\r")
            lines.append(line)
            start = end + 1
            if split_line(line)[1]:
                del unread[:start]
                return lines
        raise MalformedReplyError(decode_text(b" ".join(lines)))

    async def read_lines(self, seconds: float) -> list[bytes]:
        """Return the lines of the next whole reply, which must be here within so long.

        Raises TimeoutError, LostConnectionError, or what take_lines raises.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while (lines := self.take_lines()) is None:
            if self.ended:
                raise LostConnectionError(self.ended)
            await self._news(deadline)
        return lines

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Lay TLS over the connection. Raises ssl.SSLError or OSError; the connection is then of no further use."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        # the caller's deadline is the one that counts
        transport = await loop.start_tls(
            self._transport, self, context, server_hostname=server_name, ssl_handshake_timeout=3600
        )
        if transport is None:
            raise LostConnectionError(self.ended or _("the connection is closed"))
        self.connection_made(transport)
        self.encrypted = True

    def close(self) -> None:
        """End the connection at once; what was not flushed is thrown away."""
        if self._transport is not None:
            self._transport.abort()


def _expire(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
