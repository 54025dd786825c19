"""Runs the public application on a socket, inside the event loop of `mailer serve`."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from mailer.app import waiting_at_most
from mailer.config import FILE_NAME
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.web.connection import PunctualProtocol, refuse_two_lengths

_BACKLOG = 128
PATIENCE_S = 5.0  # how long a request waits for a database that another process holds


class _Server(uvicorn.Server):
    """Leaves signals to `mailer serve`, which stops all its parts in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _answer_soon(app: ASGIApp) -> ASGIApp:
    """Have no request wait long for the database: who asks is told to come again, and no thread is kept from others."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with waiting_at_most(PATIENCE_S):  # worker threads take it over, threads that were there before do not
            await app(scope, receive, send)

    return answer


def _listen(host: str, port: int, field: str) -> socket.socket:
    # With the protocol named, as asyncio sets TCP_NODELAY only where it reads TCP; else each answer waits some 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            _("cannot listen on {host} port {port}: {why}").format(host=host, port=port, why=error),
            file=FILE_NAME,
            field=field,
            cure=_("stop what uses this port, or choose another"),
        ) from None
    return listener


async def serve_public(
    app: FastAPI,
    host: str,
    port: int,
    stop: asyncio.Event,
    on_listening: Callable[[int], None] | None = None,
    field: str = "web.port",
    keep_alive_s: int = 5,
) -> None:
    """Answer requests until `stop` is set; then finish those begun (at most 5 s) and return.

    Port 0 takes a free one; `on_listening` is told which. Installs no signal handler and no log handler, and keeps no
    access log, as paths hold readers' tokens. field: the setting of the port. keep_alive_s: how long a
    connection may be idle; a browser that posts on one just closed is told nothing. Raises ConfigError when the address
    cannot be listened on.
    """
    with contextlib.closing(_listen(host, port, field)) as listener:
        settings = uvicorn.Config(
            refuse_two_lengths(_answer_soon(app)),
            http=PunctualProtocol,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=keep_alive_s,
            timeout_graceful_shutdown=5,
        )
        server = _Server(settings)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop.wait())
        if on_listening is not None:
            on_listening(listener.getsockname()[1])
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            server.should_exit = True
            await serving
