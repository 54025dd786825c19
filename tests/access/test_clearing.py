"""What is over is cleared by the day's clearing; what still counts is not."""

from sqlalchemy import func, select

from mailer.model.access import LogInOutcome
from mailer.store.schema import log_in_failure, user_session
from tests.access.conftest import Office


def count(office: Office) -> tuple[int, int]:
    with office.house.store.read() as connection:
        sessions, failures = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (user_session, log_in_failure)
        )
    return int(sessions), int(failures)


def test_sessions_go_after_a_month_and_failures_after_two_days(either: Office) -> None:
    either.log_in()
    either.clock.go_on(days=29)
    token = either.log_in("李四").token
    either.log_in("nobody", "x")
    assert count(either) == (2, 2)
    either.house.retention.take_turn()
    assert count(either) == (2, 2)
    either.clock.go_on(days=1, seconds=1)
    assert either.house.retention.count()["sessions"] == 1
    either.house.retention.take_turn()
    assert count(either) == (1, 2)
    assert either.access.find_session(token) is None, "idle"
    either.clock.go_on(days=2)
    cleared = either.house.retention.run("张三")
    assert (cleared["sessions"], cleared["log_ins"]) == (0, 2)
    assert count(either) == (1, 0)
    assert either.log_in("李四").outcome is LogInOutcome.DONE
