"""Logging in and out; the language and the look that a browser keeps."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from mailer.app import House
from mailer.i18n import _
from mailer.model.access import LogIn, LogInOutcome
from mailer.web.body import read_form
from mailer.web.console.desk import (
    LANGUAGE_COOKIE,
    PAGE_HEADERS,
    THEME_COOKIE,
    THEMES,
    Desk,
    Visit,
    language_of_console,
    look_of,
    session_cookie,
    session_token,
)  # fmt: skip
from mailer.web.console.frame import draw_console_page
from mailer.web.language import speaking
from mailer.web.reading import network_of

MAX_LOG_IN = 8192  # octets
A_YEAR = 31_536_000  # seconds


def add_entry(desk: Desk) -> None:
    """Add the pages that need no session, and those that end or furnish one."""
    house = desk.house

    @desk.router.get("/login", include_in_schema=False)
    async def show_log_in(request: Request) -> Response:
        return await run_in_threadpool(_draw, house, request, FormData(), LogIn(LogInOutcome.DONE))

    @desk.router.post("/login", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        form = await read_form(request, MAX_LOG_IN, files=0, fields=10)
        return await run_in_threadpool(_log_in, house, request, form)

    @desk.act("/logout", None)
    def log_out(visit: Visit) -> Response:
        house.access.log_out(visit.token)
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)
        response.delete_cookie(session_cookie(house), path="/", secure=_is_secure(house), httponly=True, samesite="lax")
        return response

    @desk.router.post("/look", include_in_schema=False)
    async def choose_look(request: Request) -> Response:
        form = await read_form(request, MAX_LOG_IN, files=0, fields=10)
        response = RedirectResponse(_ours(form.get("back")), HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)
        if form.get("language") in ("zh_CN", "en"):
            _set(response, house, LANGUAGE_COOKIE, str(form["language"]), A_YEAR)
        if form.get("theme") in THEMES:
            _set(response, house, THEME_COOKIE, str(form["theme"]), A_YEAR)
        return response


def _log_in(house: House, request: Request, form: FormData) -> Response:
    name, password, code = (str(form.get(field, "")) for field in ("name", "password", "code"))
    with speaking(language_of_console(house, request)):
        done = house.access.log_in(
            name, password, code.strip(), network_of(request), request.headers.get("user-agent", "")[:200]
        )
    if done.outcome is not LogInOutcome.DONE:
        return _draw(house, request, form, done)
    house.access.log_out(session_token(house, request))  # whoever was logged in at this browser before is not any more
    return let_in(house, done, str(form.get("next", "")))


def let_in(house: House, done: LogIn, target: str) -> Response:
    """Give the browser its session, and lead it to a page of ours."""
    response = RedirectResponse(_ours(target), HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)
    _set(response, house, session_cookie(house), done.token, house.config.console.session_days * 86_400)
    return response


def draw_log_in(house: House, request: Request, wrong: str, done: LogIn = LogIn(LogInOutcome.REFUSED)) -> Response:  # noqa: B008 - frozen
    """Return the page to log in with why somebody else's word did not do it; empty: as `done` says it."""
    return _draw(house, request, FormData(), done, wrong)


def _draw(house: House, request: Request, form: FormData, done: LogIn, wrong: str = "") -> Response:
    asks_code = done.outcome is LogInOutcome.CODE_NEEDED or bool(form.get("code"))
    with speaking(language_of_console(house, request)):
        html = draw_console_page(
            "login.html.j2",
            house=house,
            name=str(form.get("name", ""))[:100],
            target=_ours(form.get("next") or request.query_params.get("next")),
            asks_code=asks_code,
            kept=request.query_params.get("kept") == "1",
            wrong=wrong or _wrong(done),
            provider=house.config.console.oidc.name if house.config.console.oidc is not None else "",
            nobody=not house.people.registered,
            **look_of(request),
        )
    status = HTTPStatus.OK if done.outcome in (LogInOutcome.DONE, LogInOutcome.CODE_NEEDED) else HTTPStatus.UNAUTHORIZED
    if done.outcome is LogInOutcome.LOCKED:
        return HTMLResponse(
            html, HTTPStatus.TOO_MANY_REQUESTS, headers={**PAGE_HEADERS, "Retry-After": str(done.wait_s)}
        )
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


def _wrong(done: LogIn) -> str:
    if done.outcome is LogInOutcome.REFUSED:
        return _("Name, password or code is not right.")
    if done.outcome is LogInOutcome.LOCKED:
        minutes = -(-done.wait_s // 60)
        return _("Too many attempts. Try again in {minutes} min, or ask an administrator.").format(minutes=minutes)
    return ""


def _ours(target: object) -> str:
    """Return a path of this console; never an address elsewhere."""
    if not isinstance(target, str) or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    parts = urlsplit(target)
    ours = not parts.netloc and not parts.scheme and target.isascii() and target.isprintable()
    return target if ours and not target.startswith(("/login", "/logout")) else "/"


def _set(response: Response, house: House, name: str, value: str, age_s: int) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", secure=_is_secure(house), httponly=True, samesite="lax")


def _is_secure(house: House) -> bool:
    return house.config.console.url.startswith("https:")
