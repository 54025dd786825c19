"""What staff are told in chat groups: once, counts only, and never in the way of what is sent."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.app import House
from mailer.errors import ConfigError, HouseHeldError, StateError
from mailer.model.delivery import MailingStatus
from mailer.model.pace import NO_PACE, let_rest
from mailer.sending.feed import relay_subject
from mailer.store import pace
from mailer.store.events import NewEvent, record_event
from mailer.store.schema import delivery
from tests.flow.month import EDITOR, READERS, ZONE, Office
from tests.flow.newsletter import Newsletter
from tests.relay import Relay
from tests.web_hook import SILENT, WebHook

START = datetime(2020, 7, 31, 9, 0, tzinfo=ZONE)
FILE = "notices.secret"
CHANNELS = f'[notices]\nurls_file = "{FILE}"\n'
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hook() -> Iterator[WebHook]:
    with WebHook().serve() as hook:
        yield hook


def write_urls(folder: Path, text: str) -> None:
    file = folder / FILE
    file.write_text(text, "utf-8")
    file.chmod(0o600)


def office_of(tmp_path: Path, relay: Relay, hook: WebHook, extra: str = "", urls: str = "") -> Office:
    office = Office.make(tmp_path / "news", relay, START, CHANNELS + extra)
    write_urls(office.house.home, urls or f"json://127.0.0.1:{hook.port}/office\n")
    office.house.approvals.approve("2020-07", "主编")
    return office


def titles(hook: WebHook) -> list[tuple[str, str]]:
    return [(path, body["title"]) for path, body in hook.posts]


def send(office: Office) -> None:
    office.house.mailings.schedule("2020-07")
    office.house.timetable.tick()
    office.deliver()


def test_a_finished_mailing_is_told_once_in_counts(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook, f'[staff]\neditors = ["{EDITOR}"]\n')
    send(office)
    for _again in range(3):
        office.clock.now += 20 * MINUTE
        office.house.timetable.tick()
        office.send_notices()
    assert titles(hook) == [("/office", "Issue 2020-07 has gone out: 3 of 3 accepted")]
    assert "recipients: 3" in hook.posts[0][1]["message"]
    assert len(office.copies_of(EDITOR)) == 1, "and by mail"
    office.close()


def test_a_channel_gets_its_events_only_and_no_address(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    base = f"json://127.0.0.1:{hook.port}"
    urls = f"held={base}/head\nfinished,relay={base}/desk {base}/all"
    office = office_of(tmp_path, relay, hook, urls=urls)
    office.house.mailings.schedule("2020-07")
    office.house.timetable.tick()
    office.house.mailings.hold("last", f"{READERS[1]} 来电要求更正", "主编")
    office.house.timetable.tick()
    office.send_notices()
    assert sorted(path for path, _title in titles(hook)) == ["/all", "/head"]
    assert all("…@… 来电要求更正" in body["message"] for _path, body in hook.posts)
    assert not any(reader in str(hook.posts) for reader in READERS)
    office.house.mailings.resume("last")
    office.deliver()
    assert sorted(path for path, _title in titles(hook)[2:]) == ["/all", "/desk"]
    office.close()


def test_what_fails_is_tried_ever_later_and_no_more_when_it_is_old(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook)
    hook.answers = [(500, {})] * 100
    send(office)
    for _round in range(30 * 6):
        office.clock.now += 10 * MINUTE
        asyncio.run(office.house.notices.post())
    assert 6 <= len(hook.posts) <= 12, "for a day, at doubled waits"
    (copy,) = office.house.notices.list(1)[0].copies
    assert (copy.target, copy.ended_at, copy.result) == ("json:1", None, "the service answered 500")
    office.close()


def test_channels_that_cannot_be_read_keep_no_mail_back(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook, f'[staff]\neditors = ["{EDITOR}"]\n')
    (office.house.home / FILE).chmod(0o644)
    send(office)
    assert len(office.copies_of(EDITOR)) == 1
    assert hook.posts == []
    with pytest.raises(ConfigError, match="may be read by others"):
        office.house.notices.channels()
    office.close()


def test_a_channel_that_was_taken_out_is_not_waited_for(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook)
    hook.answers = [(500, {})]
    send(office)
    write_urls(office.house.home, "feishu://TOKEN")
    office.clock.now += 10 * MINUTE
    office.send_notices()
    (copy,) = office.house.notices.list(1)[0].copies
    assert copy.ended_at is not None
    assert len(hook.posts) == 1
    office.close()


def test_a_clone_tells_nobody(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook, f'[staff]\neditors = ["{EDITOR}"]\n')
    office.house.mailings.schedule("2020-07")
    office.house.timetable.tick()
    asyncio.run(office.house.relays.deliver(asyncio.Event(), only=1))
    office.house.timetable.tick()
    assert len(office.notices()) == 1, "written, not sent yet"
    office.house.close()
    clone = tmp_path / "clone"
    shutil.copytree(office.house.home, clone)
    other = House(clone, office.clock)
    asyncio.run(other.notices.deliver())
    asyncio.run(other.notices.post())
    with pytest.raises(HouseHeldError):
        asyncio.run(other.notices.test("主编"))
    assert (hook.posts, office.copies_of(EDITOR)) == ([], [])
    other.close()
    first = House(office.house.home, office.clock)
    asyncio.run(first.notices.deliver())
    asyncio.run(first.notices.post())
    assert (len(hook.posts), len(office.copies_of(EDITOR))) == (1, 1), "the house it was copied from does"
    first.close()


def test_a_relay_that_stops_is_told_once_a_stop(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook)
    relay.mail = ["550 5.7.1 bulletin@zsia.example may not send here"] * 2
    send(office)
    said = [title for _path, title in titles(hook)]
    assert "The relay main asks to stop" in said
    assert "…@… may not send here" in next(body["message"] for _p, body in hook.posts if "relay main" in body["title"])
    office.clock.now += MINUTE
    office.house.timetable.tick()
    office.send_notices()
    assert [title for _path, title in titles(hook)] == said
    office.house.mailings.resume("last")
    relay.mail = ["550 5.7.1 no"] * 2
    office.clock.now += MINUTE
    office.deliver()
    assert [title for _path, title in titles(hook)].count("The relay main asks to stop") == 2
    office.close()


def test_a_relay_that_rests_for_long_is_told_once_a_day(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = office_of(tmp_path, relay, hook)
    known = NO_PACE
    for _failure in range(12):
        with office.house.store.write() as connection:
            known = let_rest(known, office.clock(), 0, 1.0, "421 4.3.2 later")
            pace.write_pace(connection, relay_subject("main"), known, office.clock())
        office.house.timetable.tick()
        office.send_notices()
        if office.clock.now < START + 15 * MINUTE:
            assert hook.posts == [], "it has only begun"
        assert known.held_until is not None
        office.clock.now = known.held_until.astimezone(ZONE)
    assert titles(hook) == [("/office", "The relay main rests for long")]
    assert "421 4.3.2 later" in hook.posts[0][1]["message"]
    with office.house.store.write() as connection:
        quota = replace(NO_PACE, held_until=office.clock() + timedelta(days=2), changed_at=office.clock())
        pace.write_pace(connection, relay_subject("main"), quota, office.clock())
    office.clock.now += timedelta(days=1)
    office.house.timetable.tick()
    office.send_notices()
    assert len(hook.posts) == 2, "and again on the next day"
    office.close()


def test_bounces_are_told_at_each_doubling(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = Office.make(
        tmp_path / "news", relay, START, f"{CHANNELS}bounce_rate = 0.25\nbounce_least = 2\nevents = ['bounces']\n"
    )
    (office.house.home / "subscribers" / "members.csv").write_text(
        "邮箱\n" + "".join(f"r{n}@firm{n}.example\n" for n in range(7)), "utf-8"
    )
    write_urls(office.house.home, f"json://127.0.0.1:{hook.port}/office")
    office.house.approvals.approve("2020-07", "主编")
    send(office)

    def bounce(number: int, kind: str = "bounce") -> int:
        """Have a copy come back, twice told; return how many notices there are then."""
        with office.house.store.write() as connection:
            ids = list(connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars())
            for source in ("mail 1", "mail 2"):
                now = datetime.now(UTC)
                assert record_event(connection, NewEvent(ids[number], kind, False, "full", "552", source, now))
        office.house.timetable.tick()
        office.send_notices()
        return len(hook.posts)

    assert bounce(7, "delivered") == 0
    assert [bounce(number) for number in range(8)] == [0, 1, 1, 2, 2, 2, 2, 3]
    assert titles(hook)[0] == ("/office", "Issue 2020-07: 25.0% of what was accepted has come back")
    assert "came back: 2" in hook.posts[0][1]["message"]
    office.close()


def test_a_trial_says_which_targets_worked(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, f'{CHANNELS}[staff]\neditors = ["{EDITOR}"]\n')
    secret = "SECRETsecret0123"
    base = f"json://127.0.0.1:{hook.port}"
    write_urls(news.folder, f"{base}/{secret}/a\nheld={base}/{secret}/b\njson://127.0.0.1:1/{secret}")
    hook.answers = [(200, {}), (403, {})]
    done = news.run("notices", "test", "--as", "主编", code=1)
    assert "2 of 4 targets worked" in done.stdout
    assert f"{EDITOR}  worked: accepted: 250" in done.stdout
    assert "json:3  failed: the service was not reached" in done.stdout
    assert sorted(path for path, _title in titles(hook)) == [f"/{secret}/a", f"/{secret}/b"]
    tried = news.json("notices", "test", code=1)
    assert [(one["target"], one["worked"]) for one in tried] == [
        (EDITOR, True), ("json:1", True), ("json:2", True), ("json:3", False),
    ]  # fmt: skip
    shown = news.json("notices", "list")
    assert [one["name"] for one in shown["targets"]] == [EDITOR, "json:1", "json:2", "json:3"]
    assert shown["targets"][2] == {"name": "json:2", "service": "JSON", "events": ["held"]}
    assert shown["notices"] == [], "a trial is no notice"
    said = done.stdout + done.stderr + news.run("notices", "list").stdout
    assert secret not in said + str(news.json("audit", "list"))
    (entry, _first) = news.json("audit", "list")
    assert (entry["act"], entry["details"]) == ("test_notices", {"targets": 4, "worked": 3})
    news.run("user", "add", "管理员", "--role", "admin")
    news.run("user", "add", "编辑甲", "--role", "editor", "--as", "管理员")
    assert "may not" in news.run("notices", "test", "--as", "编辑甲", code=1).stderr


def test_with_nobody_to_tell_a_trial_says_so(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, "")
    with pytest.raises(StateError, match="nobody to tell"):
        asyncio.run(office.house.notices.test("主编"))
    office.close()


def test_addresses_stand_in_the_environment_too(
    tmp_path: Path, relay: Relay, hook: WebHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.make(tmp_path / "news", relay, START, '[notices]\nurls_env = "MAILER_NOTICE_URLS"\n')
    monkeypatch.delenv("MAILER_NOTICE_URLS", raising=False)
    with pytest.raises(ConfigError, match="MAILER_NOTICE_URLS is not set"):
        office.house.notices.channels()
    monkeypatch.setenv("MAILER_NOTICE_URLS", f"json://127.0.0.1:{hook.port}/a held=json://127.0.0.1:{hook.port}/b")
    assert [one.name for one in office.house.notices.channels()] == ["json:1", "json:2"]
    office.close()


def test_a_service_that_hangs_stops_neither_clock_nor_mail_nor_the_end(
    tmp_path: Path, relay: Relay, hook: WebHook
) -> None:
    base = f"json://127.0.0.1:{hook.port}"
    news = Newsletter.make(tmp_path / "news", relay.port, f'{CHANNELS}events = ["finished"]\n')
    write_urls(news.folder, f"{base}/slow\n{base}/quick")
    news.approve()
    news.run("send", "2020-07", "--wait")
    house = House(news.folder)
    house.timetable.tick()
    house.close()
    hook.answers = [(SILENT, {})] * 2  # both hang: the first notice is about what was sent already
    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    news.run("send", "2020-08", "--at", (datetime.now(ZONE) + timedelta(seconds=5)).isoformat(timespec="seconds"))
    serving = news.start_serve()
    news.wait_until(lambda: len(hook.posts) == 2)
    found = news.wait_for("last", "finished")
    assert (found["issue"], found["accepted"], len(hook.posts)) == ("2020-08", 10, 2)
    began = time.monotonic()
    serving.terminate()
    said = serving.communicate(timeout=40)[1]
    assert serving.returncode == 0
    assert time.monotonic() - began < 12, "what hangs is given five seconds"
    assert f"127.0.0.1:{hook.port}".encode() not in said


def test_serve_says_at_once_what_is_wrong_with_the_addresses(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, CHANNELS)
    write_urls(news.folder, "wecombot://KEYkey0123 dingding://KEYkey0123")
    done = news.run("serve", code=1)
    assert "address 2 of a channel, dingding://…, is none that Apprise takes" in done.stderr
    assert FILE in done.stderr
    assert "KEYkey0123" not in done.stderr


def test_a_mailing_that_is_held_is_told_in_chinese(tmp_path: Path, relay: Relay, hook: WebHook) -> None:
    office = Office.make(tmp_path / "news", relay, START, CHANNELS)
    config = office.house.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('language = ""', 'language = "zh_CN"'), "utf-8")
    write_urls(office.house.home, f"json://127.0.0.1:{hook.port}/office")
    office.house.refresh()
    office.house.approvals.approve("2020-07", "主编")
    office.house.mailings.schedule("2020-07", at=START + MINUTE)
    office.at(START + timedelta(hours=5))
    office.send_notices()
    ((_path, title),) = titles(hook)
    assert title == "已搁置：发送任务 1（期号 2020-07）"
    assert office.mailings()[0].status is MailingStatus.HELD
    office.close()
