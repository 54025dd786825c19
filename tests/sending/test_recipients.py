"""Readers are counted as a plan takes them."""

from mailer.sending.plan import count_recipients
from mailer.store import audience, figures
from mailer.store.plans import PAGE
from mailer.tokens import hash_address
from tests.world import NOW, SECRET, World


def counted(world: World, *names: str) -> dict[str, int]:
    with world.store.read() as connection:
        counts = count_recipients(connection, [world.lists[name] for name in names], SECRET, NOW)
    return {name: counts[world.lists[name]] for name in names}


def planned(world: World) -> dict[str, int]:
    number = world.start_mailing()
    with world.store.read() as connection:
        by_list = figures.count_statuses(connection, number)
    return {
        name: sum(count for status, count in by_list.get(list_id, {}).items() if status.value == "pending")
        for name, list_id in world.lists.items()
    }


def test_an_address_on_two_lists_counts_once_for_the_first(world: World) -> None:
    assert counted(world, "government", "members") == {"government": 2, "members": 5}
    assert counted(world, "members") == {"members": 6}, "where only that list is asked, it counts there"
    assert planned(world) == {"government": 2, "members": 5}


def test_suppressed_readers_and_those_who_left_do_not_count(world: World) -> None:
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, "reader2@firm2.example"), "gone", "test", NOW)
        audience.suppress_address(connection, hash_address(SECRET, "office1@gov.example"), "gone", "test", NOW)
        contacts = audience.read_subscribers(connection, world.lists["members"])
        number = contacts["reader3@firm3.example"].contact_id
        audience.end_subscription(connection, number, world.lists["members"], "asked", NOW)
    assert counted(world, "government", "members") == planned(world) == {"government": 1, "members": 3}


def test_a_reader_who_left_the_higher_list_counts_for_the_lower(world: World) -> None:
    with world.store.write() as connection:
        number = audience.read_subscribers(connection, world.lists["government"])["office1@gov.example"].contact_id
        audience.end_subscription(connection, number, world.lists["government"], "asked", NOW)
    assert counted(world, "government", "members") == planned(world) == {"government": 1, "members": 6}


def test_whom_the_issue_has_reached_counts_all_the_same(world: World) -> None:
    world.start_mailing()
    assert counted(world, "government", "members") == {"government": 2, "members": 5}


def test_more_readers_than_a_page_holds(world: World) -> None:
    with world.store.write() as connection:
        from tests.world import make_contact

        many = [make_contact(f"r{number}@many.example") for number in range(PAGE + 10)]
        ids = audience.save_contacts(connection, many, NOW)
        places = [(ids[one.key], place) for place, one in enumerate(many, 100)]
        audience.subscribe_contacts(connection, world.lists["members"], places, "sheet", "test", NOW)
        audience.suppress_address(connection, hash_address(SECRET, many[-1].key), "gone", "test", NOW)
    assert counted(world, "government", "members")["members"] == 5 + PAGE + 9
