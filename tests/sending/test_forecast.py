"""The forecast: against a whole run of the real sender, by its own arithmetic, and for a million readers."""

import asyncio
import time
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.audience.sync import sync_list
from mailer.config import DomainConfig, RelayConfig
from mailer.model.forecast import Forecast, WaitKind
from mailer.model.pace import Pace, Use, parse_limit
from mailer.model.tempo import EVEN, Tempo, parse_quiet_hours
from mailer.sending.course import Course, Load
from mailer.sending.expected import measure_speed, pending_course, read_known
from mailer.sending.feed import Domains, relay_subject
from mailer.sending.forecast import Simulation
from mailer.sending.meters import Known, Speed
from mailer.store import claims
from mailer.store.database import Store
from tests.pipelining_relay import PipeliningRelay
from tests.sending.house import deliver, figures, make_world, readers, settings_of, utc_now
from tests.sending.test_tempo import start
from tests.world import World, make_contact

on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
FAST = Speed(1000.0, measured=True)
DAY = 86400


def forecast(
    relays: Mapping[str, Mapping[str, object]],
    loads: Mapping[str, Mapping[str, int]],
    *,
    tempo: Tempo = EVEN,
    domains: Mapping[str, Mapping[str, object]] | None = None,
    paces: Mapping[str, Pace] | None = None,
    uses: Mapping[str, Mapping[int, list[Use]]] | None = None,
    speed: Speed = FAST,
    starts_at: datetime = NOW,
) -> Forecast:
    configs = {name: RelayConfig.model_validate({"host": "relay.example", **one}) for name, one in relays.items()}
    groups = {name: DomainConfig.model_validate(one) for name, one in (domains or {}).items()}
    known = Known(paces or {}, uses or {}, dict.fromkeys(relays, speed))
    course = Course(tuple(Load(name, counts) for name, counts in loads.items()), starts_at, tempo)
    return Simulation(configs, Domains(groups), known, [course], NOW).run()


def took(found: Forecast) -> float:
    assert found.seconds is not None
    return found.seconds


# -- beside a real run


async def run_and_compare(
    store: Store,
    addresses: list[str],
    relays: Mapping[str, dict[str, object]],
    domains: Mapping[str, dict[str, object]],
    tempo: Tempo = EVEN,
) -> tuple[float, float, Forecast]:
    """Return how many seconds a run took and how many were forecast, with the speed of the relays as in a run before."""
    world = make_world(store, *addresses[:30])
    async with PipeliningRelay() as one, PipeliningRelay() as two:
        ways = dict(zip(relays, (one, two), strict=False))
        before = settings_of(world, {name: (relay, {}) for name, relay in ways.items()})
        await deliver(before, world, start(world, EVEN))
        assert len(one.taken) + len(two.taken) == 30
        taken_before = len(one.taken) + len(two.taken)
        add(world, addresses)
        settings = settings_of(world, {name: (ways[name], dict(one)) for name, one in relays.items()}, domains=domains)
        mailing_id = start(world, tempo)
        now = utc_now()
        with store.read() as connection:
            (running,) = claims.running_mailings(connection, mailing_id)
            configs = {name: access.config for name, access in settings.relays.items()}
            known = read_known(connection, configs, settings.domains, 1.0)
            assert all(speed.measured for speed in known.speeds.values())
            course = pending_course(connection, running, now)
        found = Simulation(configs, Domains(settings.domains), known, [course], now).run()
        await deliver(settings, world, mailing_id)
        done = [said.at for relay in (one, two) for said in relay.taken]
        assert len(done) - taken_before == len(addresses) - 30
        real = (utc_now() - now).total_seconds() - (asyncio.get_running_loop().time() - max(done))
    assert found.ends_at is not None
    return real, (found.ends_at - now).total_seconds(), found


def add(world: World, addresses: list[str]) -> None:
    with world.store.write() as connection:
        sync_list(connection, world.lists["members"], [make_contact(one) for one in addresses], "test", NOW)


