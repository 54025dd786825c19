"""How the API says no to what is written oddly: where it is, what to do, and nothing else with it."""

import json
from typing import Any

import pytest
from fastapi import Request

from mailer.web.api.cures import CURES
from mailer.web.api.problems import language_of_call
from mailer.web.console.cures import COMMANDS
from tests.web.api.conftest import CLERK, Api
from tests.web.console.test_cures import messages, names_in

JSON = {"Content-Type": "application/json"}
HALF = "\ud800"  # of a pair: JSON can bring it, UTF-8 cannot write it


def send(api: Api, path: str, body: Any, method: str = "POST") -> Any:
    return api.client.request(method, path, content=json.dumps(body), headers=JSON)


@pytest.mark.parametrize("lists", [{}, {"lists": []}, {"lists": None}])
def test_a_mailing_without_lists_mails_nobody(api: Api, lists: dict[str, Any]) -> None:
    api.house.approvals.approve("2020-07", CLERK)
    answer = send(api, "/mailings", {"issue": "2020-07", "at": None, **lists})
    assert (answer.status_code, answer.json()["field"]) == (422, "lists")
    assert api.client.get("/mailings").json()["items"] == []


def test_half_a_character_refuses_its_row_alone(api: Api) -> None:
    rows = [
        {"address": "good@half.example"}, {"address": f"b{HALF}d@half.example"},
        {"address": "name@half.example", "name": HALF}, {"address": "last@half.example"},
    ]  # fmt: skip
    answer = send(api, "/contacts/bulk", {"list": "friends", "contacts": rows})
    assert [one["result"] for one in answer.json()["rows"]] == ["new", "refused", "refused", "new"]
    assert answer.json()["rows"][1]["address"] == "b?d@half.example"


def test_half_a_character_is_refused_at_every_other_door(api: Api) -> None:
    known = api.client.get("/issues/2020-07").json()
    for method, path, body in (
        ("POST", "/issues", {"slug": "2021-01", "text": known["text"] + HALF}),
        ("PUT", "/issues/2020-07", {"text": known["text"] + HALF, "digest": known["digest"]}),
        ("POST", "/suppressions", {"address": f"{HALF}@half.example", "reason": "x"}),
        ("POST", "/suppressions", {"address": "a@half.example", "reason": HALF}),
        ("POST", "/suppressions", {"address": "a@half.example", "reason": "x", HALF: 1}),
        ("POST", "/contacts/a@half.example/subscriptions", {"list": "friends", "source": HALF}),
        ("POST", "/contacts/a@half.example/leave", {"lists": [HALF], "reason": "x"}),
        ("PATCH", "/contacts/reader@firm3.example", {"attributes": {HALF: "x"}}),
        ("POST", "/mailings", {"issue": HALF, "lists": ["members"]}),
        ("POST", "/mailings", {"issue": "2020-07", "lists": [HALF]}),
        ("POST", "/contacts/bulk", {"list": HALF, "contacts": [{"address": "a@half.example"}]}),
    ):
        assert send(api, path, body, method).status_code == 422, (method, path, ascii(body)[-60:])
    for path in ("/contacts/%ED%A0%80@half.example", "/contacts?q=%ED%A0%80", "/issues/%ED%A0%80"):
        assert api.client.get(path).status_code in (200, 404), path


@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_an_address_with_a_slash_is_reached(api: Api, slash: str) -> None:
    path = f"/contacts/a{slash}b@slash.example"
    assert send(api, f"{path}/subscriptions", {"list": "friends", "source": "letter"}).status_code == 200
    assert api.client.get(path).json()["address"] == "a/b@slash.example"
    assert send(api, path, {"city": "宁波"}, "PATCH").json()["city"] == "宁波"
    assert send(api, f"{path}/leave", {"reason": "asked"}).json()["left"] == ["friends"]
    assert api.client.delete(path, params={"reason": "asked"}).status_code == 200
    assert api.client.get(f"{path}/leave").headers["allow"] == "POST", "no contact is called so"
    assert api.client.get("/contacts/bulk").status_code == 404


def test_what_is_wrong_in_an_issue_is_said_with_its_line(api: Api) -> None:
    text = api.client.get("/issues/2020-07").json()["text"]
    at = text.splitlines().index(next(line for line in text.splitlines() if line.startswith("year:"))) + 1
    answer = send(api, "/issues", {"slug": "2021-02", "text": text.replace("year: 2020", "year: x")}).json()
    assert (answer["status"], answer["line"]) == (422, at)
    assert answer["field"]
    assert api.client.get("/mailings/77").json()["line"] is None


