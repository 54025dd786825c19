"""Figures that were counted before: shown while they are right, said to be old when they are not."""

from datetime import datetime, timedelta

import pytest

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.figures import MailingFigures
from mailer.model.reading import HitKind, Verdict
from mailer.reports import digest
from mailer.reports.digest import RENEWED_AFTER, make_digest, read_figures
from mailer.store import digests, mailings
from tests.reports.histories import Copy, add_request, write_history
from tests.world import NOW, World

LATER = NOW + timedelta(days=1)
TAKEN = Copy(DeliveryStatus.ACCEPTED, "杭州", "甲", "a.example", "", 1, 0, 5, [("bounce", "gone", 60)])


@pytest.fixture
def mailing_id(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """A finished mailing, large enough to be counted in the background."""
    monkeypatch.setattr(digest, "COUNTED_AT_ONCE", 3)
    number = world.start_mailing()
    write_history(world.store, number, [TAKEN] * 7)
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, number, MailingStatus.FINISHED, LATER)
    return number


def keep(world: World, number: int, now: datetime) -> bool:
    with world.store.write() as connection:
        mailing = mailings.find_mailing(connection, number)
        assert mailing is not None
        made = make_digest(connection, mailing, now)
        if made is not None:
            digests.keep_digest(connection, number, made)
    return made is not None


def read(world: World, number: int, now: datetime, *, patient: bool = False) -> MailingFigures:
    with world.store.read() as connection:
        mailing = mailings.find_mailing(connection, number)
        assert mailing is not None
        return read_figures(connection, mailing, now, patient=patient)


def open_one(world: World, number: int) -> None:
    with world.store.write() as connection:
        add_request(connection, number, world.lists["members"], None, HitKind.OPEN, Verdict.HUMAN, 100)


def test_what_was_kept_is_what_was_counted(world: World, mailing_id: int) -> None:
    counted = read(world, mailing_id, LATER)
    assert keep(world, mailing_id, LATER)
    assert read(world, mailing_id, LATER + timedelta(hours=1)) == counted
    assert counted.counted_at == LATER
    assert counted.bounced == 7


def test_news_are_said_to_be_missing_until_the_next_count(world: World, mailing_id: int) -> None:
    keep(world, mailing_id, LATER)
    open_one(world, mailing_id)
    soon = LATER + timedelta(minutes=1)
    old = read(world, mailing_id, soon)
    assert (old.newer, old.counted_at, old.reading("opens", "human_requests")) == (True, LATER, 0)
    assert not keep(world, mailing_id, soon), "it was counted a minute ago"
    assert read(world, mailing_id, soon, patient=True).reading("opens", "human_requests") == 1
    then = LATER + RENEWED_AFTER
    assert keep(world, mailing_id, then)
    new = read(world, mailing_id, then)
    assert (new.newer, new.reading("opens", "human_requests")) == (False, 1)
    assert not keep(world, mailing_id, then + RENEWED_AFTER), "nothing has happened since"


def test_a_small_mailing_is_never_shown_as_it_was(
    world: World, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(world, mailing_id, LATER)
    open_one(world, mailing_id)
    monkeypatch.setattr(digest, "COUNTED_AT_ONCE", 7)
    found = read(world, mailing_id, LATER)
    assert (found.newer, found.reading("opens", "human_requests")) == (False, 1)


def test_figures_another_version_kept_are_counted_anew(world: World, mailing_id: int) -> None:
    with world.store.write() as connection:
        digests.keep_digest(connection, mailing_id, digests.Digest("", '{"old": 1}', LATER))
    assert read(world, mailing_id, LATER).planned == 7


def test_the_server_words_that_are_kept_name_no_reader(world: World) -> None:
    from mailer.reports.count import hide_addresses

    shown = hide_addresses("550 5.1.1 <office@firm.example>: unknown; to:r@x.example")
    assert shown == "550 5.1.1 <o***e@firm.example>: unknown; to:***@x.example"
