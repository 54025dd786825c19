"""A list follows its sheet; who left stays away."""

from dataclasses import replace

from mailer.audience.leaving import leave_list, read_membership
from mailer.audience.sync import sync_list
from mailer.model.delivery import Contact
from mailer.store import audience
from mailer.tokens import Purpose, sign_token
from tests.world import NOW, SECRET, World, make_contact


def sheet_of(world: World) -> list[Contact]:
    with world.store.read() as connection:
        known = audience.read_subscribers(connection, world.lists["members"])
    return [one.contact for one in sorted(known.values(), key=lambda one: one.position)]


def test_new_changed_moved_and_dropped_rows_are_told_apart(world: World) -> None:
    sheet = sheet_of(world)
    renamed = replace(sheet[0], name="新名")
    wanted = [make_contact("first@firm.example"), renamed, *sheet[2:]]
    with world.store.write() as connection:
        shown = sync_list(connection, world.lists["members"], wanted, "test", NOW, dry_run=True)
    with world.store.write() as connection:
        done = sync_list(connection, world.lists["members"], wanted, "test", NOW)
    assert shown == done
    assert [one.address for one in done.added] == ["first@firm.example"]
    assert done.changed == (renamed,)
    assert done.removed == (sheet[1],)
    assert done.unchanged == len(sheet) - 2
    with world.store.read() as connection:
        pages = list(audience.iterate_active(connection, world.lists["members"], page=2))
    assert [one.contact for page in pages for one in page] == wanted, "in the order of the sheet"


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = sheet_of(world)
    with world.store.write() as connection:
        sync_list(connection, world.lists["members"], [], "test", NOW, dry_run=True)
    assert sheet_of(world) == before


def test_the_same_sheet_again_changes_nothing(world: World) -> None:
    sheet = sheet_of(world)
    with world.store.write() as connection:
        change = sync_list(connection, world.lists["members"], sheet, "test", NOW)
    assert (change.added, change.changed, change.removed, change.unchanged) == ((), (), (), len(sheet))


def test_a_row_that_comes_back_is_subscribed_again_but_not_one_who_left(world: World) -> None:
    sheet = sheet_of(world)
    mailing_id = world.start_mailing()
    token = sign_token(SECRET, Purpose.UNSUBSCRIBE, mailing_id * 2**32 + 3)
    with world.store.write() as connection:
        membership = read_membership(connection, SECRET, token)
        assert membership is not None
        assert membership.active
        sync_list(connection, world.lists["members"], sheet[:-1], "test", NOW)
        assert leave_list(connection, SECRET, token, "web", NOW)
        assert leave_list(connection, SECRET, token, "web", NOW), "twice is fine"
        change = sync_list(connection, world.lists["members"], sheet, "test", NOW)
    assert [one.address for one in change.kept_out] == [membership.address]
    assert [one.address for one in change.added] == [sheet[-1].address]


def test_a_token_for_something_else_ends_no_subscription(world: World) -> None:
    mailing_id = world.start_mailing()
    token = sign_token(SECRET, Purpose.BOUNCE, mailing_id * 2**32 + 3)
    unknown = sign_token(SECRET, Purpose.UNSUBSCRIBE, 99 * 2**32)
    with world.store.write() as connection:
        assert not leave_list(connection, SECRET, token, "web", NOW)
        assert not leave_list(connection, SECRET, unknown, "web", NOW)
        assert read_membership(connection, SECRET, token) is None
