"""How a page is reached: a session, the right for it, the form's token; then its own function in a worker thread.

Every route is declared by `show` (GET, changes nothing) or `act` (POST), with the right it asks for; the route keeps
it, so that a test can try each with each role.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from mailer.app import House, is_passing
from mailer.errors import MailerError, StoreError
from mailer.model.access import Session
from mailer.model.people import Right
from mailer.web.body import read_form
from mailer.web.console.frame import draw_console_page, draw_error
from mailer.web.console.menu import menu_for
from mailer.web.language import language_of_request, speaking

COOKIE = "mailer_session"
SAFE_COOKIE = f"__Host-{COOKIE}"
LANGUAGE_COOKIE = "mailer_language"
THEME_COOKIE = "mailer_theme"
THEMES = ("auto", "light", "dark")
MAX_FORM = 2 << 20  # octets; an issue's text with tables pasted from a workbook has some hundred thousand
MAX_UPLOAD = 40 << 20
MAX_FIELDS, MAX_FILES = 2000, 50
MAX_DIGITS = 18  # of a number that the databases count to
MAX_DRAWN = 40  # of some 100 KB
RETRY_S = 10  # after which the database may be asked again
MAX_SAID = 4  # messages that wait for the next page of a session

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# What people wrote, shown within a page: no script, no form, nothing fetched; an origin of its own (S15)
PREVIEW_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}

P = ParamSpec("P")


@dataclass(slots=True)
class Visit:
    """One request of a user who is logged in. form: what was posted; empty for a page that is only shown."""

    request: Request
    house: House
    session: Session
    form: FormData
    said: dict[int, list[tuple[str, str]]] = field(repr=False)
    drawn: "OrderedDict[tuple[int, str], str]" = field(repr=False)
    back: str = ""  # where a refusal leads back to; empty: where the browser says it came from

    @property
    def by(self) -> str:
        """Whose act it is, as the house's acts take it."""
        return self.session.user.name

    def may(self, right: Right) -> bool:
        """Return whether the user has a right."""
        return right in self.session.user.rights

    def require(self, right: Right) -> None:
        """Answer 403 where the user lacks a right; for a route whose right depends on what was chosen."""
        if not self.may(right):
            raise HTTPException(HTTPStatus.FORBIDDEN)

    @property
    def is_part(self) -> bool:
        """True when htmx asks, and puts the answer into a page that is there."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def here(self) -> str:
        """The address of what is shown, to come back to; of the part of the console it is in, where it was posted."""
        url = self.request.url
        if self.request.method != "GET":
            return "/" + url.path.split("/")[1]
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def came_from(self) -> str:
        """The page of ours that led here, with its form as it was filled in; of the same part of the console else."""
        page = urlsplit(self.request.headers.get("referer", ""))
        if self.back:
            return self.back
        if page.netloc != self.request.headers.get("host") or not page.path:
            return "/" + self.request.url.path.split("/")[1]
        path = "/" + page.path.lstrip("/")
        return f"{path}?{page.query}" if page.query else path

    def text(self, name: str) -> str:
        """Return a posted field, without blanks around it; empty where it was not sent."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Return every value of a posted field that was ticked or chosen."""
        return [value for value in self.form.getlist(name) if isinstance(value, str) and value]

    def file(self, name: str) -> UploadFile | None:
        """Return a posted file; None where none was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    @property
    def token(self) -> str:
        """The token of this browser's session."""
        return session_token(self.house, self.request)

    def number(self, text: str) -> int:
        """Return a number as it was posted or asked for; 0 for what is none, or larger than any that is kept."""
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0

    def ask(self, name: str, otherwise: str = "") -> str:
        """Return a parameter of the address."""
        return self.request.query_params.get(name, otherwise)

    def say(self, sentence: str, tone: str = "success") -> None:
        """Have the user's next page show a sentence. tone: success, warning or danger."""
        waiting = self.said.setdefault(self.session.id, [])
        waiting.append((tone, sentence))
        del waiting[:-MAX_SAID]

    def keep(self, html: str) -> str:
        """Keep what was drawn for this session, and return by which key it is asked for; only the newest are kept."""
        key = secrets.token_urlsafe(12)
        self.drawn[self.session.id, key] = html
        while len(self.drawn) > MAX_DRAWN:
            self.drawn.popitem(last=False)
        return key

    def kept(self, key: str) -> str | None:
        """Return what was drawn for this session, None where it is not kept any more."""
        return self.drawn.get((self.session.id, key))

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a whole page in the frame."""
        html = draw_console_page(template, **self.frame_values(), said=self.said.pop(self.session.id, []), **values)
        return HTMLResponse(html, status, headers=PAGE_HEADERS)

    def piece(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a piece of a page, which the frame is not around."""
        html = draw_console_page(template, **self.frame_values(), said=[], **values)
        return HTMLResponse(html, status, headers=PAGE_HEADERS)

    def frame_values(self) -> dict[str, Any]:
        """What every template may use."""
        return {
            "house": self.house,
            "visit": self,
            "user": self.session.user,
            "csrf": self.session.csrf,
            "menu": menu_for(self.session.user.rights, self.request.url.path),
            **look_of(self.request),
        }

    def go(self, path: str, sentence: str = "", tone: str = "success") -> Response:
        """Lead the browser to another page of ours after an act, and say there what was done."""
        if sentence:
            self.say(sentence, tone)
        if self.is_part:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={**PAGE_HEADERS, "HX-Redirect": path})
        return RedirectResponse(path, HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)

    def refuse(self, error: MailerError) -> Response:
        """Say why an act was not done: within the page for htmx, which keeps what was typed; else as a page."""
        is_later = isinstance(error, StoreError) and is_passing(error)
        status = HTTPStatus.SERVICE_UNAVAILABLE if is_later else HTTPStatus.UNPROCESSABLE_ENTITY
        if self.is_part:
            headers = {**PAGE_HEADERS, "HX-Retarget": "#said", "HX-Reswap": "innerHTML show:window:top"}
            return HTMLResponse(draw_error(error), status, headers=headers)
        page = self.page("refused.html.j2", status=status, error=error)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            page.headers["Retry-After"] = str(RETRY_S)
        return page


