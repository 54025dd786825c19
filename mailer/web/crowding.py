"""Posts that a stranger may send again and again: so many from one network, and no more."""

import ipaddress
from collections.abc import Callable
from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException

from mailer.web.gauge import Gauge
from mailer.web.reading import network_of

AT_ONCE = 60.0
PER_SECOND = 0.5

Crowding = Callable[[Request], None]


def limit_posts(gauge: Gauge | None = None) -> Crowding:
    """Return what raises 429 for a request of a network that has posted too often (S23).

    Leaving a list is never limited: providers post one-click unsubscribes by the hundred from one network (RFC 8058).
    Nor is a proxy on this machine that does not say whom it speaks for, as everybody may sit behind it.
    """
    kept = gauge or Gauge(PER_SECOND, AT_ONCE)

    def check(request: Request) -> None:
        network = network_of(request)
        if network and ipaddress.ip_network(network).is_loopback:
            return
        if (wait := kept.take(network or "unknown")) > 0:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(int(wait) + 1)})

    return check
