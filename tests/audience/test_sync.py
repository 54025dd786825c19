"""A list follows its sheet; who left stays away."""

from dataclasses import replace

from mailer.audience.leaving import leave_list, read_membership
from mailer.audience.sync import sync_list
from mailer.model.delivery import Contact
from mailer.store import audience
from mailer.tokens import Purpose, sign_token
from tests.audience.statements import statements
from tests.world import NOW, SECRET, World, active_contacts, make_contact


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
        assert active_contacts(connection, world.lists["members"]) == wanted, "in the order of the sheet"


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


def test_who_leaves_after_being_dropped_from_the_sheet_is_not_brought_back_by_it(world: World) -> None:
    sheet = sheet_of(world)
    token = sign_token(SECRET, Purpose.UNSUBSCRIBE, world.start_mailing() * 2**32 + 3)
    with world.store.write() as connection:
        membership = read_membership(connection, SECRET, token)
        assert membership is not None
        sync_list(connection, world.lists["members"], [], "test", NOW)
        assert leave_list(connection, SECRET, token, "web", NOW)
        sync_list(connection, world.lists["members"], [], "test", NOW)
        change = sync_list(connection, world.lists["members"], sheet, "test", NOW)
    assert [one.address for one in change.kept_out] == [membership.address]
    with world.store.read() as connection:
        active = audience.active_keys(connection, world.lists["members"])
    assert active == {one.key for one in sheet} - {membership.address}


def test_the_time_and_reason_of_the_first_leaving_stay(world: World) -> None:
    (someone, *_rest) = sheet_of(world)
    with world.store.write() as connection:
        one = audience.read_subscribers(connection, world.lists["members"])[someone.key]
        assert audience.end_subscription(connection, one.contact_id, world.lists["members"], "first", NOW)
        assert not audience.end_subscription(connection, one.contact_id, world.lists["members"], "second", NOW)
        assert audience.read_subscribers(connection, world.lists["members"])[someone.key].left_reason == "first"


def test_a_large_sheet_takes_few_statements_whatever_changes(world: World) -> None:
    rows = [make_contact(f"r{n}@firm{n % 7}.example") for n in range(1200)]
    renamed = [replace(one, name="新名") for one in rows]
    for sheet in (rows, [make_contact("top@firm.example"), *rows], renamed, rows[:1], rows[::-1]):
        with world.store.write() as connection:
            shown = sync_list(connection, world.lists["members"], sheet, "test", NOW, dry_run=True)
            with statements() as said:
                done = sync_list(connection, world.lists["members"], sheet, "test", NOW)
            assert shown == done
            assert len(said) < 40
            assert active_contacts(connection, world.lists["members"]) == sheet


def test_only_rows_that_change_are_written(world: World) -> None:
    sheet = sheet_of(world)
    with world.store.write() as connection:
        with statements() as said:
            sync_list(connection, world.lists["members"], sheet, "test", NOW)
        assert len(said) == 1, "the list is read"
        with statements() as said:
            sync_list(connection, world.lists["government"], [sheet[-1], sheet[0]], "test", NOW)
        assert not any(one.startswith(("UPDATE contact", "INSERT INTO contact")) for one in said)


def test_the_sheet_of_a_list_above_says_who_someone_is(world: World) -> None:
    sheet = sheet_of(world)
    other = [*sheet[:-1], replace(sheet[-1], name="别名", phone="1")]
    members, above = world.lists["members"], {sheet[-1].key}
    with world.store.write() as connection:
        change = sync_list(connection, members, other, "test", NOW, above=above)
        assert (change.changed, change.unchanged) == ((), len(sheet))
        sync_list(connection, members, [], "test", NOW, above=above)
        assert sync_list(connection, members, other, "test", NOW, above=above).added == tuple(other)
    assert sheet_of(world) == sheet
    with world.store.write() as connection:
        assert sync_list(connection, members, other, "test", NOW).changed == (other[-1],), "on no list above any more"
    assert sheet_of(world) == other


def test_a_token_for_something_else_ends_no_subscription(world: World) -> None:
    mailing_id = world.start_mailing()
    token = sign_token(SECRET, Purpose.BOUNCE, mailing_id * 2**32 + 3)
    unknown = sign_token(SECRET, Purpose.UNSUBSCRIBE, 99 * 2**32)
    with world.store.write() as connection:
        assert not leave_list(connection, SECRET, token, "web", NOW)
        assert not leave_list(connection, SECRET, unknown, "web", NOW)
        assert read_membership(connection, SECRET, token) is None
