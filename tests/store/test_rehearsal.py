"""A copy of the house: what decides who gets an issue is in it, and the original is only read."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from mailer.model.delivery import DeliveryStatus
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import approvals, audience, issues, rehearsal
from mailer.store.database import Store, open_store
from mailer.store.rehearsal import copy_for_rehearsal, find_untaken
from mailer.store.schema import attempt, contact, delivery, metadata, subscription
from mailer.tokens import hash_address
from tests.world import NOW, SECRET, World


def counts(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {
            table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for table in metadata.sorted_tables
        }


def test_a_plan_in_the_copy_leaves_out_the_same_readers(world: World, tmp_path: Path) -> None:
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, "reader2@firm2.example"), "gone", "test", NOW)
    first = world.start_mailing()
    world.add_member("new@firm9.example")
    before = counts(world.store)
    target = open_store("", tmp_path / "copy" / "mailer.db")
    with world.store.read() as connection:
        copy_for_rehearsal(connection, target, "2020-07")
    copied = counts(target)
    assert {name: copied[name] for name in ("contact", "subscription", "suppression", "edition", "delivery")} == {
        name: before[name] for name in ("contact", "subscription", "suppression", "edition", "delivery")
    }
    with target.write() as connection:
        approval = approvals.standing_approval(connection, world.approval.issue_id)
        assert approval == world.approval
        again = schedule_mailing(connection, approval, list(world.lists.items()), None, NOW)
        count = plan_mailing(connection, again, SECRET, "zsia.example", NOW)
        assert issues.load_edition(connection, approval.editions["members"]).list_name == "members"
    assert (count.planned, count.suppressed) == (1, 0)
    assert again == first + 1, "its deliveries are none of the original's"
    target.close()
    assert counts(world.store) == before


def test_an_issue_nobody_recorded_copies_the_readers_only(world: World, tmp_path: Path) -> None:
    target = open_store("", tmp_path / "copy" / "mailer.db")
    with world.store.read() as connection:
        copy_for_rehearsal(connection, target, "2099-01")
    copied = counts(target)
    assert (copied["issue"], copied["edition"], copied["approval"]) == (0, 0, 0)
    assert copied["subscription"] == counts(world.store)["subscription"]
    target.close()


def test_more_readers_than_a_page_are_copied_with_their_times(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    World.build(store, members=23)
    monkeypatch.setattr(rehearsal, "PAGE", 7)
    target = open_store("", tmp_path / "copy" / "mailer.db")
    with store.read() as connection:
        copy_for_rehearsal(connection, target, "2020-07")
    query = (
        select(contact.c.address, contact.c.changed_at, subscription.c.since)
        .join_from(contact, subscription)
        .order_by(subscription.c.id)
    )
    with store.read() as here, target.read() as there:
        assert here.execute(query).all() == there.execute(query).all()
    target.close()


def test_those_who_got_no_copy_are_named_with_the_reason(world: World) -> None:
    mailing_id = world.start_mailing()
    claimed = world.claim_all(mailing_id)
    with world.store.write() as connection:
        connection.execute(
            update(delivery)
            .where(delivery.c.id != claimed[0].id)
            .values(status=DeliveryStatus.ACCEPTED.value, lease=None)
        )
        bad = delivery.c.id == claimed[0].id
        connection.execute(update(delivery).where(bad).values(status="refused", reply="the name cannot stand there"))
        connection.execute(update(attempt).values(ended_at=NOW))
        untaken, count = find_untaken(connection, mailing_id, 5)
    assert count == 1
    assert [(one.address, one.list_name, one.status, one.reason) for one in untaken] == [
        ("office1@gov.example", "government", DeliveryStatus.REFUSED, "the name cannot stand there")
    ]
