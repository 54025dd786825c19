"""A web server for tests: answers by a table of paths, and remembers who asked for what."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class WebServer:
    """`pages` maps "METHOD /path" or "/path" to a status (0: no answer), header lines and body; else it is 404."""

    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    sent: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> AsyncIterator["WebServer"]:
        """Listen on a free port while the block runs."""
        server = await asyncio.start_server(self._answer, host, 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self._tasks)
            await server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _version = head.split("\r\n")[0].split(" ")
            self.asked.append(f"{method} {path}")
            self.hosts += [line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")]
            status, headers, body = self.pages.get(f"{method} {path}") or self.pages.get(path) or (404, "", b"")
            if status == 0:
                await reader.read()
                return
            writer.write(f"HTTP/1.1 {status} X\r\n{headers}Connection: close\r\n\r\n".encode())
            for start in range(0, len(body) if method == "GET" else 0, 8192):
                writer.write(body[start : start + 8192])
                await writer.drain()
                self.sent = start + 8192
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
