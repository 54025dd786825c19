"""What machines ask of a running house: whether it lives, whether it can work, and its figures for Prometheus."""

import ipaddress
import platform
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from mailer import __version__
from mailer.app import House
from mailer.errors import StoreError
from mailer.model.api_token import Scope
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.operations import DatabaseState, HouseFigures, Readiness
from mailer.model.standing import PaceStanding, Standing

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow"}
STATES = ("ready", "rests", "used_up", "stopped")  # of a relay


def create_operations(house: House) -> APIRouter:
    """Return the routes /healthz, /readyz and /metrics. They call the house in worker threads."""
    router = APIRouter(include_in_schema=False)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HouseCollector(house))

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def show_health() -> Response:
        """Say that the process answers, whatever became of its database."""
        return PlainTextResponse("ok\n", headers=HEADERS)

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def show_readiness() -> Response:
        """Say whether the house can do its work: 503 where it cannot."""
        found = house.operations.look()
        status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(_describe(found), status, headers=HEADERS)

    @router.api_route("/metrics", methods=["GET", "HEAD"])
    def show_metrics(request: Request) -> Response:
        """Give the figures in Prometheus' text format, to this machine or to a token with reports:read."""
        if not may_scrape(house, request):
            return PlainTextResponse(
                "a token with the scope reports:read is needed\n",
                HTTPStatus.UNAUTHORIZED,
                headers={**HEADERS, "WWW-Authenticate": "Bearer"},
            )
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=HEADERS)

    return router


def may_scrape(house: House, request: Request) -> bool:
    """Return whether a request for the figures comes from this very machine, or has a token for them.

    What a proxy on this machine hands on comes from elsewhere: it says so in one of these fields, as proxies should.
    """
    kind, _blank, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        token = house.api_tokens.find(given.strip())
        return token is not None and token.allows(Scope.REPORTS_READ)
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _describe(found: Readiness) -> dict[str, object]:
    return {
        "ready": found.ready,
        "database": found.database.value,
        "migrations": _describe_migrations(found),
        "clock": found.clock.value,
    }


def _describe_migrations(found: Readiness) -> str:
    if found.database is DatabaseState.UNREACHABLE:
        return "unknown"
    return "ok" if found.migrated else "not at head"


class HouseCollector(Collector):
    """Reads a house's figures whenever it is asked; it keeps none itself, so several processes say the same."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """Yield everything there is; where the database cannot be read only that, and what this program is."""
        yield _gauge(
            "mailer_build_info", "What runs here.", [((__version__, platform.python_version()), 1)], "version", "python"
        )
        try:
            figures = self._house.operations.figures()
        except StoreError:
            yield _gauge("mailer_database_up", "Whether the database is there and can be read.", [((), 0)])
            return
        yield _gauge("mailer_database_up", "Whether the database is there and can be read.", [((), 1)])
        yield from _of_mailings(figures)
        yield from _of_relays(figures.standing)
        yield from _of_house(figures)


def _gauge(name: str, help_text: str, samples: Sequence[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _of_mailings(figures: HouseFigures) -> Iterator[Metric]:
    every = [((one.value,), figures.mailings.get(one, 0)) for one in MailingStatus]
    yield _gauge("mailer_mailings", "Mailings by status.", every, "status")
    yield _gauge(
        "mailer_deliveries",
        "Deliveries by status, of mailings under way or ended within the hour.",
        [
            ((str(one.id), one.issue_slug, status.value), one.counts.get(status, 0))
            for one in figures.under_way
            for status in DeliveryStatus
        ],
        "mailing", "issue", "status",
    )  # fmt: skip
    yield _gauge(
        "mailer_deliveries_due",
        "Pending deliveries whose time has come: the queue of each mailing under way.",
        [((str(one.id), one.issue_slug), one.due) for one in figures.under_way],
        "mailing", "issue",
    )  # fmt: skip
    yield _gauge(
        "mailer_delivery_events",
        "What came back, by kind, of mailings under way or ended within the hour.",
        [
            ((str(one.id), one.issue_slug, kind), count)
            for one in figures.under_way
            for kind, count in sorted(one.events.items())
        ],
        "mailing", "issue", "kind",
    )  # fmt: skip
    for name, help_text, number in (
        ("mailer_events", "Bounces, complaints, receipts and other events ever recorded.", figures.events),
        ("mailer_readings", "Requests for tracked links and pictures ever recorded.", figures.readings),
    ):
        yield CounterMetricFamily(name, help_text, value=number)


def _of_relays(standing: Standing) -> Iterator[Metric]:
    states = [((one.name, state), float(state == state_of(one))) for one in standing.relays for state in STATES]
    yield _gauge("mailer_relay_state", "1 for the state a relay is in.", states, "relay", "state")
    left = [((one.name, str(limit.limit)), limit.left) for one in standing.relays for limit in one.limits]
    yield _gauge("mailer_relay_permits", "What the limits of a relay leave now.", left, "relay", "limit")
    yield _gauge("mailer_slowed_domains", "Recipient domains that are slowed down.", [((), len(standing.domains))])


def state_of(one: PaceStanding) -> str:
    """Return how a relay stands in one of STATES."""
    return "stopped" if one.stopped else "rests" if one.held_until else "used_up" if one.used_up else "ready"


def _of_house(figures: HouseFigures) -> Iterator[Metric]:
    if figures.clock_seen_at is not None:
        seen = figures.clock_seen_at.timestamp()
        yield _gauge("mailer_clock_seen_timestamp_seconds", "When the clock last ticked.", [((), seen)])
    yield _gauge(
        "mailer_house_held", "1 while the house sends nothing until a person has looked.", [((), float(figures.held))]
    )
    waiting = [(("answer",), figures.answers), (("not understood",), figures.unread)]
    yield _gauge("mailer_returned_mail", "Mails that came back and wait for a person.", list(waiting), "kind")
