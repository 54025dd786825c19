"""The tests of reports run on both databases too."""

from tests.store.conftest import postgresql as postgresql
from tests.store.conftest import store as store
from tests.store.conftest import world as world
