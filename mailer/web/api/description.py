"""The API's description of itself (OpenAPI 3.1): every route with its scope, and with each error it may answer."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mailer.web.api.caller import GuardedRoute
from mailer.web.api.once import HEADER, KEY
from mailer.web.api.problems import KIND, Problem

EVERY = (401, 403, 404, 422, 429, 500, 503)
WITH_BODY = (400, 408, 413, 415)
TOKEN = "token"  # noqa: S105 - what the description calls it
RETRY = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
ONCE = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "one for each call: the same call with the same key is done once, and answered as then for a day",
    "schema": {"type": "string", "pattern": f"^{KEY}$"},
}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: RETRY,
    503: RETRY,
}


class DescribedApi(FastAPI):
    """An application whose routes are guarded; `state.guarded` are those routes."""

    def openapi(self) -> dict[str, Any]:
        """Return the description, made once."""
        if not self.openapi_schema:
            schema = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes,
                servers=self.servers,
            )  # fmt: skip
            parts = schema.setdefault("components", {})
            parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(unused, None)
            parts["securitySchemes"] = {
                TOKEN: {"type": "http", "scheme": "bearer", "description": "`mailer user token add NAME` makes one"}
            }
            for route in self.state.guarded:
                for method in route.methods:
                    _describe(route, schema["paths"][route.path_format][method.lower()])
            self.openapi_schema = schema
        return self.openapi_schema


def _describe(route: GuardedRoute, operation: dict[str, Any]) -> None:
    if "POST" in (route.methods or ()):
        operation.setdefault("parameters", []).append(ONCE)
    operation["security"] = [{TOKEN: [route.entry.scope.value]}]
    own = {int(code) for code in operation["responses"] if int(code) >= HTTPStatus.BAD_REQUEST}
    for code in sorted({*own, *EVERY, *(WITH_BODY if route.body_field is not None else ())}):
        told: dict[str, Any] = {
            "description": operation["responses"].get(str(code), {}).get("description") or HTTPStatus(code).phrase,
            "content": {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if code == HTTPStatus.UNPROCESSABLE_ENTITY:
            told["description"] = HTTPStatus(code).phrase
        if code in HEADERS:
            told["headers"] = HEADERS[code]
        operation["responses"][str(code)] = told
