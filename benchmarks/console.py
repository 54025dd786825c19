"""How long the console's pages take at the server, with a million deliveries and two hundred thousand contacts.

The deliveries are those of benchmarks.report, the contacts are written by SQL. The console answers on a real socket in
a thread of this process, one request at a time; each page is asked for some times after a first one, and the time is
that of the whole answer. What draws an issue in the child process, or makes a file, is no page of this kind. At the end
the mailing is put back to the middle of its way, and the pages that show it are asked for again. Beside the times
stands the processor time of this process a request, asking included, which says the same on a busy machine.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import text

from benchmarks.report import LARGE, fill
from mailer.app import House, create_newsletter
from mailer.model.people import UserRole
from mailer.store.database import Store
from mailer.web.console.app import create_console
from tests.web.serving import serving

GOAL_MS = 100.0
ROUNDS = 40
PASSWORD = "a password of the benchmark"
CONTACTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :contacts)
INSERT INTO contact (id, address, address_key, name, title, city, organisation_id, created_at, changed_at)
SELECT 1000 + i, 'c' || i || '@firm' || (i % 5000) || '.example', 'c' || i || '@firm' || (i % 5000) || '.example',
    '联系人' || i, '', '城市' || (i % 40), 1000 + i % 20000, :at, :at FROM n
"""
UNITS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
INSERT INTO organisation (id, name, city, created_at)
SELECT 1000 + i, '第' || i || '公司', '城市' || (i % 40), :at FROM n
"""
SUBSCRIPTIONS = """
INSERT INTO subscription (contact_id, list_id, status, position, basis, source, since)
SELECT id, 1, 'active', id, 'membership', 'benchmark', :at FROM contact WHERE id > 1000
"""
PAGES = (
    "/", "/issues", "/mailings", "/mailings/1", "/mailings/1/copies", "/mailings/1/copies?status=refused",
    "/mailings/1/copies?after=4295567296", "/mailings/1/why?address=r5000@firm0.example", "/contacts",
    "/contacts?list=government", "/contacts?after=150000", "/contacts/show?address=c777@firm777.example", "/lists",
    "/suppressions", "/returned", "/schedule", "/relays", "/users", "/trail", "/reports", "/reports/1",
    "/organisations", "/organisations?only=unreached", "/mailings/new",
    "/mailings/1/copies?q=r777777@firm2777.example", "/mailings/1/copies?q=nobody",
    "/mailings/1/copies?status=accepted&q=nobody", "/contacts?q=nobody", "/contacts?q=c19999",
    "/contacts?list=members&q=nobody", "/contacts?status=pending",
)  # fmt: skip
UNDER_WAY = ("/", "/mailings", "/mailings/1", "/mailings/1/copies?status=pending", "/reports", "/reports/1")
HALF_WAY = (
    """
UPDATE delivery SET status = 'pending', finished_at = NULL, first_attempt_at = NULL, reply = '', reply_class = '',
    attempts = 0, last_attempt = 0 WHERE id > (SELECT max(id) - :half FROM delivery)
""",
    "DELETE FROM attempt WHERE delivery_id > (SELECT max(id) - :half FROM delivery)",
    "UPDATE mailing SET status = 'running', finished_at = NULL",
)


def add_contacts(store: Store, contacts: int) -> None:
    """Write so many contacts of 20,000 organisations, all on the first list."""
    at = "2020-07-01 00:00:00.000000"
    with store.write() as connection:
        connection.execute(text(UNITS), {"at": at})
        connection.execute(text(CONTACTS), {"contacts": contacts, "at": at})
        connection.execute(text(SUBSCRIPTIONS), {"at": at})


def put_half_way(store: Store, deliveries: int) -> None:
    """Put the mailing back to where half of its copies have left."""
    with store.write() as connection:
        for words in HALF_WAY:
            statement = text(words)
            connection.execute(statement, {"half": deliveries // 2} if ":half" in words else {})


def time_page(client: httpx.Client, path: str) -> dict[str, float]:
    """Ask for a page; return the median and the 95th of a hundred of its times, and processor time a request, in ms."""
    first = client.get(path)
    assert first.status_code == 200, f"{path}: {first.status_code}"
    times, before = [], time.process_time()
    for _round in range(ROUNDS):
        began = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - began) * 1000)
    cpu_ms = (time.process_time() - before) * 1000 / ROUNDS
    times.sort()
    return {
        "median_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
        "cpu_ms": round(cpu_ms, 1),
    }


def make_house(home: Path, deliveries: int, contacts: int) -> House:
    """Make a house and fill it."""
    create_newsletter(home)
    house = House(home)
    fill(house.store, deliveries)
    add_contacts(house.store, contacts)
    house.reports.renew()
    house.people.add("bench", list(UserRole))
    house.access.set_password("bench", PASSWORD, "bench")
    return house


def measure(home: Path, deliveries: int, contacts: int) -> dict[str, dict[str, float]]:
    """Fill a house, then time each page."""
    house = make_house(home, deliveries, contacts)
    try:
        app = create_console(house)
        with serving(app) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            client.post("/login", data={"name": "bench", "password": PASSWORD})
            found = {path: time_page(client, path) for path in PAGES}
            put_half_way(house.store, deliveries)
            house.reports.renew()  # as `serve` does each minute
            house.forecasts.renew()
            return found | {f"under way: {path}": time_page(client, path) for path in UNDER_WAY}
    finally:
        house.close()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=LARGE)
    parser.add_argument("--contacts", type=int, default=200_000)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-console-", ignore_cleanup_errors=True) as folder:
        found = measure(Path(folder) / "house", chosen.deliveries, chosen.contacts)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for path, times in found.items():
        over = "" if times["p95_ms"] <= GOAL_MS else "  over the goal"
        sys.stdout.write(
            f"{path:55} median {times['median_ms']:7.1f} ms  p95 {times['p95_ms']:7.1f} ms  "
            f"CPU {times['cpu_ms']:6.1f} ms{over}\n"
        )
    sys.stdout.write(f"load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
