"""Connections of our servers: none is waited for without end, and a body has one length only."""

import asyncio
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0  # from a connection's beginning, or a request's first octet, to the end of the request's head
STALLED_SECONDS = 60.0  # how long a client may leave unread what it asked for


class PunctualProtocol(H11Protocol):
    """Ends a connection that asks too slowly, or does not take its answer (“Slowloris”, “slow read”).

    uvicorn itself limits only how long a connection rests between two requests. What may be sent while a request is
    answered, its body, is the application's to limit (`web.body`).
    """

    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came; go on waiting for the head's end, or stop, as it is there."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        self._stalled = _end(self._stalled)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._head, self._stalled = _end(self._head), _end(self._stalled)
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._head = _end(self._head)
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)


def _end(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None


def refuse_two_lengths(app: ASGIApp) -> ASGIApp:
    """Return the application, answering 400 to a request that says its length twice (RFC 9112 §6.1).

    Content-Length beside Transfer-Encoding is how requests are smuggled past a proxy, and past our own limits.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            names = {name for name, _value in scope["headers"]}
            if {b"content-length", b"transfer-encoding"} <= names:
                headers = {"Connection": "close", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
                refusal = PlainTextResponse("a request has one length\n", HTTPStatus.BAD_REQUEST, headers=headers)
                await refusal(scope, receive, send)
                return
        await app(scope, receive, send)

    return answer
