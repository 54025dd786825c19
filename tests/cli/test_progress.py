"""The live view: drawn from a real database on terminals wide and narrow, and by the real command on a pty."""

import asyncio
import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from mailer.cli.progress import SHARE, Speed, draw_glance, show_rate, show_time_left, watch, write_line
from mailer.config import RelayConfig
from mailer.i18n import use_language
from mailer.model.delivery import DeliveryStatus
from mailer.model.outcome import Phase, Reply
from mailer.model.pace import Pace
from mailer.model.standing import Glance
from mailer.model.standing_words import say_span
from mailer.reports.summary import read_progress
from mailer.sending.feed import Domains, relay_subject
from mailer.sending.standing import read_standing
from mailer.store import mailings, pace, settlements
from mailer.store.database import open_store
from mailer.store.settlements import Settled, Settlement
from tests.databases import put_database
from tests.flow.conftest import relay as relay
from tests.flow.newsletter import Newsletter, environment
from tests.relay import Relay
from tests.world import NOW, World

ZONE = ZoneInfo("Asia/Shanghai")
LONG = "421 4.7.0 " + "we take no more of your mail for the time being, 请稍后再试 " * 5
RELAYS = {"main": RelayConfig(host="a.example", limits=("3/15m", "5/1d")), "backup": RelayConfig(host="b.example")}
STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.build(open_store("", put_database(tmp_path / "mailer.db")))


def settle(world: World, mailing_id: int, accepted: int, deferred: int) -> None:
    """Claim everything and settle some of it; the rest stays on the wire."""
    claimed = world.claim_all(mailing_id)
    ends = [Settlement(DeliveryStatus.ACCEPTED, "accepted", Reply(250, "", "ok", Phase.DOT), "")] * accepted
    again = NOW + timedelta(minutes=5)
    reply = Reply(451, "4.7.1", "greylisted", Phase.RCPT)
    ends += [Settlement(DeliveryStatus.PENDING, "deferred", reply, "greylisted", again)] * deferred
    with world.store.write() as connection:
        settled = [Settled(one.id, one.attempt, one.lease, end, NOW) for one, end in zip(claimed, ends, strict=False)]
        settlements.settle_deliveries(connection, settled)


def look(world: World, mailing_id: int) -> Glance:
    with world.store.read() as connection:
        record = mailings.find_mailing(connection, mailing_id)
        assert record is not None
        progress = read_progress(connection, record)
        return Glance(progress, read_standing(connection, RELAYS, Domains({}), NOW, 1.0, progress.remaining))


def draw(glance: Glance, width: int, per_s: float | None = 120.0) -> list[str]:
    terminal = Console(force_terminal=True, color_system="standard", width=width, file=io.StringIO())
    with terminal.capture() as capture:
        terminal.print(draw_glance(glance, per_s, 3725, ZONE))
    return STYLES.sub("", capture.get()).splitlines()


def trouble(world: World) -> None:
    with world.store.write() as connection:
        rest = Pace(held_until=NOW + timedelta(minutes=20), reason=LONG)
        pace.write_pace(connection, relay_subject("main"), rest, NOW)
        pace.write_pace(connection, relay_subject("backup"), Pace(stopped=True, reason="535 login failed"), NOW)
        for number in range(1, 6):
            pace.write_pace(connection, f"domain:firm{number}.example", rest, NOW)


def test_the_view_tells_how_far_how_fast_and_what_became_of_copies(world: World) -> None:
    mailing_id = world.start_mailing()
    settle(world, mailing_id, accepted=4, deferred=2)
    glance = look(world, mailing_id)
    assert (glance.progress.planned, glance.progress.remaining, glance.progress.deferred) == (7, 3, 2)
    lines = draw(glance, 100)
    assert lines[0].startswith("4/7 ")
    assert lines[0].rstrip().endswith("57 %  1:02:05")
    assert lines[1].startswith("120/s  time left: 1 s")
    assert lines[2] == "accepted 4  deferred 2"
    assert lines[3] == "relay main: 3/15m (3 left), 5/1d (5 left)"
    assert len(lines) == 4, "of a relay without limits there is nothing to say"


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_line_is_wider_than_the_terminal_whatever_a_relay_says(world: World, width: int, language: str) -> None:
    mailing_id = world.start_mailing()
    trouble(world)
    use_language(language)
    lines = draw(look(world, mailing_id), width)
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) <= 8


def test_what_holds_the_sending_is_named_first(world: World) -> None:
    mailing_id = world.start_mailing()
    trouble(world)
    lines = draw(look(world, mailing_id), 200)
    assert lines[3].startswith("relay main: rests until 10:20, as it said: 421 4.7.0 we take no more")
    assert lines[4] == "relay backup: stopped until a person has looked, as it said: 535 login failed"
    assert (
        lines[5]
        == "slowed down: firm1.example until 10:20, firm2.example until 10:20, firm3.example until 10:20 and 2 more"
    )


