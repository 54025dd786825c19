"""Deliveries and events over the API, of a mailing that was sent in part."""

from datetime import timedelta
from typing import Any

import pytest

from mailer.model.delivery import Delivery, DeliveryStatus
from mailer.model.outcome import Phase, Reply
from mailer.store import claims, events, settlements
from mailer.store.events import NewEvent
from mailer.store.settlements import Settled, Settlement
from tests.web.api.conftest import CLERK, Api

NO = Reply(550, "5.1.1", "no such user", Phase.RCPT)
OK = Reply(250, "2.0.0", "queued", Phase.DOT)
INJECTED = (
    "' OR 1=1 --",
    "1; DROP TABLE delivery",
    "x') UNION SELECT sha256 FROM audit_entry --",
    "%",
    "_",
    "\\",
    "\x00",
)


@pytest.fixture(scope="module")
def sent(api: Api) -> list[Delivery]:
    """Ten deliveries of mailing 1: two refused, six accepted, the last two never tried."""
    house = api.house
    house.approvals.approve("2020-07", CLERK)
    record = house.mailings.start(house.mailings.schedule("2020-07", by=CLERK).id)
    now = house.now()
    before = now - timedelta(minutes=1)
    with house.store.write() as connection:
        (running,) = claims.running_mailings(connection, record.id)
        chosen = [(one, "main") for one in claims.find_candidates(connection, record.id, now, 8)]
        until = now + timedelta(hours=1)
        taken = claims.take_deliveries(connection, running, chosen, "lease", until, now, house.secret)
        for number, one in enumerate(taken):
            end = (
                Settlement(DeliveryStatus.REFUSED, "refused", NO, "gone")
                if number < 2
                else Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, "")
            )
            settlements.settle_deliveries(connection, [Settled(one.id, one.attempt, "lease", end, before)])
        events.record_event(connection, NewEvent(taken[2].id, "complaint", False, "", "abuse", "mail", now))
    return taken


