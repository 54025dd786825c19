"""A session lasts while it is used, not for ever, and not beyond what ends it."""

import hashlib
import time

from sqlalchemy import select

from mailer.app import House
from mailer.model.access import LogInOutcome
from mailer.store.schema import user_session
from tests.access.conftest import AGENT, NETWORK, PASSWORD, Office
from tests.effort import weigh


def test_who_has_logged_in_is_known_until_they_log_out(either: Office) -> None:
    done = either.log_in()
    assert done.outcome is LogInOutcome.DONE
    found = either.access.find_session(done.token)
    assert found is not None
    assert (found.user.name, found.network, found.agent) == ("张三", NETWORK, AGENT)
    assert found.created_at == found.last_seen_at == either.clock.now
    either.access.log_out(done.token)
    assert either.access.find_session(done.token) is None
    either.access.log_out(done.token)


def test_of_a_token_only_its_hash_is_kept_and_each_log_in_has_another(office: Office) -> None:
    tokens = {office.log_in().token for _number in range(3)}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 43, "256 bits"
    with office.house.store.read() as connection:
        kept = set(connection.execute(select(user_session.c.token_sha256)).scalars())
    assert kept == {hashlib.sha256(one.encode()).hexdigest() for one in tokens}


def test_what_is_no_token_finds_nothing(either: Office) -> None:
    either.log_in()
    for token in ("", "x", "\0", "\ud800", "令牌", "'" * 10_000):
        assert either.access.find_session(token) is None
        either.access.log_out(token)


def test_a_session_ends_when_it_is_not_used_or_when_it_is_too_old(office: Office) -> None:
    token = office.log_in().token
    office.clock.go_on(hours=11, minutes=59)
    assert office.access.find_session(token) is not None
    office.clock.go_on(hours=12)
    assert office.access.find_session(token) is None, "12 hours idle"
    token = office.log_in().token
    for _use in range(14 * 4 - 1):
        office.clock.go_on(hours=6)
        assert office.access.find_session(token) is not None
    office.clock.go_on(hours=6)
    assert office.access.find_session(token) is None, "14 days old"


def test_that_it_was_used_is_written_once_a_minute(either: Office) -> None:
    begun = either.clock.now
    token = either.log_in().token
    either.clock.go_on(seconds=59)
    assert either.access.find_session(token) is not None
    assert either.access.list_sessions("张三")[0].last_seen_at == begun
    either.clock.go_on(seconds=1)
    assert either.access.find_session(token) is not None
    assert either.access.list_sessions("张三")[0].last_seen_at == either.clock.now


def test_while_another_writes_a_session_is_found_without_waiting(office: Office) -> None:
    token = office.log_in().token
    office.clock.go_on(minutes=2)
    other = House(office.house.home, office.clock)
    with other.store.write() as connection:
        connection.execute(user_session.update().where(user_session.c.id < 0).values(agent=""))
        began = time.monotonic()
        assert office.access.find_session(token) is not None
        assert time.monotonic() - began < 10, "who waits for the other waits thirty"
    other.close()
    assert office.access.find_session(token) is not None
    assert office.access.list_sessions("张三")[0].last_seen_at == office.clock.now


def test_what_forms_send_is_bound_to_the_session_and_the_house(office: Office) -> None:
    first, second = office.log_in().token, office.log_in().token
    found = [office.access.find_session(token) for token in (first, first, second)]
    csrf = [one.csrf for one in found if one is not None]
    assert csrf[0] == csrf[1] != csrf[2]
    assert first not in csrf[0]
    assert hashlib.sha256(first.encode()).hexdigest() != csrf[0]


def test_a_disabled_user_is_out_at_once_and_stays_out_when_enabled_again(office: Office) -> None:
    token = office.log_in("李四").token
    office.house.people.set_enabled("李四", "张三", enabled=False)
    assert office.access.find_session(token) is None
    assert office.log_in("李四").outcome is LogInOutcome.REFUSED
    office.house.people.set_enabled("李四", "张三", enabled=True)
    assert office.access.find_session(token) is None
    assert office.log_in("李四").outcome is LogInOutcome.DONE


def test_another_password_ends_every_session(either: Office) -> None:
    """S19: the old cookie is worth nothing after a change."""
    old = [either.log_in("李四", agent=agent).token for agent in ("desk", "phone", "stolen")]
    own = either.log_in().token
    either.access.set_password("李四", "another " + PASSWORD, "张三")
    assert [either.access.find_session(token) for token in old] == [None] * 3
    assert either.access.find_session(own) is not None, "others go on"
    assert either.log_in("李四").outcome is LogInOutcome.REFUSED
    assert either.log_in("李四", "another " + PASSWORD).outcome is LogInOutcome.DONE


def test_finding_a_session_is_quick(either: Office) -> None:
    token = either.log_in().token
    found = [weigh(lambda: either.access.find_session(token)) for _try in range(10)]
    assert None not in [session for session, _rounds in found]
    assert min(rounds for _session, rounds in found) < 60, "as a guard; measured three"
