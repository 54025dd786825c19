"""Calls that have a key (`Idempotency-Key`): one that is sent again is answered as the first time, and done once."""

import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from mailer.app import House
from mailer.errors import UsageError
from mailer.i18n import _

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# a string of RFC 9651 §3.3.3, with or without its quotation marks: most clients send a bare UUID
KEY = r"[\x21\x23-\x5b\x5d-\x7e]{8,200}"
_KEY = re.compile(rf'({KEY})|"({KEY})"')

Answer = Callable[[Request], Awaitable[Response]]


async def answer_once(house: House, token_id: int, request: Request, answer: Answer) -> Response:
    """Answer a call, or as before where its key was used for it; without a key just answer.

    An answer is kept, an error is not: what was refused has changed nothing, and its key is free again. Where the
    call was cut off its key is not, until it is certain that nobody works on it.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return await answer(request)
    found = _KEY.fullmatch(given.strip())
    if found is None:
        raise UsageError(
            _("this is no key"),
            field=HEADER,
            cure=_("8 to 200 letters, digits or signs without blanks, such as a UUID"),
        )
    key, body = found[1] or found[2], await request.body()
    line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    digest = hashlib.sha256(line + body).hexdigest()
    known = await run_in_threadpool(house.api_answers.begin, token_id, key, digest)
    if known is not None and known.status is not None:
        return Response(known.body, known.status, {REPLAYED: "true"}, known.media_type or None)
    try:
        response = await answer(Request(request.scope, _again(request.scope, body, request.receive)))
    except Exception:
        await run_in_threadpool(house.api_answers.forget, token_id, key)
        raise
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        await run_in_threadpool(house.api_answers.forget, token_id, key)
    else:
        kind = response.headers.get("content-type", "")
        await run_in_threadpool(
            house.api_answers.finish, token_id, key, response.status_code, kind, bytes(response.body)
        )
    return response


def _again(
    scope: MutableMapping[str, Any], body: bytes, receive: Callable[[], Awaitable[Message]]
) -> Callable[[], Awaitable[Message]]:
    """Return what gives a body once more that was read already, and then what follows it."""
    given = False

    async def take() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return take
