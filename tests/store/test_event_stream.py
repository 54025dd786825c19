"""The stream of events: whoever reads on from where they were gets each event once, on both databases."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.event_stream import EventKind, StreamEnd, StreamEvent, StreamPlace
from mailer.model.outcome import Phase, Reply
from mailer.model.reading import Hit, HitKind, Judgement, Verdict
from mailer.reports import stream
from mailer.reports.stream import find_settled, read_stream
from mailer.store import claims, event_stream, events, mailings, readings, settlements
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.store.readings import NewHit
from mailer.store.settlements import Settled, Settlement
from tests.world import NOW, SECRET, World

OK = Reply(250, "2.0.0", "queued", Phase.DOT)
LATER = Reply(451, "4.7.1", "greylisted", Phase.RCPT)
NO = Reply(550, "5.1.1", "unknown", Phase.RCPT)


def read(
    world: World,
    place: StreamPlace,
    until: datetime,
    most: int = 3,
    kinds: tuple[EventKind, ...] = (),
    mailing_id: int | None = None,
) -> tuple[list[StreamEvent], StreamPlace]:
    """Read on until there is no more for now."""
    found: list[StreamEvent] = []
    more = True
    while more:
        with world.store.read() as connection:
            end = event_stream.newest_numbers(connection)
            page = read_stream(connection, place, most, until, end, kinds, mailing_id)
        assert len(page.events) <= most
        found += page.events
        place, more = page.place, page.more
    return found, place


def send_some(world: World, mailing_id: int, now: datetime, dice: random.Random, most: int) -> list[str]:
    """Claim and settle some deliveries; return the attempts by their ids in the stream."""
    made = []
    with world.store.write() as connection:
        (running,) = claims.running_mailings(connection, mailing_id)
        chosen = [(one, "main") for one in claims.find_candidates(connection, mailing_id, now, most)]
        taken = claims.take_deliveries(connection, running, chosen, "lease", now + timedelta(hours=1), now, SECRET)
        for one in taken:
            end = dice.choice(
                [
                    Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, ""),
                    Settlement(DeliveryStatus.REFUSED, "refused", NO, "gone"),
                    Settlement(DeliveryStatus.PENDING, "deferred", LATER, "greylisted", next_attempt_at=now),
                ]
            )
            settlements.settle_deliveries(connection, [Settled(one.id, one.attempt, "lease", end, now)])
            made.append(f"attempt:{one.id}:{one.attempt}")
    return made


@pytest.mark.parametrize("seed", range(4))
def test_each_attempt_comes_once_however_reading_and_sending_take_turns(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "WALKED", 2)  # so that a look ends in the middle of a mailing
    dice = random.Random(seed)
    number = world.start_mailing()
    made: list[str] = []
    seen: list[str] = []
    place, now = StreamPlace(), NOW
    for _turn in range(30):
        now += timedelta(seconds=dice.choice([0, 1, 20]))
        if dice.random() < 0.6:
            made += send_some(world, number, now, dice, dice.randint(1, 3))
        else:
            with world.store.read() as connection:
                end = event_stream.newest_numbers(connection)
                page = read_stream(connection, place, dice.randint(1, 3), now, end)
            seen += [one.id for one in page.events]
            place = page.place
    found, place = read(world, place, now + timedelta(seconds=1))
    seen += [one.id for one in found]
    assert Counter(seen) == Counter(made)
    assert read(world, place, now + timedelta(hours=3))[0] == []


def test_attempts_of_a_mailing_that_is_over_are_not_walked_again(world: World) -> None:
    number = world.start_mailing()
    send_some(world, number, NOW, random.Random(1), 7)
    with world.store.write() as connection:
        mailings.move_mailing(connection, number, MailingStatus.FINISHED, world.later(5))
    found, place = read(world, StreamPlace(), world.later(10))
    assert len(found) == 7
    much_later = world.later(8000)
    place = read(world, place, much_later)[1]
    with world.store.read() as connection:
        assert event_stream._next_mailing(connection, place.begin_pass(much_later), None) is None


def test_a_stream_holds_every_kind_and_says_whose_it_is(world: World) -> None:
    number = world.start_mailing()
    (first, *_rest) = world.claim_all(number)
    end = Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, "")
    with world.store.write() as connection:
        settlements.settle_deliveries(connection, [Settled(first.id, first.attempt, "lease", end, NOW)])
        bounce = NewEvent(first.id, "bounce", True, "gone", "550 no", "mail", NOW, tie="probable")
        assert events.record_event(connection, bounce)
        hit = Hit(HitKind.CLICK, 2, NOW, "GET", "browser", prefetch=False)
        whose = (first.id, None)  # a list that is counted as a whole has no deliveries
        readings.add_hits(
            connection,
            [NewHit(one, number, world.lists["government"], hit, "", Judgement(Verdict.HUMAN, "")) for one in whose],
        )
    found, place = read(world, StreamPlace(), world.later(1))
    assert [one.kind for one in found] == ["bounce", "click", "click", "accepted"]
    report, click, of_all, attempt = found
    assert (report.hard, report.reply_class, report.probable, report.address) == (
        True, "gone", True, "office1@gov.example",
    )  # fmt: skip
    assert (click.verdict, click.link, click.delivery_id) == ("human", 2, first.id)
    assert (of_all.delivery_id, of_all.address) == (None, "")
    assert (attempt.detail, attempt.list_name, attempt.mailing_id) == ("250 2.0.0 queued", "government", number)
    assert read(world, place, world.later(100))[0] == []
    only = (EventKind.BOUNCE, EventKind.ACCEPTED)
    assert [one.kind for one in read(world, StreamPlace(), world.later(1), kinds=only)[0]] == ["bounce", "accepted"]
    assert read(world, StreamPlace(), world.later(1), mailing_id=number + 1)[0] == []
    with world.store.read() as connection:
        last = event_stream.newest_numbers(connection)
    here = StreamPlace(last.event, last.reading, since=world.later(1))
    assert read(world, here, world.later(100))[0] == []


def add_bounce(connection: Connection, delivery_id: int, source: str) -> None:
    assert events.record_event(connection, NewEvent(delivery_id, "bounce", True, "gone", "550 no", source, NOW))


def follow(world: World, place: StreamPlace) -> tuple[list[str], StreamPlace]:
    """Read on as the API does; return what came, by the words of its reports."""
    end = find_settled(world.store, StreamEnd(place.event, place.reading))
    with world.store.read() as connection:
        page = read_stream(connection, place, 50, NOW, end)
    return [one.id for one in page.events], page.place


def test_what_is_committed_late_under_a_lower_number_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL draws numbers at the insert: the first transaction has the lower one and commits last."""
    monkeypatch.setattr(stream, "PATIENCE_S", 0.2)
    (first, second, *_rest) = world.claim_all(world.start_mailing())
    if world.store.is_sqlite:
        with world.store.write() as connection:
            add_bounce(connection, first.id, "slow")
            add_bounce(connection, second.id, "quick")
        assert len(follow(world, StreamPlace())[0]) == 2, "one writer at a time, so numbers rise as they are committed"
        return
    with world.store.write() as slow:
        add_bounce(slow, first.id, "slow")
        with world.store.write() as quick:
            add_bounce(quick, second.id, "quick")
        with world.store.read() as connection:
            assert event_stream.newest_numbers(connection) == StreamEnd(2, 0), "the second one alone can be seen"
        seen, place = follow(world, StreamPlace())
        assert (seen, place.event) == ([], 0), "what may still come before it is waited for"
    seen, place = follow(world, place)
    assert seen == ["event:1", "event:2"]
    assert follow(world, place)[0] == []


