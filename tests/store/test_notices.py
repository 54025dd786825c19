"""Notices are written once, their copies taken by one at a time; steps are taken once. On both databases."""

from datetime import timedelta

from mailer.store import notices, schedules
from mailer.store.database import Store
from tests.world import NOW

UNTIL = NOW + timedelta(hours=8)
TWO = ["a@zsia.example", "b@zsia.example"]


def test_a_notice_is_written_once(store: Store) -> None:
    with store.write() as connection:
        assert notices.add_notice(connection, "this", "主题", "正文", TWO, NOW, UNTIL)
        assert not notices.add_notice(connection, "this", "other", "other", TWO, NOW, UNTIL)
        assert notices.add_notice(connection, "that", "主题", "正文", [], NOW, UNTIL)
    with store.read() as connection:
        assert [(one.about, one.address) for one in notices.open_copies(connection, NOW)] == [
            ("this", one) for one in TWO
        ]
        assert notices.notices_about(connection, ["this", "that", "none"]) == {"this", "that"}
        assert notices.open_copies(connection, UNTIL) == []


def test_a_copy_is_taken_once_and_comes_back_unless_it_is_over(store: Store) -> None:
    with store.write() as connection:
        notices.add_notice(connection, "this", "主题", "正文", TWO, NOW, UNTIL)
        first, second = notices.open_copies(connection, NOW)
        assert notices.take_copy(connection, first, NOW)
        assert not notices.take_copy(connection, first, NOW)
        assert notices.open_copies(connection, NOW) == [second]
        assert notices.take_copy(connection, second, NOW)
        notices.note_copy(connection, second, "accepted", NOW)
    later = NOW + notices.AGAIN_AFTER
    with store.write() as connection:
        assert notices.open_copies(connection, later) == [first], "nobody said what became of it"
        assert notices.take_copy(connection, first, later)
        assert not notices.take_copy(connection, second, later)


def test_a_step_is_taken_once_for_each_occurrence(store: Store) -> None:
    with store.write() as connection:
        take = schedules.take_step
        assert take(connection, "monthly", "2020-08-31T10:00", "open", NOW, "opened", "2020-08")
        assert not take(connection, "monthly", "2020-08-31T10:00", "open", NOW, "again", "other")
        assert take(connection, "monthly", "2020-08-31T10:00", "remind 5", NOW, "reminded")
        assert take(connection, "monthly", "2020-09-30T10:00", "open", NOW, "opened", "2020-09")
        assert take(connection, "other", "2020-08-31T10:00", "open", NOW, "skipped", "2020-08")
    with store.read() as connection:
        assert schedules.steps_done(connection, "monthly", "2020-08-31T10:00") == {"open": "2020-08", "remind 5": ""}
        assert schedules.steps_done(connection, "monthly", "2020-10-30T10:00") == {}
