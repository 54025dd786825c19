"""`mailer serve` is killed around the due moment and started again: every reader gets the bulletin once."""

import os
import signal
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.flow.newsletter import Newsletter, end
from tests.relay import Relay

ZONE = ZoneInfo("Asia/Shanghai")
READERS = 10


def sleep_until(moment: datetime, offset_s: float = 0.0) -> None:
    time.sleep(max((moment - datetime.now(ZONE)).total_seconds() + offset_s, 0))


def kill(serving: "subprocess.Popen[bytes]") -> None:
    """Kill the process as the kernel does; its sender notices by itself that it is gone."""
    os.kill(serving.pid, signal.SIGKILL)
    serving.communicate(timeout=20)


def check_once(relay: Relay, *, in_doubt: bool = False) -> None:
    assert len(relay.seen) == READERS
    for address, copies in relay.seen.items():
        assert len({message_id for message_id, _date in copies}) == 1, address
        assert in_doubt or len(copies) == 1, address


# seconds from the due moment to each kill; between two of them the house is started again
ROUNDS = [(-0.6, -0.1), (-0.02, 0.05), (0.0, 0.02, 0.1), (0.2, 0.35)]


@pytest.mark.parametrize("offsets", ROUNDS, ids=lambda one: "_".join(map(str, one)))
def test_a_serve_that_is_killed_around_the_planned_moment_sends_once(
    tmp_path: Path, relay: Relay, offsets: tuple[float, ...]
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    due = datetime.now(ZONE) + timedelta(seconds=6)
    news.run("send", "2020-07", "--at", due.isoformat())
    serving = news.start_serve()
    for offset in offsets:
        sleep_until(due, offset)
        kill(serving)
        if offset != offsets[-1]:
            serving = news.start("serve")
            due = max(due, datetime.now(ZONE) + timedelta(seconds=2.5))  # the next kill: when this one is about to act
    serving = news.start_serve()
    news.wait_for("last", "finished")
    assert end(serving) == 0
    # a kill after the moment may come between a dot and its answer: that copy is sent again, as the same message
    check_once(relay, in_doubt=offsets[-1] > 0)
    assert len(news.json("status")) == 1


def test_a_serve_that_is_killed_around_the_moment_of_its_schedule_sends_once(tmp_path: Path, relay: Relay) -> None:
    """The schedule's time of day is the next full minute."""
    now = datetime.now(ZONE)
    due = (now + timedelta(seconds=70)).replace(second=0, microsecond=0)
    schedule = f'[schedule.soon]\nwhen = "day {due.day}"\nat = "{due:%H:%M}"\nremind = []\n'
    news = Newsletter.make(tmp_path / "news", relay.port, schedule)
    news.approve()
    serving = news.start_serve()  # sees the schedule before its time
    sleep_until(due, -4)
    kill(serving)
    serving = news.start_serve()
    sleep_until(due, 0.01)
    kill(serving)
    for _again in range(3):
        serving = news.start("serve")
        time.sleep(1.2)
        kill(serving)
    serving = news.start_serve()
    news.wait_until(lambda: bool(news.json("status")))
    news.wait_for("last", "finished")
    assert end(serving) == 0
    check_once(relay, in_doubt=True)
    assert len(news.json("status")) == 1
    assert [one["result"] for one in news.json("schedule")["past"]] == ["planned"]
