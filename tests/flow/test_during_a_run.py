"""What people do while a mailing runs: stop the service, pause, edit the issue, start a second sender."""

import asyncio
import time
from email import message_from_bytes
from pathlib import Path

import pytest

from mailer.app import House
from mailer.errors import StateError
from tests.flow.newsletter import Newsletter, end
from tests.relay import Relay

THREE = "connections = 3\n"


def wait_for_copies(relay: Relay, count: int) -> None:
    deadline = time.monotonic() + 30
    while relay.taken.total() < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_f48_a_service_stopped_while_three_dots_wait_ends_in_time_and_loses_nothing(
    tmp_path: Path, relay: Relay
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay=THREE)
    news.approve()
    relay.data_wait_s = 1.5
    news.run("send", "2020-07")
    serving = news.start_serve()
    deadline = time.monotonic() + 30
    while len(relay.seen) - relay.taken.total() < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    asked = time.monotonic()
    assert end(serving) == 0
    assert time.monotonic() - asked < 35
    stopped = news.json("status", "last")
    assert stopped["accepted"] == relay.taken.total() == len(relay.seen), "what was on the wire ended"
    assert stopped["pending"] == 10 - stopped["accepted"] > 0
    relay.data_wait_s = 0
    again = news.start_serve()
    assert news.wait_for("last", "finished")["accepted"] == 10
    assert end(again) == 0
    assert set(relay.taken.values()) == {1}


def test_f48_a_pause_acts_within_two_seconds_and_resuming_sends_the_rest(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.data_wait_s = 0.5
    news.run("send", "2020-07")
    serving = news.start_serve()
    wait_for_copies(relay, 1)
    news.run("pause", "last")
    time.sleep(2)
    after = relay.taken.total()
    assert after < 8
    time.sleep(1.2)
    assert relay.taken.total() == after
    paused = news.json("status", "last")
    assert (paused["status"], paused["accepted"], paused["pending"]) == ("paused", after, 10 - after)
    relay.data_wait_s = 0
    news.run("resume", "last")
    assert news.wait_for("last", "finished")["accepted"] == 10
    assert end(serving) == 0
    assert set(relay.taken.values()) == {1}


def test_f46_f47_what_is_edited_during_the_run_changes_no_copy_and_adds_no_reader(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay="connections = 1\n")
    news.approve()
    relay.data_wait_s = 0.4
    news.run("send", "2020-07")
    serving = news.start_serve()
    wait_for_copies(relay, 1)
    news.write_issue(text="改过的正文。")
    for template in news.folder.joinpath("templates").rglob("*.j2"):
        template.write_text("改过的模板\n", "utf-8")
    sheet = news.folder / "subscribers" / "members.csv"
    rows = sheet.read_text("utf-8").splitlines()
    assert rows[-1].endswith("reader@firm8.example")
    sheet.write_text("\n".join([*rows[:-1], "新会员,办公室,new@firm99.example\n"]), "utf-8")
    news.run("lists", "sync")
    assert "reader@firm8.example" not in relay.seen, "the last in the list is not on the wire yet"
    relay.data_wait_s = 0
    done = news.wait_for("last", "finished")
    assert end(serving) == 0
    assert (done["planned"], done["accepted"], done["suppressed"]) == (10, 9, 1)
    assert "new@firm99.example" not in relay.seen
    assert "reader@firm8.example" not in relay.taken
    for octets in relay.messages.values():
        parts = [part.get_payload(decode=True) for part in message_from_bytes(octets).walk()]
        whole = b"".join(part for part in parts if isinstance(part, bytes)).decode()
        assert "正文第一段" in whole
        assert "改过的" not in whole


async def test_f42_a_second_sender_on_a_folder_is_refused(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 1)
    first, second = House(news.folder), House(news.folder)
    stop = asyncio.Event()
    running = asyncio.create_task(first.relays.deliver(stop))
    await asyncio.sleep(0.5)
    with pytest.raises(StateError, match="another sender works on this folder"):
        await second.relays.deliver(asyncio.Event())
    stop.set()
    await asyncio.wait_for(running, 30)
    stopped = asyncio.Event()
    stopped.set()
    await asyncio.wait_for(second.relays.deliver(stopped), 30)
    first.close()
    second.close()
