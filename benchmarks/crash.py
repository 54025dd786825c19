"""The sender is killed again and again in the middle of a mailing, and goes on by itself: who is lost, who gets two.

The real process (`mailer sender`) gets SIGKILL at random moments and is started again; the SMTP server of
bench_relay.py outlives it and keeps a record, which is compared with the database at the end. Nobody may be lost, and
of each open connection at most one message may come twice for each kill, with the same Message-ID and the same octets.
`--seed N` repeats the moments, `--json` prints one object.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlalchemy import select

from benchmarks.bench_relay import Copy, read_record, running_relay
from mailer.app import House, create_newsletter
from mailer.model.delivery import MailingStatus
from mailer.store.schema import delivery

ISSUE = (
    "---\norganisation: 浙江软件业\ntitle: 简报\npublisher: 浙江省软件行业协会\nyear: 2020\nnumber: 7\ntotal: 113\n"
    "date: 2020-07-31\ncirculation:\n  报: [省经信厅]\n---\n\n# 要闻\n\n## 一件事\n\n正文第一段。\n"
)
START_S = 1.5  # about what the process needs to its first message
AT_START = 6  # of so many kills one comes at any moment of the start, the others once something has been sent
LONGEST_START_S = 60.0
CONNECTIONS = 10
WAIT_S = 0.12  # of the server before its reply, so that the mailing lasts


@dataclass(frozen=True)
class Ordeal:
    """What a run of the benchmark puts the sender through. Times in seconds; greylist and drop are shares."""

    recipients: int
    kills: int
    connections: int
    wait_s: float
    span_s: float  # a kill comes within this time after the first message of a start
    greylist: float = 0.0
    drop: float = 0.0
    seed: int = 1
    scale: float = 0.002  # of every wait for another try: 10 minutes become 1.2 seconds


@dataclass
class Kill:
    """One kill: so long after the start, after so many messages of that start; what came twice because of it."""

    after_s: float
    messages: int
    twice: int = 0


@dataclass
class Toll:
    """What it came to. lost: recipients without a message, or not settled as accepted."""

    seconds: float
    connections: int
    finished: bool
    kills: list[Kill] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    twice_by_kill: int = 0
    twice_by_drop: int = 0  # the server dropped the connection instead of its reply
    unlike: int = 0  # of those, with another Message-ID or other octets

    @property
    def bound(self) -> int:
        """How many may have come twice because of the kills."""
        return self.connections * len(self.kills)

    @property
    def passed(self) -> bool:
        """Whether both promises held."""
        within = all(one.twice <= self.connections for one in self.kills)
        return self.finished and within and not (self.lost or self.unlike)


def make_newsletter(folder: Path, port: int, ordeal: Ordeal) -> int:
    """Make a newsletter folder and start a mailing in it that no sender works on yet; return its number."""
    create_newsletter(folder)
    head, _table, _rest = (folder / "config.toml").read_text("utf-8").partition("[relays.main]")
    relay = f'[relays.main]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nconnections = {ordeal.connections}\n'
    (folder / "config.toml").write_text(f"{head}{relay}\n[retry]\nscale = {ordeal.scale}\n", "utf-8")
    rows = [f"会员{number},办公室,office{number}@firm{number % 500}.example" for number in range(ordeal.recipients)]
    (folder / "subscribers" / "members.csv").write_text("\n".join(["单位,姓名,邮箱", *rows, ""]), "utf-8")
    (folder / "issues" / "2020-07").mkdir()
    (folder / "issues" / "2020-07" / "issue.md").write_text(ISSUE, "utf-8")
    house = House(folder)
    house.approvals.approve("2020-07", "benchmark")
    started = house.mailings.start(house.mailings.schedule("2020-07", ["members"]).id)
    house.close()
    assert started.status is MailingStatus.RUNNING, started
    return started.id


@contextmanager
def _sender(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real sender, which ends with its stdin; killed at the end."""
    command = [sys.executable, "-m", "mailer", "-C", str(folder), "sender"]
    environment = os.environ | {"LANG": "en_US.UTF-8", "MAILER_STATE_DIR": str(folder / "state")}
    with (folder / "sender.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log, env=environment)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()


def _wait_for_more(record: Path, before: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the record has grown; raises when the sender ended by itself or nothing comes."""
    deadline = time.monotonic() + LONGEST_START_S
    while record.stat().st_size <= before:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the sender sends nothing (status {process.poll()})")
        time.sleep(0.02)


def _is_finished(house: House) -> bool:
    return house.mailings.get("last").status is MailingStatus.FINISHED


def run_ordeal(folder: Path, ordeal: Ordeal) -> Toll:
    """Deliver a mailing under kills and compare what came with what is on record."""
    record, dice = folder / "record.jsonl", random.Random(ordeal.seed)
    record.touch()
    moments: list[float] = []
    kills: list[Kill] = []
    began = time.monotonic()
    with running_relay(record, ordeal.wait_s, ordeal.greylist, ordeal.drop, ordeal.seed) as port:
        home = folder / "news"
        make_newsletter(home, port, ordeal)
        house = House(home)
        while len(kills) < ordeal.kills and not _is_finished(house):
            before, size = len(read_record(record)), record.stat().st_size
            with _sender(home) as process:
                started = time.monotonic()
                if len(kills) % AT_START == AT_START - 1:
                    time.sleep(dice.uniform(0, START_S))
                else:
                    _wait_for_more(record, size, process)
                    time.sleep(dice.uniform(0, ordeal.span_s))
                moments.append(time.time())
                after_s = time.monotonic() - started
            kills.append(Kill(round(after_s, 3), len(read_record(record)) - before))
        with _sender(home) as process:
            finished = _wait_for_end(house, process, ordeal)
    toll = Toll(time.monotonic() - began, ordeal.connections, finished, kills)
    _compare(toll, read_record(record), moments, _statuses(house))
    house.close()
    return toll


def _wait_for_end(house: House, process: subprocess.Popen[bytes], ordeal: Ordeal) -> bool:
    deadline = time.monotonic() + LONGEST_START_S + ordeal.recipients * ordeal.wait_s * 2 / ordeal.connections
    while time.monotonic() < deadline and process.poll() is None:
        if _is_finished(house):
            return True
        time.sleep(0.1)
    return False


def _statuses(house: House) -> dict[str, str]:
    with house.store.read() as connection:
        found = connection.execute(select(delivery.c.address, delivery.c.status)).all()
    return {one.address: one.status for one in found}


def _compare(toll: Toll, copies: list[Copy], moments: list[float], statuses: dict[str, str]) -> None:
    came: defaultdict[str, list[Copy]] = defaultdict(list)
    for one in copies:
        came[one.to].append(one)
    toll.lost = [address for address, status in statuses.items() if not came[address] or status != "accepted"]
    for same in came.values():
        for earlier, later in pairwise(same):
            toll.unlike += (earlier.id, earlier.sha256) != (later.id, later.sha256)
            if not earlier.answered:
                toll.twice_by_drop += 1
                continue
            toll.twice_by_kill += 1
            # the sender of the earlier copy is the one that was killed next after it had connected
            ended = [number for number, moment in enumerate(moments) if moment > earlier.opened]
            if ended:
                toll.kills[ended[0]].twice += 1
            else:
                toll.unlike += 1  # nobody was killed: there is no excuse


def describe(ordeal: Ordeal, toll: Toll) -> dict[str, object]:
    """Return a run for --json."""
    return {
        **asdict(ordeal),
        "killed": len(toll.kills),
        "killed_while_sending": sum(1 for one in toll.kills if one.messages),
        "lost": len(toll.lost),
        "twice_by_kill": toll.twice_by_kill,
        "most_twice_of_one_kill": max((one.twice for one in toll.kills), default=0),
        "bound": toll.bound,
        "twice_by_drop": toll.twice_by_drop,
        "unlike": toll.unlike,
        "finished": toll.finished,
        "seconds": round(toll.seconds, 1),
        "passed": toll.passed,
    }


def draw(name: str, ordeal: Ordeal, toll: Toll) -> None:
    """Print a run for people."""
    out = sys.stdout
    out.write(
        f"{name}: {ordeal.recipients} recipients over {ordeal.connections} connections, seed {ordeal.seed}, "
        f"greylisted {ordeal.greylist:.0%}, dropped {ordeal.drop:.0%}\n"
    )
    for number, one in enumerate(toll.kills, 1):
        out.write(f"  kill {number:2} after {one.after_s:6.3f} s and {one.messages:4} messages: {one.twice} twice\n")
    end = "finished" if toll.finished else "NOT FINISHED"
    out.write(
        f"  {len(toll.kills)} of {ordeal.kills} kills, lost {len(toll.lost)}, "
        f"twice {toll.twice_by_kill} (at most {toll.bound}), twice by dropped replies {toll.twice_by_drop}, "
        f"unlike {toll.unlike}, {end} in {toll.seconds:.0f} s: {'passed' if toll.passed else 'FAILED'}\n"
    )


def main() -> None:
    """Print what came of each variant; exit with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=1500)
    parser.add_argument("--kills", type=int, default=9)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    # the kills come within the first three fifths of the mailing, about
    span_s = 2 * 0.6 * chosen.recipients * WAIT_S / CONNECTIONS / max(chosen.kills, 1)
    plain = Ordeal(chosen.recipients, chosen.kills, CONNECTIONS, WAIT_S, span_s, seed=chosen.seed)
    rough = Ordeal(**asdict(plain) | {"greylist": 0.2, "drop": 0.03})
    results: dict[str, dict[str, object]] = {}
    for name, ordeal in (("plain", plain), ("greylisting and dropped connections", rough)):
        with tempfile.TemporaryDirectory(prefix="bench-crash-", ignore_cleanup_errors=True) as folder:
            toll = run_ordeal(Path(folder), ordeal)
        results[name] = describe(ordeal, toll)
        if not chosen.json:
            draw(name, ordeal, toll)
    if chosen.json:
        sys.stdout.write(json.dumps(results) + "\n")
    if not all(one["passed"] for one in results.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
