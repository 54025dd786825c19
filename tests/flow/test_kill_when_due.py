"""`mailer serve` is killed around the due moment and started again: every reader gets the bulletin once.

A kill of the whole group is a power cut; one of `serve` alone leaves the sender, which ends by itself and doubts nothing.
"""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailer.app import House
from tests.flow.newsletter import Newsletter, end
from tests.flow.test_schedule import HandClock
from tests.relay import Relay

ZONE = ZoneInfo("Asia/Shanghai")
READERS = 10
CONNECTIONS = 1  # of the relay, in the settings of these tests


def rows(news: Newsletter, query: str) -> list[Any]:
    with closing(sqlite3.connect(news.folder / "var" / "mailer.db")) as database:
        return database.execute(query).fetchall()


def wait(true: Callable[[], object], patience_s: float = 30) -> None:
    """Wait until something is so, looking often, as a kill is to hit a moment."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"not so after {patience_s} s"
        time.sleep(0.01)


def kill_all(serving: "subprocess.Popen[bytes]") -> None:
    """Kill `serve` and its sender in the same moment."""
    os.killpg(serving.pid, signal.SIGKILL)
    serving.communicate(timeout=20)


def kill_serve(serving: "subprocess.Popen[bytes]") -> None:
    """Kill `serve` alone; what it started notices that by itself, and is waited for."""
    os.kill(serving.pid, signal.SIGKILL)
    serving.communicate(timeout=20)


def dots(relay: Relay) -> int:
    return sum(map(len, relay.seen.values()))


def check_copies(relay: Relay, in_doubt: int) -> int:
    """Every reader has the bulletin, at most so many a second time, as the same message; return how many have."""
    assert len(relay.seen) == READERS
    for address, copies in relay.seen.items():
        assert len(set(copies)) == 1, f"{address}: the same Message-ID and Date"
    doubled = dots(relay) - READERS
    assert doubled <= in_doubt, f"{doubled} copies came twice where {in_doubt} may"
    return doubled


def test_kills_before_the_first_dot_double_nothing(tmp_path: Path, relay: Relay) -> None:
    """A mailing planned for a moment: killed just before it, when it has just been started, and within an envelope."""
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    due = datetime.now(ZONE).replace(microsecond=0) + timedelta(seconds=5)
    news.run("send", "2020-07", "--at", due.isoformat())
    serving = news.start_serve()
    time.sleep(max((due - datetime.now(ZONE)).total_seconds() - 0.05, 0))
    kill_all(serving)
    assert rows(news, "SELECT status FROM mailing") == [("scheduled",)]
    relay.rcpt_wait_s = 0.5
    serving = news.start("serve")
    wait(lambda: rows(news, "SELECT status FROM mailing") == [("running",)])
    kill_all(serving)
    assert dots(relay) == 0
    serving = news.start("serve")
    wait(lambda: relay.asked.total() > 0)
    kill_all(serving)
    assert dots(relay) == 0, "it was killed within an envelope"
    relay.rcpt_wait_s = 0.0
    serving = news.start("serve")
    wait(lambda: rows(news, "SELECT status FROM mailing") == [("finished",)])
    assert end(serving) == 0
    assert check_copies(relay, in_doubt=0) == 0
    assert len(rows(news, "SELECT id FROM mailing")) == 1


def test_kills_while_a_dot_waits_for_its_answer_double_one_copy_each_at_most(tmp_path: Path, relay: Relay) -> None:
    """A schedule whose time has just come: killed when it was acted on, then twice with a dot open, then `serve` alone."""
    due = (datetime.now(ZONE) - timedelta(seconds=1)).replace(second=0, microsecond=0)
    schedule = f'[schedule.soon]\nwhen = "day {due.day}"\nat = "{due:%H:%M}"\nremind = []\n'
    news = Newsletter.make(tmp_path / "news", relay.port, schedule)
    house = House(news.folder, HandClock(due - timedelta(minutes=2)))
    house.timetable.tick()  # the schedule was there before its time
    house.close()
    news.approve()
    relay.data_wait_s = 0.2
    serving = news.start("serve")
    wait(lambda: rows(news, "SELECT result FROM occurrence"))
    kill_all(serving)
    assert dots(relay) == 0
    in_doubt = 0
    for count in (1, 4):
        serving = news.start("serve")
        wait(lambda count=count: dots(relay) >= count)  # type: ignore[misc]
        kill_all(serving)  # the answer comes 0.2 s after the dot
        in_doubt += CONNECTIONS
    serving = news.start("serve")
    wait(lambda: dots(relay) >= 7)
    kill_serve(serving)
    serving = news.start("serve")
    wait(lambda: rows(news, "SELECT status FROM mailing") == [("finished",)])
    assert end(serving) == 0
    doubled = check_copies(relay, in_doubt)
    print(f"{doubled} of {READERS} copies came twice after {in_doubt} power cuts with a dot open")  # noqa: T201
    assert doubled > 0, "no kill came between a dot and its answer, so this proves nothing"
    assert rows(news, "SELECT result FROM occurrence") == [("planned",)]
    assert len(rows(news, "SELECT id FROM mailing")) == 1
