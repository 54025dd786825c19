"""A TCP proxy in a process of its own that delays each direction: distance, without a limit on throughput.

For each PORT given it listens on a free port, which it prints. What comes leaves whole and in order, DELAY seconds
later.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
from collections import deque
from collections.abc import Iterator


class _Side(asyncio.Protocol):
    """One end of a connection: what it receives leaves by its peer, later."""

    def __init__(self, delay_s: float) -> None:
        self.peer: _Side | None = None
        self._delay_s = delay_s
        self._transport: asyncio.Transport | None = None
        self._late: deque[tuple[float, bytes | None]] = deque()  # None: the end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # TCP_NODELAY is set by asyncio
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._keep(data)

    def eof_received(self) -> bool:
        self._keep(None)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._keep(None)

    def _keep(self, data: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        self._late.append((loop.time() + self._delay_s, data))
        if len(self._late) == 1:
            loop.call_at(self._late[0][0], self._pass_on)

    def _pass_on(self) -> None:
        loop = asyncio.get_running_loop()
        while self._late and self._late[0][0] <= loop.time():
            _due, data = self._late.popleft()
            if self.peer is not None and self.peer._transport is not None:
                if data is None:
                    self.peer._transport.close()
                else:
                    self.peer._transport.write(data)
        if self._late:
            loop.call_at(self._late[0][0], self._pass_on)


class _Front(_Side):
    """The client's end; it connects to the server when the client has."""

    def __init__(self, delay_s: float, port: int) -> None:
        super().__init__(delay_s)
        self._port = port
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        back = _Side(self._delay_s)
        back.peer = self
        await asyncio.get_running_loop().create_connection(lambda: back, "127.0.0.1", self._port)
        self.peer = back


@contextlib.contextmanager
def running_proxy(delay_s: float, *ports: int) -> Iterator[list[int]]:
    """A proxy for servers on these ports; gives the ports it listens on, in the same order."""
    command = [sys.executable, "-m", "benchmarks.bench_proxy", str(delay_s), *map(str, ports)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield [int(process.stdout.readline()) for _port in ports]
    finally:
        process.kill()
        process.communicate()


async def _serve(delay_s: float, ports: list[int]) -> None:
    loop = asyncio.get_running_loop()
    for port in ports:
        server = await loop.create_server(lambda port=port: _Front(delay_s, port), "127.0.0.1", 0)  # type: ignore[misc]
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Pass on until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("delay", type=float)
    parser.add_argument("ports", type=int, nargs="+")
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.delay, chosen.ports))


if __name__ == "__main__":
    main()
