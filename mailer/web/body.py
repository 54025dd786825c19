"""The body of a request, never more of it than is wanted, and none that is waited for without end."""

import asyncio
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MAX_BODY = 4096  # octets; a one-click body has 26, as multipart some 200
BODY_SECONDS = 10.0
SLOWEST = 20_000  # octets a second, of a large form over a poor line


async def drain_body(request: Request) -> None:
    """Read the body to its end and drop it; 413 for one over MAX_BODY, 408 for one that does not come."""
    await read_body(request, MAX_BODY)


def check_length(request: Request, most: int) -> int:
    """Return how long a request says to be; 413 for one of more than so many octets, or that does not say it."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
    return int(length)


async def read_form(request: Request, most: int, *, files: int, fields: int) -> FormData:
    """Return what a form has sent; 400 for what is none, 413 for more octets than `most`, 408 for one that is late.

    It has BODY_SECONDS and what its octets need at SLOWEST; one that breaks off is late, too.
    """
    length = check_length(request, most)
    try:
        async with asyncio.timeout(BODY_SECONDS + length / SLOWEST):
            return await request.form(max_files=files, max_fields=fields, max_part_size=most)
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from None


async def read_body(request: Request, most: int) -> bytes:
    """Return the whole body; 413 for one of more than so many octets, 408 for one that does not come."""
    too_large = HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
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
