"""`mailer demo`: the whole job, everyone accounted for."""

import json
import re
import sqlite3
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import html as lxml_html

from tests.flow.newsletter import environment


def run_at(home: Path, *words: str) -> str:
    """Run a command as one does who has this home and names no folder of states; return what it says."""
    settings = {key: value for key, value in environment().items() if key != "MAILER_STATE_DIR"} | {"HOME": str(home)}
    command = [sys.executable, "-m", "mailer", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=settings)
    assert done.returncode == 0, done.stderr
    assert "sends nothing" not in done.stderr
    return done.stdout


def run_demo(folder: Path, home: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(run_at(home, "demo", "--json", "--dir", str(folder)))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[dict[str, object], Path]:
    folder = tmp_path_factory.mktemp("demo") / "here"
    return run_demo(folder, home), folder


def test_every_one_of_77_is_in_exactly_one_final_state(demo: tuple[dict[str, object], Path]) -> None:
    result, _folder = demo
    finals = ("accepted", "refused", "expired", "suppressed", "cancelled", "uncertain")
    assert result["planned"] == 77
    assert sum(int(str(result[state])) for state in finals) == 77
    assert (result["accepted"], result["refused"], result["expired"], result["bounced"]) == (74, 2, 1, 1)
    assert int(str(result["retries"])) >= 5
    assert float(str(result["seconds"])) > 0


def test_the_database_says_why_each_was_not_taken(demo: tuple[dict[str, object], Path]) -> None:
    result, _folder = demo
    files = result["files"]
    assert isinstance(files, dict)
    database = sqlite3.connect(files["database"])
    rows = database.execute("SELECT address, status, reply_class, reply FROM delivery WHERE status <> 'accepted'")
    found = {address: (status, kind, reply) for address, status, kind, reply in rows}
    assert found["gone@dept.example"][:2] == ("refused", "gone")
    assert found["full@box.example"][:2] == ("expired", "full")
    assert found["closed@gbk.example"] == ("refused", "inactive", "550 5.2.1 该用户邮箱已停用")
    limited = database.execute("SELECT count(*), max(attempts) FROM delivery WHERE domain = 'freq.example'").fetchone()
    assert limited[0] == 5
    assert limited[1] >= 2, "the provider's limit was met"
    events = database.execute(
        "SELECT d.address, e.kind, e.hard FROM event e JOIN delivery d ON d.id = e.delivery_id"
    ).fetchall()
    assert sorted(events) == [
        ("info@bravo.test", "receipt", 0),
        ("late@bounce.example", "bounce", 1),
        ("market@pine.test", "complaint", 0),
        ("news@tulip-soft.example", "unsubscribe", 0),
        ("office@csia.example", "delivered", 0),
        ("office@kjt.example", "delivered", 0),
        ("software@jxt.example", "received", 0),
        ("zhc@zjgov.example", "received", 0),
    ]
    database.close()


def test_readers_open_click_answer_and_leave_and_a_scanner_counts_apart(demo: tuple[dict[str, object], Path]) -> None:
    result, _folder = demo
    names = ("complaints", "receipts", "delivered", "received", "unsubscribed", "opened", "machines")
    assert [result[one] for one in names] == [1, 1, 2, 2, 1, 11, 1]
    assert int(str(result["clicked"])) >= 3


def test_the_report_is_a_page_that_shows_what_the_demo_says(demo: tuple[dict[str, object], Path]) -> None:
    result, folder = demo
    files = result["files"]
    assert isinstance(files, dict)
    page = Path(files["report"]).read_text("utf-8")
    tiles = cast("list[Any]", lxml_html.document_fromstring(page).xpath("//dl[@class='tiles']//dd"))
    shown = [int("".join(one.itertext()).split()[0]) for one in tiles]
    wanted = ("planned", "accepted", "bounced", "complaints", "unsubscribed", "opened", "clicked")
    assert sorted(shown) == sorted([*(int(str(result[one])) for one in wanted), 4, 2, 1])  # missed, 收悉, MDN
    assert "0571-00000015" in page, "who was not reached can be phoned"
    told = subprocess.run(
        [sys.executable, "-m", "mailer", "-C", str(folder), "report", "last", "--json", "--masked"],
        capture_output=True, text=True, timeout=180, check=True, env=environment(),
    )  # fmt: skip
    report = json.loads(told.stdout)
    assert report["totals"]["accepted"] == 74
    assert [one["address"] for one in report["missed"]] == [
        "g***e@dept.example", "f***l@box.example", "c***d@gbk.example", "l***e@bounce.example"
    ]  # fmt: skip
    assert "gone@dept.example" not in told.stdout


@pytest.mark.parametrize("name", ["government", "members"])
def test_a_message_has_both_parts_no_sentinel_and_no_header_of_a_reader(
    demo: tuple[dict[str, object], Path], name: str
) -> None:
    files = demo[0]["files"]
    assert isinstance(files, dict)
    raw = Path(files["eml"][name]).read_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "multipart/related"]
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    for kind, part in parts.items():
        assert part is not None
        assert part.get_content_charset() == "utf-8", kind
        text = part.get_content()
        assert "双软" in text
        assert "35609" in text
        assert "tk.invalid" not in text
        assert "{{" not in text
        assert len(text.encode()) < 102 * 1024
    assert message["To"].addresses[0].display_name == ""
    headers = [header for header in message if header.startswith("List-")]
    assert headers == ["List-Id", "List-Unsubscribe-Post", "List-Unsubscribe"]
    assert message["List-Unsubscribe"].startswith("<https://news.zsia.example/u/")
    assert "<mailto:bulletin@zsia.example?subject=unsubscribe%20" in message["List-Unsubscribe"]
    body = parts["html"]
    assert body is not None
    html = body.get_content()
    assert message["To"] in html
    assert "https://news.zsia.example/u/" in html
    written = Path(files["html"][name]).read_text("utf-8")
    if name == "members":  # its links are counted; those of the file lead straight to their targets
        assert "https://news.zsia.example/c/" in html
        assert "https://news.zsia.example/c/" not in written
        return
    sent = re.sub(r"cid:[0-9a-f]{32}@jianbao", "PICTURE", html.replace("\r\n", "\n"))
    assert re.sub(r"data:image/\w+;base64,[\w+/=]+", "PICTURE", written) == sent


def test_another_demo_in_the_place_of_one_is_not_held_and_neither_is_remembered(
    demo: tuple[dict[str, object], Path], home: Path
) -> None:
    _first, folder = demo
    assert run_demo(folder, home)["accepted"] == 74
    run_at(home, "-C", str(folder), "status", "last")
    assert not [one for one in home.rglob("*") if "jianbao" in str(one)]


def test_a_folder_the_demo_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    command = [sys.executable, "-m", "mailer", "demo", "--dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=environment())
    assert done.returncode == 2
    assert "did not make" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
