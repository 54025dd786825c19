"""The days before a due date and the moment itself, one story at a time."""

import re
import shutil
import threading
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from multiprocessing.synchronize import Barrier
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.app import House
from mailer.errors import StateError
from mailer.i18n import use_language
from mailer.model.delivery import MailingStatus
from tests.databases import make_database
from tests.flow.forks import fork_context
from tests.flow.month import APPROVER, EDITOR, READERS, SCHEDULE, STAFF, ZONE, HandClock, Office
from tests.flow.newsletter import Newsletter
from tests.relay import Relay

START = datetime(2020, 8, 3, 11, 0, tzinfo=ZONE)
DUE = datetime(2020, 8, 31, 10, 0, tzinfo=ZONE)
OPENING = f'{SCHEDULE}open_before = "10d"\n{STAFF}'


def opened(tmp_path: Path, relay: Relay, extra: str = OPENING) -> Office:
    """An office whose August issue was opened: on Friday the 21st, ten days before Monday the 31st."""
    office = Office.make(tmp_path / "news", relay, START, extra)
    office.on(date(2020, 8, 20), 9)
    assert not office.file("2020-08").exists()
    office.on(date(2020, 8, 21), 9)
    assert office.file("2020-08").exists()
    return office


def test_the_folder_is_opened_once_and_cannot_be_sent_as_it_is(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    first = office.file("2020-08").read_bytes()
    office.on(date(2020, 8, 21), 9, 1)
    other = House(office.house.home, office.clock)
    other.timetable.tick()
    other.close()
    assert office.file("2020-08").read_bytes() == first
    assert office.steps() == [("2020-08-31T10:00", "open", "opened 2020-08")]
    with pytest.raises(StateError, match="place holder"):
        office.house.approvals.approve("2020-08", "主编")
    office.close()


def test_a_house_that_was_down_opens_when_it_is_back_and_does_not_make_up_for_reminders(
    tmp_path: Path, relay: Relay
) -> None:
    office = Office.make(tmp_path / "news", relay, START, OPENING)
    office.house.timetable.tick()
    office.on(date(2020, 8, 27), 15)  # the reminder of five days before was on the 24th, that of three on the 26th
    assert [step for _at, step, _result in office.steps()] == ["open"]
    office.on(date(2020, 8, 28), 23, 59)
    assert [step for _at, step, _result in office.steps()] == ["open", "remind 1"], "late on its day is not too late"
    office.close()


def test_a_folder_that_staff_made_by_hand_is_left_alone_and_used(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, OPENING)
    office.put_issue("august", date(2020, 8, 28), 8, 114)
    before = office.file("august").read_bytes()
    office.pass_days(date(2020, 8, 19), date(2020, 8, 31))
    assert office.steps()[0] == ("2020-08-31T10:00", "open", "skipped: issue august stands already")
    assert sorted(office.house.issues.slugs()) == ["2020-07", "august"]
    assert office.file("august").read_bytes() == before
    office.house.approvals.approve("august", "主编")
    office.at(DUE)
    assert [(one.issue_slug, one.status) for one in office.mailings()] == [("august", MailingStatus.RUNNING)]
    office.close()


def test_a_folder_that_cannot_be_made_is_said_once_with_the_cure(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, OPENING)
    shutil.rmtree(office.file("2020-07").parent)
    for day in (21, 22, 23):
        office.on(date(2020, 8, day), 9)
    assert office.steps() == [("2020-08-31T10:00", "open", "failed: there is no issue to go on from")]
    assert office.notices() == ["The issue due 2020-08-31 10:00 (Asia/Shanghai) could not be opened"]
    assert "mailer import FILE" in office.bodies()[0]
    office.close()


def test_reminders_say_what_is_missing_and_when_it_is_due(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, SCHEDULE + STAFF)
    office.pass_days(date(2020, 8, 22), date(2020, 8, 25))
    office.put_issue("2020-08", date(2020, 8, 31), 8, 114, "【待填】")
    office.pass_days(date(2020, 8, 25), date(2020, 8, 27))
    office.put_issue("2020-08", date(2020, 8, 31), 8, 114)
    office.pass_days(date(2020, 8, 27), date(2020, 8, 31))
    due = "2020-08-31 10:00 (Asia/Shanghai)"
    assert office.notices() == [
        f"5 working days left: there is no issue for {due}",
        "3 working days left: issue 2020-08 is not approved",
        "1 working day left: issue 2020-08 is not approved",
    ]
    none, faulty, written = office.bodies()
    assert "mailer issue new" in none
    assert f"Issue 2020-08 goes out {due}, if it is approved by then." in faulty
    assert "It is a draft." in faulty
    assert re.search(r"issues/2020-08/issue\.md:\d+: 一件事: 1 place holder stands here", faulty)
    assert "mailer approve 2020-08" in written
    assert (len(office.copies_of(EDITOR)), len(office.copies_of(APPROVER))) == (3, 1), "one waits for approval only"
    office.close()


def test_a_reminder_is_a_plain_message_of_a_machine(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    office.send_notices()
    raw = relay.messages[EDITOR]
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert (message["To"], message["From"].addresses[0].addr_spec) == (EDITOR, "bulletin@zsia.example")
    assert (message.get_content_type(), message["Content-Transfer-Encoding"]) == ("text/plain", "base64")
    assert message["Date"].datetime == datetime(2020, 8, 21, 9, 0, tzinfo=ZONE)
    assert "issues/2020-08 was made from issue 2020-07" in message.get_content()
    assert relay.senders == ["bulletin@zsia.example"]
    assert max(map(len, raw.splitlines())) <= 78
    office.send_notices()
    assert len(relay.seen[EDITOR]) == 1
    office.close()


def test_a_house_that_speaks_chinese_reminds_in_chinese(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, SCHEDULE + STAFF)
    config = office.house.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('language = ""', 'language = "zh_CN"'), "utf-8")
    office.house.refresh()
    use_language("en")
    office.house.timetable.tick()
    office.put_issue("2020-08", date(2020, 8, 31), 8, 114, "【待填】")
    office.at(DUE)
    (mailing,) = office.mailings()
    assert "尚未" in mailing.reason or "未" in mailing.reason
    assert re.search("[\u4e00-\u9fff]", office.bodies()[-1])
    office.close()


def test_a_relay_that_fails_stops_nothing_and_the_notice_comes_later_that_day(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    relay.rcpt[EDITOR] = ["451 4.3.0 later", "451 4.3.0 later"]
    office.send_notices()
    office.clock.now += timedelta(minutes=1)
    office.send_notices()
    assert relay.asked[EDITOR] == 1, "not in each round"
    for _try in range(2):
        office.clock.now += timedelta(minutes=5)
        office.send_notices()
    assert (relay.asked[EDITOR], relay.taken[EDITOR]) == (3, 1)
    office.close()


def test_a_notice_is_let_be_when_it_is_refused_for_good_or_old(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    office.on(date(2020, 8, 24), 9)
    relay.rcpt[EDITOR] = ["550 5.1.1 no such user"]
    office.send_notices()
    assert relay.asked[EDITOR] == 1, "of the opening on Friday nothing is said on Monday"
    office.clock.now += timedelta(minutes=10)
    office.send_notices()
    assert relay.asked[EDITOR] == 1
    office.on(date(2020, 8, 26), 9)
    relay.rcpt[EDITOR] = ["451 4.3.0 later"]
    office.send_notices()
    office.clock.now += timedelta(hours=15)
    office.send_notices()
    assert relay.asked[EDITOR] == 2, "three days before is not two days before"
    office.close()


def test_notices_take_permits_of_the_relay(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    config = office.house.home / "config.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace('security = "none"\n', 'security = "none"\nlimits = ["1/1h"]\n'), "utf-8")
    office.house.refresh()
    office.put_issue("2020-08", date(2020, 8, 31), 8, 114)
    office.on(date(2020, 8, 24), 9)
    office.send_notices()
    assert relay.taken[EDITOR] + relay.taken[APPROVER] == 1
    office.clock.now += timedelta(minutes=70)
    office.send_notices()
    assert relay.taken[EDITOR] + relay.taken[APPROVER] == 2
    office.close()


def test_an_unapproved_issue_is_held_and_goes_out_when_it_was_approved_and_a_person_resumes_it(
    tmp_path: Path, relay: Relay
) -> None:
    office = opened(tmp_path, relay)
    office.at(DUE)
    office.at(DUE + timedelta(minutes=1))
    (mailing,) = office.mailings()
    assert (mailing.issue_slug, mailing.status) == ("2020-08", MailingStatus.HELD)
    assert mailing.reason == "not approved at its time: issue 2020-08 is not approved"
    assert office.house.mailings.resume("last").status is MailingStatus.HELD
    office.write_over("2020-08")
    office.house.approvals.approve("2020-08", "主编")
    office.at(DUE + timedelta(minutes=30))
    assert office.house.mailings.get("last").status is MailingStatus.HELD, "within its grace, and yet not by itself"
    assert office.house.mailings.resume("last").status is MailingStatus.RUNNING
    office.deliver()
    assert [len(office.copies_of(one)) for one in READERS] == [1, 1, 1]
    assert [one.split(":")[0] for one in office.notices()[1:]] == ["Held", "Issue 2020-08 has gone out"]
    assert "accepted by the relay: 3" in office.bodies()[-1]
    office.close()


def test_an_issue_that_was_sent_by_hand_is_not_sent_again(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    office.write_over("2020-08")
    office.house.approvals.approve("2020-08", "主编")
    office.house.mailings.schedule("2020-08", at=DUE - timedelta(days=1))
    office.at(DUE - timedelta(days=1))
    office.deliver()
    office.at(DUE)
    assert [one.result for one in office.house.timetable.past(1)] == ["mailed before"]
    assert len(office.mailings()) == 1
    office.close()


def test_a_leftover_that_is_approved_does_not_go_out_in_place_of_the_issue(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, SCHEDULE)
    office.house.approvals.approve("2020-07", "主编")
    office.put_issue("2020-08", date(2020, 8, 31), 8, 114)
    office.house.timetable.tick()
    office.at(DUE)
    assert [(one.issue_slug, one.status) for one in office.mailings()] == [("2020-08", MailingStatus.HELD)]
    office.close()


def test_no_issue_at_all_is_noted_and_said(tmp_path: Path, relay: Relay) -> None:
    office = Office.make(tmp_path / "news", relay, START, SCHEDULE + STAFF)
    office.house.timetable.tick()
    office.at(DUE)
    office.at(DUE + timedelta(minutes=1))
    assert office.mailings() == []
    assert office.notices() == ["Nothing was sent: there was no issue for 2020-08-31 10:00 (Asia/Shanghai)"]
    office.close()


def test_an_issue_that_is_half_saved_is_waited_for_until_the_grace_is_over(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    office.write_over("2020-08")
    office.house.approvals.approve("2020-08", "主编")
    whole = office.file("2020-08").read_text("utf-8")
    office.file("2020-08").write_text("---\ntitle", "utf-8")
    office.at(DUE)
    assert office.mailings() == []
    office.file("2020-08").write_text(whole, "utf-8")
    office.at(DUE + timedelta(minutes=1))
    assert [one.status for one in office.mailings()] == [MailingStatus.RUNNING], "it is again what was approved"
    office.close()


def test_an_issue_that_stays_broken_is_held_after_the_grace(tmp_path: Path, relay: Relay) -> None:
    office = opened(tmp_path, relay)
    office.house.timetable.tick()
    office.write_over("2020-08")
    office.house.approvals.approve("2020-08", "主编")
    office.file("2020-08").write_text("---\ntitle", "utf-8")
    for minutes in (0, 60, 119, 121):
        assert office.mailings() == []
        office.at(DUE + timedelta(minutes=minutes))
    (mailing,) = office.mailings()
    assert mailing.status is MailingStatus.HELD
    assert "front matter does not end" in mailing.reason
    office.close()


@pytest.mark.parametrize(
    ("country", "when", "dates"),
    [
        # 02:30 does not exist on 31 March 2024 in Berlin, and comes twice on 27 October
        ("day 31", date(2024, 3, 31), datetime(2024, 3, 31, 3, 0)),  # noqa: DTZ001 - the zone follows
        ("day 27", date(2024, 10, 27), datetime(2024, 10, 27, 2, 30)),  # noqa: DTZ001
    ],
    ids=["gap", "overlap"],
)
def test_where_clocks_are_set_an_occurrence_happens_once(
    tmp_path: Path, relay: Relay, country: str, when: date, dates: datetime
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    schedule = f'[schedule.monthly]\nwhen = "{country}"\nat = "02:30"\ntimezone = "Europe/Berlin"\nremind = []\n'
    midnight = datetime(when.year, when.month, when.day, tzinfo=berlin)
    office = Office.make(tmp_path / "news", relay, midnight, schedule)
    office.put_issue("now", when, 1, 200)
    office.house.approvals.approve("now", "主编")
    seen = []
    moment = midnight.astimezone(ZoneInfo("UTC"))
    for _tick in range(36):  # six hours, ten minutes a tick
        office.at(moment)
        seen.append((moment.astimezone(berlin).replace(tzinfo=None), len(office.mailings())))
        moment += timedelta(minutes=10)
    assert max(count for _at, count in seen) == 1
    assert next(at for at, count in seen if count) == dates
    assert len(office.house.timetable.past(9)) == 1
    office.close()


def _tick_at(home: Path, moment: datetime, ready: threading.Barrier, failed: "list[BaseException]") -> None:
    house = House(home, HandClock(moment))
    try:
        house.open()
        ready.wait(30)
        house.timetable.tick()
    except BaseException as error:  # noqa: BLE001 - told by the test
        failed.append(error)
    finally:
        house.close()


def _tick_together(home: Path, moment: datetime, count: int = 3) -> None:
    ready, failed = threading.Barrier(count), list[BaseException]()
    threads = [threading.Thread(target=_tick_at, args=(home, moment, ready, failed)) for _n in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert failed == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_clocks_that_tick_at_once_act_once(
    tmp_path: Path, relay: Relay, kind: str, request: pytest.FixtureRequest
) -> None:
    """Three clocks, each with its own connections: one folder, one reminder of each kind, one mailing a month."""
    office = Office.make(tmp_path / "news", relay, START, OPENING)
    if kind == "postgresql":
        address = make_database(request.getfixturevalue("postgresql"))
        config = office.house.home / "config.toml"
        config.write_text(f'database = "{address}"\n' + config.read_text("utf-8"), "utf-8")
        office.house.refresh()
    office.house.timetable.tick()
    home = office.house.home
    _tick_together(home, datetime(2020, 8, 21, 9, 0, tzinfo=ZONE))
    for day in (24, 26, 28):
        _tick_together(home, datetime(2020, 8, day, 9, 0, tzinfo=ZONE))
    office.write_over("2020-08")
    office.clock.now = DUE - timedelta(hours=1)
    office.house.approvals.approve("2020-08", "主编")
    _tick_together(home, DUE)
    assert [result.split()[0] for _at, _step, result in office.steps()] == ["opened", *["reminded"] * 3]
    assert len(office.notices()) == 4
    assert [one.status for one in office.mailings()] == [MailingStatus.RUNNING]
    assert office.house.mailings.summarise("last").planned == 3
    office.close()


def _tick_in_a_process(home: str, moment: datetime, ready: Barrier) -> None:
    failed: list[BaseException] = []
    _tick_at(Path(home), moment, ready, failed)
    raise SystemExit(len(failed))


def test_processes_that_tick_at_once_make_one_mailing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, SCHEDULE)
    clock = HandClock(datetime(2020, 7, 1, 9, 0, tzinfo=ZONE))
    house = House(news.folder, clock)
    house.timetable.tick()
    house.approvals.approve("2020-07", "主编")
    forks = fork_context()
    ready = forks.Barrier(3)
    moment = datetime(2020, 7, 31, 10, 0, tzinfo=ZONE)
    running = [forks.Process(target=_tick_in_a_process, args=(str(news.folder), moment, ready)) for _number in range(3)]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    assert [one.exitcode for one in running] == [0, 0, 0]
    assert [one.status for one in house.mailings.newest()] == [MailingStatus.RUNNING]
    assert house.mailings.summarise("last").planned == 10
    house.close()
