"""The log of a sending, for machines: each attempt with its numbers, and nobody's address."""

import json
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay


def test_each_attempt_is_in_the_log_by_its_delivery_and_no_reader_is_named(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, extra='[log]\nformat = "json"\nlevel = "info"\n')
    news.approve()
    relay.rcpt["reader@firm3.example"] = ["550 5.1.1 <reader@firm3.example>: user unknown"]
    said = news.run_apart("send", "2020-07", "--wait").stderr
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    attempts = [one for one in lines if "delivery" in one]
    assert {one["mailing"] for one in attempts} == {1}
    assert {one["relay"] for one in attempts} == {"main"}
    assert len({one["delivery"] for one in attempts}) == 10
    outcomes = [one["outcome"] for one in attempts]
    assert (outcomes.count("accepted"), outcomes.count("refused")) == (9, 1)
    (refused,) = [one for one in attempts if one["outcome"] == "refused"]
    assert "<r***r@firm3.example>" in refused["message"]
    assert "reader@" not in json.dumps(lines)
    told = news.json("why", "1", "reader@firm3.example")["deliveries"][0]
    assert told["status"] == "refused"


def test_with_the_level_of_old_nothing_is_said_of_a_sending_that_goes_well(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    assert "delivery" not in news.run_apart("send", "2020-07", "--wait").stderr
