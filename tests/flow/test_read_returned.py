"""`mailer bounces read`: returned mail from files, for a person and for a script, with a newsletter folder or without."""

import json
import mailbox
import os
import subprocess
import sys
from pathlib import Path

from tests.flow.newsletter import Newsletter

SAMPLES = Path(__file__).parent.parent / "mail" / "returned_samples"
KEYS = [
    "file",
    "number",
    "kind",
    "recipients",
    "message_id",
    "error",
    "sender",
    "reply",
    "delivery",
    "recorded",
    "suppressed",
    "tie",
    "about",
]
RECIPIENT_KEYS = ["address", "kind", "class", "hard", "status", "reason", "diagnostic", "final"]


def lines(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_folder_without_settings_or_database_reads_all_the_same(tmp_path: Path) -> None:
    names = ["netease-163-html.eml", "dsn-postfix-two.eml", "auto-zh.eml", "arf-abuse.eml"]
    done = Newsletter(tmp_path).run("bounces", "read", *(str(SAMPLES / name) for name in names), "--json")
    found = lines(done.stdout)
    assert [one["kind"] for one in found] == ["bounce", "bounce", "auto-reply", "complaint"]
    assert [one["file"] for one in found] == [str(SAMPLES / name) for name in names]
    assert all(list(one) == KEYS for one in found)
    recipients = found[1]["recipients"]
    assert isinstance(recipients, list)
    assert [list(one) for one in recipients] == [RECIPIENT_KEYS] * 2
    assert [(one["hard"], one["class"]) for one in recipients] == [(True, "gone"), (False, "full")]
    assert recipients[0]["reason"] == "There is no such mailbox."
    assert list(tmp_path.iterdir()) == [], "reading makes no database and no secret"


def test_a_new_newsletter_gets_no_database_by_reading(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, database=False)
    before = sorted((tmp_path / "news").rglob("*"))
    (one,) = lines(news.run("bounces", "read", str(SAMPLES / "qmail.eml"), "--json").stdout)
    assert (one["kind"], one["delivery"], one["recorded"]) == ("bounce", None, False)
    assert sorted((tmp_path / "news").rglob("*")) == before


def test_what_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    files = [str(tmp_path / "absent.eml"), str(SAMPLES / "qq.eml")]
    done = Newsletter(tmp_path).run("bounces", "read", *files, "--json", code=1)
    absent, qq = lines(done.stdout)
    assert absent["error"] == "there is no such file or folder"
    assert (absent["kind"], absent["recipients"]) == ("other", [])
    assert (qq["kind"], qq["error"]) == ("bounce", "")
    done = Newsletter(tmp_path).run("bounces", "read", *files, code=1)
    assert "absent.eml" in done.stderr
    assert "qq.eml: bounce" in done.stdout


def test_an_mbox_and_a_maildir_are_read_like_files(tmp_path: Path) -> None:
    names = ["qmail.eml", "domino.eml", "reply-by-a-person.eml"]
    box, folder = mailbox.mbox(tmp_path / "box"), mailbox.Maildir(tmp_path / "md", create=True)
    for name in names:
        box.add((SAMPLES / name).read_bytes())
        folder.add((SAMPLES / name).read_bytes())
    box.close()
    news = Newsletter(tmp_path)
    singly = lines(news.run("bounces", "read", *(str(SAMPLES / name) for name in names), "--json").stdout)
    of_box = lines(news.run("bounces", "read", str(tmp_path / "box"), "--json").stdout)
    of_folder = lines(news.run("bounces", "read", str(tmp_path / "md"), "--json").stdout)
    assert [one["number"] for one in of_box] == [1, 2, 3]
    bare = [{**one, "file": "", "number": 0} for one in singly]
    assert [{**one, "file": "", "number": 0} for one in of_box] == bare
    assert sorted(str({**one, "file": "", "number": 0}) for one in of_folder) == sorted(map(str, bare))
    said = news.run("bounces", "read", str(tmp_path / "box")).stdout
    assert "#3: an answer by a person" in said


def test_a_pipe_is_read_as_it_comes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailer", "-C", str(tmp_path), "bounces", "read", "-", "--json"]
    given = (SAMPLES / "sina.eml").read_bytes()
    environment = {**os.environ, "LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, input=given, capture_output=True, check=True, env=environment, timeout=60)
    (one,) = lines(done.stdout.decode())
    assert (one["file"], one["kind"]) == ("-", "bounce")
