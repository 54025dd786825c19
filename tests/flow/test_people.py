"""Rights, approval in steps, lists that drift, and the trail of it all, door to door."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.errors import StateError
from mailer.model.delivery import DeliveryStatus, MailingStatus
from tests.flow.newsletter import Newsletter
from tests.flow.test_schedule import DUE, HandClock, make_house
from tests.relay import Relay

STEPS = '[approval]\nsteps = ["核稿", { name = "签发", by = ["总编"] }]\nfour_eyes = true\n'


def register(news: Newsletter) -> None:
    """Register an admin, an editor, two approvers and a sender."""
    news.run("user", "add", "张三", "--role", "admin")
    for name, role in (("李四", "editor"), ("王五", "approver"), ("总编", "approver"), ("赵六", "sender")):
        news.run("user", "add", name, "--role", role, "--as", "张三")


def trail(news: Newsletter, *words: str) -> list[tuple[str, str]]:
    """Return who did what, the oldest first."""
    entries = news.json("audit", "list", "--limit", "500", *words)
    return [(one["actor"]["name"], one["act"]) for one in reversed(entries)]


def grow(news: Newsletter, by: int) -> None:
    """Put as many more readers on the members' sheet."""
    sheet = news.folder / "subscribers" / "members.csv"
    rows = "".join(f"新会员{n},办公室,new{n}@firm{n}.example\n" for n in range(100, 100 + by))
    sheet.write_text(sheet.read_text("utf-8") + rows, "utf-8")


