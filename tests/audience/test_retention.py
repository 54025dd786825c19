"""What is too old to be kept is cleared once a day, by whichever clock comes first; figures stay."""

from datetime import timedelta

from sqlalchemy import func, insert, select, update

from mailer.audience.retention import clear_old, count_old
from mailer.audience.sync import sync_list
from mailer.config import RetentionConfig
from mailer.model.delivery import MailingStatus
from mailer.model.reading import Hit, HitKind, Judgement, Verdict
from mailer.store import audience, events, mailings, notices, readings, retention
from mailer.store.database import Connection
from mailer.store.joining import NewRequest, add_request
from mailer.store.readings import NewHit
from mailer.store.schema import attempt, contact, delivery, event, join_request, notice, reading_event, suppression
from tests.world import NOW, SECRET, World, make_contact

DAY = timedelta(days=1)
SETTINGS = RetentionConfig(contacts=30 * DAY, events=20 * DAY, readings=10 * DAY, replies=10 * DAY, logs=10 * DAY)
CLEARED = {"contacts": 2, "events": 1, "readings": 1, "replies": 2, "logs": 1, "requests": 1, "returned": 0}


def fill(world: World) -> None:
    """One mailing with history, two readers who are on no list any more, a notice and a request."""
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.FINISHED, NOW)
        numbers = list(connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars())
        for number in numbers[2:4]:
            connection.execute(
                insert(attempt).values(delivery_id=number, number=1, relay="main", started_at=NOW, reply="250 ok")
            )
        connection.execute(update(delivery).where(delivery.c.id.in_(numbers[2:4])).values(reply="250 ok"))
        events.record_event(connection, events.NewEvent(numbers[2], "bounce", False, "full", "552 full", "mail", NOW))
        place = (numbers[2], mailing_id, world.lists["members"])
        hit = Hit(HitKind.OPEN, 0, NOW, "GET", "Mobile", prefetch=False)
        readings.add_hits(connection, [NewHit(*place, hit, "192.0.2.0/24", Judgement(Verdict.HUMAN, ""))])
        notices.add_notice(connection, "about", "subject", "body", ["editor@zsia.example"], NOW, NOW)
        add_request(connection, NewRequest("a@b.example", "a@b.example", ("members",), "web", "", "1", NOW, NOW))
        reader = audience.contact_id(connection, "reader1@firm1.example")
        assert reader is not None
        audience.end_subscription(connection, reader, world.lists["members"], "unsubscribed", NOW)
        kept = [make_contact(f"reader{n}@firm{n}.example") for n in range(3, 6)]
        sync_list(connection, world.lists["members"], [*kept, make_contact("office1@gov.example")], "test", NOW)


def clear(world: World, days: float) -> dict[str, int]:
    counts, done = clear_old(world.store.write, SECRET, SETTINGS, NOW + days * DAY, lambda: True)
    assert done
    return counts


def count(connection: Connection, *wanted: object) -> int:
    return int(connection.execute(select(func.count()).select_from(*wanted)).scalar_one())  # type: ignore[arg-type]


def test_nothing_goes_before_its_time(world: World) -> None:
    fill(world)
    assert clear(world, 6) == dict.fromkeys(CLEARED, 0)
    assert clear(world, 15) == CLEARED | {"contacts": 0, "events": 0}


def test_what_is_counted_before_is_what_is_cleared_then_and_once(world: World) -> None:
    fill(world)
    with world.store.read() as connection:
        assert count_old(connection, SETTINGS, NOW + 40 * DAY) == CLEARED
    assert clear(world, 40) == CLEARED
    assert clear(world, 41) == dict.fromkeys(CLEARED, 0)
    with world.store.read() as connection:
        assert connection.execute(select(event.c.detail, event.c.kind)).all() == [("", "bounce")]
        assert connection.execute(select(reading_event.c.agent, reading_event.c.network)).all() == [("", "")]
        assert set(connection.execute(select(attempt.c.reply)).scalars()) == {""}
        assert set(connection.execute(select(delivery.c.reply)).scalars()) == {""}
        assert count(connection, notice) == count(connection, join_request) == 0
        assert count(connection, delivery) == 7, "what was counted stays"


def test_who_left_stays_out_and_whom_the_sheet_dropped_may_come_back(world: World) -> None:
    fill(world)
    clear(world, 40)
    with world.store.write() as connection:
        erased = list(connection.execute(select(contact.c.id).where(contact.c.erased_at.is_not(None))).scalars())
        assert len(erased) == 2
        assert count(connection, suppression) == 2, "of the one who left: the address, and what stands for it"
        assert audience.find_contact(connection, "reader2@firm2.example") is None
        assert audience.find_contact(connection, "reader3@firm3.example") is not None


def test_what_is_kept_for_ever_is_not_cleared(world: World) -> None:
    fill(world)
    settings = RetentionConfig(contacts=None, events=None, readings=None, replies=None, logs=None)
    counts, done = clear_old(world.store.write, SECRET, settings, NOW + 9999 * DAY, lambda: True)
    assert done
    assert counts == {**dict.fromkeys(CLEARED, 0), "requests": 1}, "a link that nobody followed is no consent to keep"


def test_a_clearing_that_was_cut_off_goes_on(world: World) -> None:
    fill(world)
    left = iter([True, True, False])
    counts, done = clear_old(world.store.write, SECRET, SETTINGS, NOW + 40 * DAY, lambda: next(left))
    assert not done
    rest = clear(world, 40)
    assert {name: counts[name] + rest[name] for name in counts} == CLEARED


def test_of_two_clocks_one_takes_the_day_and_the_other_what_it_left(world: World) -> None:
    lease = timedelta(seconds=30)
    with world.store.write() as connection:
        assert retention.take_day(connection, "2020-07-31", NOW, lease)
        assert not retention.take_day(connection, "2020-07-31", NOW, lease)
        assert retention.take_day(connection, "2020-07-31", world.later(30), lease), "the first has died"
        retention.note_day(connection, "2020-07-31", {"events": 2}, None)
        assert retention.note_day(connection, "2020-07-31", {"events": 3}, world.later(40)) == {"events": 5}
        assert not retention.take_day(connection, "2020-07-31", world.later(9999), lease)
        assert retention.take_day(connection, "2020-08-01", world.later(9999), lease)
