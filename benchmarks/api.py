"""How long the API and the figures for Prometheus take where a mailing has a million deliveries.

The deliveries are those of benchmarks.report. Calls go through the application in this process, without a socket. Of
each kind the slowest of several is told: pages at the beginning, in the middle and at the end.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
from fastapi.testclient import TestClient

from benchmarks.report import LARGE, fill
from mailer.app import House, create_newsletter
from mailer.model.api_token import Scope
from mailer.model.people import UserRole
from mailer.web.api.app import create_api
from mailer.web.api.cursors import kind_of, write_cursor, write_place
from mailer.web.gauge import Gauge
from mailer.web.operations import create_operations

GOAL_MS = 100.0
ROUNDS = 3


def _time(call: Callable[[], httpx.Response]) -> float:
    spent = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        answer = call()
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return min(spent)


def _places(client: TestClient, path: str, mailing: int, deliveries: int, **asked: str) -> float:
    """Return the slowest of the first page and those after each quarter."""
    filters = (asked.get("status"), asked.get("class"), asked.get("q"))
    kind = kind_of("deliveries", mailing=mailing, status=filters[0], reply_class=filters[1], q=filters[2])
    cursors = ["", *(write_cursor(kind, (mailing << 32) + deliveries * part // 4) for part in (1, 2, 3))]

    def ask(cursor: str) -> httpx.Response:
        place = {"cursor": cursor} if cursor else {}
        answer: httpx.Response = client.get(path, params={**asked, **place, "limit": "200"})
        return answer

    return max(_time(partial(ask, cursor)) for cursor in cursors)


def _poll(client: TestClient, house: House) -> tuple[float, float, int]:
    """Read all events; return the mean and the most of a page in ms, and how many there were."""
    spent, count, asked = [], 0, {"limit": "200", "kind": "refused", "start": "first"}
    more = True
    while more:
        began = time.perf_counter()
        page = client.get("/events", params=asked).json()
        spent.append((time.perf_counter() - began) * 1000)
        count += len(page["items"])
        asked["cursor"], more = page["cursor"], page["more"]
    assert write_place("events", house.events.start(now=True))
    return sum(spent) / len(spent), max(spent), count


def measure(deliveries: int) -> dict[str, object]:
    """Fill and ask; return the figures."""
    with tempfile.TemporaryDirectory(prefix="bench-api-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "house"
        create_newsletter(home)
        house = House(home)
        try:
            mailing = fill(house.store, deliveries)
            house.people.add("admin", [UserRole.ADMIN])
            _made, token = house.api_tokens.add("admin", "bench", list(Scope), None, "admin")
            app = create_api(house, Gauge(1e9, 1e9))
            app.include_router(create_operations(house))
            client = TestClient(app, headers={"Authorization": f"Bearer {token}"})
            path = f"/mailings/{mailing}/deliveries"
            one = (mailing << 32) + deliveries // 2
            mean_ms, most_ms, refused = _poll(client, house)
            assert refused == deliveries // 50
            found = {
                "deliveries": deliveries,
                "page_ms": _places(client, path, mailing, deliveries),
                "page_by_status_ms": _places(client, path, mailing, deliveries, status="refused"),
                "page_by_class_ms": _places(client, path, mailing, deliveries, **{"class": "gone"}),
                "delivery_ms": _time(lambda: client.get(f"/deliveries/{one}")),
                "mailing_ms": _time(lambda: client.get(f"/mailings/{mailing}")),
                "events_mean_ms": mean_ms,
                "events_most_ms": most_ms,
            }
            house.operations._counted = None
            began = time.perf_counter()
            assert client.get("/metrics").status_code == 200
            found["metrics_ms"] = (time.perf_counter() - began) * 1000
        finally:
            house.close()
    return {name: round(value, 1) for name, value in found.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=LARGE)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    found = measure(chosen.deliveries)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(f"the API with {found.pop('deliveries')} deliveries (goal {GOAL_MS:.0f} ms):\n")
    for name, value in found.items():
        sys.stdout.write(f"  {name.removesuffix('_ms').replace('_', ' ')}: {value} ms\n")


if __name__ == "__main__":
    main()
