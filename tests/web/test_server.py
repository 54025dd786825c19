"""The server of the public pages as a part of a greater whole."""

import asyncio
import signal
import socket

import httpx
import pytest

from mailer.errors import ConfigError
from mailer.web.public import create_public_app
from mailer.web.server import serve_public
from tests.web.conftest import Desk, make_config


async def test_it_stops_when_told_and_leaves_signals_alone(desk: Desk) -> None:
    app, stop = create_public_app(desk, make_config("en")), asyncio.Event()
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_public(app, "127.0.0.1", 0, stop, port.set_result))
    url = f"http://127.0.0.1:{await port}"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{url}/healthz")).status_code == 200
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    stop.set()
    async with asyncio.timeout(10):
        await serving
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", await port), timeout=1)


async def test_a_port_in_use_is_one_error_naming_the_field(desk: Desk) -> None:
    app = create_public_app(desk, make_config("en"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError) as caught:
        await serve_public(app, "127.0.0.1", taken.getsockname()[1], asyncio.Event())
    assert caught.value.field == "web.port"
    assert caught.value.cure


async def test_a_host_that_does_not_exist_is_the_same_error(desk: Desk) -> None:
    app = create_public_app(desk, make_config("en"))
    with pytest.raises(ConfigError):
        await serve_public(app, "203.0.113.1", 0, asyncio.Event())


async def test_it_ends_when_the_task_is_cancelled(desk: Desk) -> None:
    app = create_public_app(desk, make_config("en"))
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_public(app, "127.0.0.1", 0, asyncio.Event(), port.set_result))
    await port
    await asyncio.sleep(0.1)
    serving.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await serving
