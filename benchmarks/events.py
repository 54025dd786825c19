"""Whether readers slow a mailing down: 500 messages a second, alone and beside 50 clicks and 200 opens a second.

A newsletter folder with its real `mailer serve` (console, public pages, clock, and the sender in its child process) on
one SQLite database. Mailings follow each other, in turn alone and beside requests that come by HTTP at fixed times,
whatever the answers take; each asks for a copy of the mailing under way. Messages go to Postfix's smtp-sink. A mailing
lasts from its first claim to its last reply; the median of the one kind is compared with that of the other, and every
request that was answered must be on record at the end. `--rate`, `--clicks` and `--opens` set other rates.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select

from benchmarks.bench_world import free_port, running_sink
from mailer.app import House, create_newsletter
from mailer.model.delivery import MailingStatus
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt, reading_event
from mailer.tokens import Purpose, sign_token

GOAL_SLOWER = 0.10
RATE, CLICKS, OPENS = 500, 50, 200
BACK_LATE = 1.2  # a permit of a limit by the second comes back up to two tenths of a second late (model.pace)
CONNECTIONS = 20  # of the sender, and as many of the readers
IDLE_S = 2.0  # less than the server keeps a connection that nobody uses
FIRST_S = 60.0  # at most, until the first message of a mailing
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
ISSUE = """---
organisation: 浙江软件业
title: 简报
publisher: 浙江省软件行业协会
year: 2020
number: {number}
total: {total}
date: 2020-{number:02}-28
circulation:
  报: [省经信厅]
---

# 要闻

"""
ARTICLE = "## 第{n}件事\n\n软件业的收入与上月相比继续增长。[全文](https://www.zsia.example/{n})\n\n"


@dataclass
class Leg:
    """One mailing. answers: seconds of each request, by kind; asked: requests that were answered; kept: on record."""

    beside: bool
    messages: int
    seconds: float = 0.0
    cpu_us: float = 0.0  # of the sender's process, a message
    answers: dict[str, list[float]] = field(default_factory=lambda: {"click": [], "open": []})
    asked: int = 0
    kept: int = 0


def make_newsletter(home: Path, messages: int, legs: int, sink: int, rate: int) -> tuple[int, list[str]]:
    """Make a folder whose relay is paced; return the port of its public pages and the issues, all approved."""
    create_newsletter(home)
    port = free_port()
    settings = home / "config.toml"
    head, _table, _rest = settings.read_text("utf-8").partition("[relays.main]")
    head = head.replace('public_url = ""', f'public_url = "http://127.0.0.1:{port}"')
    settings.write_text(
        f'{head}[relays.main]\nhost = "127.0.0.1"\nport = {sink}\nsecurity = "none"\nconnections = {CONNECTIONS}\n'
        f'messages_per_connection = 100000\nlimits = ["{round(rate * BACK_LATE)}/1s"]\n\n'
        f"[web]\nport = {port}\n\n[console]\nport = 0\n",
        "utf-8",
    )
    rows = [f"会员{number},办公室,office{number}@firm{number % 5000}.example" for number in range(messages)]
    (home / "subscribers" / "members.csv").write_text("\n".join(["单位,姓名,邮箱", *rows, ""]), "utf-8")
    slugs = [f"2020-{number:02}" for number in range(1, legs + 1)]
    house = House(home)
    for number, slug in enumerate(slugs, 1):
        folder = home / "issues" / slug
        folder.mkdir()
        text = ISSUE.format(number=number, total=100 + number) + "".join(ARTICLE.format(n=n) for n in range(1, 31))
        (folder / "issue.md").write_text(text, "utf-8")
        house.approvals.approve(slug, "benchmark")
    house.lists.sync(["members"], may_shrink=True)
    house.close()
    return port, slugs


@contextmanager
def serving(home: Path, port: int) -> Iterator[int]:
    """The real `serve` of a folder, once its public pages answer; gives its process id."""
    environment = os.environ | {"LANG": "en_US.UTF-8"}
    with (home / "serve.log").open("ab") as log:
        command = [sys.executable, "-m", "mailer", "-C", str(home), "serve"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        try:
            asyncio.run(_wait_for(port, process))
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


async def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + FIRST_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError(f"`mailer serve` does not answer (status {process.poll()}); see serve.log")


class Readers:
    """Asks for links and pictures of a mailing's copies at fixed times, over a pool of connections."""

    def __init__(self, house: House, leg: Leg, mailing_id: int, port: int, rates: tuple[int, int, int]) -> None:
        self._house, self._leg, self._mailing_id, self._port = house, leg, mailing_id, port
        self._rate, self._clicks, self._opens = rates
        self._dice = random.Random(mailing_id)
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []  # since when
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def read(self, stop: asyncio.Event) -> None:
        """Ask until told to stop; then wait for the answers that are still to come."""
        began, number, asked = time.perf_counter(), 0, list[asyncio.Task[None]]()
        every = 1 / (self._clicks + self._opens)
        while not stop.is_set():
            due = began + number * every
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            # of copies that have left, about: nobody opens what has not come
            left = min(max(int((time.perf_counter() - began) * self._rate * 0.8), 1), self._leg.messages)
            ordinal = self._dice.randint(max(left - 3000, 1), left)
            kind = "click" if number % (self._clicks + self._opens) < self._clicks else "open"
            asked.append(asyncio.create_task(self._ask(kind, self._mailing_id * ORDINALS + ordinal, due)))
            number += 1
        await asyncio.gather(*asked)
        for _since, _reader, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.perf_counter() - since < IDLE_S:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def _ask(self, kind: str, delivery_id: int, due: float) -> None:
        """Ask for one; its time counts from when it was due, also where it had to wait for a connection."""
        secret = self._house.secret
        if kind == "click":
            path = f"/c/{sign_token(secret, Purpose.CLICK, delivery_id)}/{self._dice.randint(1, 30)}"
        else:
            path = f"/o/{sign_token(secret, Purpose.OPEN, delivery_id)}.gif"
        async with self._room:
            reader, writer = await self._connect()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith((b"http/1.1 302", b"http/1.1 200")), head
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
            self._idle.append((time.perf_counter(), reader, writer))
        self._leg.answers[kind].append(time.perf_counter() - due)
        self._leg.asked += 1


