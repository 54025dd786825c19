"""Readers one by one through the command line: put on lists, taken off, handed out, erased; segments; units."""

import getpass
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.app import House
from mailer.store.schema import notice, notice_copy
from tests.flow.newsletter import Newsletter
from tests.flow.test_schedule import HandClock
from tests.relay import Relay

FRIENDS = '[lists.friends]\ntitle = "读者"\nrole = "发"\njoining = "open"\n'
SEGMENT = '[segments.hangzhou]\nlists = ["members"]\ncity = ["杭州"]\n'
SHEET = "单位,城市,级别,姓名,邮箱\n甲公司,杭州,市,甲,a@firm1.example\n乙公司,宁波,市,乙,b@firm2.example\n丙公司,杭州,县,丙,c@firm3.example\n"
ADDRESS = "c@firm3.example"


@pytest.fixture
def news(tmp_path: Path, relay: Relay) -> Newsletter:
    one = Newsletter.make(tmp_path / "news", relay.port, FRIENDS + SEGMENT)
    one.set_config('public_url = ""', 'public_url = "https://news.example"')
    (one.folder / "subscribers" / "members.csv").write_text(SHEET, "utf-8")
    return one


def test_a_segment_is_sent_to_like_a_list(news: Newsletter, relay: Relay) -> None:
    news.run("lists", "sync")
    assert [(one["name"], one["lists"]) for one in news.json("lists", "segments")] == [("hangzhou", {"members": 2})]
    (shown,) = news.json("lists", "segments", "hangzhou")
    assert shown["members"] == {"members": ["a@firm1.example", ADDRESS]}
    news.approve()
    assert news.json("forecast", "2020-07", "--list", "hangzhou")["copies"] == 2
    assert news.json("send", "2020-07", "--list", "hangzhou", "--wait")["accepted"] == 2
    assert set(relay.taken) == {"a@firm1.example", ADDRESS}
    assert news.json("send", "2020-07", "--wait")["accepted"] == 3, "the rest of all lists"
    news.run("lists", "segments", "nowhere", code=1)


def test_a_sync_says_what_changes_and_who_stays_away_and_why(news: Newsletter) -> None:
    news.run("lists", "sync")
    news.run("contacts", "leave", ADDRESS, "--reason", "来电要求", "--as", "经办人")
    sheet = news.folder / "subscribers" / "members.csv"
    rows = SHEET.splitlines(keepends=True)
    sheet.write_text("".join([rows[0], rows[2].replace("乙,b@", "乙二,b@"), rows[1], rows[3]]), "utf-8")
    change = news.json("lists", "sync", "--list", "members", "--dry-run")["members"]
    assert (change["changed"], change["fields"]) == (["b@firm2.example"], {"b@firm2.example": ["name"]})
    assert (change["moved"], change["kept_out"]) == (1, [ADDRESS])
    assert change["why"] == {ADDRESS: "has left: 来电要求"}
    said = news.run("lists", "sync", "--dry-run").stdout
    assert "name 乙 → 乙二" in said
    assert f"{ADDRESS}: has left: 来电要求" in said


def test_a_person_is_handed_out_and_erased(news: Newsletter, relay: Relay, tmp_path: Path) -> None:
    news.approve()
    news.run("send", "2020-07", "--wait")
    assert relay.taken[ADDRESS] == 1
    file = tmp_path / "data.json"
    news.run("contacts", "data", ADDRESS, "--out", str(file), "--as", "管理员")
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text("utf-8"))["contact"]["name"] == "丙"
    news.run("contacts", "data", ADDRESS, "--out", str(file), code=1)
    done = news.json("contacts", "forget", ADDRESS, "--as", "管理员")
    assert done == {"deliveries": 1, "sheets": ["subscribers/members.csv"], "pending": False}
    news.run("contacts", "data", "nobody@else.example", code=1)
    assert news.json("status", "last")["accepted"] == 5
    change = news.json("lists", "sync")["members"]
    assert change["why"] == {ADDRESS: "gets no mail of ours: the person was erased"}
    assert news.run("audit", "verify").returncode == 0
    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    assert news.json("send", "2020-08", "--wait")["planned"] == 4


def test_acts_on_persons_are_on_the_trail_by_the_name_of_who_is_logged_in(news: Newsletter) -> None:
    news.run("lists", "sync")
    news.run("contacts", "join", "x@friend.example", "--list", "friends", "--source", "2020-07-01 来函")
    news.run("contacts", "invite", "y@friend.example", "--list", "friends")
    news.run("contacts", "change", "x@friend.example", "--name", "某人")
    news.run("contacts", "leave", "x@friend.example", "--list", "friends", "--reason", "来电")
    news.run("contacts", "data", "x@friend.example")
    news.run("contacts", "forget", "x@friend.example")
    news.run("retention", "run")
    told = [(one["act"], one["actor"]["name"]) for one in reversed(news.json("audit", "list"))]
    acts = (
        "sync_list",
        "sync_list",
        "join",
        "invite",
        "change_contact",
        "leave",
        "export_person",
        "erase_person",
        "retain",
    )
    assert told == [(act, getpass.getuser()) for act in acts]


