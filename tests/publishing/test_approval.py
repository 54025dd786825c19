"""An approval is of one content and its editions, and of nothing else."""

import pytest
from sqlalchemy import update

from mailer.errors import NotFoundError, StateError, StoreError
from mailer.model.approval import IssueContent
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.publishing.approval import find_approval
from mailer.publishing.mailing import (
    cancel_mailing,
    cancel_some,
    move_mailing,
    require_mailing,
    resume_mailing,
    schedule_mailing,
)
from mailer.store import figures, issues, recovery
from mailer.store.schema import edition
from tests.world import NOW, World, approve, make_edition, make_issue

SAME, OTHER = "0" * 64, "1" * 64


def status(world: World) -> IssueStatus:
    with world.store.read() as connection:
        record = issues.find_issue(connection, "2020-07")
    assert record is not None
    return record.status


def test_the_same_content_stays_approved_and_approving_again_changes_nothing(world: World) -> None:
    with world.store.write() as connection:
        assert find_approval(connection, make_issue(), IssueContent(SAME), NOW) == world.approval
        editions = [make_edition(name) for name in world.lists]
        assert approve(connection, SAME, editions, "另一人", NOW) == world.approval
    assert status(world) is IssueStatus.APPROVED


def test_another_content_makes_a_draft_for_good(world: World) -> None:
    with world.store.write() as connection:
        error = find_approval(connection, make_issue(), IssueContent(OTHER), NOW)
    assert isinstance(error, StateError)
    assert "changed after its approval" in error.message
    assert status(world) is IssueStatus.DRAFT
    with world.store.write() as connection:
        back = find_approval(connection, make_issue(), IssueContent(SAME), NOW)
    assert isinstance(back, StateError), "the old content back is not the old approval back"


def test_other_editions_of_the_same_content_need_an_approval_of_their_own(world: World) -> None:
    with world.store.write() as connection:
        editions = [make_edition(name, "另一版式。") for name in world.lists]
        fresh = approve(connection, SAME, editions, "主编", NOW)
    assert fresh.id != world.approval.id
    assert set(fresh.editions.values()).isdisjoint(world.approval.editions.values())
    assert status(world) is IssueStatus.APPROVED


def test_an_edition_changed_in_the_database_is_never_sent(world: World) -> None:
    number = world.approval.editions["members"]
    with world.store.write() as connection:
        value = issues.load_edition(connection, number)
        assert value == make_edition("members")
        stored = {**_stored(value), "subject": ["改过的主题"]}
        connection.execute(update(edition).where(edition.c.id == number).values(stored=stored))
    with world.store.read() as connection, pytest.raises(StoreError, match="sha256"):
        issues.load_edition(connection, number)


def _stored(value: object) -> dict[str, object]:
    from mailer.model.edition import Edition, edition_to_json

    assert isinstance(value, Edition)
    return edition_to_json(value)


def test_mailings_move_as_their_table_says_and_say_so_otherwise(world: World) -> None:
    with world.store.write() as connection:
        number = schedule_mailing(connection, world.approval, list(world.lists.items()), None, NOW)
        mailing = require_mailing(connection, "last")
        assert mailing.id == number
        with pytest.raises(StateError, match="cannot become"):
            move_mailing(connection, mailing, MailingStatus.PAUSED, NOW)
        with pytest.raises(StateError, match="only a paused or held one"):
            resume_mailing(connection, mailing, NOW)
        move_mailing(connection, mailing, MailingStatus.CANCELLED, NOW)
        with pytest.raises(StateError):
            move_mailing(connection, require_mailing(connection, str(number)), MailingStatus.RUNNING, NOW)
        with pytest.raises(NotFoundError):
            require_mailing(connection, "12345")


def test_a_cancelled_mailing_is_over_at_once_and_its_copies_follow_some_at_a_time(world: World) -> None:
    number = world.start_mailing()
    with world.store.write() as connection:
        mailing = require_mailing(connection, str(number))
        cancel_mailing(connection, mailing, NOW)
        assert require_mailing(connection, str(number)).status is MailingStatus.CANCELLED
        assert recovery.cancel_pending(connection, number, NOW, most=3) == 3
    # here the command is killed: the next one goes on
    with world.store.write() as connection:
        mailing = require_mailing(connection, str(number))
        cancel_mailing(connection, mailing, NOW)
        assert not cancel_some(connection, mailing, NOW)
        with pytest.raises(StateError, match="cannot become"):
            cancel_mailing(connection, mailing, NOW)
        assert figures.count_statuses(connection, number)[world.lists["members"]] == {DeliveryStatus.CANCELLED: 5}


def test_whom_a_cancelling_that_was_cut_off_left_over_another_mailing_reaches(world: World) -> None:
    number = world.start_mailing()
    with world.store.write() as connection:
        cancel_mailing(connection, require_mailing(connection, str(number)), NOW)
    again = world.start_mailing()
    assert len(world.claim_all(again)) == 7
