"""`mailer dkim`: from no key to a record in DNS and mail that verifies."""

import tomllib
from pathlib import Path

import dkim
import pytest

from mailer.config import load_config
from mailer.mail.dkim import load_signers
from mailer.mail.message import make_composer, make_letterhead
from tests.flow.newsletter import Newsletter
from tests.mail.test_message import SECRET, make_delivery, make_edition


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter.make(tmp_path / "news", 2525)


def append(news: Newsletter, lines: list[str]) -> None:
    file = news.folder / "config.toml"
    file.write_text("\n".join([file.read_text("utf-8"), *lines, ""]), "utf-8")


def test_what_the_command_prints_is_all_one_needs_for_mail_that_verifies(news: Newsletter) -> None:
    records: dict[bytes, bytes] = {}
    for selector, kind in (("2026a", "rsa"), ("2026e", "ed25519")):
        made = news.json("dkim", "create", selector, "--type", kind)
        assert made["type"] == kind
        assert made["record"]["name"] == f"{selector}._domainkey.zsia.example"
        assert "".join(made["record"]["strings"]) == made["record"]["value"]
        assert max(map(len, made["record"]["strings"])) <= 255
        assert (news.folder / made["file"]).stat().st_mode & 0o777 == 0o600
        records[made["record"]["name"].encode() + b"."] = made["record"]["value"].encode()
        append(news, made["settings"])
    config = load_config(news.folder)
    composer = make_composer(
        make_edition(), make_letterhead(config, "members", SECRET), load_signers(config, news.folder)
    )
    message = composer.compose(make_delivery())
    for index in (0, 1):
        assert dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name))
    shown = news.json("dkim", "show")
    assert [one["record"]["value"].encode() for one in shown] == list(records.values())


def test_people_are_told_what_to_do_in_order(news: Newsletter) -> None:
    said = news.run("dkim", "create", "2026a").stdout
    assert "made var/dkim/2026a.pem" in said
    first, second = said.index("1. publish"), said.index("2. when")
    assert first < said.index('2026a._domainkey.zsia.example. IN TXT ( "v=DKIM1; k=rsa; p=MII') < second
    lines = said[second:].partition("\n")[2]
    assert tomllib.loads(lines) == {"dkim": {"2026a": {"key_file": "var/dkim/2026a.pem"}}}
    assert "PRIVATE" not in said
    assert "nothing is signed" in news.run("dkim", "show").stdout
    append(news, lines.splitlines())
    assert "2026a (rsa) signs for zsia.example with var/dkim/2026a.pem" in news.run("dkim", "show").stdout


def test_a_key_is_not_made_twice(news: Newsletter) -> None:
    news.run("dkim", "create", "2026a")
    before = (news.folder / "var/dkim/2026a.pem").read_bytes()
    assert "there is a key of this name" in news.run("dkim", "create", "2026a", code=1).stderr
    assert (news.folder / "var/dkim/2026a.pem").read_bytes() == before


def test_a_key_that_the_settings_name_already_is_made_where_they_say(news: Newsletter) -> None:
    append(news, ["[dkim.a]", 'key_file = "keys/mine.pem"', 'domain = "zsia.example"'])
    assert "mailer dkim create a" in news.run("dkim", "show", code=1).stderr
    made = news.json("dkim", "create", "a", "--type", "ed25519")
    assert (made["file"], made["settings"]) == ("keys/mine.pem", [])
    assert news.json("dkim", "show") == [{key: value for key, value in made.items() if key != "settings"}]


@pytest.mark.parametrize("selector", ["a_b", "-a", "../a", "a.b", "甲", "A"])
def test_a_selector_that_dns_cannot_carry_is_refused(news: Newsletter, selector: str) -> None:
    assert "cannot be a selector" in news.run("dkim", "create", "--", selector, code=2).stderr
    assert not (news.folder / "var/dkim").exists()


def test_whoever_sends_from_a_provider_s_mailbox_is_told_that_it_signs(news: Newsletter) -> None:
    news.set_config("bulletin@zsia.example", "zsia@163.com")
    assert "mail from 163.com cannot be signed by you" in news.run("dkim", "create", "2026a", code=1).stderr
