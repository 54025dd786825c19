"""How many links and pictures a second the public pages answer, and what writing them down costs.

The pages run in a process of their own, with the database and the recorder as `mailer serve` has them; eight
connections ask as fast as they are answered, each for another reader: 4 pictures to 1 link. Then the same while another
process holds the database's write lock, when every answer must still come at once; and the recorder's own work, in this
process, in batches as it writes them.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks.bench_world import SECRET, fill_database, free_port, start_mailing
from mailer.config import Config
from mailer.model.reading import HitKind, Visit
from mailer.store.database import Store, open_store
from mailer.store.plans import ORDINALS
from mailer.store.schema import delivery, reading_event
from mailer.tokens import Purpose, sign_token
from mailer.tracking.agents import known_agents
from mailer.tracking.desk import ReadingDesk
from mailer.tracking.readings import Fetched, judge_again, keep_fetched
from mailer.tracking.recorder import BATCH, ReadingRecorder

GOAL_CLICKS_S, GOAL_OPENS_S = 50, 200
CONNECTIONS = 8
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


class _Pages:
    """What the pages ask, as cli/readers answers it; only links and pictures are asked for here."""

    def __init__(self, store: Store) -> None:
        self.recorder = ReadingRecorder(store, known_agents())
        self._desk = ReadingDesk(store, SECRET, self.recorder, lambda: datetime.now(UTC))

    def follow_link(self, token: str, number: int, visit: Visit) -> str | None:
        return self._desk.follow(token, number, visit)

    def note_open(self, token: str, visit: Visit) -> None:
        self._desk.open(token, visit)


def serve_pages(database: Path, port: int) -> None:
    """Serve until standard input ends; then print how many requests were dropped and how long the last flush took."""
    from mailer.web.public import create_public_app
    from mailer.web.server import serve_public

    store = open_store("", database)
    pages = _Pages(store)
    config = Config.model_validate(
        {
            "public_url": "https://news.zsia.example",
            "sender": {"name": "x", "address": "a@zsia.example"},
            "lists": {"members": {"title": "x", "role": "送", "file": "m.csv"}},
        }
    )

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, sys.stdin.read).add_done_callback(lambda _done: stop.set())
        app = create_public_app(pages, config)  # type: ignore[arg-type]  # the other pages are not asked for
        await serve_public(app, "127.0.0.1", port, stop)

    asyncio.run(run())
    began = time.perf_counter()
    pages.recorder.close()
    sys.stdout.write(json.dumps({"dropped": pages.recorder.dropped, "flush_s": time.perf_counter() - began}))
    store.close()


async def _ask(port: int, paths: list[str]) -> list[float]:
    """Ask for paths one after another on one connection; return the seconds each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took: list[float] = []
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith((b"http/1.1 302", b"http/1.1 200")), head
        length = int(head.partition(b"content-length: ")[2].split()[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - began)
    writer.close()
    return took


async def ask_all(port: int, paths: list[str]) -> dict[str, float]:
    """Ask for all paths on CONNECTIONS at once; return the rate and how long answers took."""
    began = time.perf_counter()
    taken = await asyncio.gather(*(_ask(port, paths[start::CONNECTIONS]) for start in range(CONNECTIONS)))
    seconds = time.perf_counter() - began
    every = sorted(one for part in taken for one in part)
    return {
        "per_second": round(len(every) / seconds),
        "median_ms": round(every[len(every) // 2] * 1000, 2),
        "p99_ms": round(every[len(every) * 99 // 100] * 1000, 2),
        "longest_ms": round(every[-1] * 1000, 1),
    }


def _paths(mailing_id: int, first: int, last: int) -> list[str]:
    found: list[str] = []
    for ordinal in range(first, last):
        number = mailing_id * ORDINALS + ordinal
        if ordinal % 5:
            found.append(f"/o/{sign_token(SECRET, Purpose.OPEN, number)}.gif")
        else:
            found.append(f"/c/{sign_token(SECRET, Purpose.CLICK, number)}/{ordinal % 29 + 1}")
    return found


def time_pages(store: Store, database: Path, mailing_id: int, readers: int) -> dict[str, object]:
    """Return how the pages answer, free and while the database is locked, and that all was written."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.reading", "--serve", str(database), "--port", str(port)]
    pages = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    half = readers // 2
    try:
        _wait_for(port)
        free = asyncio.run(ask_all(port, _paths(mailing_id, 1, half)))
        with store.write():
            locked = asyncio.run(ask_all(port, _paths(mailing_id, half, readers)))
    finally:
        said, _none = pages.communicate(timeout=60)
    with store.read() as connection:
        kept = connection.execute(select(func.count()).select_from(reading_event)).scalar_one()
    return {"free": free, "locked": locked, "asked": readers - 1, "kept": kept, **json.loads(said)}


def _wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the pages do not answer")


def time_recorder(store: Store, mailing_id: int, readers: int) -> dict[str, float]:
    """Return what a request costs to write down, in batches, and to judge again."""
    now = datetime.now(UTC) + timedelta(hours=1)
    visit = Visit("GET", AGENT)
    hits = [
        Fetched(HitKind.CLICK if n % 5 == 0 else HitKind.OPEN, mailing_id * ORDINALS + n, False, n % 5 == 0, now, visit)
        for n in range(1, readers)
    ]
    batches = [hits[start : start + BATCH] for start in range(0, len(hits), BATCH)]
    began = time.perf_counter()
    for batch in batches:
        with store.write() as connection:
            keep_fetched(connection, batch, known_agents())
    written = time.perf_counter() - began
    began = time.perf_counter()
    judged = judge_again(store, known_agents())
    again = time.perf_counter() - began
    return {
        "write_us": round(written / len(hits) * 1e6, 1),
        "batch_ms": round(written / len(batches) * 1000, 1),
        "written_per_second": round(len(hits) / written),
        "judge_us": round(again / judged.requests * 1e6, 1),
    }


def measure(readers: int) -> dict[str, object]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mailer.db"
        store = fill_database(database, readers)
        mailing_id = start_mailing(store)
        with store.write() as connection:
            connection.execute(update(delivery).values(sent_date=datetime.now(UTC)))
        pages = time_pages(store, database, mailing_id, readers)
        found = {"readers": readers, **pages, **time_recorder(store, mailing_id, readers)}
        store.close()
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve_pages(chosen.serve, chosen.port)
        return
    found = measure(chosen.readers)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, words in (("free", "the database free"), ("locked", "its write lock held by another")):
        part = found[name]
        assert isinstance(part, dict)
        sys.stdout.write(
            f"{words}: {part['per_second']} answers a second (goal {GOAL_CLICKS_S + GOAL_OPENS_S}), median "
            f"{part['median_ms']} ms, 99 % under {part['p99_ms']} ms, longest {part['longest_ms']} ms\n"
        )
    sys.stdout.write(
        f"{found['kept']} of {found['asked']} kept, {found['dropped']} dropped; written at the end in "
        f"{found['flush_s']:.2f} s\n"
        f"writing: {found['write_us']} µs a request, {found['batch_ms']} ms a batch of {BATCH}, "
        f"{found['written_per_second']} a second; judging again: {found['judge_us']} µs a request\n"
    )


if __name__ == "__main__":
    main()
