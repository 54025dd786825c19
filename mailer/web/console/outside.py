"""Logging in at a provider of OpenID Connect: the way there, and the way back."""

import os
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mailer.app import House
from mailer.config import read_client_secret
from mailer.errors import ConfigError
from mailer.model.access import LogIn, LogInOutcome
from mailer.web.console.desk import PAGE_HEADERS, Desk, language_of_console
from mailer.web.console.entry import draw_log_in, let_in
from mailer.web.console.oidc import KEPT_S, Provider, ProviderError
from mailer.web.language import speaking
from mailer.web.reading import network_of

KEPT = "mailer_oidc"
BACK = "/login/oidc/back"


def add_outside(desk: Desk) -> None:
    """Add the two addresses; both are not there where no provider is set."""
    house = desk.house
    made: list[Provider] = []  # one for the application: it keeps what the provider says of itself

    def provider() -> Provider:
        settings = house.config.console.oidc
        if settings is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if not made:
            back = f"{house.config.console.url.rstrip('/')}{BACK}"
            secret = read_client_secret(settings, house.home, os.environ)
            made.append(Provider(settings, secret, back, house.secret, house.now))
        return made[0]

    async def refuse(request: Request, text: str) -> Response:
        return await run_in_threadpool(draw_log_in, house, request, text)

    @desk.router.get("/login/oidc", include_in_schema=False)
    async def depart(request: Request) -> Response:
        with speaking(language_of_console(house, request)):
            try:
                leaving = await (await run_in_threadpool(provider)).begin()
            except ProviderError as error:
                return await refuse(request, error.text)
            except ConfigError as error:
                return await refuse(request, str(error))
        response = RedirectResponse(leaving.url, HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS)
        secure = house.config.console.url.startswith("https:")
        response.set_cookie(
            KEPT, leaving.kept, max_age=KEPT_S, path="/login/oidc", secure=secure, httponly=True, samesite="lax"
        )
        return response

    @desk.router.get(BACK, include_in_schema=False)
    async def come_back(request: Request) -> Response:
        with speaking(language_of_console(house, request)):
            try:
                vouched = await (await run_in_threadpool(provider)).finish(
                    dict(request.query_params), request.cookies.get(KEPT, "")
                )
            except ProviderError as error:
                return await refuse(request, error.text)
            done = await run_in_threadpool(_log_in, house, request, vouched.issuer, vouched.subject, vouched.email)
            if done.outcome is not LogInOutcome.DONE:
                return await run_in_threadpool(draw_log_in, house, request, "", done)
        response = let_in(house, done, "/")
        response.delete_cookie(KEPT, path="/login/oidc")
        return response


def _log_in(house: House, request: Request, issuer: str, subject: str, email: str) -> LogIn:
    agent = request.headers.get("user-agent", "")[:200]
    return house.access.log_in_outside(issuer, subject, email, network_of(request), agent)