async def test_a_run_within_limits_ends_when_it_was_said_to(store: Store) -> None:
    """Two relays with limits, and a domain with its own.

    Every round of a limit (about one a second here) may begin up to half a second late, as a sender looks each half
    second; the forecast takes half of that for each. So a quarter of a second a round may be too much or too little,
    and a second for speed that was measured over thirty copies only; a busy machine makes the run longer still. With
    the limits of providers, minutes and days long, that is nothing.
    """
    slow = readers(14, "qq.example")
    others = readers(70)
    mixed = others[:30] + [one for pair in zip(slow, others[30:44], strict=True) for one in pair] + others[44:]
    relays: dict[str, dict[str, object]] = {"one": {"limits": ["5/2s"]}, "two": {"limits": ["3/1s", "12/5s"]}}
    domains: dict[str, dict[str, object]] = {"qq": {"names": ["qq.example"], "limits": ["3/2s"]}}
    real, said, found = await run_and_compare(store, mixed, relays, domains)
    assert sum(one.copies for one in found.relays) == 54
    assert said >= 12 * 0.9, "54 copies at 2.2 and 2.4 a second cannot be quicker"
    assert said - (0.25 * said + 1) <= real <= said + (0.5 * said + 1), (real, said)


@on_sqlite
async def test_a_spread_run_ends_when_it_was_said_to(store: Store) -> None:
    """The sender looks each half second, so its last copy leaves so much late at most; the rest is for the machine."""
    real, said, _found = await run_and_compare(store, readers(42), {"one": {}}, {}, Tempo(spread=timedelta(seconds=5)))
    assert said == pytest.approx(5 * 11 / 12, abs=0.3)
    assert said - 1.5 <= real <= said + (0.5 * said + 1), (real, said)


@on_sqlite
async def test_what_is_left_of_a_run_is_forecast_with_what_was_used(store: Store) -> None:
    world = make_world(store, *readers(30))
    mailing_id = start(world, EVEN)
    async with PipeliningRelay() as relay:
        settings = settings_of(world, {"main": (relay, {"limits": ["20/1h"]})})
        stop = asyncio.Event()
        sending = asyncio.create_task(deliver(settings, world, mailing_id, stop))
        while len(relay.taken) < 20:
            await asyncio.sleep(0.01)
        stop.set()
        await sending
    now = utc_now()
    with store.read() as connection:
        (running,) = claims.running_mailings(connection, mailing_id)
        configs = {name: access.config for name, access in settings.relays.items()}
        known = read_known(connection, configs, {}, 1.0)
        course = pending_course(connection, running, now)
    found = Simulation(configs, Domains({}), known, [course], now).run()
    assert found.copies == 10
    assert found.ends_at is not None
    assert timedelta(minutes=58) <= found.ends_at - now <= timedelta(hours=1, minutes=3)
    assert len(figures(world, mailing_id)) == 2


# -- by its arithmetic


@pytest.mark.parametrize(
    ("count", "limits", "seconds", "waits", "binds"),
    [
        (40, ["40/1d"], 0, {}, None),
        (41, ["40/1d"], DAY, {DAY: 1}, "40/1d"),
        (77, ["40/1d"], DAY, {DAY: 1}, "40/1d"),
        (81, ["40/1d"], 2 * DAY, {DAY: 2}, "40/1d"),
        (8, ["8/15m"], 0, {}, None),
        (40, ["8/15m", "40/1d"], 4 * 900, {900: 4}, "8/15m"),
        (77, ["8/15m", "40/1d"], DAY + 4 * 900, {900: 8, DAY: 1}, "40/1d"),
        (25, ["10/1m", "20/1m"], 120, {60: 2}, "10/1m"),
    ],
)
def test_a_limit_takes_as_long_as_its_windows_and_their_slices(
    count: int, limits: list[str], seconds: int, waits: dict[int, int], binds: str | None
) -> None:
    found = forecast({"main": {"limits": limits}}, {"members": {"a.example": count}})
    # each wait is for a window and up to two slices of it, a sixtieth each
    longest = seconds + sum(number * window / 30 for window, number in waits.items())
    assert seconds <= took(found) <= longest + 5
    if binds is not None:
        assert found.binds is not None
        assert (found.binds.kind, found.binds.name, str(found.binds.limit)) == (WaitKind.LIMIT, "main", binds)


