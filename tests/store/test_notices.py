"""Notices are written once, their copies taken by one at a time; steps are taken once. On both databases."""

from dataclasses import replace
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
        assert [(one.about, one.target) for one in notices.open_copies(connection, NOW, by_mail=True)] == [
            ("this", one) for one in TWO
        ]
        assert notices.notices_about(connection, ["this", "that", "none"]) == {"this", "that"}
        assert notices.open_copies(connection, UNTIL, by_mail=True) == []


def test_copies_of_channels_and_of_mailboxes_wait_apart(store: Store) -> None:
    with store.write() as connection:
        notices.add_notice(connection, "this", "主题", "正文", ["a@zsia.example", "dingtalk:1", "json:2"], NOW, UNTIL)
        (mail,) = notices.open_copies(connection, NOW, by_mail=True)
        posts = notices.open_copies(connection, NOW, by_mail=False)
        assert (mail.target, [one.target for one in posts]) == ("a@zsia.example", ["dingtalk:1", "json:2"])
        assert notices.take_copy(connection, posts[0], NOW)
        notices.note_copy(connection, posts[0], "posted", NOW)
    with store.read() as connection:
        assert [one.target for one in notices.open_copies(connection, NOW, by_mail=False)] == ["json:2"]
        (record,) = notices.list_notices(connection, 5)
        assert [(one.target, one.result, one.ended_at) for one in record.copies] == [
            ("a@zsia.example", "", None), ("dingtalk:1", "posted", NOW), ("json:2", "", None),
        ]  # fmt: skip


def test_a_copy_is_taken_once_and_comes_back_unless_it_is_over(store: Store) -> None:
    with store.write() as connection:
        notices.add_notice(connection, "this", "主题", "正文", TWO, NOW, UNTIL)
        first, second = notices.open_copies(connection, NOW, by_mail=True)
        assert notices.take_copy(connection, first, NOW)
        assert not notices.take_copy(connection, first, NOW)
        assert notices.open_copies(connection, NOW, by_mail=True) == [second]
        assert notices.take_copy(connection, second, NOW)
        notices.note_copy(connection, second, "accepted", NOW)
    later = NOW + notices.AGAIN_AFTER
    with store.write() as connection:
        assert notices.open_copies(connection, later, by_mail=True) == [replace(first, tried_at=NOW)], (
            "nobody said what became of it"
        )
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