def test_the_cures_name_routes_and_no_commands(api: Api) -> None:
    known = {message for message, _place in messages()}
    assert not set(CURES) - known, "forms of what nobody says any more"
    for message, words in CURES.items():
        assert not COMMANDS.search(words), words
        assert names_in(words) <= names_in(message), message
    api.house.approvals.approve("2020-07", CLERK)
    planned = send(api, "/mailings", {"issue": "2020-07", "lists": ["members"], "at": "2030-01-01T10:00:00Z"}).json()
    api.client.post(f"/mailings/{planned['id']}/cancel")
    row = {"address": "x@y.example"}
    told = [
        api.client.get("/mailings/77"), api.client.get("/contacts/nobody@y.example"), api.client.get("/issues/1999-01"),
        api.client.post(f"/mailings/{planned['id']}/pause"), api.client.delete("/imports/999"),
        send(api, "/contacts/bulk", {"list": "members", "contacts": [row]}),
        send(api, "/contacts/x@y.example/subscriptions", {"list": "members", "source": "letter"}),
        send(api, "/issues/2020-07", {"text": "x", "digest": "0" * 64}, "PUT"),
        send(api, "/contacts/nobody@y.example", {}, "PATCH"), send(api, "/suppressions/lift", {**row, "reason": "x"}),
    ]  # fmt: skip
    for answer in told:
        said = answer.json()
        assert answer.status_code in (404, 409, 422)
        assert not COMMANDS.search(said["detail"] + said["cure"]), said
        assert "–" not in said["cure"]
        assert "页面" not in said["cure"]
    assert "GET /mailings" in told[0].json()["cure"]


def test_a_body_says_that_it_is_json_and_where_it_breaks_off(api: Api) -> None:
    unsaid = api.client.post("/suppressions", content=b'{"address": "a@b.example", "reason": "x"}')
    assert (unsaid.status_code, "application/json" in unsaid.json()["cure"]) == (415, True)
    broken = api.client.post(
        "/suppressions", content=b'{"address": }', headers={**JSON, "Accept-Language": "en"}
    ).json()
    assert (broken["status"], broken["field"]) == (422, "")
    assert "character 13" in broken["detail"]
    nowhere = api.client.get("/nothing").json()
    assert nowhere["detail"]
    assert "GET, HEAD" in api.client.delete("/lists").json()["cure"]


@pytest.mark.parametrize(
    "path", ["/lists", "/contacts/reader@firm3.example", "/mailings/77", "/nothing", "/openapi.json"]
)
def test_head_is_answered_as_get_without_a_body(api: Api, path: str) -> None:
    head, got = api.client.head(path), api.client.get(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert [head.headers[name] for name in ("content-type", "content-length")] == [
        got.headers[name] for name in ("content-type", "content-length")
    ]
    assert api.client.head("/mailings/1/pause").headers["allow"] == "POST"


def test_a_cursor_is_good_for_its_own_filters_alone(api: Api) -> None:
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("/contacts", {"list": "members"}, {"q": "firm"}),
        ("/subscriptions", {"status": "active"}, {"list": "members"}),
        ("/events", {"start": "first", "kind": "bounce"}, {"kind": "open"}),
        ("/events", {"start": "first"}, {"mailing": "1"}),
    ]
    for path, own, other in asked:
        cursor = api.client.get(path, params={**own, "limit": "1"}).json()["cursor"]
        assert cursor, path
        assert api.client.get(path, params={**own, "limit": "2", "cursor": cursor}).status_code == 200
        for wrong in (other, {**own, **other}):
            answer = api.client.get(path, params={**wrong, "cursor": cursor})
            assert (answer.status_code, answer.json()["field"]) == (404, "cursor")
        assert api.client.get(path, params={**own, "cursor": ""}).status_code == 422, "an empty one is none"


def test_events_are_begun_somewhere(api: Api) -> None:
    answer = api.client.get("/events")
    assert (answer.status_code, answer.json()["field"]) == (422, "start")
    assert "start=now" in answer.json()["cure"]


@pytest.mark.parametrize("at", [1900000000, "1900000000", "2030-01-01", "2030-01-01T10:00:00", True])
def test_a_time_is_written_with_its_offset(api: Api, at: object) -> None:
    api.house.approvals.approve("2020-07", CLERK)
    answer = send(api, "/mailings", {"issue": "2020-07", "lists": ["members"], "at": at})
    assert (answer.status_code, answer.json()["field"]) == (422, "at")


@pytest.mark.parametrize("number", ["0", "1.0", "01", "+1", "x", "9" * 30, "٣"])
def test_what_is_no_number_leads_nowhere(api: Api, number: str) -> None:
    for path in ("/mailings/{}", "/mailings/{}/deliveries", "/deliveries/{}"):
        answer = api.client.get(path.format(number))
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert answer.json()["detail"]


def test_the_caller_chooses_the_language_whatever_the_house_speaks(api: Api) -> None:
    asked = {"type": "http", "headers": [(b"accept-language", b"en")]}
    assert language_of_call("zh_CN", Request(asked)) == "en"
    assert language_of_call("en", Request({**asked, "headers": []})) == "en", "who asks for none hears the house's"
    said = {
        wanted: api.client.get("/mailings/77", headers={"Accept-Language": wanted}).json() for wanted in ("en", "zh")
    }
    assert said["en"]["detail"] == "there is no mailing 77"
    assert "发送任务" in said["zh"]["detail"]
