"""The pages a reader reaches from a bulletin: the issue itself, its pictures, unsubscribe (RFC 8058: GET shows, POST
acts), to join (joining.py), what is counted and the receipt (reading.py); and a sign of life.

No cookie, no login, no script. The token in the URL is the whole authority, and no link is ever built from what a
request says its host is.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mailer.config import Config
from mailer.i18n import _
from mailer.web.actions import MAX_TOKEN, PublicActions, UnsubscribeView
from mailer.web.body import drain_body
from mailer.web.corrected import lead_to_correction
from mailer.web.drawing import PAGE_HEADERS, Page, draw_page, mask_address, with_address
from mailer.web.hooks import add_hooks
from mailer.web.joining import ask_to_confirm, confirm
from mailer.web.language import language_of_request, speaking
from mailer.web.reading import add_reading

MAX_SLUG = 64
PICTURE_NAME = re.compile(r"([0-9a-f]{64})\.([a-z]{3,4})")
PICTURE_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
# An issue's page is text people wrote: no script runs, nothing is fetched, and no form or frame is of this origin (S15)
ISSUE_HEADERS = {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PRIVATE_HEADERS = {**ISSUE_HEADERS, "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
PUBLIC_HEADERS = {**ISSUE_HEADERS, "Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "public, max-age=31536000, immutable",  # its name is the hash of its content
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Resource-Policy": "cross-origin",  # web mail shows it
}

_Answer = tuple[HTTPStatus, Page]


def create_public_app(ports: PublicActions, config: Config) -> FastAPI:
    """Return the public application. It calls `ports` in worker threads only, never in the event loop."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would build the target from the Host header
        telemetry={"tracing": False, "metrics": False, "logs": False},  # paths hold readers' tokens
    )

    async def answer(request: Request, act: Callable[[], _Answer]) -> HTMLResponse:
        language = language_of_request(config.language, request.headers.get("accept-language", ""))

        def act_and_draw() -> tuple[HTTPStatus, str]:
            with speaking(language):
                status, page = act()
                return status, draw_page(page, config.sender.name, language)

        status, html = await run_in_threadpool(act_and_draw)
        return HTMLResponse(html, status, headers={**PAGE_HEADERS, "Vary": "Accept-Language"})

    @app.api_route("/u/{token}", methods=["GET", "HEAD"])
    async def show_unsubscribe(token: str, request: Request) -> Response:
        return await answer(request, lambda: _ask_to_leave(ports, config, token))

    @app.post("/u/{token}")
    async def act_unsubscribe(token: str, request: Request) -> Response:
        # Any body will do, as this URL has no other use: a browser's form and a provider's one-click are the same.
        await drain_body(request)
        return await answer(request, lambda: _leave(ports, config, token))

    @app.api_route("/s/{token}", methods=["GET", "HEAD"])
    async def show_join(token: str, request: Request) -> Response:
        return await answer(request, lambda: ask_to_confirm(ports, config, token))

    @app.post("/s/{token}")
    async def act_join(token: str, request: Request) -> Response:
        await drain_body(request)
        return await answer(request, lambda: confirm(ports, config, token))

    @app.api_route("/v/{token}", methods=["GET", "HEAD"])
    async def show_page(token: str) -> Response:
        html = await run_in_threadpool(ports.view_page, token) if len(token) <= MAX_TOKEN else None
        return _show_issue(html, PRIVATE_HEADERS)

    @app.api_route("/i/{slug}", methods=["GET", "HEAD"])
    async def show_issue(slug: str, request: Request) -> Response:
        language = language_of_request(config.language, request.headers.get("accept-language", ""))

        def read() -> str | None:
            html = ports.view_issue(slug)
            correction = ports.find_correction(slug) if html is not None else None
            if html is None or correction is None:
                return html
            with speaking(language):
                return lead_to_correction(html, correction)

        html = await run_in_threadpool(read) if len(slug) <= MAX_SLUG else None
        return _show_issue(html, PUBLIC_HEADERS)

    @app.api_route("/p/{name}", methods=["GET", "HEAD"])
    async def show_picture(name: str) -> Response:
        named = PICTURE_NAME.fullmatch(name)
        picture = await run_in_threadpool(ports.view_picture, named[1]) if named else None
        if picture is None or not named or PICTURE_SUFFIXES.get(picture.media_type) != named[2]:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(picture.content, media_type=picture.media_type, headers=PICTURE_HEADERS)

    add_reading(app, ports, config, answer)
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

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        status = HTTPStatus.INTERNAL_SERVER_ERROR  # the server logs the error; the page says nothing of it
        response = await answer(request, lambda: (status, _problem(status, config)))
        response.headers["Connection"] = "close"  # uvicorn closes it after an error, and should say so
        return response

    return app


def _show_issue(html: str | None, headers: Mapping[str, str]) -> Response:
    if html is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return HTMLResponse(html, headers=headers)


def _ask_to_leave(ports: PublicActions, config: Config, token: str) -> _Answer:
    view = ports.describe_unsubscribe(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    page = Page(
        heading=_("Stop receiving this bulletin"),
        text=(_("Once you press the button, no further issue is sent to the address below."),),
        rows=_rows(view),
        button=_("Unsubscribe"),
        hidden=(("List-Unsubscribe", "One-Click"),),
        note=(_("Opening this page has changed nothing."), _("To go on receiving the bulletin, just close it.")),
    )
    return HTTPStatus.OK, page


def _leave(ports: PublicActions, config: Config, token: str) -> _Answer:
    if len(token) > MAX_TOKEN or not ports.unsubscribe(token):
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    view = ports.describe_unsubscribe(token)
    page = Page(
        heading=_("You have been unsubscribed"),
        text=(_("No further issue is sent to the address below."), _("One already on its way may still arrive.")),
        rows=_rows(view) if view else (),
        note=(with_address(_("To receive the bulletin again, write to {address}."), config.sender.answers),),
        done=True,
    )
    return HTTPStatus.OK, page


def _rows(view: UnsubscribeView) -> tuple[tuple[str, str], ...]:
    return ((_("Address"), mask_address(view.address)), (_("List"), view.list_title))


def _unknown_link(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("Part of it may be missing."), _("Please open the link from the e-mail again.")),
        note=(with_address(_("To unsubscribe by mail, write to {address}."), config.sender.answers),),
    )


def _problem(status: HTTPStatus, config: Config) -> Page:
    reopen = _("Please open the link from the e-mail again.")
    text: tuple[str, ...]
    match status:
        case HTTPStatus.NOT_FOUND:
            heading, text = _("There is no such page"), (reopen,)
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            heading = _("Something went wrong here")
            text = (_("Your request was not carried out."), _("Please try again a little later."))
        case _:
            heading, text = _("This request cannot be answered"), (_("Nothing was changed."), reopen)
    note = with_address(_("If it does not help, write to {address}."), config.sender.answers)
    return Page(heading, text, note=(note,))
