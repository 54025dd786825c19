"""A relay in a thread, for commands that run as processes of their own."""

from collections.abc import Iterator

import pytest

from tests.mail.certificates import certificates as certificates
from tests.relay import Relay, in_a_thread


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay that listens on a free port until the test ends."""
    with in_a_thread(Relay()) as one:
        yield one
