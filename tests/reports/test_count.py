"""The figures of a report: whatever became of a mailing, they add up, and they are what one copy after another says."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.model.delivery import DeliveryStatus
from mailer.model.figures import MISSED, REST, MailingFigures
from mailer.model.reading import HitKind, Verdict
from mailer.reports import count
from mailer.reports.count import count_mailing, median_of
from mailer.reports.people import list_missed, mask_name, mask_phone
from mailer.store.mailings import find_mailing
from tests.reports.histories import Copy, add_request, copies, write_history
from tests.world import NOW, SECRET, World

LATER = NOW + timedelta(days=3)


def count_figures(world: World, mailing_id: int) -> MailingFigures:
    with world.store.read() as connection:
        mailing = find_mailing(connection, mailing_id)
        assert mailing is not None
        return count_mailing(connection, mailing, LATER)


def missed_readers(world: World, mailing_id: int) -> list[tuple[str, bool]]:
    with world.store.read() as connection:
        mailing = find_mailing(connection, mailing_id)
        assert mailing is not None
        found = list(list_missed(connection, mailing, SECRET, masked=False))
    return [(one.status.value, one.bounced) for one in found]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=st.lists(copies, min_size=8, max_size=8), most=st.sampled_from([1, 2, 500]))
def test_figures_of_any_history_add_up(world: World, history: list[Copy], most: int) -> None:
    with world.store.read() as connection:
        mailing_id = 1 if find_mailing(connection, 1) is not None else 0
    mailing_id = mailing_id or world.start_mailing()
    write_history(world.store, mailing_id, history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(count, "MOST_GROUPS", most)
        figures = count_figures(world, mailing_id)
    planned = history[: figures.planned]
    states = Counter(one.status for one in planned)
    bounced = [one for one in planned if any(kind == "bounce" for kind, _class, _at in one.events)]
    _check_groups_one_by_one(figures, planned)
    assert figures.planned == sum(part.planned for part in figures.lists) == 7
    assert {one: figures.count(one) for one in DeliveryStatus} == {one: states[one] for one in DeliveryStatus}
    assert figures.bounced == len(bounced) == sum(one.count for part in figures.lists for one in part.bounces)
    _check_lists(figures)
    _check_reading(figures, planned)
    _check_groups(figures)
    _check_hours(figures)
    missed = missed_readers(world, mailing_id)
    assert figures.missed == len(missed)
    assert sum(states[one] for one in MISSED) == sum(not returned for _status, returned in missed)


def _check_lists(figures: MailingFigures) -> None:
    for part in figures.lists:
        assert part.heard.accepted == part.counts[DeliveryStatus.ACCEPTED]
        assert part.heard.silent >= 0
        for status in (DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED, DeliveryStatus.UNCERTAIN):
            assert sum(one.count for one in part.reasons if one.status is status) == part.counts[status]
        assert all(number <= part.planned for number in part.events.values())


def _check_reading(figures: MailingFigures, planned: list[Copy]) -> None:
    for kind, name in ((HitKind.OPEN, "opens"), (HitKind.CLICK, "clicks")):
        requests = [one for copy in planned for one in copy.requests if one[0] is kind]
        readers = [copy for copy in planned if any(one[0] is kind for one in copy.requests)]
        human = [c for c in planned if any(one[:2] == (kind, Verdict.HUMAN) for one in c.requests)]
        assert sum(figures.reading(name, one.value) for one in Verdict) == len(readers)
        assert sum(figures.reading(name, f"{one.value}_requests") for one in Verdict) == len(requests)
        assert figures.reading(name, "human") == len(human)


def _check_groups(figures: MailingFigures) -> None:
    for groups in (figures.cities, figures.organisations, figures.domains):
        assert sum(one.planned for one in groups) == figures.planned
        assert sum(one.accepted for one in groups) == figures.count(DeliveryStatus.ACCEPTED)
        assert sum(one.refused for one in groups) == figures.count(DeliveryStatus.REFUSED)
        assert sum(one.missed for one in groups) == figures.missed == sum(part.missed for part in figures.lists)
        waiting = figures.count(DeliveryStatus.PENDING) + figures.count(DeliveryStatus.SENDING)
        assert sum(one.pending for one in groups) == waiting
        assert all(one.planned - one.missed - one.pending in range(one.accepted + 1) for one in groups)
        assert sum(one.bounced for one in groups) == figures.bounced
        assert sum(one.opened for one in groups) == figures.reading("opens", "human")
        assert sum(one.clicked for one in groups) == figures.reading("clicks", "human")


def _check_groups_one_by_one(figures: MailingFigures, planned: list[Copy]) -> None:
    for groups, key in ((figures.cities, "city"), (figures.organisations, "organisation"), (figures.domains, "domain")):
        for one in groups:
            if one.name == REST:
                continue
            # a city is one by both its names
            those = [copy for copy in planned if getattr(copy, key).removesuffix("市") == one.name]
            back = [c for c in those if c.status is DeliveryStatus.ACCEPTED and "bounce" in [e[0] for e in c.events]]
            assert one.missed == sum(copy.status in MISSED for copy in those) + len(back)


def _check_hours(figures: MailingFigures) -> None:
    assert sum(one.accepted for one in figures.hours) == figures.count(DeliveryStatus.ACCEPTED)
    assert sum(one.bounced for one in figures.hours) == figures.bounced
    assert sum(one.opened for one in figures.hours) == figures.reading("opens", "human")
    assert sum(one.clicked for one in figures.hours) == figures.reading("clicks", "human")


def test_a_list_counted_as_a_whole_has_requests_and_no_readers(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        for kind, verdict in (
            (HitKind.OPEN, Verdict.HUMAN),
            (HitKind.CLICK, Verdict.HUMAN),
            (HitKind.OPEN, Verdict.MACHINE),
        ):
            add_request(connection, mailing_id, world.lists["members"], None, kind, verdict, 60)
    figures = count_figures(world, mailing_id)
    assert (figures.reading("opens", "human"), figures.reading("opens", "human_requests")) == (0, 1)
    assert (figures.reading("opens", "machine_requests"), figures.reading("clicks", "human_requests")) == (1, 1)
    assert [(one.opened, one.clicked) for one in figures.hours] == [(1, 1)]


def test_speed_of_a_domain_is_the_median_and_the_rate_from_first_attempt_to_last_acceptance(world: World) -> None:
    mailing_id = world.start_mailing()
    took = [1, 2, 30]
    history = [Copy(DeliveryStatus.ACCEPTED, "", "", "a.example", "", 1, 0, seconds) for seconds in took] + [
        Copy(DeliveryStatus.REFUSED, "", "", "a.example", "gone", 1, 0, 1)
    ]
    write_history(world.store, mailing_id, history)
    (domain,) = [one for one in count_figures(world, mailing_id).domains if one.name == "a.example"]
    assert domain.median_s == pytest.approx(2, abs=0.11)
    assert domain.per_s == pytest.approx(3 / 30, abs=0.001)
    assert (domain.planned, domain.accepted, domain.refused) == (4, 3, 1)


def test_the_median_of_an_even_number_is_the_lower_one() -> None:
    assert median_of({1: 2, 5: 2}) == 1
    assert median_of({7: 1}) == 7


def test_a_mailing_that_has_not_begun_has_lists_and_no_figures(world: World) -> None:
    from mailer.publishing.mailing import schedule_mailing

    with world.store.write() as connection:
        mailing_id = schedule_mailing(connection, world.approval, list(world.lists.items()), LATER, NOW)
    figures = count_figures(world, mailing_id)
    assert [part.name for part in figures.lists] == ["government", "members"]
    assert (figures.planned, figures.missed, figures.hours, figures.domains) == (0, 0, (), ())


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("0571-8888 1234", "0571-8888 ****"),
        ("138 0571 0015 / 0571-88881234", "138 0571 **** / 0571-8888****"),
        ("+86 571 8888 1234、123", "+86 571 8888 ****、***"),
        ("", ""),
    ],
)
def test_a_phone_number_loses_its_last_four_digits(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


def test_of_a_name_the_first_character_is_left() -> None:
    assert [mask_name(one) for one in ("王晓明", " Li Hua", "赵", "  ")] == ["王…", "L…", "赵…", ""]