def pages(api: Api, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.client.get(path, params={**asked, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["cursor"]
    return found


def test_deliveries_are_filtered_by_status_and_class_page_by_page(api: Api, sent: list[Delivery]) -> None:
    everyone = pages(api, "/mailings/1/deliveries", limit=3)
    assert [one["id"] for one in everyone] == sorted(one["id"] for one in everyone)
    assert len(everyone) == 10
    refused = pages(api, "/mailings/1/deliveries", limit=1, status="refused")
    assert [one["id"] for one in refused] == [one.id for one in sent[:2]]
    gone = pages(api, "/mailings/1/deliveries", limit=1, **{"class": "gone"})
    assert gone == refused
    assert gone[0]["reply"].startswith("550")
    assert pages(api, "/mailings/1/deliveries", status="accepted", **{"class": "gone"}) == []
    assert len(pages(api, "/mailings/1/deliveries", status="accepted", limit=4)) == 6
    assert api.client.get("/mailings/1/deliveries", params={"class": "nothing"}).status_code == 422


def test_one_delivery_is_told_with_its_attempts_and_what_came_back(api: Api, sent: list[Delivery]) -> None:
    told = api.client.get(f"/deliveries/{sent[0].id}").json()
    assert (told["status"], told["mailing"], told["list"]) == ("refused", 1, "government")
    (tried,) = told["tries"]
    assert (tried["outcome"], tried["phase"], tried["reply_class"]) == ("refused", "rcpt", "gone")
    assert tried["meaning"]
    complained = api.client.get(f"/deliveries/{sent[2].id}").json()
    assert [(one["kind"], one["detail"]) for one in complained["events"]] == [("complaint", "abuse")]
    assert api.client.get("/deliveries/1").status_code == 404
    assert api.client.get(f"/deliveries/{2**63}").status_code == 404


def test_events_are_read_on_from_the_cursor_and_none_comes_twice(api: Api, sent: list[Delivery]) -> None:
    seen: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": 3, "start": "first"}
    more = True
    while more:
        page = api.client.get("/events", params=asked).json()
        seen += page["items"]
        asked["cursor"], more = page["cursor"], page["more"]
    assert [one["kind"] for one in seen] == ["complaint", "refused", "refused", *["accepted"] * 6]
    assert len({one["id"] for one in seen}) == 9
    again = api.client.get("/events", params=asked).json()
    assert (again["items"], again["more"]) == ([], False)
    with api.house.store.write() as connection:
        reply = NewEvent(sent[3].id, "unsubscribe", False, "", "", "web", api.house.now())
        assert events.record_event(connection, reply)
    (fresh,) = api.client.get("/events", params=asked | {"cursor": again["cursor"]}).json()["items"]
    assert (fresh["kind"], fresh["delivery"]) == ("unsubscribe", sent[3].id)
    chosen: dict[str, Any] = {"kind": ["complaint", "refused"], "mailing": 1}
    only = api.client.get("/events", params={**chosen, "start": "first"}).json()["items"]
    assert [one["kind"] for one in only] == ["complaint", "refused", "refused"]
    assert api.client.get("/events", params={"start": "now"}).json()["items"] == []
    assert api.client.get("/events", params={"kind": "nothing", "start": "now"}).status_code == 422


@pytest.mark.parametrize("hostile", INJECTED)
def test_what_looks_like_sql_finds_nothing_and_breaks_nothing(api: Api, sent: list[Delivery], hostile: str) -> None:
    """S21: in every filter and cursor there is."""
    asked = {
        "/contacts": ("q", "list", "cursor", "limit"),
        "/subscriptions": ("list", "status", "cursor"),
        "/mailings": ("issue", "status", "cursor"),
        "/mailings/1/deliveries": ("q", "status", "class", "cursor"),
        "/events": ("kind", "mailing", "cursor", "start"),
        "/suppressions": ("cursor", "addresses"),
        "/issues": ("after",),
    }
    for path, names in asked.items():
        for name in names:
            answer = api.client.get(path, params={name: hostile})
            assert answer.status_code in (200, 404, 422), f"{path}?{name}={hostile}: {answer.text}"
            if answer.status_code == 200:
                assert answer.json()["items"] == [], f"{path}?{name}={hostile}"
    for path in ("/contacts/{}", "/issues/{}", "/mailings/{}", "/deliveries/{}", "/issues/{}/checks"):
        answer = api.client.get(path.format(hostile.replace("%", "%25").replace("\x00", "%00")))
        assert answer.status_code in (404, 422), f"{path}: {answer.text}"
    assert len(pages(api, "/mailings/1/deliveries")) == 10


def test_a_cursor_of_another_list_or_made_up_leads_nowhere(api: Api, sent: list[Delivery]) -> None:
    cursor = api.client.get("/contacts", params={"limit": 1}).json()["cursor"]
    assert api.client.get("/mailings/1/deliveries", params={"cursor": cursor}).status_code == 404
    assert api.client.get("/events", params={"cursor": cursor}).json()["field"] == "cursor"
    for made_up in ("W10", "bnVsbA", "WyJjb250YWN0cyIsIC0xXQ", "WyJjb250YWN0cyIsIHRydWVd", "_" * 200):
        answer = api.client.get("/contacts", params={"cursor": made_up})
        assert answer.status_code == 404, f"{made_up}: {answer.text}"


def test_no_answer_has_a_name_of_the_request_in_it(api: Api, sent: list[Delivery]) -> None:
    """S26: links and the description come from our own settings, whatever a request says its host is."""
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for path in ("/openapi.json", "/contacts", "/mailings/1", "/events", "/nothing", "/lists/"):
        answer = api.client.get(path, headers=forged)
        assert "evil.example" not in answer.text + str(answer.headers), path
        assert answer.status_code != 307, path
    assert api.client.get("/openapi.json").json()["servers"] == [{"url": "/api/v1"}]
    rendered = api.client.get("/issues/2020-07/rendering", params={"list": "members"}, headers=forged)
    assert rendered.status_code == 200
    assert "evil.example" not in rendered.text
