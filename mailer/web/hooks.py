"""Where providers report: a POST with a signature in its body, answered by a status alone."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from mailer.web.actions import HookStatus, PublicActions
from mailer.web.body import read_body

MAX_HOOK_BODY = 256 * 1024  # octets: the most that Amazon SNS sends
MAX_NAME = 32
HOOK_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_STATUSES = {
    HookStatus.TAKEN: HTTPStatus.OK,
    HookStatus.UNKNOWN: HTTPStatus.NOT_FOUND,
    HookStatus.REFUSED: HTTPStatus.FORBIDDEN,
    HookStatus.LATER: HTTPStatus.SERVICE_UNAVAILABLE,
}


def add_hooks(app: FastAPI, ports: PublicActions) -> None:
    """Add the address of webhooks; nothing is said of why a call is refused."""

    @app.post("/hooks/{name}")
    async def take_hook(name: str, request: Request) -> Response:
        body = await read_body(request, MAX_HOOK_BODY)
        status = await run_in_threadpool(ports.take_hook, name, body) if len(name) <= MAX_NAME else HookStatus.UNKNOWN
        return Response(status_code=_STATUSES[status], headers=HOOK_HEADERS)
