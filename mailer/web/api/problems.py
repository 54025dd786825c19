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
from mailer.web.api.cures import say_cure, say_detail
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
    line: int | None = Field(default=None, description="of the text of the issue, from 1, where the error is in one")


class CallError(HTTPException):
    """A call that cannot be taken as it was made, with what to do about it."""

    def __init__(self, status: int, detail: str, cure: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.cure = cure


def readable(text: str) -> str:
    """Return a text as UTF-8 can have it: ? for a lone surrogate, which JSON can bring."""
    return text.encode("utf-8", "replace").decode()


def problem(
    status: int,
    detail: str = "",
    cure: str = "",
    field: str = "",
    headers: Mapping[str, str] | None = None,
    line: int | None = None,
) -> Response:
    """Return an error."""
    said = {"detail": readable(detail), "cure": readable(cure), "field": readable(field)}
    body = Problem(title=HTTPStatus(status).phrase, status=status, line=line, **said)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=KIND)


def language_of_call(configured: str, request: Request) -> str:
    """Return the language a program asks for; that of the house where it says nothing."""
    wanted = request.headers.get("accept-language", "")
    return language_of_request("" if wanted.strip() else configured, wanted)


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
        line = error.line if isinstance(error, IssueError) else None  # of another file it would say nothing
        return problem(status, say_detail(error.message), say_cure(error.cure), _field(error), headers, line)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        first = found[0]
        if any(one["loc"][0] == "path" for one in found):
            detail = _("nothing is called so: {why}").format(why=first["msg"])
            return problem(HTTPStatus.NOT_FOUND, detail, field=str(first["loc"][-1]))
        if first["type"] == "json_invalid":
            detail = _("the body is no JSON from its character {n} on").format(n=int(first["loc"][-1]) + 1)
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, _("send one JSON object, in UTF-8"))
        field = ".".join(str(one) for one in first["loc"][1:])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(first["msg"]), field=field)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        cure = error.cure if isinstance(error, CallError) else ""
        headers = dict(error.headers or {})
        if detail == UNREAD:
            detail, cure = _("the body is no JSON"), _("send one JSON object, in UTF-8")
        elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = known = ", ".join(sorted(_methods(app, request)))
            detail = _("nothing is done here by {method}").format(method=request.method[:20])
            cure = _("it takes: {methods}").format(methods=known)
        elif error.status_code == HTTPStatus.NOT_FOUND:
            detail, cure = _("there is no such route"), _("openapi.json names every route")
        return problem(error.status_code, detail, cure, headers=headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        # outside of what sets the language; the server logs the error
        with speaking(language_of_call(configured_language, request)):
            detail = _("It was written to the log.")
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail, headers={"Connection": "close"})


def _field(error: MailerError) -> str:
    """Return the field an error is about; options of the command line are called as the API's fields are."""
    if isinstance(error, AddressError) and not error.field:
        return "address"
    return (error.field or "").removeprefix("--")


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Return what a path may be asked by (RFC 9110 §10.2.1)."""
    found = {
        method
        for route in app.state.guarded
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
    if not found or "GET" in found:  # the only route that is not guarded is the description
        found |= {"GET", "HEAD"}
    return found
