"""The relay must let us be who we say we are, whatever it is."""

import pytest

from mailer.rendering.preflight.sender import check_sender
from tests.rendering.samples import make_config

OURS = "bulletin@zsia.example"  # the sender of make_config


@pytest.mark.parametrize(
    ("relay", "places"),
    [
        ({"host": "smtp.zsia.example"}, []),
        ({"host": "smtp.zsia.example", "username": OURS}, []),
        ({"host": "smtp.zsia.example", "username": OURS.upper()}, []),
        ({"host": "smtp.zsia.example", "username": "apikey"}, []),
        ({"host": "smtp.zsia.example", "username": "office@zsia.example"}, ["relays.main"]),
        ({"host": "smtp.zsia.example", "username": "x@zsia.example", "senders": [OURS]}, []),
        ({"host": "smtp.zsia.example", "username": "x@zsia.example", "senders": ["@zsia.example"]}, []),
        ({"host": "smtp.zsia.example", "username": "x@zsia.example", "senders": ["@ZSIA.example"]}, []),
        ({"host": "smtp.zsia.example", "senders": ["@other.example"]}, ["relays.main"]),
        ({"host": "smtp.zsia.example", "senders": ["@sub.zsia.example"]}, ["relays.main"]),
        ({"host": "smtp.zsia.example", "senders": ["other@zsia.example"]}, ["relays.main"]),
        # these take nothing but the login's own address, whatever senders says
        ({"host": "smtp.163.com", "username": "zsia@163.com"}, ["relays.main"]),
        ({"host": "smtp.163.com", "username": "zsia@163.com", "senders": [OURS]}, ["relays.main"]),
        ({"host": "smtp.qq.com", "username": OURS}, []),
        ({"host": "smtp.qq.com", "username": OURS, "envelope": "b+{token}@zsia.example"}, ["relays.main.envelope"]),
        ({"host": "notqq.com", "username": OURS, "envelope": "b+{token}@zsia.example"}, []),
    ],
)
def test_a_relay_that_refuses_our_sender_is_an_error(relay: dict[str, object], places: list[str]) -> None:
    found = check_sender(make_config(relays={"main": relay}))
    assert [each.place for each in found] == [f"config.toml: {place}" for place in places]
    assert all(each.severity == "error" and each.cure for each in found)


def test_every_relay_is_asked() -> None:
    relays = {name: {"host": "smtp.example", "senders": ["@other.example"]} for name in ("one", "two")}
    assert len(check_sender(make_config(relays=relays))) == 2
