"""What machines ask of a running house: signs of life, readiness, figures; and who may have the figures."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from mailer.app import House, operations
from mailer.model.api_token import Scope
from mailer.model.delivery import DeliveryStatus
from mailer.model.outcome import Phase, Reply
from mailer.model.people import UserRole
from mailer.model.standing import PaceStanding
from mailer.store import claims, events, settlements
from mailer.store.events import NewEvent
from mailer.store.house import note_clock
from mailer.store.settlements import Settled, Settlement
from mailer.web.operations import create_operations, state_of
from tests.flow.newsletter import Newsletter
from tests.web.serving import serving

ADMIN = "管理"


class Watched:
    """A house whose clock is moved by hand, and a client of its operations."""

    def __init__(self, folder: Path) -> None:
        self.moved = timedelta()
        self.news = Newsletter.make(folder, 25)
        self.house = House(folder, lambda: datetime.now(UTC) + self.moved)
        app = FastAPI(openapi_url=None)
        app.include_router(create_operations(self.house))
        self.app = app
        self.url = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, trust_env=False, timeout=20)

    def figures(self) -> dict[tuple[str, ...], float]:
        """Every sample by its name and the values of its labels, in the order of the labels' names."""
        self.house.operations._counted = None  # as if some seconds had gone by
        answer = self.get("/metrics")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return {
            (sample.name, *(value for _name, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path / "newsletter")
    with serving(one.app) as url:
        one.url = url
        yield one
    one.house.close()


def test_figures_follow_a_mailing_from_its_plan_to_the_hour_after_its_end(watched: Watched) -> None:
    house = watched.house
    house.approvals.approve("2020-07", "主编")
    record = house.mailings.start(house.mailings.schedule("2020-07").id)
    found = watched.figures()
    assert found["mailer_mailings", "running"] == 1
    assert found["mailer_mailings", "finished"] == 0
    assert found["mailer_deliveries", "2020-07", "1", "pending"] == 10
    assert found["mailer_deliveries_due", "2020-07", "1"] == 10
    now = house.now()
    with house.store.write() as connection:
        (running,) = claims.running_mailings(connection, record.id)
        chosen = [(one, "main") for one in claims.find_candidates(connection, record.id, now, 3)]
        taken = claims.take_deliveries(connection, running, chosen, "x", now + timedelta(hours=1), now, house.secret)
        later = Settlement(
            DeliveryStatus.PENDING, "deferred", Reply(451, "", "later", Phase.RCPT), "greylisted",
            next_attempt_at=now + timedelta(hours=1),
        )  # fmt: skip
        done = Settlement(DeliveryStatus.ACCEPTED, "accepted", Reply(250, "", "ok", Phase.DOT), "")
        for one, end in zip(taken, (later, done, done), strict=True):
            settlements.settle_deliveries(connection, [Settled(one.id, one.attempt, "x", end, now)])
        events.record_event(connection, NewEvent(taken[1].id, "bounce", True, "gone", "", "mail", now))
    found = watched.figures()
    assert found["mailer_deliveries", "2020-07", "1", "accepted"] == 2
    assert found["mailer_deliveries", "2020-07", "1", "pending"] == 8
    assert found["mailer_deliveries_due", "2020-07", "1"] == 7, "one waits for its time"
    assert found["mailer_delivery_events", "2020-07", "bounce", "1"] == 1
    assert found["mailer_events_total",] == 1
    assert found["mailer_relay_state", "main", "ready"] == 1
    house.mailings.cancel("1", "主编")
    found = watched.figures()
    assert found["mailer_mailings", "cancelled"] == 1
    assert found["mailer_deliveries", "2020-07", "1", "cancelled"] == 8, "how it ended is told once more"
    watched.moved = timedelta(hours=2)
    assert ("mailer_deliveries", "2020-07", "1", "cancelled") not in watched.figures()


def test_no_figure_names_a_person(watched: Watched) -> None:
    watched.house.approvals.approve("2020-07", "主编")
    watched.house.mailings.start(watched.house.mailings.schedule("2020-07").id)
    assert "@" not in watched.get("/metrics").text
    assert "firm" not in watched.get("/metrics").text


def test_figures_are_for_this_machine_or_for_a_token_with_the_scope(watched: Watched) -> None:
    house = watched.house
    house.people.add(ADMIN, [UserRole.ADMIN])
    tokens = {
        scope: house.api_tokens.add(ADMIN, "scraper", [scope], None, ADMIN)[1]
        for scope in (Scope.REPORTS_READ, Scope.ISSUES_READ)
    }
    for handed_on in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}):
        refused = watched.get("/metrics", **handed_on)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        good = {"Authorization": f"Bearer {tokens[Scope.REPORTS_READ]}"}
        assert watched.get("/metrics", **handed_on, **good).status_code == 200
    assert watched.get("/metrics", Authorization=f"Bearer {tokens[Scope.ISSUES_READ]}").status_code == 401
    assert watched.get("/metrics", Authorization="Bearer jb_nothing").status_code == 401


def test_a_house_is_ready_while_its_clock_ticks(watched: Watched) -> None:
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json()["clock"]) == (200, "unknown")
    with watched.house.store.write() as connection:
        note_clock(connection, watched.house.now())
    assert watched.get("/readyz").json()["clock"] == "alive"
    assert watched.figures()["mailer_clock_seen_timestamp_seconds",] == pytest.approx(
        datetime.now(UTC).timestamp(), abs=60
    )
    watched.moved = timedelta(minutes=6)
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["clock"]) == (503, False, "late")


def test_a_database_that_is_gone_or_of_another_version_is_said(watched: Watched) -> None:
    path = watched.house.store.path
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "not at head")
    watched.house.store.close()
    path.write_bytes(b"this is no database" * 1000)
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
    found = watched.figures()
    assert found["mailer_database_up",] == 0
    assert watched.get("/healthz").text == "ok\n", "the process lives"


def test_a_relay_is_in_one_state() -> None:
    now = datetime.now(UTC)
    assert state_of(PaceStanding("main")) == "ready"
    assert state_of(PaceStanding("main", held_until=now)) == "rests"
    assert state_of(PaceStanding("main", held_until=now, stopped=True)) == "stopped"


def test_a_house_that_cannot_write_is_not_ready(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "PATIENCE_S", 0.1)
    monkeypatch.setattr(operations, "TRIED_S", 0.0)
    assert watched.get("/readyz").json()["database"] == "ok"
    path = watched.house.store.path
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = watched.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "not writable")
    assert watched.get("/readyz").status_code == 200


def test_a_database_that_was_moved_away_or_replaced_is_not_ready(watched: Watched) -> None:
    path = watched.house.store.path
    assert path is not None
    assert watched.get("/readyz").status_code == 200
    aside = path.rename(path.with_name("aside.db"))
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "gone")
    assert watched.figures()["mailer_database_up",] == 0
    assert not path.exists(), "asking makes none"
    path.write_bytes(aside.read_bytes())
    assert watched.get("/readyz").json()["database"] == "gone", "what is open is another file"


def test_who_asks_often_writes_seldom(watched: Watched) -> None:
    path = watched.house.store.path
    assert path is not None
    watched.get("/readyz")
    log = path.with_name(path.name + "-wal").stat().st_size
    for _time in range(5):
        watched.get("/readyz")
    assert path.with_name(path.name + "-wal").stat().st_size == log
