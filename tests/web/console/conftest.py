"""An office for the tests of each module."""

from collections.abc import Iterator

import pytest

from tests.browser import browser as browser
from tests.web.console.office import Office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A newsletter folder with a draft of 2020-07, its console and its staff; one for all tests of a module."""
    opened = Office.open(tmp_path_factory.mktemp("office") / "newsletter")
    yield opened
    opened.close()
