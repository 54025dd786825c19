"""`mailer doctor` over a folder in which one thing after the other is broken."""

import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailer.app import House
from mailer.i18n import use_language
from mailer.ops.dns_records import ask_texts
from tests.flow.newsletter import Newsletter
from tests.ops.name_server import name_server


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter.make(tmp_path / "newsletter", 25)


def found(news: Newsletter, code: int) -> dict[str, Any]:
    """What the doctor finds, by place."""
    told = news.json("doctor", code=code)
    assert told["good"] is (code == 0)
    return {one["place"]: one for one in told["findings"]}


def test_a_good_folder_has_warnings_and_no_error_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "newsletter", 25, database=False)
    findings = found(news, 0)
    assert "no database" in findings["var"]["text"]
    assert not (news.folder / "var" / "mailer.db").exists()
    assert not (news.folder / "var" / "secret.json").exists()
    assert findings["[bounces]"]["severity"] == "warning"
    told = news.run("doctor").stdout
    assert "note public_url: There is no public_url" in told
    assert "\x1b" not in told, "colours are for terminals"


def test_what_is_broken_is_named_with_its_cure(news: Newsletter) -> None:
    folder = news.folder
    news.run("lists", "sync")
    (folder / "subscribers" / "members.csv").write_text("单位,邮箱\n甲,no address\n", "utf-8")
    (folder / "templates" / "text.txt.j2").write_text("{% if x %}", "utf-8")
    (folder / "var" / "secret.json").chmod(0o644)
    news.set_config('security = "none"', 'security = "starttls"\nusername = "office"\npassword_file = "password"')
    (folder / "password").write_text("x")
    (folder / "password").chmod(0o644)
    findings = found(news, 1)
    assert "members.csv" in next(place for place in findings if "members" in place)
    assert "not well formed" in next(one["text"] for place, one in findings.items() if "text.txt.j2" in place)
    assert findings[str(folder / "var" / "secret.json")]["cure"].startswith("chmod")
    assert any("password" in place and one["severity"] == "error" for place, one in findings.items())
    assert '"x"' not in news.run("doctor", "--json", code=1).stdout


def test_settings_that_cannot_be_read_are_the_finding(news: Newsletter) -> None:
    (news.folder / "config.toml").write_text("languag = 1\n", "utf-8")
    findings = found(news, 1)
    assert any("config.toml" in place for place in findings)


def test_a_damaged_database_is_found_by_reading_it_whole(news: Newsletter) -> None:
    news.run("lists", "sync")
    file = news.folder / "var" / "mailer.db"
    assert not any("damaged" in one["text"] for one in found(news, 0).values())
    for wal in file.parent.glob("mailer.db-*"):
        wal.unlink()
    octets = bytearray(file.read_bytes())
    page = 4096
    start = len(octets) // page // 2 * page
    octets[start : start + 12 * page] = b"\xff" * (12 * page)
    file.write_bytes(octets)
    told = news.json("doctor", code=1)
    assert any("damaged" in one["text"] or "database" in one["text"] for one in told["findings"])


def test_a_clock_that_nobody_sees_is_found_where_something_is_due(news: Newsletter) -> None:
    assert not any("No clock" in one["text"] for one in found(news, 0).values())
    news.approve()
    soon = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=1)
    news.run("send", "2020-07", "--at", f"{soon:%Y-%m-%d %H:%M}", "--as", "主编")
    assert any("No clock" in one["text"] for one in found(news, 1).values())


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://bulletin.zsia.example", "not https"), ("https://localhost", "cannot reach"), ("https://a.lan", "reach")],
)
def test_a_public_url_that_helps_nobody_is_found(news: Newsletter, url: str, words: str) -> None:
    text = (news.folder / "config.toml").read_text("utf-8")
    head = "\n".join(line for line in text.splitlines() if not line.startswith("public_url"))
    (news.folder / "config.toml").write_text(f'public_url = "{url}"\n{head}\n', "utf-8")
    findings = news.json("doctor", code=1 if "reach" in words else 0)["findings"]
    assert any(words in one["text"] for one in findings if one["place"] == "public_url")


def test_a_folder_that_is_no_newsletter_is_said_in_json_too(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    told = found(Newsletter(tmp_path / "nothing"), 1)["config.toml"]
    assert (told["severity"], "no config.toml" in told["text"]) == ("error", True)


def test_ports_secrets_and_folders_that_cannot_be_meant_are_found(news: Newsletter) -> None:
    news.run("lists", "sync")
    password, var = news.folder / "password", news.folder / "var"
    news.set_config('public_url = ""', 'public_url = "https://news.bulletin.example"')
    news.set_config('security = "none"', 'security = "tls"\nusername = "office"\npassword_file = "password"')
    news.set_config("[console]\nport = 0", "[web]\nport = 8026\n[console]\nport = 8026")
    password.touch(mode=0o600)
    var.chmod(0o777)
    told = news.json("doctor", code=1)["findings"]
    texts = {one["text"]: one["severity"] for one in told}
    assert texts["The public pages and the console are to listen on the same port, 8026."] == "error"
    assert texts['Port 25 does not go with security = "tls".'] == "warning"
    assert texts["the password file is empty"] == "error"
    assert f"chmod go= {var}" in {one["cure"] for one in told}


def test_the_dns_is_asked_only_when_that_is_wanted(news: Newsletter) -> None:
    use_language("en")
    relay = socket.create_server(("127.0.0.1", 0))
    news.set_config("port = 25", f"port = {relay.getsockname()[1]}")
    house = House(news.folder)
    try:
        with name_server(
            {"zsia.example": ['"v=spf1 -all"'], "_dmarc.zsia.example": ['"v=DMARC1; p=none"']}
        ) as resolver:
            asked: list[str] = []

            def ask(name: str) -> tuple[str, ...]:
                asked.append(name)
                return ask_texts(name, resolver)

            before = house.doctor.examine(ask=ask)
            assert asked == []
            assert house.doctor.examine(online=True, ask=ask) == before, "the records are good, and the relay is here"
            assert asked == ["zsia.example", "_dmarc.zsia.example"]
        with name_server({}, broken=True) as resolver:
            (told,) = set(house.doctor.examine(online=True, ask=lambda name: ask_texts(name, resolver))) - set(before)
        assert told.place == "DNS"
    finally:
        house.close()
        relay.close()
