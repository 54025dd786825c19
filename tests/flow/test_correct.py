"""A correction goes, marked, to exactly those who accepted the issue."""

import re
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

from mailer.mail.parts import read_parts
from tests.flow.newsletter import Newsletter
from tests.flow.test_missing import NEW, add_member
from tests.relay import Relay

WHAT = "第一篇中“18.5%”应为“15.8%”。"
SLUG = "2020-07-correction"
REFUSED, GONE = "reader@firm2.example", "reader@firm4.example"


def parsed(relay: Relay, address: str) -> Message:
    return message_from_bytes(relay.messages[address], policy=default)


def mend(news: Newsletter, slug: str = SLUG, text: str = "改正后的正文。") -> None:
    file = news.folder / "issues" / slug / "issue.md"
    file.write_text(file.read_text("utf-8").replace("正文第一段。", text), "utf-8")


def test_a_correction_is_the_issue_with_its_marks_and_the_editors_own_text(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    original = news.folder / "issues" / "2020-07"
    (original / "note.txt").write_text("附记", "utf-8")
    (original / ".hidden").write_text("x", "utf-8")
    news.approve()
    too_early = news.run("correct", "2020-07", code=1)
    assert "has reached nobody" in too_early.stderr
    assert "mend issues/2020-07/issue.md itself" in too_early.stderr
    assert not (news.folder / "issues" / SLUG).exists()
    news.json("send", "2020-07", "--wait")
    made = news.json("correct", "2020-07", "--reason", WHAT)
    assert (made["slug"], made["corrects"], made["correction"], made["differs"]) == (SLUG, "2020-07", WHAT, False)
    text = (news.folder / "issues" / SLUG / "issue.md").read_text("utf-8")
    before = (original / "issue.md").read_text("utf-8")
    assert text == before.replace("---\n", f'---\ncorrects: 2020-07\ncorrection: "{WHAT}"\n', 1).replace(
        f'"{WHAT}"', '"第一篇中“18.5%”应为“15.8%”。"'
    )
    assert sorted(one.name for one in (news.folder / "issues" / SLUG).iterdir()) == ["issue.md", "note.txt"]
    assert not [one for one in (news.folder / "issues").iterdir() if one.name.startswith(".")]


def test_what_was_wrong_must_be_said_before_it_is_approved(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.json("send", "2020-07", "--wait")
    assert "`correction:`" in news.run("correct", "2020-07").stdout
    refused = news.run("approve", SLUG, "--as", "主编", code=1)
    assert "it does not say what was wrong" in refused.stderr
    file = news.folder / "issues" / SLUG / "issue.md"
    file.write_text(file.read_text("utf-8").replace("\ncorrection:\n", f"\ncorrection: {WHAT}\n"), "utf-8")
    found = news.json("check", SLUG)
    assert [one for one in found if "number" in one["place"] or one["severity"] == "error"] == []
    news.approve(SLUG)


def test_exactly_those_who_accepted_the_issue_get_its_correction(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.rcpt[REFUSED] = ["550 5.7.1 policy"]
    first = news.json("send", "2020-07", "--wait")
    assert (first["accepted"], first["refused"]) == (9, 1)
    news.run("correct", "2020-07", "--reason", WHAT)
    mend(news)
    news.approve(SLUG)
    add_member(news, NEW)
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text("".join(line for line in sheet.read_text("utf-8").splitlines(True) if GONE not in line), "utf-8")
    relay.taken.clear()
    said = news.run("send", SLUG, "--wait")
    assert "correction of issue 2020-07: accepted by 9, to be sent to 8" in said.stderr
    assert "left out: the issue itself was refused for 1" in said.stderr
    assert "left out: 1 have left the list since" in said.stderr
    members = {f"reader@firm{n}.example" for n in range(1, 9)} - {REFUSED, GONE}
    assert set(relay.taken) == members | {"office@jxt.example", "office@kjt.example"}
    assert set(relay.taken.values()) == {1}
    nobody = news.run("send", SLUG, "--missing", code=1)
    assert f"nobody misses issue {SLUG}" in nobody.stderr
    reach = news.json("status", SLUG)
    assert reach["correction"] == {
        "of": "2020-07", "accepted": 9, "to_send": 0, "has": 8, "left_out": {"refused": 1, "left": 1},
    }  # fmt: skip
    assert news.json("status", "2020-07")["corrections"] == [SLUG]
    assert "was corrected by" in news.run("send", "2020-07", "--missing", "--wait").stderr
    assert relay.taken[NEW] == 1
    late = news.json("send", SLUG, "--missing", "--wait")
    assert (late["planned"], late["accepted"], relay.taken[NEW]) == (1, 1, 2), "who accepted the issue later, too"


def test_each_gets_the_edition_of_the_list_it_got_the_issue_on_and_it_answers_that(
    tmp_path: Path, relay: Relay
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.json("send", "2020-07", "--wait", "--list", "government")
    first = {address: parsed(relay, address)["Message-ID"] for address in relay.taken}
    news.run("correct", "2020-07", "--reason", WHAT)
    news.approve(SLUG)
    nobody = news.run("send", SLUG, "--list", "members", code=1)
    assert "nobody on these lists has accepted issue 2020-07" in nobody.stderr
    rehearsed = news.json("send", SLUG, "--rehearse")
    assert (rehearsed["planned"], rehearsed["taken"]) == (2, 2)
    assert news.json("send", SLUG, "--wait")["lists"].keys() == {"government"}
    for address, number in first.items():
        mail = parsed(relay, address)
        assert mail["Subject"] == "更正：某省软件业简报 2020年第7期（总第113期）"
        assert mail["In-Reply-To"] == mail["References"] == number != mail["Message-ID"]
        assert mail["List-Id"].endswith("<government.zsia.example>")
        parts = read_parts(relay.messages[address])
        assert WHAT in re.sub(r"\s", "", parts.text)
        assert WHAT in parts.html


def test_a_correction_of_a_correction_is_for_those_who_accepted_the_issue(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.json("send", "2020-07", "--wait")
    news.run("correct", "2020-07", "--reason", WHAT)
    mend(news)
    news.approve(SLUG)
    relay.rcpt[REFUSED] = ["550 5.7.1 policy"]
    assert news.json("send", SLUG, "--wait")["accepted"] == 9
    made = news.json("correct", SLUG, "--reason", "又改一处")
    assert (made["slug"], made["corrects"], made["correction"]) == (f"{SLUG}-2", "2020-07", "又改一处")
    text = (news.folder / "issues" / f"{SLUG}-2" / "issue.md").read_text("utf-8")
    assert "改正后的正文。" in text
    assert text.count("correct") == 2, "the marks of the first are gone"
    news.approve(f"{SLUG}-2")
    assert news.json("send", f"{SLUG}-2", "--wait")["accepted"] == 10, "also who did not get the first correction"


def test_a_correction_of_what_never_went_out_is_refused_with_the_cure(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    folder = news.folder / "issues" / SLUG
    folder.mkdir()
    text = (news.folder / "issues" / "2020-07" / "issue.md").read_text("utf-8")
    (folder / "issue.md").write_text(text.replace("---\n", f"---\ncorrects: 2020-07\ncorrection: {WHAT}\n", 1), "utf-8")
    news.approve(SLUG)
    refused = news.run("send", SLUG, code=1)
    assert "issue 2020-07 has reached nobody" in refused.stderr
    assert "approve it again" in refused.stderr
    assert not relay.taken
    assert news.json("status") == []


def test_no_schedule_takes_a_correction_for_the_next_issue(tmp_path: Path, relay: Relay) -> None:
    from mailer.app import House
    from mailer.store import issues

    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.json("send", "2020-07", "--wait")
    news.run("correct", "2020-07", "--reason", WHAT)
    news.approve(SLUG)
    house = House(news.folder)
    try:
        with house.store.read() as connection:
            assert issues.newest_approved_unmailed(connection) is None
    finally:
        house.close()


def test_a_changed_folder_is_said_when_it_is_corrected(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.json("send", "2020-07", "--wait")
    news.write_issue(text="已经改过。")
    assert "which was changed since it was sent" in news.run("correct", "2020-07", "--reason", WHAT).stderr