def test_a_number_that_was_rolled_back_holds_nobody_up_and_who_writes_later_neither(world: World) -> None:
    (first, second, third, *_rest) = world.claim_all(world.start_mailing())
    with suppress(ZeroDivisionError), world.store.write() as connection:
        add_bounce(connection, first.id, "lost")
        raise ZeroDivisionError
    with world.store.write() as connection:
        add_bounce(connection, second.id, "kept")
    with world.store.read() as reading:
        event_stream.newest_numbers(reading)  # who only reads is nobody to wait for
        seen, place = follow(world, StreamPlace())
    assert len(seen) == 1
    if world.store.is_sqlite:
        return
    ended = threading.Event()

    def write_at_length() -> None:
        """Begin after the reader has looked, and outlast it."""
        with world.store.write() as connection:
            add_bounce(connection, third.id, "later")
            assert ended.wait(10)

    thread = threading.Thread(target=write_at_length)
    looked = event_stream.find_writers

    def look_then_begin(connection: Connection) -> event_stream.Writers:
        found = looked(connection)
        if thread.ident is None:
            thread.start()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_stream, "find_writers", look_then_begin)
        assert find_settled(world.store, StreamEnd(0, 0)).event == place.event
    ended.set()
    thread.join(10)
    assert len(follow(world, place)[0]) == 1


def test_readers_that_follow_many_writers_miss_nothing(world: World) -> None:
    """Four writers whose transactions overlap, one reader that never rests: every event comes, once."""
    taken = world.claim_all(world.start_mailing())
    each = 12

    def write(number: int) -> None:
        dice = random.Random(number)
        for turn in range(each):
            with world.store.write() as connection:
                add_bounce(connection, taken[number % len(taken)].id, f"{number} {turn}")
                time.sleep(dice.random() * 0.01)

    seen: list[str] = []
    place = StreamPlace()
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, number) for number in range(4)]
        while not all(one.done() for one in running):
            found, place = follow(world, place)
            seen += found
    for one in running:
        one.result()
    seen += follow(world, place)[0]
    assert len(seen) == len(set(seen)) == 4 * each
