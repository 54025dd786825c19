"""The body of a request, never more of it than is wanted."""

import asyncio
from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MAX_BODY = 4096  # octets; a one-click body has 26, as multipart some 200
BODY_SECONDS = 10.0


async def drain_body(request: Request) -> None:
    """Read the body to its end and drop it; 413 for one over MAX_BODY, 408 for one that does not come."""
    await read_body(request, MAX_BODY)


def check_length(request: Request, most: int) -> None:
    """Answer 413 to a request that says to be of more than so many octets, or does not say its length."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > most:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})


async def read_body(request: Request, most: int) -> bytes:
    """Return the whole body; 413 for one of more than so many octets, 408 for one that does not come."""
    too_large = HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise too_large
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > most:
                    raise too_large
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from None
    return bytes(received)
