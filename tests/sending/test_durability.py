"""A database that cannot be written in mid-run: nothing is sent that could not be put on record, and all goes on."""

import asyncio
import os
import signal
import sys
from collections import Counter

import pytest
from sqlalchemy import text

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store.database import Store
from tests.conftest import REPOSITORY
from tests.pipelining_relay import EVERY, PipeliningRelay
from tests.sending.house import deliver, figures, make_world, readers, record_of, settings_of, wait_until


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_f38_on_a_full_disk_sending_stops_before_the_truth_is_lost_and_goes_on_when_there_is_room(
    store: Store,
) -> None:
    world = make_world(store, *readers(60))
    mailing_id = world.start_mailing()
    async with PipeliningRelay(dot_wait_s=0.05) as relay:
        sender = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.sending.sender_on_a_small_disk",
            str(store.path), str(relay.port), str(mailing_id),
            cwd=REPOSITORY, stderr=asyncio.subprocess.PIPE, env=dict(os.environ, LANG="en_US.UTF-8"),
        )  # fmt: skip
        assert sender.stderr is not None
        try:
            await wait_until(lambda: len(relay.taken) >= 9)
            sender.send_signal(signal.SIGUSR1)
            said = (await asyncio.wait_for(sender.stderr.readline(), 30)).decode()
            assert "nothing is sent while the database cannot be written" in said
            begun = len(relay.taken)
            await asyncio.sleep(1.5)
            assert len(relay.taken) - begun <= 3, "what had its dot on record"
            assert len(relay.taken) < 50
            sender.send_signal(signal.SIGUSR2)
            _out, rest = await asyncio.wait_for(sender.communicate(), 60)
        finally:
            if sender.returncode is None:
                sender.kill()
                await sender.wait()
    assert sender.returncode == 0, rest.decode()
    assert record_of(world, mailing_id).status is MailingStatus.FINISHED
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 60}
    assert set(relay.copies()) == set(readers(60))
    assert relay.copies().total() - 60 <= 3, "twice at most what was under way"
    assert all(len(tries) == 1 for tries in relay.message_ids().values())


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_f39_a_database_server_that_throws_everyone_out_loses_and_doubles_nobody(store: Store) -> None:
    world = make_world(store, *readers(60))
    mailing_id = world.start_mailing()
    async with PipeliningRelay(dot_wait_s=0.05) as relay:
        sending = asyncio.create_task(deliver(settings_of(world, {"main": (relay, {})}), world, mailing_id))
        for much in range(3, 57, 10):
            await wait_until(lambda much=much: len(relay.taken) >= much)  # type: ignore[misc]
            with store.hold() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        await sending
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 60}
    assert Counter(relay.copies().values()) == {1: 60}


async def test_f27_a_relay_that_never_answers_a_dot_gets_a_copy_three_times_at_most(store: Store) -> None:
    world = make_world(store, *readers(3))
    mailing_id = world.start_mailing()
    plays = {("DOT", EVERY): "TAKE DROP"}
    async with PipeliningRelay(plays=plays) as relay:
        await deliver(settings_of(world, {"main": (relay, {"connections": 2})}), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.UNCERTAIN: 3}
    assert all(count <= 3 for count in relay.copies().values())
    assert all(len(set(tries)) == 1 for tries in relay.seen.values()), "the same message each time"
