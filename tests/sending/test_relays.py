"""Several relays: shares by weight, lists and domains, one that fails and comes back, one that a person must look at."""

import asyncio
from collections import Counter

import pytest

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store import mailings, pace
from mailer.store.database import Store
from tests.mail.certificates import Certificates
from tests.mail.conftest import certificates as certificates
from tests.mail.line_server import free_port
from tests.pipelining_relay import EVERY, OFFERS, PipeliningRelay
from tests.sending.house import deliver, figures, make_world, readers, record_of, settings_of, wait_until
from tests.world import NOW, World

Relays = dict[str, tuple[PipeliningRelay | int, dict[str, object]]]
pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


async def test_two_relays_share_by_weight(store: Store) -> None:
    world = make_world(store, *readers(80))
    mailing_id = world.start_mailing()
    async with PipeliningRelay(dot_wait_s=0.005) as one, PipeliningRelay(dot_wait_s=0.005) as two:
        relays: Relays = {"one": (one, {"weight": 3}), "two": (two, {"weight": 1})}
        await deliver(settings_of(world, relays), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 80}
    assert (one.copies() + two.copies()) == dict.fromkeys(readers(80), 1)
    assert 45 <= len(one.taken) <= 70


async def test_lists_and_domains_go_through_their_own_relays(store: Store) -> None:
    world = World.build(store, government=4, members=6)
    world.add_member("a@qq.example")
    world.add_member("b@sub.qq.example")
    mailing_id = world.start_mailing()
    async with PipeliningRelay() as rest, PipeliningRelay() as above, PipeliningRelay() as qq:
        relays: Relays = {
            "rest": (rest, {}),
            "above": (above, {"lists": ["government"]}),
            "qq": (qq, {"domains": ["qq.example", "*.qq.example"]}),
        }
        await deliver(settings_of(world, relays), world, mailing_id)
    assert sorted(above.copies()) == [f"office{n}@gov.example" for n in range(1, 5)]
    assert sorted(qq.copies()) == ["a@qq.example", "b@sub.qq.example"]
    assert sorted(rest.copies()) == readers(6)


@pytest.mark.parametrize("first", ["qq", "others"])
async def test_what_waits_for_one_relay_does_not_stand_in_the_way_of_another(store: Store, first: str) -> None:
    of_qq, others = readers(60, "qq.example"), readers(60)
    world = make_world(store, *([*of_qq, *others] if first == "qq" else [*others, *of_qq]))
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with PipeliningRelay() as main, PipeliningRelay() as qq:
        slow: dict[str, object] = {"limits": ["2/1h"], "connections": 1}
        relays: Relays = {
            "main": (main, {} if first == "qq" else slow),
            "qq": (qq, {"domains": ["qq.example"], **(slow if first == "qq" else {})}),
        }
        sending = asyncio.create_task(deliver(settings_of(world, relays), world, mailing_id, stop))
        free, waiting = (main, qq) if first == "qq" else (qq, main)
        await wait_until(lambda: len(free.taken) == 60, 20)
        stop.set()
        await sending
    assert set(free.copies()) == set(others if first == "qq" else of_qq)
    assert len(waiting.taken) == 2


DEAD = {
    "refused": {},
    "banner_554": {("BANNER", EVERY): "554 5.7.1 not you"},
    "banner_421": {("BANNER", EVERY): "421 4.3.2 later"},
    "dropped": {("BANNER", EVERY): "DROP"},
    "mail_550": {("MAIL", EVERY): "550 5.7.1 not you"},
}


@pytest.mark.parametrize("fault", list(DEAD))
async def test_f01_f02_f03_f13_another_relay_takes_over_from_a_dead_one(store: Store, fault: str) -> None:
    world = make_world(store, *readers(40))
    mailing_id = world.start_mailing()
    async with PipeliningRelay(DEAD[fault]) as dead, PipeliningRelay() as alive:
        target = free_port() if fault == "refused" else dead
        relays: Relays = {"dead": (target, {}), "alive": (alive, {})}
        await deliver(settings_of(world, relays), world, mailing_id)
    assert record_of(world, mailing_id).status is MailingStatus.FINISHED
    assert alive.copies() == dict.fromkeys(readers(40), 1)
    assert not dead.taken
    if fault in ("banner_554", "mail_550"):
        assert dead.connections <= (3 if fault == "mail_550" else 1), "nothing is tried again by itself"
    with store.read() as connection:
        assert pace.read_paces(connection)["relay:dead"].reason


async def test_f01_a_relay_that_comes_back_is_tried_gently_and_then_used_in_full(store: Store) -> None:
    world = make_world(store, *readers(60))
    mailing_id = world.start_mailing()
    async with PipeliningRelay({("BANNER", n): "DROP" for n in (1, 2)}, dot_wait_s=0.05) as back:
        relays: Relays = {"main": (back, {"connections": 5})}
        await deliver(settings_of(world, relays), world, mailing_id)
    assert back.crowd[:3] == [1] * 3, "one connection at a time while it fails"
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 60}
    assert max(back.crowd) == 5
    assert back.connections == 2 + 5
    with store.read() as connection:
        assert "relay:main" not in pace.read_paces(connection), "its failures are forgotten"


