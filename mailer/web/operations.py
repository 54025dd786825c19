"""What those who run the machine ask: is it alive, is it ready, how much of what (Prometheus' text form)."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from mailer.app import House
from mailer.errors import MailerError
from mailer.model.delivery import DeliveryStatus, MailingStatus

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _HouseCollector(Collector):
    """Counts when it is asked: nothing is kept beside the database."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterable[Metric]:
        house = self._house
        try:
            release = version("jianbao-mailer")
        except PackageNotFoundError:
            release = "unknown"
        yield InfoMetricFamily("mailer", "This program.", {"version": release})
        mailings = GaugeMetricFamily("mailer_mailings", "The newest mailings by status.", labels=["status"])
        newest = house.mailings.newest()
        for status in MailingStatus:
            mailings.add_metric([status.value], sum(one.status is status for one in newest))
        yield mailings
        running = GaugeMetricFamily(
            "mailer_deliveries", "Deliveries of mailings under way by status.", labels=["mailing", "status"]
        )
        for record in house.mailings.running():
            progress = house.mailings.glance(str(record.id)).progress
            for one in DeliveryStatus:
                running.add_metric([str(record.id), one.value], progress.count(one))
        yield running
        stopped = GaugeMetricFamily("mailer_relay_stopped", "1 where a person must look at a relay.", labels=["relay"])
        waits = GaugeMetricFamily("mailer_relay_waits", "1 where nothing goes through a relay now.", labels=["relay"])
        for relay in house.relays.standing().relays:
            stopped.add_metric([relay.name], float(relay.stopped))
            waits.add_metric([relay.name], float(relay.waits))
        yield stopped
        yield waits
        kept = GaugeMetricFamily("mailer_returned_waiting", "Returned mail that waits for a person.", labels=["kind"])
        answers, others = house.returned.count_kept()
        kept.add_metric(["answer"], answers)
        kept.add_metric(["other"], others)
        yield kept
        lists = GaugeMetricFamily("mailer_list_readers", "Readers actively on a list.", labels=["list"])
        for count in house.lists.count():
            lists.add_metric([count.value.name], count.active)
        yield lists
        held = house.identity.look() is not None
        yield GaugeMetricFamily("mailer_house_held", "1 where this copy of the house sends nothing.", float(held))


def add_operations(router: APIRouter, house: House) -> None:
    """Add /healthz, /readyz and /metrics; they name no reader, and are as open as the console's port is."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_HouseCollector(house))

    @router.get("/healthz", include_in_schema=False)
    def show_health() -> Response:
        return PlainTextResponse("ok\n", headers=HEADERS)

    @router.get("/readyz", include_in_schema=False)
    def show_readiness() -> Response:
        try:
            house.lists.count()
            house.mailings.planned()
        except MailerError:
            return PlainTextResponse("not ready\n", 503, headers=HEADERS)
        return PlainTextResponse("ready\n", headers=HEADERS)

    @router.get("/metrics", include_in_schema=False)
    def show_metrics() -> Response:
        return Response(generate_latest(registry), headers=HEADERS, media_type="text/plain; version=0.0.4")
