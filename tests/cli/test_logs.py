"""The log: lines for people or for machines, with what they are about, and addresses that cannot be read."""

import json
import logging
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.cli.logs import JsonLine, TextLine, mask_addresses, read_log_settings, set_up_log


def make_record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("mailer.sending.desk", logging.WARNING, __file__, 1, message, arguments, None)
    record.__dict__.update(extra)
    return record


def test_a_json_line_says_what_it_is_about_and_names_nobody() -> None:
    record = make_record(
        "delivery %d: %s", 4294967297, "550 5.1.1 <reader@firm.example>: unknown", mailing=1, delivery=4294967297
    )
    told = json.loads(JsonLine(masked=True).format(record))
    assert told["message"] == "delivery 4294967297: 550 5.1.1 <r***r@firm.example>: unknown"
    assert (told["mailing"], told["delivery"], told["level"]) == (1, 4294967297, "warning")
    assert told["time"].endswith("+00:00")
    assert "relay" not in told
    assert "reader@firm.example" in json.loads(JsonLine(masked=False).format(record))["message"]


def test_the_trace_of_an_error_is_masked_too_and_keeps_to_its_line() -> None:
    record = make_record("it failed")
    try:
        raise ValueError("no such reader: reader@firm.example")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = JsonLine(masked=True).format(record)
    assert "\n" not in line
    assert "r***r@firm.example" in json.loads(line)["error"]
    text = TextLine(masked=True).format(record)
    assert "ValueError" in text
    assert "reader@firm.example" not in text


def test_a_line_end_in_a_reply_makes_no_second_line_in_json() -> None:
    line = JsonLine(masked=True).format(make_record("relay said %s", '550 no\n{"level":"info"}'))
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to reader@firm.example.", "to r***r@firm.example."),
        ("读者:office@省.example,", "读者:o***e@省.example,"),
        ("张三＠firm.example", "张***@firm.example"),
        ("a@b.example;c@d.example", "***@b.example;***@d.example"),
        ("no address here", "no address here"),
        ("@ alone", "@ alone"),
        ("<mailto:x.y+z@firm.example>", "<mailto:x***z@firm.example>"),
    ],
)
def test_addresses_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    assert mask_addresses(text) == shown


LOCALS = st.text("abyz019!#$%&'+-/=?^_`{|}~.省", min_size=3, max_size=64)


@given(LOCALS, st.sampled_from(["firm.example", "省.example", "x-y.gov.test"]), st.sampled_from(" <(\n:,;：“"))
def test_no_address_can_be_read_in_a_masked_line(local: str, domain: str, between: str) -> None:
    shown = mask_addresses(f"to{between}{local}@{domain}{between}or else")
    assert f"{local[0]}***{local[-1]}@{domain}" in shown
    assert f"{local}@" not in shown or local == f"{local[0]}***{local[-1]}"


def test_a_long_line_is_masked_in_no_time() -> None:
    began = time.process_time()
    mask_addresses("a" * 100_000 + "@" + "b" * 100_000)
    assert time.process_time() - began < 2


def test_settings_that_are_wrong_leave_the_log_as_it_is_by_default(tmp_path: Path) -> None:
    assert read_log_settings(tmp_path) == {}
    (tmp_path / "config.toml").write_text("log = 3\n")
    assert read_log_settings(tmp_path) == {}
    (tmp_path / "config.toml").write_text('[log]\nformat = "json"\nlevel = "info"\n')
    assert read_log_settings(tmp_path) == {"format": "json", "level": "info"}
    ours = logging.getLogger("mailer")
    before = ours.level
    set_up_log({"format": 3, "level": ["info"], "mask_addresses": "no"})
    assert ours.level == logging.WARNING
    set_up_log({"level": "info"})
    assert ours.level == logging.INFO
    ours.setLevel(before)