async def run_leg(house: House, slug: str, leg: Leg, port: int, rates: tuple[int, int, int], parent: int) -> None:
    """Send one issue through the `serve` that runs, and fill the leg."""
    mailing_id = house.mailings.start(house.mailings.schedule(slug, ["members"]).id).id
    first = mailing_id * ORDINALS
    begun = select(func.count()).where(attempt.c.delivery_id.between(first, first + ORDINALS), attempt.c.number == 1)
    deadline = time.monotonic() + FIRST_S
    while not _count(house, begun):
        if time.monotonic() > deadline:
            raise RuntimeError("the sender sends nothing; see serve.log")
        await asyncio.sleep(0.1)
    before, stop = _cpu_of_sender(parent), asyncio.Event()
    readers = Readers(house, leg, mailing_id, port, rates)
    reading = asyncio.create_task(readers.read(stop)) if leg.beside else None
    while (await asyncio.to_thread(house.mailings.get, str(mailing_id))).status is MailingStatus.RUNNING:
        if reading is not None and reading.done():
            break  # it failed, and says why below
        await asyncio.sleep(0.25)
    stop.set()
    leg.cpu_us = (_cpu_of_sender(parent) - before) / leg.messages * 1e6
    if reading is not None:
        await reading
    with house.store.read() as connection:
        span = select(func.min(attempt.c.started_at), func.max(attempt.c.ended_at)).where(
            attempt.c.delivery_id.between(first, first + ORDINALS)
        )
        started_at, ended_at = connection.execute(span).one()
    leg.seconds = (ended_at - started_at).total_seconds()
    leg.kept = await asyncio.to_thread(_wait_for_kept, house, mailing_id, leg.asked)


