"""What refusals in the dialogue do to an address over several issues: gone at once, full after three, too fast never."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store.database import Store
from mailer.store.schema import suppression
from mailer.tokens import hash_address
from tests.pipelining_relay import PipeliningRelay
from tests.sending.house import deliver, figures, make_world, readers, record_of, settings_of
from tests.world import NOW, SECRET, World, approve, make_edition

R2 = "reader2@firm2.example"


async def send_issue(world: World, relay: PipeliningRelay, month: int) -> dict[DeliveryStatus, int]:
    """Send the next month's issue; whoever is not taken at the first try expires."""
    slug = f"2020-{month:02}"
    with world.store.write() as connection:
        editions = [make_edition(name) for name in world.lists]
        world.approval = approve(connection, f"{month:064}", editions, "主编", NOW, slug)
    mailing_id = world.start_mailing()
    settings = settings_of(world, {"main": (relay, {})}, give_up_after=timedelta(minutes=1))
    await deliver(settings, world, mailing_id)
    return figures(world, mailing_id)


def suppressed(world: World) -> dict[str, str]:
    with world.store.read() as connection:
        return {row.address_hash: row.reason for row in connection.execute(select(suppression))}


async def test_f15_an_address_that_is_gone_gets_nothing_more_from_then_on(store: Store) -> None:
    world = make_world(store, *readers(4))
    async with PipeliningRelay(rcpt={R2: ["550 5.1.1 no such user"]}) as relay:
        assert await send_issue(world, relay, 8) == {DeliveryStatus.ACCEPTED: 3, DeliveryStatus.REFUSED: 1}
        assert suppressed(world) == {hash_address(SECRET, R2): "gone"}
        assert await send_issue(world, relay, 9) == {DeliveryStatus.ACCEPTED: 3, DeliveryStatus.SUPPRESSED: 1}
    assert relay.reached["RCPT"] == 4 + 3


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_f16_a_full_mailbox_is_given_up_after_three_issues_in_a_row(store: Store) -> None:
    world = make_world(store, *readers(4))
    full = "552 5.2.2 mailbox full"
    async with PipeliningRelay(rcpt={R2: [full, full, "250 ok", full, full, full]}) as relay:
        for month, status in ((1, "expired"), (2, "expired"), (3, "accepted"), (4, "expired"), (5, "expired")):
            found = await send_issue(world, relay, month)
            assert DeliveryStatus(status) in found
            assert suppressed(world) == {}, "what was taken in between begins the count anew"
        await send_issue(world, relay, 6)
        assert suppressed(world) == {hash_address(SECRET, R2): "full"}
        assert await send_issue(world, relay, 7) == {DeliveryStatus.ACCEPTED: 3, DeliveryStatus.SUPPRESSED: 1}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "reply", ["550 Domain frequency limited", "450 4.7.28 too fast", "451 4.7.1 greylisted", "421 4.3.2 bye"]
)
async def test_f14_f18_f20_what_passes_never_suppresses_however_often(store: Store, reply: str) -> None:
    world = make_world(store, *readers(4))
    async with PipeliningRelay(rcpt={R2: [reply] * 8}) as relay:
        for month in range(1, 6):
            found = await send_issue(world, relay, month)
            assert found == {DeliveryStatus.ACCEPTED: 3, DeliveryStatus.EXPIRED: 1}
    assert suppressed(world) == {}


async def test_f15_a_relay_that_calls_everybody_dead_suppresses_nobody_and_holds_the_mailing(store: Store) -> None:
    world = make_world(store, *readers(30))
    mailing_id = world.start_mailing()
    dead = {address: ["550 5.1.1 user unknown"] * 3 for address in readers(30)}
    async with PipeliningRelay(rcpt=dead) as relay:
        await deliver(settings_of(world, {"main": (relay, {"connections": 2})}), world, mailing_id)
    counts = figures(world, mailing_id)
    assert counts[DeliveryStatus.REFUSED] <= 10
    assert record_of(world, mailing_id).status is MailingStatus.HELD
    assert suppressed(world) == {}
