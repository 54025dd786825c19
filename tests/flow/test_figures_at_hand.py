"""What pages tell of mailings and lists is at hand: remembered while nothing moves, read without keeping anybody waiting."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from mailer.app import House
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store import mailings
from mailer.store.schema import delivery
from tests.flow.newsletter import Newsletter

FIRST = (1 << 32) + 1


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with a mailing to ten readers that has begun and that nobody sends."""
    news = Newsletter.make(tmp_path / "news", 25)
    news.write_issue()
    house = House(news.folder)
    house.approvals.approve("2020-07", "主编")
    house.mailings.start(house.mailings.schedule("2020-07").id)
    return house


def put(house: House, place: int, status: DeliveryStatus) -> None:
    with house.store.write() as connection:
        connection.execute(update(delivery).where(delivery.c.id == FIRST + place).values(status=status.value))


def test_lists_are_counted_while_another_process_writes(house: House) -> None:
    before = {one.value.name: one.active for one in house.lists.count()}
    counted: list[dict[str, int]] = []
    with house.store.write():
        asking = threading.Thread(
            target=lambda: counted.append({one.value.name: one.active for one in house.lists.count()}), daemon=True
        )
        asking.start()
        asking.join(10)
        assert counted == [before]
    assert sum(before.values()) == 10
    house.close()


def test_progress_of_a_finished_mailing_is_counted_anew_when_a_copy_moves(house: House) -> None:
    for place in range(10):
        put(house, place, DeliveryStatus.ACCEPTED)
    assert house.reports.progress("1").count(DeliveryStatus.ACCEPTED) == 10
    with house.store.write() as connection:
        assert mailings.move_mailing(connection, 1, MailingStatus.FINISHED, house.now())
    known = house.reports.progress("1")
    assert house.reports.progress("1") is known, "nothing has moved"
    put(house, 3, DeliveryStatus.UNCERTAIN)
    told = house.reports.progress("1")
    assert (told.count(DeliveryStatus.ACCEPTED), told.count(DeliveryStatus.UNCERTAIN), told.planned) == (9, 1, 10)
    assert sum(one.planned for one in told.lists) == 10
    house.close()


def test_the_end_of_a_mailing_stands_for_a_while_and_only_while_the_mailing_stands_the_same(house: House) -> None:
    record = house.mailings.get("1")
    told = house.forecasts.ends_about(record)
    assert told is not None
    assert house.forecasts.ends_about(record) is told
    house.mailings.pause("1")
    paused = house.mailings.get("1")
    assert house.forecasts.ends_about(paused) is not told
    house.forecasts.renew()
    assert house.forecasts.ends_about(replace(record, reason="x")) is not None
    house.close()


def test_a_whole_address_is_found_at_once_and_words_that_are_none_are_looked_for(house: House) -> None:
    reader = house.histories.page("1", most=1).copies[0].address
    found = house.histories.page("1", words=reader.upper())
    assert [one.address for one in found.copies] == [reader]
    assert house.histories.page("1", DeliveryStatus.REFUSED, reader).copies == ()
    assert [one.address for one in house.histories.page("1", words=reader[:-2]).copies] == [reader]
    assert house.histories.page("1", words="nobody@firm3.example").copies == ()
    house.close()
