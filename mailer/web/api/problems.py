"""Errors as RFC 9457 says them: application/problem+json, in the caller's language."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mailer.errors import HouseHeldError, InputError, MailerError, NotFoundError, StateError, UsageError
from mailer.i18n import _

KIND = "application/problem+json"


class Problem(BaseModel):
    """An error (RFC 9457), with the field it is about and what to do."""

    type: str = Field(default="about:blank", description="always about:blank: `status` says the kind")
    title: str
    status: int
    detail: str = ""
    cure: str = ""
    field: str = ""


def answers(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route documents of the errors it may answer."""
    return {code: {"model": Problem, "content": {KIND: {}}} for code in (400, 401, 403, 404, 413, 422, 429, *codes)}


def problem(status: int, detail: str = "", cure: str = "", field: str = "", headers: Any = None) -> Response:
    """Return an error."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, cure=cure, field=field)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=KIND)


def status_of(error: MailerError) -> int:
    """Return the status of an expected error."""
    match error:
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case HouseHeldError() | StateError():
            return HTTPStatus.CONFLICT
        case UsageError() | InputError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def add_problems(app: FastAPI) -> None:
    """Answer every error as a problem."""

    @app.exception_handler(MailerError)
    async def expected(request: Request, error: MailerError) -> Response:
        return problem(status_of(error), error.message, error.cure, error.field or "")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(one) for one in first["loc"][1:])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(first["msg"]), field=field)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, _("It was written to the log."))  # the server logs it
