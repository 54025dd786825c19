"""What pages read of large tables: by an index, or a stretch at a time; on both databases where they may differ."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, update

from mailer.model.copies import CopyPage
from mailer.model.delivery import Contact, DeliveryStatus
from mailer.model.listed import ContactFilter
from mailer.store import audience, contacts, copy_pages, deliveries, failures, figures, organisations, plans
from mailer.store.schema import contact, delivery, reading_event
from mailer.store.words import hold
from tests.world import NOW, World

READER = "reader3@firm3.example"


def page(world: World, mailing_id: int, words: str, after: int = 0, reply_class: str = "") -> CopyPage:
    with world.store.read() as connection:
        return copy_pages.page_of_copies(connection, mailing_id, None, words, after, 50, reply_class)


def plan_of(connection: Connection, act: Callable[[], Any]) -> list[str]:
    """How SQLite does what an act asks of it."""
    told: list[str] = []

    def explain(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        driver = connection.connection.cursor()
        told.extend(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", values))
        driver.close()

    event.listen(connection, "before_cursor_execute", explain)
    act()
    event.remove(connection, "before_cursor_execute", explain)
    return told


def test_every_copy_to_an_address_is_found_whatever_became_of_it(world: World) -> None:
    first, second = world.start_mailing(), world.start_mailing(world.later(60))
    with world.store.write() as connection:
        (number,) = deliveries.find_by_address(connection, first, READER)
        connection.execute(update(delivery).where(delivery.c.id == number).values(frees_address=True))
        values = connection.execute(select(delivery).where(delivery.c.id == number)).mappings().one()
        again = {**values, "id": (second << 32) + 1, "mailing_id": second, "frees_address": False}
        connection.execute(insert(delivery).values(again))
    with world.store.read() as connection:
        assert sorted(deliveries.copies_to(connection, READER)) == [number, again["id"]]
        assert deliveries.copies_to(connection, "reader3@firm3") == []
        assert deliveries.find_by_address(connection, second, READER) == [again["id"]]
        assert contacts.deliveries_to(connection, READER, 1) == [again["id"]]


def test_an_address_is_looked_up_and_never_looked_for(world: World) -> None:
    if not world.store.is_sqlite:
        pytest.skip("PostgreSQL takes its indexes by the size of the tables")
    number = world.start_mailing()
    with world.store.read() as connection:
        for act in (
            lambda: deliveries.copies_to(connection, READER),
            lambda: deliveries.find_earlier(connection, number, READER),
            lambda: deliveries.find_probable(connection, READER, NOW, timedelta(days=3)),
            lambda: failures.copies_of(connection, READER, 3, also=number << 32),
            lambda: plans.reached_among(connection, 1, [READER]),
            lambda: connection.execute(select(contact.c.id).where(plans.has_copy(1, contact.c.address_key))),
        ):
            told = [line for line in plan_of(connection, act) if "delivery" in line]
            assert any("uq_delivery_issue_address (issue_id=? AND address_key=?)" in line for line in told), told
            assert not [line for line in told if line.startswith("SCAN")]


def test_words_are_looked_for_a_stretch_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    number = world.start_mailing()
    monkeypatch.setattr(copy_pages, "SEARCHED", 3)
    first = page(world, number, "READER4@")
    assert (first.copies, first.after, first.searched) == ((), (number << 32) + 3, True)
    second = page(world, number, "READER4@", first.after)
    assert [one.address for one in second.copies] == ["reader4@firm4.example"]
    assert (second.after, second.searched) == ((number << 32) + 6, True)
    last = page(world, number, "READER4@", second.after)
    assert (last.copies, last.after, last.searched) == ((), 0, False)


def test_a_class_is_looked_for_a_stretch_at_a_time_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    number = world.start_mailing()
    with world.store.write() as connection:
        last = (number << 32) + 7
        ended = {"status": DeliveryStatus.REFUSED.value, "reply_class": "gone"}
        connection.execute(update(delivery).where(delivery.c.id == last).values(ended))
    monkeypatch.setattr(copy_pages, "SEARCHED", 4)
    first = page(world, number, "", reply_class="gone")
    assert (first.copies, first.after) == ((), (number << 32) + 4)
    assert [one.id for one in page(world, number, "", first.after, "gone").copies] == [last]


def test_a_page_that_is_full_goes_on_behind_its_last(world: World) -> None:
    number = world.start_mailing()
    with world.store.read() as connection:
        seen, after = list[int](), 0
        while True:
            part = copy_pages.page_of_copies(connection, number, None, "example", after, 3)
            seen += [one.id for one in part.copies]
            if not (after := part.after):
                break
    assert seen == [(number << 32) + place for place in range(1, 8)]


@pytest.mark.parametrize(("words", "found"), [("100%_/a", True), ("100_", False), ("ABC", True), ("协会", True)])
def test_words_are_no_pattern_and_capitals_do_not_count(world: World, words: str, found: bool) -> None:
    with world.store.write() as connection:
        audience.save_contacts(connection, [Contact("a@b.example", "a@b.example", name="abc 100%_/A 协会")], NOW)
        query = select(contact.c.id).where(hold(connection, [contact.c.name, contact.c.city], words))
        assert bool(connection.execute(query).all()) is found


def test_contacts_are_paged_by_their_standing_over_all_lists(world: World) -> None:
    with world.store.write() as connection:
        known = contacts.page_of_contacts(connection, ContactFilter(("members",)), 0, 50)
        assert len(known) == 6
        audience.end_subscription(connection, known[1][0], world.lists["members"], "asked", NOW)
        assert [
            one[0] for one in contacts.page_of_contacts(connection, ContactFilter(("members",), "left"), 0, 50)
        ] == [known[1][0]]
        active = contacts.page_of_contacts(connection, ContactFilter(status="active"), 0, 50)
        assert len(active) == 6, "who is on two lists comes once"
        walked = list[int]()
        while part := contacts.page_of_contacts(
            connection, ContactFilter(status="active"), walked[-1] if walked else 0, 2
        ):
            walked += [number for number, _contact in part]
        assert walked == sorted(number for number, _contact in active)
        (one,) = contacts.page_of_contacts(connection, ContactFilter(status="active", text="READER5"), 0, 50)
        assert one[1].address == "reader5@firm5.example"


def test_organisations_are_paged_by_city_and_name(world: World) -> None:
    people = [
        Contact(f"{n}@unit.example", f"{n}@unit.example", organisation=f"单位{n}", city=city)
        for n, city in enumerate(["b", "a", "b", "a", "c"])
    ]
    with world.store.write() as connection:
        audience.save_contacts(connection, people, NOW)
        walked, after = list[int](), 0
        while part := organisations.page_of_numbers(connection, "", after, 2):
            walked += part
            after = part[-1]
        everyone = list(organisations.iterate_members(connection))
        assert walked == list(dict.fromkeys(one.organisation_id for one in everyone))
        assert organisations.count_organisations(connection) == len(walked) == 6
        assert len(organisations.page_of_numbers(connection, "a", 0, 50)) == 2
        off = organisations.page_of_numbers(connection, "", 0, 50, only_off_lists=True)
        assert off == [number for number in walked if number in {o.organisation_id for o in everyone if not o.active}]
        assert len(off) == 5, "all but the one whose contacts are on lists"
        keys = organisations.active_keys(connection, walked)
        assert {key for _number, key in keys} == {one.key for one in everyone if one.active}


def test_what_waits_for_another_try_is_counted_without_what_was_never_tried(world: World) -> None:
    number = world.start_mailing()
    due = world.later(600)
    with world.store.write() as connection:
        wanted = delivery.c.id.in_([(number << 32) + 2, (number << 32) + 5])
        connection.execute(update(delivery).where(wanted).values(next_attempt_at=due))
        waiting = figures.count_waiting(connection, number)
        assert (waiting.deferred, waiting.next_at, waiting.resends) == (2, due, 0)
        assert figures.count_statuses(connection, number) == {
            world.lists["government"]: {DeliveryStatus.PENDING: 2},
            world.lists["members"]: {DeliveryStatus.PENDING: 5},
        }
        assert connection.execute(select(reading_event)).all() == []
