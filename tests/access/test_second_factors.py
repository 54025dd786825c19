"""Second factors: each code once, within a step; recovery codes; what is kept of the secret."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from sqlalchemy import select, update

from mailer.errors import StateError, UsageError
from mailer.model.access import LogIn, LogInOutcome
from mailer.model.audit import Act
from mailer.store.schema import credential, recovery_code
from tests.access.conftest import PASSWORD, Office


def code_of(office: Office, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(office.clock.now + timedelta(seconds=30 * steps))


def set_up(office: Office, name: str = "张三") -> tuple[str, tuple[str, ...]]:
    begun = office.access.begin_second_factor(name)
    return begun.secret, office.access.confirm_second_factor(name, code_of(office, begun.secret))


def test_it_is_set_up_by_an_address_that_apps_read_and_counts_once_it_is_confirmed(office: Office) -> None:
    begun = office.access.begin_second_factor("张三")
    address = urlsplit(begun.address)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path).endswith(":张三")
    assert parse_qs(address.query)["secret"] == [begun.secret]
    assert begun.secret not in repr(begun)
    assert len(begun.secret) == 32, "160 bits (RFC 4226 §4)"
    assert office.log_in().outcome is LogInOutcome.DONE
    with pytest.raises(UsageError, match="not the code"):
        office.access.confirm_second_factor("张三", "000000" if code_of(office, begun.secret) != "000000" else "1")
    codes = office.access.confirm_second_factor("张三", code_of(office, begun.secret))
    assert len(set(codes)) == 10
    assert office.log_in() == LogIn(LogInOutcome.CODE_NEEDED)
    assert office.log_in("李四").outcome is LogInOutcome.DONE, "of one user only"
    with pytest.raises(StateError, match="being set up"):
        office.access.confirm_second_factor("张三", code_of(office, begun.secret, 1))


def test_a_code_is_good_a_step_early_or_late_and_once(office: Office) -> None:
    secret, _codes = set_up(office)
    assert office.log_in(code=code_of(office, secret)).outcome is LogInOutcome.REFUSED, "it confirmed the set-up"
    office.clock.go_on(seconds=300)
    assert office.log_in(code=code_of(office, secret, -2)).outcome is LogInOutcome.REFUSED
    assert office.log_in(code=code_of(office, secret, 2)).outcome is LogInOutcome.REFUSED
    early = code_of(office, secret, -1)
    assert office.log_in(code=early).outcome is LogInOutcome.DONE
    assert office.log_in(code=early).outcome is LogInOutcome.REFUSED, "used"
    late = code_of(office, secret, 1)
    assert office.log_in(code=f" {late[:3]} {late[3:]} ").outcome is LogInOutcome.DONE
    assert office.log_in(code=code_of(office, secret)).outcome is LogInOutcome.REFUSED, "before one that was used"
    assert office.log_in(password="wrong", code=code_of(office, secret, 1)).outcome is LogInOutcome.REFUSED


def test_codes_cannot_be_guessed_even_with_the_password(office: Office) -> None:
    """To ask for the code is no failure, and undoes none."""
    secret, _codes = set_up(office)
    office.clock.go_on(seconds=60)
    outcomes = []
    for number in range(8):
        outcomes.append(office.log_in(network="198.51.100.9").outcome)
        outcomes.append(office.log_in(code=f"{number:06}x", network="198.51.100.9").outcome)
    pair = [LogInOutcome.CODE_NEEDED, LogInOutcome.REFUSED]
    assert outcomes == pair * 5 + [LogInOutcome.LOCKED] * 6
    office.clock.go_on(seconds=60)
    assert office.log_in(network="198.51.100.9").outcome is LogInOutcome.CODE_NEEDED
    assert office.log_in(code=code_of(office, secret), network="198.51.100.9").outcome is LogInOutcome.DONE


def test_a_recovery_code_stands_in_once_and_its_use_is_on_record(either: Office) -> None:
    secret, codes = set_up(either)
    typed = codes[3].upper().replace("-", " ")
    assert either.log_in(password="wrong", code=codes[3]).outcome is LogInOutcome.REFUSED
    assert either.log_in("李四", code=codes[3]).outcome is LogInOutcome.DONE, "who has no factor needs no code"
    assert either.access.describe("张三").recovery_codes == 10
    assert either.log_in(code=typed).outcome is LogInOutcome.DONE
    assert either.log_in(code=codes[3]).outcome is LogInOutcome.REFUSED
    assert either.access.describe("张三").recovery_codes == 9
    entry = either.trail()[0]
    assert (entry.act, entry.actor.name, json.loads(entry.details)) == (Act.USE_RECOVERY_CODE, "张三", {"left": 9})
    trail = repr(either.trail())
    assert not any(word in trail for word in (secret, codes[3], codes[4]))
    _again, others = set_up(either)
    assert either.log_in(code=codes[4]).outcome is LogInOutcome.REFUSED, "a new set-up has new ones"
    assert either.log_in(code=others[0]).outcome is LogInOutcome.DONE


def test_codes_of_one_user_are_nothing_to_another(office: Office) -> None:
    _first, codes = set_up(office)
    set_up(office, "李四")
    assert office.log_in("李四", code=codes[0]).outcome is LogInOutcome.REFUSED


def test_until_a_new_factor_is_confirmed_the_former_counts(office: Office) -> None:
    secret, _codes = set_up(office)
    office.clock.go_on(seconds=60)
    begun = office.access.begin_second_factor("张三")
    assert office.log_in(code=code_of(office, begun.secret)).outcome is LogInOutcome.REFUSED
    assert office.log_in(code=code_of(office, secret)).outcome is LogInOutcome.DONE
    office.access.confirm_second_factor("张三", code_of(office, begun.secret))
    office.clock.go_on(seconds=60)
    assert office.log_in(code=code_of(office, secret)).outcome is LogInOutcome.REFUSED
    assert office.log_in(code=code_of(office, begun.secret)).outcome is LogInOutcome.DONE


def test_its_user_or_an_admin_takes_it_away(office: Office) -> None:
    set_up(office, "李四")
    set_up(office)
    with pytest.raises(StateError):
        office.access.end_second_factor("张三", "李四")
    assert office.access.end_second_factor("李四", "张三")
    assert not office.access.end_second_factor("李四", "李四")
    assert office.log_in("李四").outcome is LogInOutcome.DONE
    assert office.access.describe("李四").second_factor_at is None
    acts = [(one.act, one.actor.name, one.subject.name) for one in office.trail()[:3]]
    assert acts == [
        (Act.END_SECOND_FACTOR, "张三", "2"),
        (Act.SET_SECOND_FACTOR, "张三", "1"),
        (Act.SET_SECOND_FACTOR, "李四", "2"),
    ]
    assert office.access.end_second_factor("张三", "张三")


def test_setting_it_or_taking_it_away_ends_every_other_session(office: Office) -> None:
    """S19: whoever came in before it changed is to prove anew who they are."""

    def living(*tokens: str) -> list[bool]:
        return [office.access.find_session(one) is not None for one in tokens]

    mine, other, colleague = office.log_in().token, office.log_in(agent="a thief").token, office.log_in("李四").token
    begun, session = office.access.begin_second_factor("张三"), office.access.find_session(mine)
    assert session is not None
    with pytest.raises(UsageError):
        office.access.confirm_second_factor("张三", "1", session.id)
    assert living(mine, other, colleague) == [True, True, True]
    office.access.confirm_second_factor("张三", code_of(office, begun.secret), session.id)
    assert living(mine, other, colleague) == [True, False, True]
    assert json.loads(office.trail()[0].details) == {"ended": 1}
    office.clock.go_on(seconds=60)
    other = office.log_in(code=code_of(office, begun.secret), agent="a thief").token
    assert living(mine, other) == [True, True]
    assert office.access.end_second_factor("张三", "张三", session.id)
    assert living(mine, other, colleague) == [True, False, True]
    office.access.end_second_factor("张三", "张三")
    assert living(mine) == [True], "there was none any more"
    set_up(office, "李四")
    assert living(colleague) == [False]


def test_in_the_database_stands_no_secret_and_no_code_and_what_is_sealed_is_one_user_s(office: Office) -> None:
    """S33: the database alone makes no codes, and a row moved to another user is worth nothing."""
    secret, codes = set_up(office)
    other, _codes = set_up(office, "李四")
    with office.house.store.read() as connection:
        rows = repr([*connection.execute(select(credential)).all(), *connection.execute(select(recovery_code)).all()])
    bare = [one.replace("-", "") for one in codes]
    assert not any(word in rows for word in (secret, other, PASSWORD, *codes, *bare))
    with office.house.store.write() as connection:
        mine = select(credential.c.factor).where(credential.c.user_id == 2).scalar_subquery()
        connection.execute(update(credential).where(credential.c.user_id == 1).values(factor=mine))
    office.clock.go_on(seconds=60)
    assert office.log_in(code=code_of(office, other)).outcome is LogInOutcome.REFUSED
    assert office.log_in(code=codes[0]).outcome is LogInOutcome.DONE, "recovery codes go on"
