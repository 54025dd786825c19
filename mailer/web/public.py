"""The public pages: the archive, issues, the feed, what a reader reaches from a bulletin, how to join; a sign of life.

No cookie, no login, no script. The token in a URL is the whole authority, and no link is ever built from what a
request says its host is.
"""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from mailer.app import is_passing
from mailer.config import Config
from mailer.errors import StoreError
from mailer.i18n import _
from mailer.web.actions import PublicActions
from mailer.web.answering import Answering
from mailer.web.archive import add_archive
from mailer.web.crowding import Crowding, limit_posts
from mailer.web.drawing import PAGE_HEADERS, Page, make_site, with_address
from mailer.web.hooks import add_hooks
from mailer.web.issue_pages import add_issue_pages
from mailer.web.joining import add_joining
from mailer.web.leaving import add_leaving
from mailer.web.preferences import add_preferences
from mailer.web.privacy import add_privacy
from mailer.web.reading import add_reading
from mailer.web.subscribing import add_subscribing

log = logging.getLogger(__name__)
RETRY_S = 10  # after which the database may be asked again


def create_public_app(ports: PublicActions, config: Config, crowding: Crowding | None = None) -> FastAPI:
    """Return the public application. It calls `ports` in worker threads only, never in the event loop."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would build the target from the Host header
        telemetry={"tracing": False, "metrics": False, "logs": False},  # paths hold readers' tokens
    )
    answer, crowding = Answering(config, make_site(config)), crowding or limit_posts()
    add_archive(app, ports, config, answer)
    add_issue_pages(app, ports, answer)
    add_leaving(app, ports, config, answer)
    add_preferences(app, ports, config, answer, crowding)
    add_subscribing(app, ports, config, answer, crowding)
    add_joining(app, ports, config, answer)
    add_reading(app, ports, config, answer)
    add_privacy(app, ports, config, answer)
    add_hooks(app, ports)

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def show_health() -> Response:
        return PlainTextResponse("ok\n", headers=PAGE_HEADERS)

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        response = await answer(request, lambda: (status, _problem(status, config)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(StoreError)
    async def wait(request: Request, error: StoreError) -> Response:
        if not is_passing(error):
            raise error
        log.warning("a request was put off: %s", error)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        response = await answer(request, lambda: (status, _problem(status, config)))
        response.headers["Retry-After"] = str(RETRY_S)
        return response

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        status = HTTPStatus.INTERNAL_SERVER_ERROR  # the server logs the error; the page says nothing of it
        response = await answer(request, lambda: (status, _problem(status, config)))
        response.headers["Connection"] = "close"  # uvicorn closes it after an error, and should say so
        return response

    return app


def _problem(status: HTTPStatus, config: Config) -> Page:
    reopen = _("Please open the link from the e-mail again.")
    text: tuple[str, ...]
    match status:
        case HTTPStatus.NOT_FOUND:
            heading, text = _("There is no such page"), (reopen,)
        case HTTPStatus.TOO_MANY_REQUESTS:
            heading = _("Too many requests from your network")
            text = (_("Nothing was changed."), _("Please try again a little later."))
        case HTTPStatus.SERVICE_UNAVAILABLE:
            heading, text = _("This takes a moment"), (_("Please try again a little later."),)
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            heading = _("Something went wrong here")
            text = (_("Your request was not carried out."), _("Please try again a little later."))
        case _:
            heading, text = _("This request cannot be answered"), (_("Nothing was changed."), reopen)
    note = with_address(_("If it does not help, write to {address}."), config.sender.answers)
    return Page(heading, text, note=(note,))
