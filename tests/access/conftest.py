"""A house with three users whose passwords cost next to nothing."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailer.access.hashing import Cost, PasswordHashing
from mailer.app import House
from mailer.app.access import Access
from mailer.model.access import LogIn
from mailer.model.audit import AuditEntry
from mailer.model.people import UserRole
from tests.conftest import REPOSITORY
from tests.databases import make_database

CHEAP = PasswordHashing(Cost(passes=1, memory_kib=8, lanes=1))
PASSWORD = "四匹马 and a cart"
NETWORK, AGENT = "192.0.2.7", "Firefox on a desk"


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: datetime = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **much: float) -> None:
        self.now += timedelta(**much)


@dataclass
class Office:
    """The house, its clock, and short words for what the tests do again and again."""

    house: House
    clock: Clock
    access: Access

    def log_in(
        self, name: str = "张三", password: str = PASSWORD, code: str = "", network: str = NETWORK, agent: str = AGENT
    ) -> LogIn:
        return self.access.log_in(name, password, code, network, agent)

    def trail(self) -> list[AuditEntry]:
        return self.house.audit.list(1000)


def open_office(home: Path, database: str, hashing: PasswordHashing = CHEAP) -> Office:
    text = (REPOSITORY / "config.toml").read_text("utf-8")
    (home / "config.toml").write_text((f'database = "{database}"\n' if database else "") + text, "utf-8")
    clock = Clock()
    house = House(home, clock)
    return Office(house, clock, Access(house, house.people, hashing))


def fill(made: Office) -> Office:
    people = made.house.people
    people.add("张三", [UserRole.ADMIN], email="zhang@zsia.example")
    people.add("李四", [UserRole.EDITOR], "张三", email="li@zsia.example")
    people.add("王五", [UserRole.APPROVER], "张三")
    for name in ("张三", "李四"):
        made.access.set_password(name, PASSWORD, "张三")
    return made


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office on SQLite, made once: to make a database takes longer than most tests."""
    home = tmp_path_factory.mktemp("office")
    fill(open_office(home, "")).house.close()
    return home


@pytest.fixture
def office(filled: Path, tmp_path: Path) -> Iterator[Office]:
    """The office on SQLite."""
    made = copy_office(filled, tmp_path)
    yield made
    made.house.close()


def copy_office(filled: Path, home: Path, hashing: PasswordHashing = CHEAP) -> Office:
    shutil.copytree(filled, home, dirs_exist_ok=True)
    return open_office(home, "", hashing)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """The office on both databases, for what they may do differently."""
    if request.param == "sqlite":
        made = copy_office(request.getfixturevalue("filled"), tmp_path)
    else:
        made = fill(open_office(tmp_path, make_database(request.getfixturevalue("postgresql"))))
    yield made
    made.house.close()