def test_a_spread_binds_where_nothing_else_does() -> None:
    found = forecast({"main": {}}, {"members": {"m.example": 12}}, tempo=Tempo(spread=timedelta(seconds=5)))
    assert took(found) == pytest.approx(5 * 11 / 12, abs=0.3)
    assert found.binds is not None
    assert found.binds.kind is WaitKind.SPREAD


def test_the_list_above_goes_first_and_each_list_has_its_end() -> None:
    found = forecast({"main": {"limits": ["40/1d"]}}, {"government": {"g.example": 27}, "members": {"m.example": 50}})
    above, beside = found.lists
    assert (above.copies, beside.copies) == (27, 50)
    assert above.ends_at is not None
    assert above.ends_at - NOW < timedelta(seconds=1)
    assert beside.begins_at is not None
    assert beside.begins_at - NOW < timedelta(seconds=1), "13 of the first day are theirs"
    assert beside.ends_at == found.ends_at


def test_what_the_window_has_used_counts() -> None:
    limit = parse_limit("40/1d")
    uses = {relay_subject("main"): {DAY: [Use(limit.slice_at(NOW - timedelta(hours=3)), 30)]}}
    found = forecast({"main": {"limits": ["40/1d"]}}, {"members": {"m.example": 11}}, uses=uses)
    assert 21 * 3600 <= took(found) <= 21 * 3600 + 2 * limit.slice_s


def test_relays_share_and_a_domain_that_waits_keeps_no_other() -> None:
    found = forecast(
        {"one": {"limits": ["100/1h"]}, "two": {"limits": ["50/1h"]}, "spare": {"weight": 0}},
        {"members": {"a.example": 140, "qq.example": 100}},
        domains={"qq": {"names": ["qq.example"], "limits": ["20/1h"]}},
    )
    assert {one.name: one.copies for one in found.relays}["spare"] == 0
    assert 4 * 3600 <= took(found) <= 4 * 3600 + 5 * 2 * 60 + 10
    assert found.binds is not None
    assert (found.binds.kind, found.binds.name) == (WaitKind.DOMAIN, "qq")


def test_a_relay_made_for_a_domain_takes_it_and_only_it() -> None:
    relays = {"main": {"limits": ["10/1h"]}, "gov": {"domains": ["*.gov.example"]}}
    found = forecast(relays, {"government": {"jx.gov.example": 500}, "members": {"m.example": 30}})
    assert {one.name: one.copies for one in found.relays} == {"main": 30, "gov": 500}
    assert found.lists[0].ends_at is not None
    assert found.lists[0].ends_at - NOW < timedelta(seconds=2)
    assert 2 * 3600 <= took(found) <= 2 * 3600 + 400


