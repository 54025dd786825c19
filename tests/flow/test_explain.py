"""`mailer bounces explain`: what a reply means, for a person and for a script, with a newsletter folder or without."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.mail.replies import classify_reply
from mailer.mail.reply_lines import parse_reply_text
from mailer.model.outcome import Phase
from tests.flow.newsletter import Newsletter, environment

KEYS = ["reply", "class", "hard", "action", "retry_after_s", "meaning"]
OWN_RULE = """
[[replies.rules]]
name = "neighbour-busy"
words = ["come to the back door"]
domains = ["firm1.example"]
class = "rate_domain"
action = "slow_domain"
retry_after_s = 600
meaning = "The neighbour asks us to wait ten minutes."
"""


def explain(folder: Path, *words: str, given: bytes = b"", code: int = 0, **env: str) -> str:
    """Run the command in a folder as a process of its own; return what it printed."""
    command = [sys.executable, "-m", "mailer", "-C", str(folder), "bounces", "explain", *words]
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False, env=environment() | env)
    assert done.returncode == code, done
    assert b"Traceback" not in done.stderr
    return (done.stdout if code == 0 else done.stderr).decode("utf-8")


def test_a_person_reads_what_it_is_and_what_follows_in_both_languages(tmp_path: Path) -> None:
    said = explain(tmp_path, "550 5.1.1 User unknown")
    for words in (
        "class: gone (no such mailbox)", "没有这个邮箱。", "There is no such mailbox.", "action: suppress the address",
        "address: dead or closed", "rule: no-such-user",
    ):  # fmt: skip
        assert words in said
    assert list(tmp_path.iterdir()) == [], "nothing is made in the folder"


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("451 MI:SFQ", "rest this relay for 15 min"),
        ("550 User suspended", "action: suppress after 2 issues"),
        ("552 5.2.2 mailbox full", "retry after 1 h; suppress after 3 issues"),
        ("450 4.2.0 Greylisted", "retry after 5 min"),
        ("450 4.2.0 Greylisted, try again in 400 seconds", "retry after 400 s"),
        ("550 Domain frequency limited", "rest all mail to this domain for 1 h"),
        ("450 MI:DMC", "go on in a new connection after 1 min"),
        ("554 DT:SPM", "stop and ask a person"),
        ("550 5.7.1 no", "none; this copy is not tried again"),
        ("250 2.0.0 queued", "none"),
        ("550 Mail is rejected by recipients", "its reader refuses us"),
    ],
)
def test_an_action_is_told_with_its_wait(reply: str, action: str, tmp_path: Path) -> None:
    assert action in Newsletter(tmp_path).run("bounces", "explain", reply).stdout


def test_a_script_gets_one_object_a_line_with_its_keys_in_order(tmp_path: Path) -> None:
    line = explain(tmp_path, "550 User suspended", "--json")
    assert line.count("\n") == 1
    found = json.loads(line)
    assert list(found) == KEYS
    assert found == {
        "reply": "550 User suspended", "class": "inactive", "hard": True, "action": "suppress_after(2)",
        "retry_after_s": 0, "meaning": "The mailbox exists but is closed or frozen.",
    }  # fmt: skip


def test_standard_input_is_read_line_by_line_in_any_encoding(tmp_path: Path) -> None:
    given = (
        "550 5.1.1 用户不存在\r\n\n   \n".encode()
        + "550 邮箱空间不足\n".encode("gb18030")
        + b"451 MI:SFQ 163 " + b"x" * 3_000_000 + b"\n"
        + b"host mx.x.example[192.0.2.1] said: 550 5.1.1 no\x00\x1b[31m\n550 5.7.1 the last, without an end"
    )  # fmt: skip
    found = [json.loads(line) for line in explain(tmp_path, "-", "--json", given=given).splitlines()]
    assert [one["class"] for one in found] == ["gone", "full", "rate_account", "gone", "sender_policy"]
    assert found[0]["reply"] == "550 5.1.1 用户不存在"
    assert found[1]["reply"] == "550 邮箱空间不足"
    assert len(found[2]["reply"]) == 1000
    assert all(list(one) == KEYS for one in found)


def test_json_is_utf8_and_speaks_the_users_language(tmp_path: Path) -> None:
    said = explain(tmp_path, "-", "--json", given="550 用户不存在\n".encode(), LANG="zh_CN.UTF-8")
    assert '"reply": "550 用户不存在"' in said
    assert '"meaning": "没有这个邮箱。"' in said


def test_an_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailer", "-C", str(tmp_path), "bounces", "explain", "-"]
    process = subprocess.Popen(
        [*command, "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for reply, kind in ((b"550 5.1.1 no\n", "gone"), (b"552 5.2.2 full\n", "full")):
        process.stdin.write(reply)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["class"] == kind
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_the_step_of_the_dialogue_counts(tmp_path: Path) -> None:
    news = Newsletter(tmp_path)
    assert news.json("bounces", "explain", "550 5.1.1 no such user")["class"] == "gone"
    before = news.json("bounces", "explain", "550 5.1.1 no such user", "--phase", "mail")
    assert (before["class"], before["hard"]) == ("sender_policy", False)
    assert news.json("bounces", "explain", "550 5.7.1", "--phase", "dot")["class"] == "content"
    news.run("bounces", "explain", "550 5.7.1", "--phase", "lunch", code=2)
    news.run("bounces", "explain", code=2)


def test_the_folders_own_rules_come_first(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, extra=OWN_RULE)
    reply = "550 5.1.1 No such user, come to the back door"
    own = news.json("bounces", "explain", reply, "--domain", "firm1.example")
    assert (own["class"], own["action"], own["retry_after_s"]) == ("rate_domain", "slow_domain", 600)
    assert own["meaning"] == "The neighbour asks us to wait ten minutes."
    said = news.run("bounces", "explain", reply, "--domain", "mail.FIRM1.example").stdout
    assert said.count("meaning:") == 1, "a sentence of one's own is said once"
    assert news.json("bounces", "explain", reply, "--domain", "firm2.example")["class"] == "gone"
    assert Newsletter(tmp_path).json("bounces", "explain", reply)["class"] == "gone"


def test_a_bounce_is_read_by_the_folders_rules_too(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, extra=OWN_RULE)
    bounce = tmp_path / "bounce.eml"
    bounce.write_text(
        'Subject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.test\n\n"
        "Final-Recipient: rfc822; reader@firm1.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user, come to the back door\n\n--b--\n"
    )
    (found,) = [json.loads(line) for line in news.run("bounces", "read", str(bounce), "--json").stdout.splitlines()]
    assert [one["class"] for one in found["recipients"]] == ["rate_domain"]


def test_settings_with_a_fault_are_said_and_not_passed_over(tmp_path: Path) -> None:
    news = Newsletter.make(
        tmp_path / "news", 2525, extra=OWN_RULE.replace('words = ["come to the back door"]', 'match = "(a+)+"')
    )
    error = explain(news.folder, "550 no", code=1)
    assert "replies.rules.match" in error
    assert "→" in error


def test_the_help_teaches_by_an_example(tmp_path: Path) -> None:
    said = Newsletter(tmp_path).run("bounces", "explain", "--help").stdout
    example = "550 5.1.1 User unknown"
    assert f'mailer bounces explain "{example}"' in " ".join(said.split())
    assert classify_reply(parse_reply_text(example, Phase.RCPT)).reply_class.hard


def test_a_whole_log_is_explained_in_no_time(tmp_path: Path) -> None:
    given = b"550 5.1.1 User unknown\n451 MI:SFQ\n" * 2000
    assert len(explain(tmp_path, "-", "--json", given=given).splitlines()) == 4000
