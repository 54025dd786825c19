"""A house with some dozens of readers and its sender: what runs against whole relays start from."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mailer.audience.sync import sync_list
from mailer.config import DomainConfig, RelayConfig, SenderConfig
from mailer.mail.credentials import Credentials
from mailer.mail.message import Letterhead
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender
from mailer.sending.settings import RelayAccess, SendingSettings
from mailer.store import mailings
from mailer.store.database import Store
from mailer.store.schema import delivery
from tests.pipelining_relay import PipeliningRelay
from tests.world import NOW, SECRET, World, make_contact

PATIENCE_S = 60  # for a run that would otherwise never end

SENDER = SenderConfig(name="某协会", address="bulletin@zsia.example")


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_world(store: Store, *addresses: str) -> World:
    """A database with these readers on the members' list, in this order, and nobody above."""
    world = World.build(store, government=1, members=0)
    with store.write() as connection:
        sync_list(connection, world.lists["government"], [], "test", NOW)
        sync_list(connection, world.lists["members"], [make_contact(one) for one in addresses], "test", NOW)
    return world


def readers(count: int, domain: str = "") -> list[str]:
    """Addresses, each of a firm of its own, or all of one domain."""
    return [f"reader{n}@{domain or f'firm{n}.example'}" for n in range(1, count + 1)]


def settings_of(
    world: World,
    relays: Mapping[str, tuple[PipeliningRelay | int, dict[str, object]]],
    *,
    scale: float = 0.001,
    give_up_after: timedelta = timedelta(hours=48),
    domains: Mapping[str, dict[str, object]] | None = None,
    now: Callable[[], datetime] = utc_now,
    password: str = "",
) -> SendingSettings:
    """Settings with these relays, each a relay (or a port) and its own settings."""
    access = {}
    for name, (relay, more) in relays.items():
        port = relay if isinstance(relay, int) else relay.port
        config = {"host": "127.0.0.1", "port": port, "security": "none", "connections": 3, **more}
        access[name] = RelayAccess(RelayConfig.model_validate(config), Credentials(password))
    letterheads = {
        name: Letterhead(
            sender_name=SENDER.name,
            sender_address=SENDER.address,
            reply_to="",
            answers=SENDER.answers,
            list_id=f"{name}.zsia.example",
            list_title=name,
            public_url="",
            zone=ZoneInfo("Asia/Shanghai"),
            secret=SECRET,
        )
        for name in world.lists
    }
    return SendingSettings(
        secret=SECRET,
        relays=access,
        policy=RetryPolicy(give_up_after, scale=scale),
        letterheads=letterheads,
        now=now,
        domains={name: DomainConfig.model_validate(one) for name, one in (domains or {}).items()},
        dice=lambda: 0.5,
    )


async def deliver(
    settings: SendingSettings, world: World, mailing_id: int | None, stop: asyncio.Event | None = None
) -> None:
    """Run the sender until the mailing no longer runs, or until stop."""
    run = run_sender(settings, world.store, stop or asyncio.Event(), only=mailing_id)
    await asyncio.wait_for(run, PATIENCE_S)


async def wait_until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.01)


def figures(world: World, mailing_id: int) -> dict[DeliveryStatus, int]:
    """How many deliveries are in each state."""
    with world.store.read() as connection:
        found = connection.execute(select(delivery.c.status).where(delivery.c.mailing_id == mailing_id)).scalars()
        return {DeliveryStatus(status): much for status, much in Counter(found).items()}


def record_of(world: World, mailing_id: int) -> MailingRecord:
    """The mailing as it stands."""
    with world.store.read() as connection:
        record = mailings.find_mailing(connection, mailing_id)
    assert record is not None
    return record
