"""The console's application: what every request meets, and which pages there are."""

import ipaddress
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mailer.app import House, is_passing
from mailer.errors import StoreError
from mailer.i18n import _
from mailer.web.api.app import create_api
from mailer.web.console import PARTS
from mailer.web.console.assets import add_assets
from mailer.web.console.desk import (
    PAGE_HEADERS,
    RETRY_S,
    Desk,
    comes_from_here,
    language_of_console,
    look_of,
)
from mailer.web.console.entry import add_entry
from mailer.web.console.frame import draw_console_page
from mailer.web.language import speaking
from mailer.web.operations import create_operations

log = logging.getLogger(__name__)
MAX_PATH = 2000
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# of what is no page, such as a file of figures or an API's answer: opened by itself it is nothing a browser acts on
BARE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
API = "/api/"  # its callers carry a token and no cookie, so no page can make a browser call it in a user's name


def create_console(house: House) -> FastAPI:
    """Return the console of a house. It calls the house in worker threads only, never in the event loop."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would build the target from the Host header
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    router = APIRouter()
    desk = Desk(house, router)
    add_assets(router)
    add_entry(desk)
    for add in PARTS:
        add(desk)
    app.include_router(router)
    app.mount("/api/v1", create_api(house))
    app.include_router(create_operations(house))
    _add_answers(app, house)
    _add_checks(app, house)
    return app


def _add_answers(app: FastAPI, house: House) -> None:
    """Answer what goes wrong by a page."""

    async def draw(request: Request, status: HTTPStatus) -> Response:
        def act() -> str:
            with speaking(language_of_console(house, request)):
                heading, text = _problem(status)
                values = {"heading": heading, "text": text, "status_code": status.value, **look_of(request)}
                return draw_console_page("problem.html.j2", house=house, **values)

        return HTMLResponse(await run_in_threadpool(act), status, headers=PAGE_HEADERS)

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        response = await draw(request, HTTPStatus(error.status_code))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(StoreError)
    async def wait(request: Request, error: StoreError) -> Response:
        if not is_passing(error):
            raise error
        log.warning("a request was put off: %s", error)
        response = await draw(request, HTTPStatus.SERVICE_UNAVAILABLE)
        response.headers["Retry-After"] = str(RETRY_S)
        return response

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        # the server logs the error; the page says nothing of it
        response = await draw(request, HTTPStatus.INTERNAL_SERVER_ERROR)
        response.headers["Connection"] = "close"
        return response


def _add_checks(app: FastAPI, house: House) -> None:
    """Refuse requests under a name that is not ours (DNS rebinding, S26), and posts from foreign pages (S18)."""

    @app.middleware("http")
    async def check(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if not is_our_name(request.headers.get("host", ""), house.config.console.host, house.config.console.url):
            text = _("This is not the name of the console.") + "\n"
            return PlainTextResponse(text, HTTPStatus.MISDIRECTED_REQUEST, headers=PAGE_HEADERS)
        if len(request.url.path) > MAX_PATH:  # a number of so many digits would be a fault of ours
            return Response(status_code=HTTPStatus.REQUEST_URI_TOO_LONG, headers=PAGE_HEADERS)
        inside_api = request.url.path.startswith(API)
        if request.method in CHANGING and not inside_api and not comes_from_here(request):
            return Response(status_code=HTTPStatus.FORBIDDEN, headers=PAGE_HEADERS)
        response = await go_on(request)
        for name, value in BARE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def is_our_name(host: str, bound: str, url: str) -> bool:
    """Return whether a Host header names this console: the name in `console.url`, an IP address, or this machine.

    A browser that was led here under a foreign name would count as one of that name's pages. An address is no name, so
    no DNS server can point it elsewhere.
    """
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    if name in ("localhost", bound.lower()) or (url and name == urlsplit(url).hostname):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _problem(status: HTTPStatus) -> tuple[str, str]:
    match status:
        case HTTPStatus.NOT_FOUND:
            return _("There is no such page"), _("It may have been moved; the menu leads to everything there is.")
        case HTTPStatus.FORBIDDEN:
            return _("You may not do this"), _(
                "Your role does not give you the right, or the page was open for too long: load it anew and try again."
            )
        case HTTPStatus.UNAUTHORIZED:
            return _("You are not logged in"), _("Nothing was changed. Log in, and do it again.")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _("This is too large"), _(
                "Nothing was changed. Pictures may be made smaller before they are uploaded."
            )
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return _("The database is in use just now"), _("Nothing was changed. Try again in some seconds.")
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            return _("Something went wrong here"), _(
                "It was written to the log. Nothing of your request was carried out by halves."
            )
        case _:
            return _("This request cannot be answered"), _("Nothing was changed.")