def test_quiet_hours_a_pause_and_a_spread_take_their_time() -> None:
    night = parse_quiet_hours("22:00-07:00", "Asia/Shanghai")
    one_a_hour = {"main": {"limits": ["1/1h"]}}
    found = forecast(one_a_hour, {"members": {"m.example": 20}}, tempo=Tempo(quiet=night))
    assert found.ends_at is not None
    assert found.ends_at.astimezone(ZoneInfo("Asia/Shanghai")).hour in range(7, 22)
    assert any(one.kind is WaitKind.QUIET for one in found.waits)
    paused = forecast(
        {"main": {}},
        {"government": {"g.example": 5}, "members": {"m.example": 5}},
        tempo=Tempo(pause=timedelta(minutes=30)),
    )
    assert took(paused) == pytest.approx(1800, abs=1)
    assert paused.binds is not None
    assert paused.binds.kind is WaitKind.LISTS
    spread = forecast({"main": {}}, {"members": {"m.example": 100}}, tempo=Tempo(spread=timedelta(hours=6)))
    assert took(spread) == pytest.approx(6 * 3600 * 0.99, rel=0.01)
    over_night = forecast(
        {"main": {}}, {"members": {"m.example": 1000}}, tempo=Tempo(spread=timedelta(hours=20), quiet=night)
    )
    assert took(over_night) == pytest.approx(29 * 3600, rel=0.02), "12 hours, a night of 9, and 8 more"


def test_a_relay_that_rests_is_waited_for_and_one_that_is_stopped_is_not() -> None:
    rests = Pace(held_until=NOW + timedelta(minutes=20), changed_at=NOW)
    found = forecast({"main": {}}, {"members": {"m.example": 5}}, paces={relay_subject("main"): rests})
    assert found.ends_at is not None
    assert found.ends_at - NOW == pytest.approx(timedelta(minutes=20), abs=timedelta(seconds=2))
    stopped = Pace(stopped=True, reason="535")
    never = forecast({"main": {}}, {"members": {"m.example": 5}}, paces={relay_subject("main"): stopped})
    assert never.ends_at is None
    assert [one.kind for one in never.waits] == [WaitKind.STOPPED]
    other = forecast({"main": {}, "two": {}}, {"members": {"m.example": 5}}, paces={relay_subject("main"): stopped})
    assert other.ends_at is not None


def test_what_no_relay_takes_is_said() -> None:
    found = forecast({"main": {"lists": ["government"]}}, {"members": {"m.example": 5}, "government": {"g.example": 1}})
    assert (found.stuck, found.ends_at) == (5, None)


def test_one_that_begins_later_is_counted_from_there() -> None:
    later = NOW + timedelta(days=3)
    found = forecast({"main": {}}, {"members": {"m.example": 5}}, starts_at=later)
    assert found.begins_at == later
    assert took(found) < 1
    assert found.binds is None or found.binds.kind is WaitKind.SPEED


def test_a_relay_s_speed_is_measured_while_it_works() -> None:
    bursts = [
        (NOW + timedelta(hours=burst, seconds=0.5 * number), NOW + timedelta(hours=burst, seconds=0.5 * number + 1))
        for burst in range(5)
        for number in range(8)
    ]
    assert measure_speed(bursts).per_second == pytest.approx(8 / 4.5)


@pytest.mark.parametrize(
    "relays",
    [
        {"main": {"limits": ["40/1d"]}},
        {"main": {"limits": ["8/15m", "40/1d"]}, "two": {"limits": ["100/1h"]}},
        {"main": {"connections": 20, "limits": ["5000/180s"]}, "qq": {"domains": ["firm1*.example"]}},
    ],
    ids=["a-day", "two-relays", "by-domain"],
)
def test_a_million_readers_of_many_domains_are_forecast_in_seconds(relays: dict[str, dict[str, object]]) -> None:
    began = time.thread_time()
    found = forecast(relays, {"members": {f"firm{number}.example": 20 for number in range(50_000)}})
    assert time.thread_time() - began < 10, "two on a quiet machine"
    assert found.copies == 1_000_000
    assert found.ends_at is not None
    if list(relays) == ["main"]:
        assert took(found) == pytest.approx(25_000 * (DAY + 1440 * 1.5), rel=0.03)


def test_a_million_readers_take_little_memory() -> None:
    many = {f"firm{number}.example": 20 for number in range(50_000)}
    tracemalloc.start()
    forecast({"main": {"limits": ["50000/1h"]}, "qq": {"domains": ["firm1*.example"]}}, {"members": many})
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6