def test_a_fresh_folder_takes_any_name_at_its_word_and_says_so(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    assert "say who signs off" in news.run("approve", "2020-07", code=2).stderr
    said = news.run("approve", "2020-07", "--as", "主编")
    assert "approved by 主编" in said.stdout
    assert "no users are registered, so 主编 is taken at their word" in said.stderr
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    assert "nobody is registered" in news.run("user", "list").stdout
    assert trail(news) == [
        ("(program)", "sync_list"),
        ("(program)", "sync_list"),
        ("主编", "submit"),
        ("主编", "approve"),
        ("", "schedule"),
        ("(program)", "start"),
        ("(program)", "finish"),
    ]
    assert "主编 (not registered)" in news.run("audit", "list").stdout


def test_once_there_are_users_every_act_needs_one_with_the_right(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    register(news)
    acts: dict[str, list[tuple[str, ...]]] = {
        "李四": [("submit", "2020-07")],
        "王五": [("approve", "2020-07")],
        "赵六": [
            ("send", "2020-07"),
            ("pause", "last"),
            ("resume", "last"),
            ("cancel", "last"),
            ("retry", "last", "--refused"),
        ],
        "张三": [("user", "add", "新人", "--role", "editor"), ("user", "disable", "新人"), ("user", "enable", "新人")],
    }
    for allowed, commands in acts.items():
        for words in commands:
            assert "say who" in news.run(*words, code=2).stderr, words
            assert "主编 is no user" in news.run(*words, "--as", "主编", code=2).stderr, words
            for name in acts:
                if name != allowed:
                    refused = news.run(*words, "--as", name, code=1).stderr
                    assert "may not" in refused, (name, words)
                    assert allowed in refused, (name, words)
            code = 1 if words[0] == "retry" else 0  # of a cancelled mailing
            assert "may not" not in news.run(*words, "--as", allowed, code=code).stderr
    assert "may not return" in news.run("return", "2020-07", "--as", "赵六", "--opinion", "不行", code=1).stderr
    assert "is disabled" not in news.run_apart("return", "2020-07", "--opinion", "改", MAILER_AS="王五").stderr
    news.run("user", "disable", "王五", "--as", "张三")
    assert "王五 is disabled" in news.run("approve", "2020-07", "--as", "王五", code=1).stderr
    assert trail(news)[-2:] == [("王五", "return"), ("张三", "disable_user")]


def test_an_approver_alone_does_not_submit(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    register(news)
    refused = news.run("approve", "2020-07", "--as", "王五", code=1).stderr
    assert "not submitted" in refused
    assert "李四" in refused
    news.run("user", "change", "王五", "--role", "approver", "--role", "editor", "--as", "张三")
    news.run("approve", "2020-07", "--as", "王五")


def test_three_people_sign_off_and_a_change_begins_anew_and_says_what_changed(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, STEPS)
    register(news)
    assert "submit 2020-07 --as NAME` comes first" in news.run("approve", "2020-07", "--as", "王五", code=1).stderr
    news.run("submit", "2020-07", "--as", "李四", "--opinion", "请审")
    assert "is submitted, but not approved" in news.run("send", "2020-07", "--as", "赵六", code=1).stderr
    assert news.json("approve", "2020-07", "--as", "王五", "--opinion", "可以")["missing"] == "签发"
    assert "may not give the step 签发" in news.run("approve", "2020-07", "--as", "张三", code=1).stderr
    assert "the next step is 签发" in news.run("approve", "2020-07", "--as", "总编", "--step", "核稿", code=2).stderr
    done = news.json("approve", "2020-07", "--as", "总编", "--step", "签发")
    assert (done["approved_by"], done["missing"]) == ("总编", None)
    assert done["lists"]["members"]["recipients"] == 8

    news.write_issue(text="改过的正文。")
    (news.folder / "issues" / "2020-07" / "notes.txt").write_text("x", "utf-8")
    shown = news.run("approvals", "2020-07").stdout
    assert "issue 2020-07: draft" in shown
    assert "请审" in shown
    assert "its content was changed (the program)" in shown
    assert "-正文第一段。" in shown
    assert "+改过的正文。" in shown
    assert "notes.txt: sha256 none →" in shown
    assert "changed after its approval" in news.run("send", "2020-07", "--as", "赵六", code=1).stderr
    news.run("submit", "2020-07", "--as", "李四")
    (newest, first) = news.json("approvals", "2020-07")["submissions"]
    assert (newest["missing"], newest["steps"]) == ("核稿", [])
    assert [one["by"] for one in first["steps"]] == ["王五", "总编"]
    assert ("(program)", "void") in trail(news, "--issue", "2020-07")


def test_lists_are_part_of_what_is_approved(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.run("submit", "2020-07", "--list", "members", "--as", "主编")
    news.approve()
    refused = news.run("send", "2020-07", "--list", "government", code=1).stderr
    assert "not approved for list government" in refused
    assert news.json("send", "2020-07", "--wait")["accepted"] == 8, "no list named: those that are approved"
    news.run("submit", "2020-07", "--as", "主编")
    assert "not approved" in news.run("send", "2020-07", code=1).stderr
    (_newest, first) = news.json("approvals", "2020-07")["submissions"]
    assert (first["voided"]["reason"], first["voided"]["change"]["lists"]) == ("renewed", ["government", "members"])
    news.approve()
    assert news.json("send", "2020-07", "--list", "government", "--wait")["accepted"] == 2


def test_an_edited_template_changes_nothing_that_is_sent_and_is_told(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, STEPS)
    news.run("submit", "2020-07", "--as", "作者")
    news.run("approve", "2020-07", "--as", "甲")
    template = news.folder / "templates" / "bulletin.txt.j2"
    before = template.read_text("utf-8")
    template.write_text(before + "\n后加的一行\n", "utf-8")
    refused = news.run("approve", "2020-07", "--as", "乙", code=1).stderr
    assert "it would look otherwise now" in refused
    template.write_text(before, "utf-8")
    news.run("approve", "2020-07", "--as", "乙")
    template.write_text(before + "\n后加的一行\n", "utf-8")
    found = news.json("approvals", "2020-07")
    assert (found["status"], found["otherwise"]) == ("approved", ["government", "members"])
    assert "would look otherwise for government, members" in news.run("approvals", "2020-07").stdout
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10


@pytest.mark.parametrize(("by", "held"), [(5, False), (6, True)])
def test_a_list_that_grew_is_told_and_beyond_the_limit_holds_the_mailing(
    by: int, held: bool, tmp_path: Path, relay: Relay
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    grow(news, by)
    found = news.json("send", "2020-07", code=1 if held else 0)
    assert found["audience_changes"] == {"members": {"approved": 8, "counted": 8 + by}}
    assert found["status"] == ("held" if held else "running")
    assert (
        f"list members had 8 readers when the issue was submitted, {8 + by} when" in news.run("status", "last").stdout
    )
    assert found["planned"] == (0 if held else 10 + by)


def test_a_held_mailing_goes_out_once_a_person_accepts_the_numbers_it_was_told(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    register(news)
    grow(news, 10)
    held = news.json("send", "2020-07", "--as", "赵六", code=1)
    assert "members: 8, now 18" in held["reason"]
    assert "who lets it go on accepts that" in held["reason"]
    news.run("resume", "last", "--as", "王五", code=1)
    grow_again = news.folder / "subscribers" / "members.csv"
    rows = "".join(f"又{n},办公室,more{n}@firm{n}.example\n" for n in range(20))
    grow_again.write_text(grow_again.read_text("utf-8") + rows, "utf-8")
    once_more = news.json("resume", "last", "--as", "赵六", code=1)
    assert "members: 18, now 38" in once_more["reason"], "what was accepted is not what stands now"
    sent = news.json("resume", "last", "--as", "赵六", "--wait")
    assert (sent["status"], sent["accepted"]) == ("finished", 40)
    assert trail(news, "--mailing", "last") == [
        ("赵六", "schedule"),
        ("(program)", "hold"),
        ("赵六", "accept_audience"),
        ("(program)", "hold"),
        ("赵六", "accept_audience"),
        ("赵六", "start"),
        ("(program)", "finish"),
    ]


def test_a_list_that_shrank_holds_too_and_the_limit_is_a_setting(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, "[approval]\naudience_drift = 0.9\n")
    grow(news, 12)
    news.approve()
    sheet = news.folder / "subscribers" / "members.csv"
    rows = sheet.read_text("utf-8").splitlines(keepends=True)
    sheet.write_text("".join(rows[:13]), "utf-8")
    news.set_config("audience_drift = 0.9", "audience_drift = 0.3")
    assert "members: 20, now 12" in news.json("send", "2020-07", code=1)["reason"]
    news.run("cancel", "last")
    news.set_config("audience_drift = 0.3", "audience_drift = 0.5")
    assert news.json("send", "2020-07", "--wait")["accepted"] == 14


def test_the_trail_names_no_reader_and_tells_when_it_was_changed(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.rcpt["reader@firm2.example"] = ["550 5.1.1 <reader@firm2.example> no such user"]
    assert news.json("send", "2020-07", "--wait")["refused"] == 1
    relay.rcpt["reader@firm2.example"] = []
    assert news.json("retry", "last", "reader@firm2.example", "--wait")["accepted"] == 10
    (again,) = [one for one in news.json("audit", "list") if one["act"] == "send_again"]
    assert again["details"]["counts"] == {"refused": 1}
    assert len(again["details"]["addresses"][0]) == 64
    head = news.json("audit", "verify")["head"]["sha256"]
    database = sqlite3.connect(news.folder / "var" / "mailer.db")
    rows = "".join(map(str, database.execute("SELECT * FROM audit_entry").fetchall()))
    assert "firm2" not in rows
    assert "会员" not in rows
    assert "the head that was noted is part of the chain" in news.run("audit", "verify", "--head", head).stdout
    database.execute("DROP TRIGGER audit_entry_stay")
    database.execute("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)")
    database.commit()
    assert news.json("audit", "verify")["whole"] is True
    assert "not part of the chain" in news.run("audit", "verify", "--head", head, code=1).stdout
    database.execute("DELETE FROM audit_entry WHERE id = 3")
    database.commit()
    database.close()
    assert "entry 4 does not follow the one before" in news.run("audit", "verify", code=1).stdout
    assert news.json("audit", "verify", code=1)["fault_at"] == 4
    news.run("audit", "verify", "--head", "nonsense", code=2)


def test_a_schedule_that_names_a_list_that_is_not_approved_sends_nothing_and_is_on_record(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=1))
    house = make_house(tmp_path, clock)
    house.timetable.tick()
    house.approvals.submit("2020-07", "主编", ["members"])
    house.approvals.approve("2020-07", "主编")
    clock.now = DUE
    house.timetable.tick()
    assert house.mailings.newest() == []
    clock.now = DUE + timedelta(hours=3)
    house.timetable.tick()
    (past,) = house.timetable.past(5)
    assert "not approved for list government" in past.result
    house.close()


def test_the_clock_holds_what_drifted_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = HandClock(DUE - timedelta(days=1))
    house = make_house(tmp_path, clock)
    house.timetable.tick()
    house.approvals.approve("2020-07", "主编")
    grow(Newsletter(house.home), 30)
    clock.now = DUE
    house.timetable.tick()
    (mailing,) = house.mailings.newest()
    assert (mailing.status, mailing.started_at) == (MailingStatus.HELD, None)
    assert "members: 8, now 38" in mailing.reason
    assert "list members had 8 readers when it was approved, now 38" in caplog.text
    house.timetable.tick()
    assert [one.act for one in house.audit.list(9, mailing="last")] == ["hold", "schedule"], "held once"
    assert house.mailings.resume("last", "主编").status is MailingStatus.RUNNING
    house.close()


def test_taking_an_approval_back_holds_what_runs_under_it_and_release_refuses(tmp_path: Path) -> None:
    house = make_house(tmp_path, HandClock(DUE - timedelta(days=1)))
    house.approvals.approve("2020-07", "主编")
    number = house.mailings.schedule("2020-07").id
    assert house.mailings.start(number).status is MailingStatus.RUNNING
    house.approvals.send_back("2020-07", "主编", "不能发")
    held = house.mailings.get(str(number))
    assert (held.status, held.reason) == (MailingStatus.HELD, "its approval was taken back: 不能发")
    with pytest.raises(StateError, match="was taken back"):
        house.mailings.release(str(number), "主编")
    house.approvals.approve("2020-07", "主编")
    with pytest.raises(StateError, match="was taken back"):
        house.mailings.resume(str(number), "主编")
    with pytest.raises(StateError, match="was taken back"):
        house.mailings.retry(str(number), [], [DeliveryStatus.REFUSED], "主编")
    house.close()
