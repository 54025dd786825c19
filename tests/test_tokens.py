"""Tokens are bound to a purpose, and the house secret is made once and kept private."""

import json
import os
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import StoreError
from mailer.tokens import (
    HouseSecret,
    KeyUse,
    Purpose,
    derive_key,
    hash_address,
    hash_text,
    load_secret,
    make_csrf,
    read_text,
    read_token,
    sign_text,
    sign_token,
)

SECRET = HouseSecret(current=2, keys={1: b"old" * 11, 2: b"new" * 11})


@given(st.integers(0, 2**63 - 1))
def test_a_token_gives_back_its_number_for_its_purpose_only(number: int) -> None:
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    assert read_token(SECRET, Purpose.BOUNCE, token) == number
    assert read_token(SECRET, Purpose.BOUNCE, token.upper()) == number, "relays may change the case of a local part"
    assert read_token(SECRET, Purpose.UNSUBSCRIBE, token) is None
    assert len(token) == 40
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")


@given(st.text(max_size=60))
def test_what_was_not_signed_is_nothing(token: str) -> None:
    assert read_token(SECRET, Purpose.BOUNCE, token) is None


def test_a_changed_letter_anywhere_spoils_a_token() -> None:
    token = sign_token(SECRET, Purpose.UNSUBSCRIBE, 12345)
    for place, letter in enumerate(token):
        changed = token[:place] + ("a" if letter != "a" else "b") + token[place + 1 :]
        assert read_token(SECRET, Purpose.UNSUBSCRIBE, changed) is None


def test_old_links_outlive_a_rotation_and_suppressions_too() -> None:
    before = HouseSecret(current=1, keys={1: SECRET.keys[1]})
    token = sign_token(before, Purpose.UNSUBSCRIBE, 7)
    assert read_token(SECRET, Purpose.UNSUBSCRIBE, token) == 7
    assert hash_address(before, "reader@firm.example") == hash_address(SECRET, "reader@firm.example")
    assert sign_token(SECRET, Purpose.UNSUBSCRIBE, 7) != token
    stranger = HouseSecret(current=1, keys={1: b"other" * 8})
    assert read_token(stranger, Purpose.UNSUBSCRIBE, token) is None


def test_the_secret_is_made_once_for_its_owner_only_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret.json"
    first = load_secret(file)
    assert load_secret(file) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert first.keys[1].hex() not in repr(first)
    assert [path.name for path in file.parent.iterdir()] == ["secret.json"]


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    found: list[HouseSecret] = []
    threads = [threading.Thread(target=lambda: found.append(load_secret(file))) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({secret.keys[1] for secret in found}) == 1


def test_a_secret_that_others_may_read_or_that_is_broken_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    load_secret(file)
    os.chmod(file, 0o640)
    with pytest.raises(StoreError, match="read by others"):
        load_secret(file)
    os.chmod(file, 0o600)
    for broken in (
        "",
        "{}",
        "[]",
        json.dumps({"current": 3, "keys": {"1": "00"}}),
        json.dumps({"current": 1, "keys": 5}),
    ):
        file.write_text(broken)
        with pytest.raises(StoreError, match="cannot be read"):
            load_secret(file)


def test_a_text_that_is_signed_is_read_for_its_use_only_and_while_its_key_is_there() -> None:
    signed = sign_text(SECRET, KeyUse.OUTSIDE, '["状态", 1]')
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", signed), "as a cookie may be"
    assert read_text(SECRET, KeyUse.OUTSIDE, signed) == '["状态", 1]'
    assert read_text(SECRET, KeyUse.CSRF, signed) is None
    assert read_text(HouseSecret(2, {2: b"another"}), KeyUse.OUTSIDE, signed) is None
    assert read_text(HouseSecret(2, {2: b"another", **SECRET.keys}), KeyUse.OUTSIDE, signed) == '["状态", 1]'
    number, text, mac = signed.split(".")
    for wrong in (
        "",
        ".",
        "..",
        f"{number}.{text}",
        f"{number}.{mac}.{text}",
        f"{signed}.x",
        "é.é.é",
        f"{number}..{mac}",
    ):
        assert read_text(SECRET, KeyUse.OUTSIDE, wrong) is None


def test_what_is_derived_for_one_use_is_nothing_for_another() -> None:
    found = {derive_key(SECRET, use, 1) for use in KeyUse} | {
        bytes.fromhex(hash_text(SECRET, use, "")) for use in KeyUse
    }
    assert len(found) == len(KeyUse)
    assert not {use.value for use in KeyUse} & {purpose.value for purpose in Purpose}
    assert make_csrf(SECRET, "a") != make_csrf(SECRET, "b")
