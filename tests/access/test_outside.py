"""Logging in by the word of a provider: bound once by the address, by the subject ever after."""

from mailer.model.access import LogIn, LogInOutcome
from mailer.model.audit import Act
from mailer.model.people import UserRole
from tests.access.conftest import AGENT, NETWORK, Office

ISSUER = "https://login.example"
REFUSED = LogIn(LogInOutcome.REFUSED)


def come(office: Office, subject: str, email: str = "", issuer: str = ISSUER) -> LogIn:
    return office.access.log_in_outside(issuer, subject, email, NETWORK, AGENT)


def name_of(office: Office, answer: LogIn) -> str:
    session = office.access.find_session(answer.token)
    return session.user.name if session is not None else ""


def test_who_has_the_address_is_bound_and_then_known_by_the_subject_alone(either: Office) -> None:
    assert come(either, "s-1") == REFUSED
    assert name_of(either, come(either, "s-1", "li@zsia.example")) == "李四"
    entry = either.trail()[0]
    assert (entry.act, entry.actor.name, entry.details) == (Act.BIND_IDENTITY, "李四", "{}")
    assert name_of(either, come(either, "s-1", "zhang@zsia.example")) == "李四", "whatever address it has by now"
    assert name_of(either, come(either, "s-1")) == "李四"
    assert come(either, "s-2", "li@zsia.example") == REFUSED, "given to another person since"
    assert come(either, "s-1", issuer="https://other.example") == REFUSED


def test_nobody_else_is_let_in(either: Office) -> None:
    for name in ("孙七", "周八"):
        either.house.people.add(name, [UserRole.EDITOR], "张三", email="both@zsia.example")
    others = ("", "LI@zsia.example", "li@zsia.example ", "nobody@zsia.example", "\0", "%", "both@zsia.example")
    assert [come(either, "s-1", email) for email in others] == [REFUSED] * len(others)
    for subject in ("", "x" * 256, "a\0b"):
        assert come(either, subject, "li@zsia.example") == REFUSED


def test_a_disabled_user_stays_out_bound_or_not(office: Office) -> None:
    come(office, "s-1", "li@zsia.example")
    office.house.people.change("王五", "张三", email="wang@zsia.example")
    for name in ("李四", "王五"):
        office.house.people.set_enabled(name, "张三", enabled=False)
    assert come(office, "s-1") == REFUSED
    assert come(office, "s-3", "wang@zsia.example") == REFUSED


def test_with_another_address_a_user_is_bound_anew(office: Office) -> None:
    come(office, "s-1", "li@zsia.example")
    office.house.people.change("李四", "张三", email="li.si@zsia.example")
    assert come(office, "s-1", "li@zsia.example") == REFUSED
    assert name_of(office, come(office, "s-2", "li.si@zsia.example")) == "李四"
