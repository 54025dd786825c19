"""Requests are kept with their verdicts, and judged again they come to the same; what comes too fast delays nobody."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from mailer.errors import EditionChangedError
from mailer.model.edition import hash_stored
from mailer.model.reading import HitKind, TrackedLink, Verdict, Visit
from mailer.store import reading_figures, schema
from mailer.store.database import Store, open_store
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt, delivery, reading_event
from mailer.tokens import Purpose, sign_token, tally_number
from mailer.tracking.agents import known_agents, read_agents
from mailer.tracking.desk import ReadingDesk
from mailer.tracking.readings import MOST_HITS, Fetched, judge_again, keep_fetched
from mailer.tracking.recorder import ReadingRecorder
from tests.tracking.test_judging import CHROME, GMAIL, IPHONE
from tests.world import NOW, SECRET, World

LINKS = tuple(TrackedLink(f"https://a.example/{n}", f"第{n}篇", "a1", "一件事") for n in range(1, 8))


def sent(world: World) -> int:
    """A mailing whose copies all had their dots at NOW."""
    mailing_id = world.start_mailing()
    world.claim_all(mailing_id)
    with world.store.write() as connection:
        connection.execute(update(attempt).values(dot_at=NOW))
        stored = {"links": [[one.target, one.text, one.part, one.title] for one in LINKS], "tracking": "full"}
        for row in connection.execute(select(schema.edition.c.id, schema.edition.c.stored)).all():
            new = {**row.stored, **stored}
            connection.execute(
                update(schema.edition).where(schema.edition.c.id == row.id).values(stored=new, sha256=hash_stored(new))
            )
    return mailing_id


def fetched(number: int, after_s: float, link: int = 0, agent: str = CHROME, *, tally: bool = False) -> Fetched:
    kind = HitKind.CLICK if link else HitKind.OPEN
    return Fetched(kind, number, tally, link, NOW + timedelta(seconds=after_s), Visit("GET", agent, "203.0.113.0/24"))


def at_random(dice: random.Random, numbers: list[int]) -> list[Fetched]:
    """A history with people, scanners and scripts, in the order of time."""
    found: list[Fetched] = []
    for number in numbers:
        start = dice.choice([0.5, 4, 60, 7000])
        if dice.random() < 0.4:
            found += [fetched(number, start + n * dice.choice([0.05, 2, 9]), n) for n in range(1, dice.randint(2, 8))]
        for _n in range(dice.randint(0, 6)):
            agent = dice.choice([CHROME, IPHONE, GMAIL, "Mozilla/5.0", "curl/8", "", "who knows"])
            found.append(fetched(number, start + dice.random() * 50, dice.randint(0, 7), agent))
    return sorted(found, key=lambda one: one.at)


def verdicts(store: Store) -> list[tuple[object, ...]]:
    with store.read() as connection:
        order = (reading_event.c.delivery_id, reading_event.c.happened_at, reading_event.c.link, reading_event.c.id)
        rows = connection.execute(select(*order, reading_event.c.verdict, reading_event.c.reason).order_by(*order))
        return [(*row[:3], *row[4:]) for row in rows]


@pytest.mark.parametrize("seed", range(4))
def test_judged_again_a_history_comes_to_the_same_however_it_came_in(world: World, seed: int) -> None:
    dice = random.Random(seed)
    mailing_id = sent(world)
    history = at_random(dice, [mailing_id * ORDINALS + n for n in range(1, 8)])
    rest = list(history)
    while rest:
        size = dice.randint(1, 9)
        with world.store.write() as connection:
            keep_fetched(connection, rest[:size], known_agents())
        rest = rest[size:]
    online = verdicts(world.store)
    assert len(online) == len(history)
    assert {verdict for *_, verdict, _reason in online} == {one.value for one in Verdict}
    with world.store.write() as connection:  # whatever it was held for
        connection.execute(update(reading_event).values(verdict="unknown", reason="forgotten"))
    done = judge_again(world.store, known_agents(), mailing_id)
    assert (done.requests, done.changed) == (len(history), len(history))
    assert verdicts(world.store) == online
    assert judge_again(world.store, known_agents()).changed == 0


def test_other_rules_come_to_other_verdicts(world: World) -> None:
    number = sent(world) * ORDINALS + 1
    with world.store.write() as connection:
        keep_fetched(connection, [fetched(number, 60)], known_agents())
    strict = read_agents([{"name": "everybody", "has": ["mozilla"], "verdict": "machine"}])
    assert judge_again(world.store, strict).changed == 1
    assert [one[3:] for one in verdicts(world.store)] == [("machine", "everybody")]
    assert judge_again(world.store, known_agents(), mailing_id=99).requests == 0


def test_a_tally_keeps_nothing_of_a_person(world: World) -> None:
    mailing_id = sent(world)
    with world.store.write() as connection:
        edition_id = connection.execute(select(delivery.c.edition_id).limit(1)).scalar_one()
        number = tally_number(mailing_id, edition_id)
        many = [fetched(number, 4000, 1, tally=True), fetched(number, 4100, agent="curl/8", tally=True)]
        assert keep_fetched(connection, [*many, fetched(tally_number(99, 1), 1, tally=True)], known_agents()) == 2
        rows = connection.execute(select(reading_event).order_by(reading_event.c.id)).all()
    assert [(row.delivery_id, row.agent, row.network, row.verdict) for row in rows] == [
        (None, "", "", "human"), (None, "", "", "machine"),
    ]  # fmt: skip
    assert {row.happened_at for row in rows} == {NOW + timedelta(hours=1)}
    assert judge_again(world.store, known_agents()).requests == 0, "nothing was kept to judge it by"
    assert [row.verdict for row in rows] == ["human", "machine"]


def test_a_copy_fetched_for_ever_fills_no_database(world: World) -> None:
    number = sent(world) * ORDINALS + 1
    with world.store.write() as connection:
        for start in range(0, MOST_HITS + 90, 30):
            keep_fetched(connection, [fetched(number, start + n, 1) for n in range(30)], known_agents())
        assert keep_fetched(connection, [fetched(99 * ORDINALS, 5)], known_agents()) == 0, "no such delivery"
        assert connection.execute(select(func.count()).select_from(reading_event)).scalar() == MOST_HITS


def test_the_figures_count_readers_once_and_machines_apart(world: World) -> None:
    mailing_id = sent(world)
    one, two, three = (mailing_id * ORDINALS + n for n in (1, 3, 4))
    story = [
        *(fetched(one, after) for after in (60, 90, 120)), fetched(one, 200, 2), fetched(one, 300, 2),
        fetched(two, 60), fetched(two, 100, 2), fetched(two, 150, 3, "curl/8"), fetched(three, 60, agent="Mozilla/5.0"),
    ]  # fmt: skip
    with world.store.write() as connection:
        keep_fetched(connection, story, known_agents())
        readers = {
            (row.list_id, row.kind.value, row.verdict.value): (row.requests, row.readers)
            for row in reading_figures.count_readers(connection, mailing_id)
        }
        clicks = {
            (row.list_id, row.link, row.verdict.value): (row.requests, row.readers)
            for row in reading_figures.count_clicks(connection, mailing_id)
        }
    above, beside = world.lists["government"], world.lists["members"]
    assert readers == {
        (above, "open", "human"): (3, 1), (above, "click", "human"): (2, 1),
        (beside, "open", "human"): (1, 1), (beside, "click", "human"): (1, 1),
        (beside, "click", "machine"): (1, 1), (beside, "open", "machine"): (1, 1),
    }  # fmt: skip
    assert clicks == {
        (above, 2, "human"): (2, 1), (beside, 2, "human"): (1, 1), (beside, 3, "machine"): (1, 1),
    }  # fmt: skip


def make_desk(store: Store, **limits: float) -> tuple[ReadingDesk, ReadingRecorder]:
    recorder = ReadingRecorder(store, known_agents(), linger_s=0.02, **limits)  # type: ignore[arg-type]
    return ReadingDesk(store, SECRET, recorder, lambda: NOW + timedelta(hours=1)), recorder


VISIT = Visit("GET", CHROME)


def test_a_desk_leads_by_token_and_number_only_and_writes_when_it_is_closed(world: World) -> None:
    mailing_id = sent(world)
    number = mailing_id * ORDINALS + 1
    desk, _recorder = make_desk(world.store)
    click, opened = (sign_token(SECRET, purpose, number) for purpose in (Purpose.CLICK, Purpose.OPEN))
    with world.store.read() as connection:
        edition_id = connection.execute(select(delivery.c.edition_id).where(delivery.c.id == number)).scalar_one()
    tally = sign_token(SECRET, Purpose.TALLY_CLICK, tally_number(mailing_id, edition_id))
    assert [desk.follow(click, n, VISIT) for n in (1, 7, 0, 8, -1)] == [
        LINKS[0].target, LINKS[6].target, None, None, None,
    ]  # fmt: skip
    assert desk.follow(tally, 2, VISIT) == LINKS[1].target
    assert desk.follow(sign_token(SECRET, Purpose.CLICK, 99 * ORDINALS), 1, VISIT) is None
    assert desk.follow(opened, 1, VISIT) is None
    assert [desk.open(token, VISIT) for token in (opened, click, "forged")] == [True, False, False]
    desk.close()
    assert [row[2] for row in verdicts(world.store) if row[0] is not None] == [0, 1, 7]
    assert len(verdicts(world.store)) == 4


def test_a_changed_edition_leads_nowhere(world: World) -> None:
    number = sent(world) * ORDINALS + 1
    with world.store.write() as connection:
        connection.execute(update(schema.edition).values(sha256="0" * 64))
    desk, _recorder = make_desk(world.store)
    with pytest.raises(EditionChangedError):
        desk.follow(sign_token(SECRET, Purpose.CLICK, number), 1, VISIT)
    desk.close()


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Hold the database's write lock, or on PostgreSQL the table."""
    with store.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("LOCK TABLE reading_event IN ACCESS EXCLUSIVE MODE"))
        yield


