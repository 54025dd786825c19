"""A database that another process holds: who asks is told soon to come again, nothing is done by halves."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from mailer.app import House
from mailer.model.api_token import Scope
from mailer.model.people import UserRole
from mailer.store.database import waiting_at_most
from mailer.store.house import note_clock
from mailer.tokens import Purpose
from mailer.web import server
from tests.web.console.office import NAMES, PASSWORD, Office
from tests.web.site import PublicSite, make_page


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.PATIENCE_S <= 5, "browsers and providers wait for no longer"
    monkeypatch.setattr(server, "PATIENCE_S", 0.2)


def holding(house: House) -> closing[sqlite3.Connection]:
    """A process that writes at length."""
    assert house.store.path is not None
    other = sqlite3.connect(house.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return closing(other)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PublicSite]:
    made = PublicSite.open(tmp_path / "news")
    yield made
    made.close()


def test_a_reader_is_told_to_come_again(site: PublicSite, caplog: pytest.LogCaptureFixture) -> None:
    number = site.publish("2020-07", make_page("简报"), lists=("members",))
    leave = f"/u/{site.token(Purpose.UNSUBSCRIBE, number)}"
    posts = [
        (leave, {"List-Unsubscribe": "One-Click"}),
        (f"/preferences/{site.token(Purpose.PREFERENCES, number)}", {"act": "keep"}),
        (f"/s/{site.token(Purpose.CONFIRM, 1)}", {}),
    ]
    with site.reader() as client, holding(site.house):
        for path, form in posts:
            began = time.monotonic()
            answer = client.post(path, data=form)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), path
            assert time.monotonic() - began < 5, path
            assert "Please try again a little later." in answer.text
        assert client.get(leave).status_code == 200, "what only looks is answered"
    assert "Traceback" not in caplog.text
    assert site.standing(number).active
    with site.reader() as client:
        assert client.post(leave).status_code == 200


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office.open(tmp_path / "office")
    yield made
    made.close()


def test_staff_and_programs_are_told_to_come_again(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    admin, sender = NAMES[UserRole.ADMIN], NAMES[UserRole.SENDER]
    _made, token = office.house.api_tokens.add(sender, "test", [Scope.CONTACTS_WRITE], None, admin)
    clerk, name = office.admin, NAMES[UserRole.EDITOR]
    tries: list[Callable[[httpx.Client], httpx.Response]] = [
        lambda client: client.post("/login", data={"name": name, "password": PASSWORD}),
        lambda client: client.post(
            "/api/v1/contacts/reader@firm1.example/leave",
            json={"reason": "asked by phone"},
            headers={"Authorization": f"Bearer {token}"},
        ),
        lambda _client: clerk.client.post("/users/sessions", data={"csrf": clerk.csrf, "name": name}),
    ]
    with office.visitor() as client, holding(office.house):
        for one in tries:
            began = time.monotonic()
            answer = one(client)
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) <= 10
            assert time.monotonic() - began < 5
    assert "Traceback" not in caplog.text


def test_the_clock_of_the_same_process_waits_on(site: PublicSite) -> None:
    """What a request asked of a pooled connection does not stay with it."""
    store = site.house.store
    with holding(site.house), waiting_at_most(0.0), pytest.raises(Exception, match="database"), store.write():
        pass
    with store.write() as connection:
        note_clock(connection, site.house.now())
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    with store.write_if_free() as free:
        assert free is not None
    with waiting_at_most(2.0), store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2000