def _wait_for_kept(house: House, mailing_id: int, asked: int) -> int:
    kept = select(func.count()).select_from(reading_event).where(reading_event.c.mailing_id == mailing_id)
    deadline = time.monotonic() + 20
    while (found := _count(house, kept)) < asked and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def _count(house: House, query: Select[int]) -> int:
    with house.store.read() as connection:
        return int(connection.execute(query).scalar_one())


def _cpu_of_sender(parent: int) -> float:
    """Return the processor seconds of `serve`'s sender; 0 where /proc does not tell."""
    try:
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                if b"sender" in Path(f"/proc/{child}/cmdline").read_bytes():
                    stat = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()
                    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        pass
    return 0.0


def measure(messages: int, pairs: int, rates: tuple[int, int, int]) -> list[Leg]:
    """Send a first mailing that does not count, then so many pairs: alone, beside readers."""
    legs = [Leg(beside=bool(number % 2), messages=messages) for number in range(1, 2 * pairs + 2)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-events-", ignore_cleanup_errors=True) as folder,
        running_sink() as sink,
    ):
        home = Path(folder) / "news"
        os.environ["MAILER_STATE_DIR"] = str(Path(folder) / "state")  # of this process and of `serve`
        port, slugs = make_newsletter(home, messages, len(legs), sink, rates[0])
        house = House(home)
        try:
            with serving(home, port) as parent:
                for slug, leg in zip(slugs, legs, strict=True):
                    asyncio.run(run_leg(house, slug, leg, port, rates, parent))
        finally:
            house.close()
    return legs[1:]


def _place(values: list[float], share: float) -> float:
    return round(sorted(values)[int(len(values) * share)] * 1000, 1)


def describe(legs: list[Leg]) -> dict[str, Any]:
    """Return what the legs come to, for --json."""
    alone = [one for one in legs if not one.beside]
    beside = [one for one in legs if one.beside]
    usual = statistics.median(one.seconds for one in alone)
    slowed = statistics.median(one.seconds for one in beside)
    times = {kind: [took for one in beside for took in one.answers[kind]] for kind in ("click", "open")}
    return {
        "messages": legs[0].messages,
        "alone_per_second": [round(one.messages / one.seconds, 1) for one in alone],
        "beside_per_second": [round(one.messages / one.seconds, 1) for one in beside],
        "slower": round(slowed / usual - 1, 3),
        "sender_cpu_us": [round(one.cpu_us) for one in legs],
        "asked": sum(one.asked for one in beside),
        "asked_per_second": round(statistics.median(one.asked / one.seconds for one in beside), 1),
        "kept": sum(one.kept for one in beside),
        **{f"{kind}_p50_ms": _place(took, 0.5) for kind, took in times.items()},
        **{f"{kind}_p95_ms": _place(took, 0.95) for kind, took in times.items()},
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Print the figures; exit with 1 where a request was lost or the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000, help="of each mailing")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--rate", type=int, default=RATE, help="messages a second the relay may be given")
    parser.add_argument("--clicks", type=int, default=CLICKS, help="a second")
    parser.add_argument("--opens", type=int, default=OPENS, help="a second")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    legs = measure(chosen.messages, chosen.pairs, (chosen.rate, chosen.clicks, chosen.opens))
    found = describe(legs)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for one in legs:
            name = f"beside {one.asked / one.seconds:.0f} requests a second" if one.beside else "alone"
            sys.stdout.write(
                f"{one.messages} messages {name:<32} {one.messages / one.seconds:6.1f} a second, the sender's CPU "
                f"{one.cpu_us:.0f} us each\n"
            )
        sys.stdout.write(
            f"slower by {found['slower']:.1%} (goal {GOAL_SLOWER:.0%}); {found['kept']} of {found['asked']} requests "
            f"kept\nclick: median {found['click_p50_ms']} ms, 95 % under {found['click_p95_ms']} ms; open: median "
            f"{found['open_p50_ms']} ms, 95 % under {found['open_p95_ms']} ms; load {found['load']}\n"
        )
    if found["kept"] != found["asked"] or found["slower"] > GOAL_SLOWER:
        sys.exit(1)


if __name__ == "__main__":
    main()