def test_a_sync_is_on_the_trail_with_its_numbers_and_a_dry_run_foretells_what_would_be_refused(
    news: Newsletter,
) -> None:
    sheet = news.folder / "subscribers" / "members.csv"
    rows = [f"单位{n},杭州,市,某{n},n{n}@firm{n}.example\n" for n in range(8)]
    head = SHEET.splitlines(keepends=True)[0]
    sheet.write_text(head + "".join(rows), "utf-8")
    news.run("lists", "sync", "members")
    (entry,) = news.json("audit", "list")
    assert (entry["act"], entry["subject"]["name"]) == ("sync_list", "members")
    details = {"added": 8, "changed": 0, "moved": 0, "removed": 0}
    assert entry["details"] == details | {"sha256": hashlib.sha256(sheet.read_bytes()).hexdigest()}
    news.run("lists", "sync", "members")
    assert len(news.json("audit", "list")) == 1, "a sync that changes nothing leaves no entry"
    sheet.write_text(head + rows[0], "utf-8")
    told = news.run("lists", "sync", "members", "--dry-run", code=1)
    assert "0 added, 0 changed, 7 removed" in told.stdout
    assert told.stderr == news.run("lists", "sync", "members", code=1).stderr
    assert "would drop 7 of 8" in told.stderr
    assert "7 removed" in news.run("lists", "sync", "members", "--dry-run", "--shrink").stdout
    news.run("user", "add", "张三", "--role", "admin")
    told = news.run("lists", "sync", "members", "--dry-run", "--shrink", "--as", "张三", code=1)
    assert "7 removed" in told.stdout
    assert told.stderr == news.run("lists", "sync", "members", "--shrink", "--as", "张三", code=1).stderr
    assert "may not" in told.stderr


def test_a_correction_of_a_sheet_is_made_in_the_sheet(news: Newsletter) -> None:
    news.run("lists", "sync")
    refused = news.run("contacts", "change", ADDRESS, "--name", "新名", code=1)
    assert "follows its sheet" in refused.stderr
    news.run("contacts", "change", ADDRESS, "--attribute", "行业=软件", "--attribute", "理事=是")
    news.run("contacts", "change", ADDRESS, "--attribute", "理事=")
    news.run("lists", "sync")
    kept = json.loads(news.run("contacts", "data", ADDRESS).stdout)
    assert kept["contact"]["attributes"] == {"行业": "软件"}, "no sheet unsays it"


def test_units_of_which_no_address_works(news: Newsletter) -> None:
    news.run("lists", "sync")
    assert news.json("organisations", "list", "--without-address") == []
    news.run("contacts", "leave", ADDRESS, "--reason", "离职", "--as", "经办人")
    (dead,) = news.json("organisations", "list", "--without-address")
    assert (dead["name"], dead["city"], dead["level"]) == ("丙公司", "杭州", "县")
    assert (dead["contacts"][0]["reach"], dead["contacts"][0]["reason"]) == ("suppressed", "no more mail")
    assert [one["name"] for one in news.json("organisations", "list", "--city", "杭州")] == ["丙公司", "甲公司"]
    assert "1 of 2" in news.run("organisations", "list", "--city", "杭州").stdout


def test_a_reader_who_asks_gets_one_mail_and_is_on_the_list_when_they_confirm(news: Newsletter) -> None:
    house = House(news.folder)
    for _ in range(3):
        house.joining.ask("New@Friend.example", ["friends"], "192.0.2.0/24")
    with house.store.read() as connection:
        (body,) = connection.execute(select(notice.c.body)).scalars()
        (to,) = connection.execute(select(notice_copy.c.address)).scalars()
    assert to == "New@friend.example"
    token = re.search(r"https://news\.example/s/([a-z2-7]{40})", body)
    assert token is not None
    assert house.joining.read(token[1]) is not None
    assert house.joining.confirm(token[1]) is not None
    house.close()
    news.run("contacts", "join", "other@friend.example", "--list", "friends", "--as", "经办人", code=2)
    source = ("--source", "2020-07-01 来函", "--as", "经办人")
    assert news.json("contacts", "join", "other@friend.example", "--list", "friends", *source)["joined"]
    assert news.json("contacts", "invite", "third@friend.example", "--list", "friends")["asked"]
    again = news.run("contacts", "invite", "third@friend.example", "--list", "friends", code=1)
    assert "was asked within the last day" in again.stderr
    assert "no mail was sent" in again.stderr
    active = {one["name"]: one["active"] for one in news.json("lists")}
    assert active["friends"] == 2
    news.run("contacts", "join", "x@firm9.example", "--list", "members", *source, code=1)
    news.run("contacts", "join", "x@firm9.example", "--list", "hangzhou", *source, code=2)


def test_the_clock_clears_once_a_day(news: Newsletter) -> None:
    clock = HandClock(datetime(2020, 7, 1, 8, tzinfo=UTC))
    house = House(news.folder, clock)
    house.joining.ask("new@friend.example", ["friends"], "")
    house.timetable.tick()
    first = house.retention.last_run()
    assert first is not None
    assert (first.day, dict(first.counts)["requests"]) == ("2020-07-01", 0)
    assert first.ended_at is not None
    house.timetable.tick()
    assert house.retention.last_run() == first
    clock.now += timedelta(days=20)
    assert house.retention.count()["requests"] == 1
    other = House(news.folder, clock)
    for one in (house, other):
        one.timetable.tick()
    last = house.retention.last_run()
    assert last is not None
    assert (last.day, dict(last.counts)["requests"]) == ("2020-07-21", 1)
    other.close()
    house.close()
    assert news.json("retention", "run", "--dry-run")["requests"] == 0
    assert news.json("retention", "run", "--as", "管理员")["requests"] == 0
    assert news.json("retention", "show")["last"]["day"] == "2020-07-21"
