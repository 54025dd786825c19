"""The API's application, which stands within the console's at /api/v1."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.app import House
from mailer.web.api.bulk import add_bulk
from mailer.web.api.caller import AT_ONCE, PER_SECOND, GuardedRoute, caller_with
from mailer.web.api.contacts import add_contacts
from mailer.web.api.deliveries import add_deliveries
from mailer.web.api.description import DescribedApi
from mailer.web.api.events import add_events
from mailer.web.api.issues import add_issues
from mailer.web.api.lists import add_lists
from mailer.web.api.mailings import add_mailings
from mailer.web.api.problems import add_problems, language_of_call
from mailer.web.api.suppressions import add_suppressions
from mailer.web.gauge import Gauge
from mailer.web.language import speaking

PARTS = (
    add_lists,
    add_bulk,  # before what takes an address where it has a word
    add_contacts,
    add_suppressions,
    add_issues,
    add_mailings,
    add_deliveries,
    add_events,
)
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class AnswersHead:
    """Answers HEAD as GET is answered, without the body (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_head)


def create_api(house: House, gauge: Gauge | None = None) -> FastAPI:
    """Return the API of a house, with its description at openapi.json."""
    app = DescribedApi(
        title="Jianbao",
        version="1",
        description="Contacts, issues, mailings, deliveries, events and reports of a house. docs/api.md has examples.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
    )
    router = APIRouter(route_class=GuardedRoute)
    scope = caller_with(house, gauge or Gauge(PER_SECOND, AT_ONCE))
    for add in PARTS:
        add(router, scope)
    app.state.guarded = router.routes
    app.include_router(router)
    add_problems(app, house.config.language)

    @app.middleware("http")
    async def frame(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        with speaking(language_of_call(house.config.language, request)):
            response = await go_on(request)
        response.headers.update(HEADERS)
        return response

    app.add_middleware(AnswersHead)
    return app