def look_of(request: Request) -> dict[str, object]:
    """Return the language and theme of a page's head."""
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return {"theme": theme if theme in THEMES else "auto"}


def language_of_console(house: House, request: Request) -> str:
    """Return the language of a request: as the user chose it, else the settings', else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in ("zh_CN", "en"):
        return chosen
    return language_of_request(house.config.language, request.headers.get("accept-language", ""))


def session_cookie(house: House) -> str:
    """Return what the cookie of a session is called: over https no other host may set it (RFC 6265bis §4.1.3.2)."""
    return SAFE_COOKIE if house.config.console.url.startswith("https:") else COOKIE


def session_token(house: House, request: Request) -> str:
    """Return the token of a browser's session; empty where it has none."""
    return request.cookies.get(session_cookie(house), "")


def comes_from_here(request: Request) -> bool:
    """Return whether a POST comes from a page of ours, as browsers tell it (Fetch Metadata; Origin, RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


Page = Callable[Concatenate[Visit, P], Response]


class Desk:
    """Adds routes of the console to a router. said: messages for the next page of a session, by its id."""

    def __init__(self, house: House, router: APIRouter) -> None:
        self.house = house
        self.router = router
        self.said: dict[int, list[tuple[str, str]]] = {}
        self.drawn: OrderedDict[tuple[int, str], str] = OrderedDict()

    def show(self, path: str, right: Right | None = None) -> Callable[[Page[P]], Page[P]]:
        """Declare a page. right: None for every user who is logged in."""
        return self._declare(path, "GET", right, MAX_FORM)

    def act(self, path: str, right: Right | None, most: int = MAX_FORM) -> Callable[[Page[P]], Page[P]]:
        """Declare an act: a POST with the session's form token. most: octets of its body."""
        return self._declare(path, "POST", right, most)

    def _declare(self, path: str, method: str, right: Right | None, most: int) -> Callable[[Page[P]], Page[P]]:
        def declare(function: Page[P]) -> Page[P]:
            async def answer(request: Request) -> Response:
                return await self._answer(request, function, right, most)

            answer.__name__ = function.__name__
            self.router.add_api_route(
                path, answer, methods=[method], include_in_schema=False, openapi_extra={"right": right}
            )
            return function

        return declare

    async def _answer(
        self, request: Request, function: Callable[..., Response], right: Right | None, most: int
    ) -> Response:
        token = session_token(self.house, request)
        session = await run_in_threadpool(self.house.access.find_session, token) if token else None
        if session is None:
            return _ask_to_log_in(request)
        form = FormData()
        if request.method == "POST":
            form = await read_form(request, most, files=MAX_FILES, fields=MAX_FIELDS)
            given = form.get("csrf") or request.headers.get("x-csrf", "")
            if not (isinstance(given, str) and hmac.compare_digest(given.encode(), session.csrf.encode())):
                raise HTTPException(HTTPStatus.FORBIDDEN)
        if right is not None and right not in session.user.rights:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        visit = Visit(request, self.house, session, form, self.said, self.drawn)
        try:
            return await run_in_threadpool(self._run, visit, function, request.path_params)
        finally:
            await form.close()

    def _run(self, visit: Visit, function: Callable[..., Response], values: Mapping[str, Any]) -> Response:
        with speaking(language_of_console(self.house, visit.request)):
            try:
                return function(visit, **values)
            except MailerError as error:
                return visit.refuse(error.tell_from(self.house.home))


def _ask_to_log_in(request: Request) -> Response:
    """Lead to the log-in page, and from there back to what was asked for; nothing is posted twice."""
    if request.headers.get("hx-request") == "true":
        page = urlsplit(request.headers.get("hx-current-url", "")).path  # the log-in page sees whether it is ours
        target = f"/login?next={quote(page)}" if page else "/login"
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={**PAGE_HEADERS, "HX-Redirect": target})
    if request.method == "POST":
        raise HTTPException(HTTPStatus.UNAUTHORIZED)
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    target = "/login" if asked == "/" else f"/login?next={quote(asked)}"
    return RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)