async def test_a_dead_relay_is_tried_less_and_less_often(store: Store) -> None:
    world = make_world(store, *readers(30))
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with PipeliningRelay({("BANNER", EVERY): "421 4.3.2 later"}) as dead:
        relays: Relays = {"main": (dead, {"connections": 20})}
        sending = asyncio.create_task(deliver(settings_of(world, relays, scale=0.01), world, mailing_id, stop))
        await asyncio.sleep(2.5)
        stop.set()
        await sending
    assert 1 <= dead.connections <= 4, "after 0.6 s each, or longer; not once a reader"
    assert figures(world, mailing_id) == {DeliveryStatus.PENDING: 30}


@pytest.mark.parametrize("relay_for_domains", [False, True])
async def test_f03_with_every_relay_stopped_the_mailing_is_held_and_goes_on_when_that_is_lifted(
    store: Store, relay_for_domains: bool
) -> None:
    world = make_world(store, *readers(12))
    mailing_id = world.start_mailing()
    async with PipeliningRelay({("BANNER", EVERY): "554 5.7.1 not you"}) as main, PipeliningRelay() as other:
        relays: Relays = {"main": (main, {})}
        if relay_for_domains:  # it works, but takes none of these
            relays["other"] = (other, {"domains": ["qq.example"]})
        settings = settings_of(world, relays)
        await deliver(settings, world, mailing_id)
        held = record_of(world, mailing_id)
        assert held.status is MailingStatus.HELD
        assert "554 5.7.1 not you" in held.reason
        assert main.connections == 1
        assert figures(world, mailing_id) == {DeliveryStatus.PENDING: 12}
        main.plays.clear()
        with store.write() as connection:
            pace.lift_stops(connection)
            assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW)
        await deliver(settings, world, mailing_id)
    assert main.copies() == dict.fromkeys(readers(12), 1)


async def test_one_stopped_relay_holds_nothing_but_is_told_beside_the_mailing(store: Store) -> None:
    world = make_world(store, *readers(40))
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with (
        PipeliningRelay({("MAIL", EVERY): "550 5.7.1 not you"}) as bad,
        PipeliningRelay(dot_wait_s=0.1) as good,
    ):
        relays: Relays = {"bad": (bad, {}), "good": (good, {})}
        sending = asyncio.create_task(deliver(settings_of(world, relays), world, mailing_id, stop))
        await wait_until(lambda: bad.reached["MAIL"] > 0 and len(good.taken) >= 10)
        running = record_of(world, mailing_id)
        await sending
    assert running.status is MailingStatus.RUNNING
    assert "550 5.7.1 not you" in running.reason
    assert good.copies() == dict.fromkeys(readers(40), 1)


@pytest.mark.parametrize("reply", ["535 5.7.8 authentication failed", "454 4.7.0 later"])
async def test_f10_f11_a_login_refused_in_mid_run_is_not_hammered(
    store: Store, certificates: Certificates, reply: str
) -> None:
    world = make_world(store, *readers(60))
    mailing_id = world.start_mailing()
    # the first connection is back before the others, which then all come at once
    plays = {("AUTH", number): reply for number in range(13, 100 if reply.startswith("535") else 14)}
    async with PipeliningRelay(
        plays,
        offers=(*OFFERS, "AUTH PLAIN"),
        tls=certificates.good.server_context(),
        messages_per_connection=3,
        dot_wait_s=0.02,
        waits={"AUTH": 0.1},
    ) as relay:
        login: dict[str, object] = {
            "security": "tls", "ca_file": str(certificates.authority), "username": "u", "password_env": "P",
            "connections": 10,
        }  # fmt: skip
        settings = settings_of(world, {"main": (relay, login)}, password="geheim")
        await deliver(settings, world, mailing_id)
        if reply.startswith("535"):
            held = record_of(world, mailing_id)
            assert held.status is MailingStatus.HELD
            assert "535" in held.reason
            assert relay.reached["AUTH"] <= 13 + 2, "at most two further tries"
            assert set(figures(world, mailing_id)) == {DeliveryStatus.ACCEPTED, DeliveryStatus.PENDING}
            relay.plays.clear()
            with store.write() as connection:
                pace.lift_stops(connection)
                assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW)
            await deliver(settings, world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 60}
    assert Counter(relay.copies().values()) == {1: 60}


async def test_where_relays_are_for_domains_only_their_readers_get_their_copies(store: Store) -> None:
    world = make_world(store, *readers(4, "qq.example"))
    mailing_id = world.start_mailing()
    async with PipeliningRelay() as qq:
        await deliver(settings_of(world, {"qq": (qq, {"domains": ["qq.example"]})}), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 4}
