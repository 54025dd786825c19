"""A suppressed address gets nothing until its time is up, if it has one."""

from datetime import datetime

import pytest
from sqlalchemy import insert

from mailer.store import audience
from mailer.store.schema import suppression
from tests.world import NOW, World

HASH = "0" * 64


@pytest.fixture
def until(world: World) -> datetime:
    """When the suppression of HASH ends."""
    end = world.later(60)
    with world.store.write() as connection:
        connection.execute(
            insert(suppression).values(address_hash=HASH, reason="full", source="test", since=NOW, until=end)
        )
    return end


def test_an_entry_whose_time_is_up_suppresses_nothing(world: World, until: datetime) -> None:
    with world.store.read() as connection:
        assert audience.suppressed_among(connection, [HASH], world.later(59)) == {HASH}
        assert audience.suppressed_among(connection, [HASH], until) == set()
        assert audience.suppressed_among(connection, [HASH]) == set(), "by the clock of this machine"


@pytest.mark.parametrize("after", [30, 90])
def test_what_was_suppressed_for_a_time_can_be_for_good(world: World, until: datetime, after: int) -> None:
    with world.store.write() as connection:
        assert audience.suppress_address(connection, HASH, "gone", "test", world.later(after))
        assert not audience.suppress_address(connection, HASH, "gone", "test", world.later(after)), "once"
        assert audience.suppressed_among(connection, [HASH], world.later(9999)) == {HASH}
    assert until < world.later(9999)
