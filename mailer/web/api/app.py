"""The API's application, which stands within the console's at /api/v1."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from mailer.app import House
from mailer.i18n import _
from mailer.web.api.caller import Gauge, caller_with
from mailer.web.api.contacts import add_contacts
from mailer.web.api.issues import add_issues
from mailer.web.api.mailings import add_mailings
from mailer.web.api.problems import add_problems, problem
from mailer.web.body import check_length
from mailer.web.language import language_of_request, speaking

MAX_BODY = 16 << 20
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def create_api(house: House, gauge: Gauge | None = None) -> FastAPI:
    """Return the API of a house, with its description at openapi.json."""
    app = FastAPI(
        title="Jianbao",
        version="1",
        description="Contacts, issues, mailings, deliveries, events and reports of a house.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
    )
    router = APIRouter()
    scope = caller_with(house, gauge or Gauge())
    for add in (add_contacts, add_issues, add_mailings):
        add(router, scope)
    app.include_router(router)
    add_problems(app)

    @app.middleware("http")
    async def frame(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        with speaking(language_of_request(house.config.language, request.headers.get("accept-language", ""))):
            if request.method in ("POST", "PUT", "PATCH"):
                try:
                    check_length(request, MAX_BODY)
                except HTTPException:
                    return problem(413, _("the body is too large, or its length is not said"))
            response = await go_on(request)
        response.headers.update(HEADERS)
        return response

    return app
