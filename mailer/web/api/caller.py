"""Who calls: a token, its scope, and not too often."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from mailer.app import House
from mailer.i18n import _
from mailer.model.api_token import ApiToken, Scope

PER_SECOND = 50.0  # calls of one token, on the long run
AT_ONCE = 200.0
_bearer = HTTPBearer(auto_error=False, description="`mailer user token add NAME` makes one")


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls with a token; what it does its user does."""

    house: House
    token: ApiToken

    @property
    def by(self) -> str:
        """Whose act it is."""
        return self.token.user.name


class Gauge:
    """How many calls each token has left: a bucket that fills by so many a second."""

    def __init__(self, per_second: float = PER_SECOND, at_once: float = AT_ONCE) -> None:
        self._per_second, self._at_once = per_second, at_once
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, number: int) -> float:
        """Take one call; return for how many seconds the token must wait, 0 where it may go on."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(number, (self._at_once, now))
            left = min(self._at_once, left + (now - at) * self._per_second)
            self._left[number] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / self._per_second


def caller_with(house: House, gauge: Gauge) -> Callable[[Scope], object]:
    """Return what makes, for a scope, the dependency that lets only its tokens in."""

    def dependency(scope: Scope) -> object:
        def find(
            request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
        ) -> Caller:
            token = house.api_tokens.find(given.credentials) if given is not None else None
            if token is None:
                raise HTTPException(
                    HTTPStatus.UNAUTHORIZED, _("a token is needed that is good"), {"WWW-Authenticate": "Bearer"}
                )
            if (wait := gauge.take(token.id)) > 0:
                headers = {"Retry-After": str(int(wait) + 1)}
                raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, _("too many calls"), headers)
            if not token.allows(scope):
                wanted = f'Bearer error="insufficient_scope", scope="{scope.value}"'
                raise HTTPException(
                    HTTPStatus.FORBIDDEN,
                    _("the token, or its user, lacks {scope}").format(scope=scope.value),
                    {"WWW-Authenticate": wanted},
                )
            return Caller(house, token)

        return Depends(find)

    return dependency