def test_orders_to_the_terminal_in_a_relays_words_are_not_obeyed(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        bad = Pace(stopped=True, reason="550 \x1b[2J\x1b]0;mine\x07 [red]no[/red]")
        pace.write_pace(connection, relay_subject("main"), bad, NOW)
    terminal = Console(force_terminal=True, color_system=None, width=120, file=io.StringIO())
    with terminal.capture() as capture:
        terminal.print(draw_glance(look(world, mailing_id), None, 0, ZONE))
    assert not {"\x1b", "\x07"} & set(capture.get())
    assert "[red]no[/red]" in capture.get()


def test_a_log_gets_one_line_with_the_same(world: World) -> None:
    mailing_id = world.start_mailing()
    settle(world, mailing_id, accepted=1, deferred=1)
    trouble(world)
    line = write_line(look(world, mailing_id), 0.5, ZONE)
    assert "\n" not in line
    assert line.startswith("1/7  30/min  time left: ")
    for words in ("accepted 1", "deferred 1", "relay main: rests until", "relay backup: stopped", "slowed down: "):
        assert words in line


def test_the_time_left_is_by_the_limits_where_they_hold_it_up(world: World) -> None:
    mailing_id = world.start_mailing()
    glance = look(world, mailing_id)
    assert show_time_left(glance, 2.0) == "4 s", "the relay without limits takes them"
    with world.store.write() as connection:
        pace.write_pace(connection, relay_subject("backup"), Pace(stopped=True), NOW)
    assert show_time_left(look(world, mailing_id), 2.0) == "at least 1 d"
    with world.store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(stopped=True), NOW)
    assert show_time_left(look(world, mailing_id), 2.0) == "–"
    assert show_time_left(glance, None) == "–"
    assert show_time_left(glance, 0.0) == "–"


def test_when_only_tries_wait_the_view_says_when_the_next_is(world: World) -> None:
    mailing_id = world.start_mailing()
    settle(world, mailing_id, accepted=6, deferred=1)
    lines = draw(look(world, mailing_id), 100, 3.0)
    assert lines[1] == "3.0/s  time left: –  next try: 10:05"


def test_the_rate_is_of_the_last_ten_seconds() -> None:
    speed = Speed()
    for second in range(31):
        speed.see(float(second), min(second, 20) * 10)
    assert speed.per_s == 0.0, "nothing for ten seconds"
    speed.see(31.0, 300)
    assert speed.per_s == pytest.approx(10.0)
    speed.see(32.0, 5)
    speed.see(33.0, 8)
    assert speed.per_s == pytest.approx(3.0), "sent again: what came before tells nothing"


def test_one_look_is_no_rate() -> None:
    speed = Speed()
    speed.see(0.0, 5)
    assert speed.per_s is None


@pytest.mark.parametrize(
    ("per_s", "words"), [(None, "–/s"), (1234.4, "1234/s"), (2.34, "2.3/s"), (0.5, "30/min"), (0.0, "0/min")]
)
def test_a_rate_is_shown_by_the_second_or_the_minute(per_s: float | None, words: str) -> None:
    assert show_rate(per_s) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (0.2, "1 s"), (59, "59 s"), (61, "1 min 1 s"), (599, "9 min 59 s"), (601, "11 min"),
        (3600, "1 h"), (5400, "1 h 30 min"), (86400, "1 d"), (90000, "1 d 1 h"), (86400 * 3 + 1, "3 d 1 h"),
    ],
)  # fmt: skip
def test_a_length_of_time_has_two_units_at_most(seconds: float, words: str) -> None:
    assert say_span(seconds) == words


async def test_reading_figures_takes_a_small_share_of_the_time(world: World) -> None:
    mailing_id = world.start_mailing()
    cost, looks = 0.05, 0

    def slow() -> Glance:
        nonlocal looks
        looks += 1
        time.sleep(cost)
        return look(world, mailing_id)

    began = time.monotonic()
    await watch(slow, lambda _glance: time.monotonic() - began > 3, ZONE, quiet=True)
    took = time.monotonic() - began
    assert looks >= 2
    assert (looks - 1) * cost <= SHARE * took * 1.2


async def test_the_end_is_seen_at_once_however_seldom_figures_are_read(world: World) -> None:
    mailing_id = world.start_mailing()

    def slow() -> Glance:
        time.sleep(0.3)
        return look(world, mailing_id)

    ended = asyncio.create_task(asyncio.sleep(1.0))
    began = time.monotonic()
    await watch(slow, lambda _glance: ended.done(), ZONE, quiet=True, wake=ended)
    assert time.monotonic() - began < 2.5, "a pause after such a look lasts 5.7 s"


def test_the_command_draws_on_a_terminal_of_80_columns_and_leaves_the_report(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='limits = ["500/1h"]')
    news.approve()
    relay.data_wait_s = 0.15
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {key: value for key, value in environment().items() if key not in ("COLUMNS", "NO_COLOR")}
    with subprocess.Popen(
        news.command("send", "2020-07", "--wait"), stdin=theirs, stdout=theirs, stderr=theirs,
        env=kept | {"TERM": "xterm-256color"},
    ) as sending:  # fmt: skip
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so at its end
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    assert sending.returncode == 0
    text = shown.decode()
    assert "\x1b[" in text
    plain = STYLES.sub("", text)
    assert "relay main: 500/1h (4" in plain
    assert re.search(r"\d/10 ", plain)
    assert max(cell_len(line) for line in re.split(r"[\r\n]+", plain)) <= 80
    assert "Mailing 1 of issue 2020-07: finished" in plain


def test_without_a_terminal_there_are_no_colours_and_json_is_alone(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    done = news.run_apart("send", "2020-07", "--wait", "--json")
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert "\x1b" not in news.run_apart("status", "last").stdout
