"""What a new password may be, who may set it, and what becomes of the old one."""

import pytest

from mailer.access.passwords import check_new_password
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.model.access import LogInOutcome
from mailer.model.audit import Act
from tests.access.conftest import PASSWORD, Office

NEW = "new: " + PASSWORD


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too short"),
        ("九个字九个字九个字", "too short"),
        ("ﷺ", "tried first|too short|typed"),
        ("x" * 257, "too long"),
        ("lin\neof password", "cannot be typed"),
        ("woaini1314520", "tried first"),
        ("Woaini1314!", "tried first"),
        ("1QAZ2wsx3edc", "tried first"),
        ("１２３４５６７８９０", "tried first"),
        ("7890123456", "tried first"),
        ("Password2026", "tried first"),
        ("a123456a123456", "tried first"),
        ("aaaaaaaaaaaa", "tried first"),
        ("我爱你我爱你我爱你我爱你", "tried first"),
        ("abcabcabcabc", "tried first"),
        ("张三张三张三张三张三", "own name"),
        ("zhangsan2020", "own name"),
        ("Zhang.San-1990", "own name"),
    ],
)
def test_what_is_easily_guessed_is_refused_without_being_repeated(password: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        check_new_password(password, ("张三", "Zhang San", "zhangsan@zsia.example"), 10)
    assert caught.value.field == "password"
    assert not password or password not in f"{caught.value} {caught.value.cure}"


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery", "四匹马拉着一辆大车走", "kx9#Vb2!pQ", "x" * 9 + "y"]
)
def test_what_is_long_enough_need_not_be_a_mixture(password: str) -> None:
    check_new_password(password, ("张三",), 10)


def test_only_an_admin_sets_the_password_of_another(office: Office) -> None:
    for by, error in (("李四", StateError), ("nobody", UsageError), ("", UsageError)):
        with pytest.raises(error):
            office.access.set_password("张三", NEW, by)
    with pytest.raises(StateError):
        office.access.set_password("李四", NEW, "李四")
    with pytest.raises(NotFoundError):
        office.access.set_password("nobody", NEW, "张三")
    with pytest.raises(UsageError, match="too short"):
        office.access.set_password("李四", "short", "张三")
    assert office.log_in("李四").outcome is LogInOutcome.DONE, "nothing was changed"


def test_a_user_changes_their_own_password_and_every_other_session_ends(office: Office) -> None:
    """S19 for the user's own change: the browser goes on by another token, no former one is good."""
    own, other = office.log_in("李四").token, office.log_in("李四", agent="another").token
    done = office.access.change_password(own, PASSWORD, NEW)
    assert done.outcome is LogInOutcome.DONE
    assert office.access.find_session(own) is None
    assert office.access.find_session(other) is None
    session = office.access.find_session(done.token)
    assert session is not None
    assert session.user.name == "李四"
    assert office.log_in("李四").outcome is LogInOutcome.REFUSED
    assert office.log_in("李四", NEW).outcome is LogInOutcome.DONE


def test_a_stolen_session_cannot_guess_the_password(office: Office) -> None:
    token = office.log_in("李四").token
    with pytest.raises(UsageError, match="too short"):
        office.access.change_password(token, PASSWORD, "short")
    outcomes = [office.access.change_password(token, f"guess {number}", NEW).outcome for number in range(7)]
    assert outcomes == [LogInOutcome.REFUSED] * 5 + [LogInOutcome.LOCKED] * 2
    assert office.access.change_password(token, PASSWORD, NEW).outcome is LogInOutcome.LOCKED
    office.clock.go_on(minutes=1)
    assert office.access.confirm_password(token, PASSWORD).outcome is LogInOutcome.DONE
    assert office.access.find_session(token) is not None
    assert office.access.confirm_password("none", PASSWORD).outcome is LogInOutcome.REFUSED
    assert office.access.change_password("none", PASSWORD, NEW).outcome is LogInOutcome.REFUSED


def test_sessions_are_shown_and_ended_by_their_user_or_an_admin(office: Office) -> None:
    tokens = [office.log_in("李四", agent=agent).token for agent in ("desk", "phone\n" + "x" * 500)]
    shown = office.access.list_sessions("李四")
    assert [one.csrf for one in shown] == ["", ""]
    assert {one.agent[:5] for one in shown} == {"desk", "phone"}
    assert max(len(one.agent) for one in shown) == 200
    assert office.access.list_sessions("张三") == []
    with pytest.raises(StateError):
        office.access.end_sessions("张三", "李四")
    assert office.access.end_sessions("李四", "张三") == 2
    assert [office.access.find_session(one) for one in tokens] == [None, None]
    office.log_in("李四")
    assert office.access.end_sessions("李四", "李四") == 1


def test_what_was_set_is_on_the_trail_and_no_password_is(office: Office) -> None:
    token = office.log_in("李四").token
    office.access.change_password(token, PASSWORD, NEW)
    office.access.end_sessions("李四", "张三")
    trail = office.trail()
    acts = [(one.act, one.actor.name, one.details) for one in trail[:2]]
    assert acts == [(Act.END_SESSIONS, "张三", '{"ended":1}'), (Act.SET_PASSWORD, "李四", '{"ended":1}')]
    assert not any(secret in repr(trail) for secret in (PASSWORD, NEW, token, "argon2"))
    state = office.access.describe("李四")
    assert state.password_set_at == office.clock.now