def test_while_the_database_is_locked_links_lead_on_and_what_has_no_room_is_counted_as_dropped(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    number = sent(world) * ORDINALS + 1
    desk, recorder = make_desk(world.store, most_waiting=20, batch=5)
    token = sign_token(SECRET, Purpose.CLICK, number)
    with locked(world.store):
        began = time.monotonic()
        for n in range(40):
            assert desk.follow(token, 1 + n % 7, VISIT) == LINKS[n % 7].target
        assert time.monotonic() - began < 10
        assert recorder.dropped >= 15
    desk.close()
    assert len(verdicts(world.store)) == 40 - recorder.dropped
    assert "were not counted" in caplog.text


def test_a_database_that_stays_locked_ends_a_stop_in_time(tmp_path: Path) -> None:
    store = Store(open_store("", tmp_path / "mailer.db").url, busy_timeout_s=0.2)
    world = World.build(store)
    number = sent(world) * ORDINALS + 1
    desk, recorder = make_desk(store)
    with locked(store):
        desk.open(sign_token(SECRET, Purpose.OPEN, number), VISIT)
        began = time.monotonic()
        recorder.close(patience_s=1)
        assert time.monotonic() - began < 10
    assert recorder.dropped == 1
    desk.open(sign_token(SECRET, Purpose.OPEN, number), VISIT)
    assert recorder.dropped == 2, "nothing is taken down after the end"
    store.close()


def test_requests_of_many_threads_are_all_kept(world: World) -> None:
    mailing_id = sent(world)
    desk, recorder = make_desk(world.store, batch=50)
    tokens = [sign_token(SECRET, Purpose.OPEN, mailing_id * ORDINALS + n) for n in range(1, 8)]
    threads = [threading.Thread(target=lambda t=token: [desk.open(t, VISIT) for _n in range(100)]) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.close()
    assert (recorder.dropped, len(verdicts(world.store))) == (0, 700)
