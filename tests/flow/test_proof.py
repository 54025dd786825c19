"""A proof goes to staff through the real way out, and counts nowhere."""

from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from mailer.app import House
from mailer.mail.parts import read_parts
from mailer.tokens import Purpose, read_token
from tests.flow.newsletter import Newsletter
from tests.relay import Relay

EDITOR, CHIEF = "editor@zsia.test", "chief@zsia.test"


def parsed(relay: Relay, address: str) -> Message:
    return message_from_bytes(relay.messages[address], policy=default)


def test_a_draft_is_mailed_marked_and_an_approved_one_is_what_was_approved(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    draft = news.json("proof", "2020-07", "--to", EDITOR, "--list", "members")
    assert (draft["status"], [one["outcome"] for one in draft["copies"]]) == ("draft", ["accepted"])
    mail = parsed(relay, EDITOR)
    assert mail["Subject"] == "【样张·草稿】某省软件业简报 2020年第7期（总第113期）"
    assert mail["X-Jianbao-Proof"] == "draft"
    assert mail["To"] == EDITOR
    assert ":proof:" in mail["Feedback-ID"]
    news.approve()
    approved = news.json("proof", "2020-07", "--to", EDITOR, "--to", CHIEF)
    assert approved["status"] == "approved"
    assert [(one["list"], one["address"]) for one in approved["copies"]] == [
        ("government", EDITOR), ("government", CHIEF), ("members", EDITOR), ("members", CHIEF),
    ]  # fmt: skip
    frozen = dict(approved["editions"].items())
    assert frozen == news.json("approve", "2020-07", "--as", "主编")["editions"]
    assert parsed(relay, CHIEF)["Subject"].startswith("【样张·已签发】")
    ids = [one for one, _date in relay.seen[EDITOR]]
    assert len(set(ids)) == len(ids) == 3, "no mail server takes one for another"


def test_a_proof_is_no_delivery_and_its_links_change_nothing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.set_config('public_url = ""', 'public_url = "https://news.zsia.test"')
    news.approve()
    news.json("proof", "2020-07", "--to", "reader@firm1.example", "--as", "责任编辑")
    mail = parsed(relay, "reader@firm1.example")
    token = mail["X-Jianbao-Delivery"]
    house = House(tmp_path / "news")
    try:
        assert read_token(house.secret, Purpose.BOUNCE, token) == 0
        link = str(mail["List-Unsubscribe"]).partition("/u/")[2].partition(">")[0]
        assert read_token(house.secret, Purpose.UNSUBSCRIBE, link) == 0
        assert house.lists.leave(link, "test") is False
        told = {one.list_name: one for one in house.proofs.sent("2020-07")}
    finally:
        house.close()
    assert [(told[name].recipients, told[name].accepted, told[name].sent_by) for name in ("government", "members")] == [
        (1, 1, "责任编辑"), (1, 1, "责任编辑"),
    ]  # fmt: skip
    assert news.json("status") == []
    sent = news.json("send", "2020-07", "--wait")
    assert (sent["planned"], sent["accepted"]) == (10, 10), "who had a proof gets the issue"
    assert relay.taken["reader@firm1.example"] == 3


def test_a_readers_values_are_filled_in_but_not_the_readers_address(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.set_config("[lists.members]", '[lists.members]\nsalutation = "尊敬的{organisation}{name}："')
    news.run("lists", "sync")
    news.json("proof", "2020-07", "--to", EDITOR, "--list", "members", "--for", "reader@firm3.example")
    text = read_parts(relay.messages[EDITOR]).text
    assert "尊敬的会员3办公室：" in text
    assert EDITOR in text
    assert b"firm3" not in relay.messages[EDITOR]
    assert "firm3" not in text
    unknown = news.run("proof", "2020-07", "--to", EDITOR, "--for", "nobody@firm3.example", code=1)
    assert "nobody@firm3.example" in unknown.stderr


def test_limits_hold_for_a_proof_and_what_it_took_is_counted_for_the_mailing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='limits = ["3/1h"]\n')
    first = news.json("proof", "2020-07", "--to", EDITOR, "--to", CHIEF, code=1)
    assert [one["outcome"] for one in first["copies"]] == ["accepted"] * 3 + ["waits"]
    assert first["copies"][3]["free_at"] is not None
    assert relay.taken.total() == 3
    said = news.run("proof", "2020-07", "--to", EDITOR, "--list", "members", code=1)
    assert "3/1h" in said.stdout
    assert "try again after" in said.stdout
    assert "0 of 1 copy accepted" in said.stdout
    news.approve()
    news.run("send", "2020-07")
    assert news.json("status", "last")["relays"][0]["state"] == "used_up"
    assert relay.taken.total() == 3


def outcomes(told: Any) -> list[tuple[str, str, str]]:
    return [(one["outcome"], one["class"], one["address"]) for one in told["copies"]]


def test_refusals_have_their_meaning_and_are_on_record(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    relay.rcpt[EDITOR] = ["550 5.1.1 User unknown"]
    relay.data[CHIEF] = ["451 4.7.1 Greylisted, try again later"]
    told = news.json("proof", "2020-07", "--to", EDITOR, "--to", CHIEF, "--list", "members", code=1)
    assert outcomes(told) == [("refused", "gone", EDITOR), ("deferred", "greylisted", CHIEF)]
    assert told["copies"][0]["reply"] == "550 5.1.1 User unknown"
    assert told["copies"][0]["meaning"]
    house = House(tmp_path / "news")
    try:
        (record,) = house.proofs.sent("2020-07")
    finally:
        house.close()
    assert (record.recipients, record.accepted, record.reply) == (2, 0, "550 5.1.1 User unknown")
    assert news.json("proof", "2020-07", "--to", EDITOR)["copies"], "nobody was suppressed"


def test_a_relay_that_cannot_be_reached_is_said_once_for_each_copy_and_tried_once(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    relay.mail = ["553 Mail from must equal authorized user"]
    told = news.json("proof", "2020-07", "--to", EDITOR, "--to", CHIEF, "--list", "members", code=1)
    assert [one["outcome"] for one in told["copies"]] == ["failed", "failed"]
    assert all("553" in one["reply"] for one in told["copies"])
    assert len(relay.senders) == 1


def test_it_goes_through_the_relay_of_its_list(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='lists = ["members"]\n')
    news.set_config("[retry]", '[relays.other]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n[retry]')
    told = news.json("proof", "2020-07", "--to", EDITOR, code=1)
    assert [(one["list"], one["relay"], one["outcome"]) for one in told["copies"]] == [
        ("government", "other", "failed"), ("members", "main", "accepted"),
    ]  # fmt: skip


def test_who_gets_it_comes_from_the_settings_where_nobody_is_named(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    nobody = news.run("proof", "2020-07", code=2)
    assert "[proof]" in nobody.stderr
    with (tmp_path / "news" / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[proof]\nto = ["{EDITOR}", "{CHIEF}"]\n')
    told = news.json("proof", "2020-07", "--list", "government")
    assert outcomes(told) == [("accepted", "", EDITOR), ("accepted", "", CHIEF)]
    crowd = [word for n in range(21) for word in ("--to", f"editor{n}@zsia.test")]
    assert "20" in news.run("proof", "2020-07", *crowd, code=2).stderr


def test_errors_of_the_preflight_are_shown_and_stop_no_proof(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    file = tmp_path / "news" / "issues" / "2020-07" / "issue.md"
    file.write_text(file.read_text("utf-8").replace("year: 2020", "secrecy: 秘密★1年\nyear: 2020"), "utf-8")
    said = news.run("proof", "2020-07", "--to", EDITOR, "--list", "members")
    assert "must not go by internet mail" in said.stdout
    assert relay.taken[EDITOR] == 1
