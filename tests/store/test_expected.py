"""What a forecast counts before anything is planned is what the plan then writes."""

from collections import Counter

from sqlalchemy import select

from mailer.model.delivery import MailingStatus
from mailer.sending.expected import Change, expect_loads
from mailer.store import audience, mailings, recovery
from mailer.store.schema import delivery, distribution_list
from mailer.tokens import hash_address
from tests.world import NOW, SECRET, World


def expected(world: World, changes: dict[str, Change] | None = None) -> dict[str, dict[str, int]]:
    with world.store.read() as connection:
        loads = expect_loads(connection, world.approval.issue_id, list(world.lists.items()), changes or {}, SECRET, NOW)
    return {one.list_name: dict(one.fresh) for one in loads}


def planned(world: World, mailing_id: int) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in world.lists}
    with world.store.read() as connection:
        rows = connection.execute(
            select(distribution_list.c.name, delivery.c.domain)
            .join_from(delivery, distribution_list)
            .where(delivery.c.mailing_id == mailing_id, delivery.c.status == "pending")
        )
        for name, domain in rows:
            found[name][domain] += 1
    return {name: dict(counts) for name, counts in found.items()}


def suppress(world: World, *addresses: str) -> None:
    with world.store.write() as connection:
        for one in addresses:
            audience.suppress_address(connection, hash_address(SECRET, one), "gone", "test", NOW)


def test_it_counts_what_is_planned_then(world: World) -> None:
    suppress(world, "reader2@firm2.example", "office2@gov.example")
    before = expected(world)
    assert before == {
        "government": {"gov.example": 1},
        "members": {f"firm{n}.example": 1 for n in (1, 3, 4, 5)},
    }
    assert planned(world, world.start_mailing()) == before


def test_whom_the_issue_has_reached_is_not_counted_again(world: World) -> None:
    world.start_mailing()
    world.add_member("new@new.example")
    assert expected(world) == {"government": {}, "members": {"new.example": 1}}


def test_what_the_sheets_will_change_is_counted_as_it_will_be(world: World) -> None:
    suppress(world, "gone@gone.example")
    changes = {
        "government": Change(added=["reader1@firm1.example"], removed=["office1@gov.example"]),
        "members": Change(added=["new@new.example", "gone@gone.example"], removed=["reader5@firm5.example"]),
    }
    assert expected(world, changes) == {
        "government": {"gov.example": 1, "firm1.example": 1},
        # office1 is on both lists, and now gets the edition of the second
        "members": {"gov.example": 1, "firm2.example": 1, "firm3.example": 1, "firm4.example": 1, "new.example": 1},
    }


def test_a_list_that_is_not_in_the_database_yet_is_its_sheet(world: World) -> None:
    with world.store.read() as connection:
        changes = {"partners": Change(added=["a@x.example", "b@x.example", "office1@gov.example"])}
        lists = [("government", world.lists["government"]), ("partners", None)]
        loads = expect_loads(connection, None, lists, changes, SECRET, NOW)
    assert [dict(one.fresh) for one in loads] == [{"gov.example": 2}, {"x.example": 2}]


def test_counting_writes_nothing(world: World) -> None:
    expected(world, {"members": Change(added=["new@new.example"])})
    with world.store.read() as connection:
        assert not connection.execute(select(delivery.c.id)).all()
        assert mailings.last_mailing(connection) is None


def test_one_that_was_cancelled_counts_again(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        recovery.cancel_pending(connection, mailing_id, NOW)
    assert sum(expected(world)["members"].values()) == 5
