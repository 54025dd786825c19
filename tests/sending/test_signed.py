"""A signed run: every copy arrives once and verifies, those that are tried again too."""

from dataclasses import replace
from pathlib import Path

import dkim
import pytest

from mailer.mail.dkim import make_signer
from mailer.model.delivery import DeliveryStatus
from mailer.model.dkim import KeyType
from mailer.sending.settings import RelayAccess
from mailer.store.database import Store
from tests.relay import Relay
from tests.sending.house import deliver, figures, make_world, readers, settings_of


@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")])
async def test_every_signed_copy_arrives_once_and_verifies(
    store: Store, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    world = make_world(store, *readers(40))
    mailing_id = world.start_mailing()
    signers = tuple(make_signer(kind, "zsia.example", KeyType(kind), tmp_path / f"{kind}.pem") for kind in kinds)
    records = {f"{one.record.name}.".encode(): one.record.value.encode() for one in signers}
    grey = "reader7@firm7.example"
    async with Relay(rcpt={grey: ["451 4.7.1 greylisted"]}, data={"reader9@firm9.example": ["451 later"]}) as relay:
        chosen = settings_of(world, {"main": (relay.port, {"connections": 3})})
        assert isinstance(chosen.relays["main"], RelayAccess)
        await deliver(replace(chosen, signers=signers), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 40}
    assert set(relay.taken.values()) == {1}
    assert len(relay.messages) == 40
    for message in relay.messages.values():
        for index in range(len(kinds)):
            assert dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name))
