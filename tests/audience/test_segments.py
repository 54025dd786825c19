"""A segment means the same readers to Python, to the database, to a plan and to a forecast."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import select

from mailer.audience.sync import sync_list
from mailer.model.delivery import Contact, MailingStatus
from mailer.model.segment import Segment, filters_from_json, filters_to_json
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.expected import Change, expect_loads
from mailer.sending.plan import plan_mailing
from mailer.store import audience, mailings, plans
from mailer.store.schema import delivery, distribution_list
from tests.world import NOW, SECRET, World, make_contact

Filters = dict[str, tuple[Segment, ...]]

SEGMENTS = (
    Segment(),
    Segment(cities=("杭州", "宁波市")),
    Segment(levels=("市",)),
    Segment(titles=("局长",)),
    Segment(titles=("100%", "OFFICE")),
    Segment(attributes=(("行业", ("软件", "芯片")),)),
    Segment(cities=("杭州",), attributes=(("理事", ("是",)), ("行业", ("软件",)))),
    Segment(cities=("O'Hare",)),
)


def people() -> Iterator[Contact]:
    choices = product(
        ("杭州", "宁波", "O'Hare", ""), ("省", "市", ""), ("副局长", "office 100%", "OFFICE"), ("软件", "芯片", "")
    )
    for number, (city, level, title, trade) in enumerate(choices):
        attributes = (("行业", trade), ("理事", "是")) if trade else ()
        yield replace(
            make_contact(f"p{number}@d{number % 5}.example"),
            city=city,
            level=level,
            title=title,
            organisation=f"单位{level}",
            attributes=tuple(sorted(attributes)),
        )


@pytest.fixture
def crowd(world: World) -> list[Contact]:
    """Readers of the members' list who differ in everything that a segment looks at."""
    sheet = list(people())
    with world.store.write() as connection:
        sync_list(connection, world.lists["members"], sheet, "test", NOW)
    return sheet


def planned(world: World, filters: Filters) -> dict[str, set[str]]:
    with world.store.write() as connection:
        lists = list(world.lists.items())
        number = schedule_mailing(connection, world.approval, lists, None, NOW, filters=filters)
        assert mailings.move_mailing(connection, number, MailingStatus.RUNNING, NOW)
        plan_mailing(connection, number, SECRET, "zsia.example", NOW)
        rows = connection.execute(
            select(distribution_list.c.name, delivery.c.address_key)
            .join_from(delivery, distribution_list)
            .where(delivery.c.mailing_id == number)
        ).all()
    found: dict[str, set[str]] = {name: set() for name in world.lists}
    for name, key in rows:
        found[name].add(key)
    return found


def test_python_and_the_database_mean_the_same_readers(world: World, crowd: list[Contact]) -> None:
    with world.store.read() as connection:
        stored = [one.contact for one in audience.read_subscribers(connection, world.lists["members"]).values()]
        counts = [plans.count_segment(connection, [world.lists["members"]], (one,)) for one in SEGMENTS]
        both = plans.count_segment(connection, [world.lists["members"]], SEGMENTS[1:3])
    on = [one for one in stored if one.key in {each.key for each in crowd}]
    assert counts == [sum(segment.fits(one) for one in on) for segment in SEGMENTS]
    assert all(0 < count < len(crowd) for count in counts[1:])
    assert both == sum(SEGMENTS[1].fits(one) or SEGMENTS[2].fits(one) for one in on), "one of them must fit"


def test_a_plan_and_a_forecast_hold_to_a_segment_and_other_lists_are_whole(world: World, crowd: list[Contact]) -> None:
    filters: Filters = {"members": (SEGMENTS[1],)}
    with world.store.read() as connection:
        lists = list(world.lists.items())
        loads = expect_loads(connection, world.approval.issue_id, lists, {}, SECRET, NOW, filters)
    found = planned(world, filters)
    meant = {one.key for one in crowd if SEGMENTS[1].fits(one)}
    assert found["members"] == meant
    assert len(found["government"]) == 2
    assert {one.list_name: sum(one.fresh.values()) for one in loads} == {"government": 2, "members": len(meant)}


def test_who_is_left_out_of_the_higher_list_gets_the_lower_ones_edition(world: World) -> None:
    shared = "office1@gov.example"
    filters: Filters = {"government": (Segment(cities=("无",)),)}
    with world.store.read() as connection:
        loads = expect_loads(connection, None, list(world.lists.items()), {}, SECRET, NOW, filters)
    found = planned(world, filters)
    assert found["government"] == set()
    assert shared in found["members"]
    assert {one.list_name: sum(one.fresh.values()) for one in loads} == {
        "government": 0,
        "members": len(found["members"]),
    }


def test_a_forecast_follows_the_sheet_within_the_segment(world: World, crowd: list[Contact]) -> None:
    meant = [one.key for one in crowd if SEGMENTS[1].fits(one)]
    changes = {"members": Change(added=["new@d9.example"], removed=[meant[0]])}
    with world.store.read() as connection:
        lists = list(world.lists.items())
        loads = expect_loads(connection, None, lists, changes, SECRET, NOW, {"members": (SEGMENTS[1],)})
    assert sum(loads[1].fresh.values()) == len(meant)


def test_filters_are_kept_as_they_were_planned() -> None:
    assert filters_from_json(filters_to_json(SEGMENTS)) == SEGMENTS
    assert filters_to_json(()) is None
    assert filters_from_json(None) == ()


def test_the_level_of_a_unit_is_one_and_is_not_unsaid(world: World, crowd: list[Contact]) -> None:
    first, second = (
        replace(one, organisation="某局", city="温州", level=level)
        for one, level in zip(crowd, ("市", "县"), strict=False)
    )
    list_id = world.lists["members"]
    with world.store.write() as connection:
        sync_list(connection, list_id, [first, second], "test", NOW)
        assert sync_list(connection, list_id, [first, second], "test", NOW).unchanged == 2, "the first row says it"
        silent = [replace(one, level="") for one in (first, second)]
        assert sync_list(connection, list_id, silent, "test", NOW).unchanged == 2
        levels = {
            one.contact.level
            for key, one in audience.read_subscribers(connection, list_id).items()
            if key in (first.key, second.key)
        }
    assert levels == {"市"}
