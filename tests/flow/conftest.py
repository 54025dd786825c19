"""A relay in a thread, for commands that run as processes of their own."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.mail.certificates import certificates as certificates
from tests.relay import Relay


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay that listens on a free port until the test ends."""
    one = Relay()
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
    yield one
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
