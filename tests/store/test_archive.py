"""Which pages and pictures of frozen editions readers may fetch, on both databases."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update

from mailer.errors import EditionChangedError
from mailer.model.approval import ApprovalRecord, IssueContent
from mailer.model.delivery import MailingStatus
from mailer.model.edition import Asset, freeze_edition
from mailer.model.issue import Archive
from mailer.publishing.approval import find_approval
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import archive, mailings
from mailer.store.schema import asset, delivery, edition
from tests.world import SECRET, World, make_edition, make_issue
from tests.world import approve as approve_content

PICTURE = Asset("chart.png", "image/png", b"\x89PNG of a chart")
ATTACHED = Asset("list.pdf", "application/pdf", b"%PDF of members")


def approve(world: World, access: Archive, page: str, content: str, at: float) -> ApprovalRecord:
    """Approve the issue anew with this page and access."""
    editions = [
        freeze_edition(
            replace(make_edition(name), page=page, archive=access, hosted=(PICTURE,), attachments=(ATTACHED,))
        )
        for name in world.lists
    ]
    with world.store.write() as connection:
        return approve_content(connection, content * 64, editions, "主编", world.later(at))


def change(world: World, content: str, at: float) -> None:
    """Let the house notice that the folder has other content than was approved."""
    with world.store.write() as connection:
        find_approval(connection, make_issue(), IssueContent(content * 64), world.later(at))


def mail(world: World, approval: ApprovalRecord, now: datetime) -> int:
    """Plan a mailing; return its number."""
    with world.store.write() as connection:
        number = schedule_mailing(connection, approval, list(world.lists.items()), None, now)
        mailings.move_mailing(connection, number, MailingStatus.RUNNING, now)
        plan_mailing(connection, number, SECRET, "zsia.example", now)
        return number


def public(world: World) -> str | None:
    with world.store.read() as connection:
        return archive.public_page(connection, "2020-07")


def first_delivery(world: World) -> int:
    with world.store.read() as connection:
        return int(connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars().first() or 0)


@pytest.mark.parametrize(
    ("access", "to_its_reader", "to_all"),
    [(Archive.OFF, False, False), (Archive.MEMBERS, True, False), (Archive.PUBLIC, True, True)],
)
def test_the_archive_decides_who_reads_a_page(world: World, access: Archive, to_its_reader: bool, to_all: bool) -> None:
    mail(world, approve(world, access, "<p>page</p>", "1", 1), world.later(2))
    with world.store.read() as connection:
        page = archive.page_of_delivery(connection, first_delivery(world))
    assert page == ("<p>page</p>" if to_its_reader else None)
    assert public(world) == ("<p>page</p>" if to_all else None)


def test_a_delivery_or_issue_that_is_not_there_has_no_page(world: World) -> None:
    with world.store.read() as connection:
        assert archive.page_of_delivery(connection, 77) is None
        assert archive.public_page(connection, "1999-01") is None


def test_an_edition_of_the_first_format_has_no_page(world: World) -> None:
    world.start_mailing()
    with world.store.read() as connection:
        assert archive.page_of_delivery(connection, first_delivery(world)) is None


def test_a_draft_of_a_mailed_issue_leaves_its_page_standing_and_a_new_approval_replaces_it(world: World) -> None:
    mail(world, approve(world, Archive.PUBLIC, "first", "1", 1), world.later(2))
    change(world, "2", 3)
    assert public(world) == "first"
    approve(world, Archive.PUBLIC, "second", "2", 4)
    assert public(world) == "second"
    approve(world, Archive.OFF, "", "3", 5)
    assert public(world) is None, "withdrawn"
    with world.store.read() as connection:
        assert archive.page_of_delivery(connection, first_delivery(world)) == "first", "what was sent stays"


def test_an_issue_is_public_from_the_beginning_of_its_mailing(world: World) -> None:
    approval = approve(world, Archive.PUBLIC, "page", "1", 1)
    assert public(world) is None
    with world.store.write() as connection:
        schedule_mailing(connection, approval, list(world.lists.items()), world.later(9), world.later(2))
    assert public(world) is None, "scheduled only"
    mail(world, approval, world.later(3))
    assert public(world) == "page"


def test_what_was_approved_anew_and_changed_before_it_was_mailed_is_not_public(world: World) -> None:
    mail(world, approve(world, Archive.PUBLIC, "mailed", "1", 1), world.later(2))
    approve(world, Archive.PUBLIC, "with a mistake", "2", 3)
    change(world, "3", 4)
    assert public(world) == "mailed"


def test_a_page_changed_in_the_database_is_not_shown(world: World) -> None:
    mail(world, approve(world, Archive.PUBLIC, "true", "1", 1), world.later(2))
    with world.store.write() as connection:
        for number, stored in connection.execute(select(edition.c.id, edition.c.stored)).all():
            changed = {**stored, "page": "forged"} if stored["page"] else stored
            connection.execute(update(edition).where(edition.c.id == number).values(stored=changed))
    with pytest.raises(EditionChangedError), world.store.read() as connection:
        archive.public_page(connection, "2020-07")


def test_hosted_pictures_are_given_by_their_hash_and_other_files_are_not(world: World) -> None:
    approve(world, Archive.OFF, "", "1", 1)
    with world.store.read() as connection:
        given = archive.hosted_picture(connection, PICTURE.sha256)
        assert given is not None
        assert (given.media_type, given.content) == ("image/png", PICTURE.content)
        assert archive.hosted_picture(connection, ATTACHED.sha256) is None
        assert archive.hosted_picture(connection, "0" * 64) is None
    with world.store.write() as connection:
        connection.execute(update(asset).where(asset.c.sha256 == PICTURE.sha256).values(content=b"another"))
    with world.store.read() as connection:
        assert archive.hosted_picture(connection, PICTURE.sha256) is None
