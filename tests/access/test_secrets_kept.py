"""S33: what lets a user in stands nowhere in the clear: database, logs, what is printed of an object."""

import logging

import pyotp
import pytest

from tests.access.conftest import PASSWORD, Office


def test_no_file_of_the_house_holds_a_password_a_token_or_a_code(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = office.log_in().token
    here = office.access.find_session(token)
    assert here is not None
    begun = office.access.begin_second_factor("张三")
    codes = office.access.confirm_second_factor("张三", pyotp.TOTP(begun.secret).at(office.clock.now), here.id)
    for number in range(7):
        office.log_in(password=f"guess-{number}", network="198.51.100.9")
    office.access.log_in("guessed-name", "x", "", "198.51.100.9", "")
    session = office.access.find_session(token)
    assert session is not None
    office.house.close()
    octets = b"".join(file.read_bytes() for file in office.house.home.rglob("*") if file.is_file())
    secrets = [PASSWORD, token, session.csrf, begun.secret, *codes, "guess-", "guessed-name"]
    assert "张三".encode() in octets, "the files are the ones that would hold it"
    assert [one for one in secrets if one.encode() in octets] == []
    assert [one for one in secrets if one in caplog.text + repr(session) + repr(begun)] == []
