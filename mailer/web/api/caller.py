"""Who calls: a token, its scope, and not too often; settled before anything of the body is read."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from mailer.app import House
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.api_token import ApiToken, Scope
from mailer.web.api.once import answer_once
from mailer.web.api.problems import CallError
from mailer.web.gauge import Gauge

PER_SECOND = 50.0  # calls of one token, on the long run
AT_ONCE = 200.0
MAX_BODY = 1 << 20  # octets
# routes that take more; an issue has 500,000 characters at most, of up to twelve octets each as JSON may write them
LARGE = {"/contacts/bulk": 16 << 20, "/issues": 7 << 20, "/issues/{slug}": 7 << 20}
BODY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls with a token; what it does its user does."""

    house: House
    token: ApiToken

    @property
    def by(self) -> str:
        """Whose act it is."""
        return self.token.user.name


class Entry:
    """Lets in who calls with a token that is good for a scope; as a dependency it gives who that is."""

    def __init__(self, house: House, gauge: Gauge, scope: Scope) -> None:
        self._house, self._gauge, self.scope = house, gauge, scope

    def __call__(self, request: Request) -> Caller:
        """Return who was let in."""
        caller: Caller = request.state.caller
        return caller

    def admit(self, authorization: str) -> Caller:
        """Return who calls, by the field of that name; raise the HTTPException that keeps others out (RFC 6750 §3)."""
        kind, _blank, given = authorization.partition(" ")
        token = self._house.api_tokens.find(given.strip()) if kind.lower() == "bearer" else None
        if token is None:
            why = 'Bearer error="invalid_token"' if authorization else "Bearer"
            raise HTTPException(HTTPStatus.UNAUTHORIZED, _("a token is needed that is good"), {"WWW-Authenticate": why})
        if (wait := self._gauge.take(token.id)) > 0:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, _("too many calls"), headers)
        if not token.allows(self.scope):
            raise HTTPException(
                HTTPStatus.FORBIDDEN,
                _("the token, or its user, lacks {scope}").format(scope=self.scope.value),
                {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope.value}"'},
            )
        return Caller(self._house, token)


def caller_with(house: House, gauge: Gauge) -> Callable[[Scope], Any]:
    """Return what makes, for a scope, the dependency that lets only its tokens in."""
    return lambda scope: Depends(Entry(house, gauge, scope))


class GuardedRoute(APIRoute):
    """A route that looks who calls first, and takes no more of a body than it may have."""

    @property
    def entry(self) -> Entry:
        """What lets callers in."""
        return next(one.call for one in self.dependant.dependencies if isinstance(one.call, Entry))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer, entry, most = super().get_route_handler(), self.entry, LARGE.get(self.path, MAX_BODY)
        takes_body = self.body_field is not None
        known = {one.alias for one in self.dependant.query_params}

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            request.state.caller = await run_in_threadpool(entry.admit, given)
            unknown = next((name for name in request.query_params if name not in known), None)
            if unknown is not None:
                raise UsageError(_("there is no parameter of this name"), field=unknown[:80])
            length = request.headers.get("content-length", "0")
            if not length.isdecimal() or len(length) > 12 or int(length) > most:
                raise _too_large(most)
            if takes_body and _has_body(request) and not _is_json(request.headers.get("content-type", "")):
                detail = _("the body is not said to be JSON")
                cure = _("send it with Content-Type: application/json")
                raise CallError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, cure)
            whole = Request(request.scope, _capped(request.receive, most))
            if request.method != "POST":
                return await answer(whole)
            caller: Caller = request.state.caller
            return await answer_once(caller.house, caller.token.id, whole, answer)

        return guarded


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0").strip("0") != ""


def _is_json(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() == "application/json"


def _capped(receive: Callable[[], Awaitable[Message]], most: int) -> Callable[[], Awaitable[Message]]:
    """Return what gives a body in its pieces, and raises where it is too large or does not come."""
    until = asyncio.get_running_loop().time() + BODY_SECONDS
    taken, whole = 0, False

    async def take() -> Message:
        nonlocal taken, whole
        if whole:  # what follows is that the client goes, whenever that is
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            detail = _("the body did not come within a minute")
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail, {"Connection": "close"}) from None
        taken += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if taken > most:
            raise _too_large(most)
        return message

    return take


def _too_large(most: int) -> HTTPException:
    detail = _("the body has more than {n} MB").format(n=most >> 20)
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, {"Connection": "close"})
