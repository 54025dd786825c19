"""Errors as RFC 9457 says them: application/problem+json, in the caller's language."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from mailer.errors import (
    AddressError,
    InputError,
    IssueError,
    MailerError,
    NotFoundError,
    RightError,
    StateError,
    StoreError,
    UsageError,
)
from mailer.i18n import _
from mailer.web.language import language_of_request, speaking

KIND = "application/problem+json"
RETRY_S = 5  # after which the database may be asked again
# what a route says of itself where its state, or that of what it acts on, may not allow it
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "what is there does not allow it"}}
UNREAD = "There was an error parsing the body"  # FastAPI's words


class Problem(BaseModel):
    """An error (RFC 9457), with the field it is about and what to do."""

    type: str = Field(default="about:blank", description="always about:blank: `status` says the kind")
    title: str
    status: int
    detail: str = ""
    cure: str = ""
    field: str = ""


def problem(
    status: int, detail: str = "", cure: str = "", field: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, cure=cure, field=field)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=KIND)


def status_of(error: MailerError) -> int:
    """Return the status of an expected error.

    What the caller sent is 422; what stands in the way here, files of the house among it, is 409.
    """
    match error:
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case RightError():
            return HTTPStatus.FORBIDDEN
        case UsageError() | AddressError() | IssueError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case StateError() | InputError():
            return HTTPStatus.CONFLICT
        case StoreError():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def add_problems(app: FastAPI, configured_language: str) -> None:
    """Answer every error as a problem."""

    @app.exception_handler(MailerError)
    async def expected(request: Request, error: MailerError) -> Response:
        status = status_of(error)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise error  # the server logs it
        headers = {"Retry-After": str(RETRY_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        return problem(status, error.message, error.cure, _field(error), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(one) for one in first["loc"][1:])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(first["msg"]), field=field)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        if detail == UNREAD:
            detail = _("the body is no JSON")
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods(app, request)))
        return problem(error.status_code, detail, headers=headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        # outside of what sets the language; the server logs the error
        with speaking(language_of_request(configured_language, request.headers.get("accept-language", ""))):
            detail = _("It was written to the log.")
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail, headers={"Connection": "close"})


def _field(error: MailerError) -> str:
    """Return the field an error is about; options of the command line are called as the API's fields are."""
    if isinstance(error, AddressError) and not error.field:
        return "address"
    return (error.field or "").removeprefix("--")


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Return what a path may be asked by (RFC 9110 §10.2.1)."""
    return {
        method
        for route in app.state.guarded
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
