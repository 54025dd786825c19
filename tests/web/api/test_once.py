"""Calls with an Idempotency-Key: sent again they are answered as before, and done once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mailer.model.api_token import Scope
from tests.web.api.conftest import CLERK, Api

BULK = {"list": "friends", "contacts": [{"address": "once@friend.example", "organisation": "甲单位"}]}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_call_sent_again_is_answered_as_before_and_done_once(api: Api) -> None:
    key = keyed(str(uuid.uuid4()))
    first = api.client.post("/contacts/bulk", json=BULK, headers=key)
    again = api.client.post("/contacts/bulk", json=BULK, headers=key)
    assert first.status_code == again.status_code == 200
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert first.json()["import_number"] is not None
    assert len(api.house.contacts.imports(50)) == 1
    without = api.client.post("/contacts/bulk", json=BULK)
    assert without.json()["counts"]["unchanged"] == 1, "without a key it is another call"


def test_two_mailings_are_not_made_by_one_order(api: Api) -> None:
    api.house.approvals.approve("2020-07", CLERK)
    order = {"issue": "2020-07", "lists": ["members"], "at": "2030-01-01T10:00:00+08:00"}
    key = keyed(f'"{uuid.uuid4()}"')
    answers = [api.client.post("/mailings", json=order, headers=key) for _time in range(3)]
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert len(api.client.get("/mailings").json()["items"]) == 1
    bare = {"Idempotency-Key": key["Idempotency-Key"].strip('"')}
    assert api.client.post("/mailings", json=order, headers=bare).headers["idempotent-replayed"] == "true"


def test_an_answer_without_a_body_is_kept_too(api: Api) -> None:
    stop = {"address": "quiet@friend.example", "reason": "asked"}
    key = keyed(str(uuid.uuid4()))
    answers = [api.client.post("/suppressions", json=stop, headers=key) for _time in range(2)]
    assert [(one.status_code, one.content) for one in answers] == [(204, b"")] * 2
    assert api.client.post("/suppressions", json=stop).status_code == 409


def test_a_key_is_of_one_call_only(api: Api) -> None:
    key = keyed(str(uuid.uuid4()))
    stop = {"address": "one@friend.example", "reason": "asked"}
    assert api.client.post("/suppressions", json=stop, headers=key).status_code == 204
    for path, body in (
        ("/suppressions", {**stop, "reason": "other"}),
        ("/suppressions/lift", stop),
        ("/contacts/one@friend.example/leave", {"reason": "asked"}),
    ):
        answer = api.client.post(path, json=body, headers=key)
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
        assert answer.json()["cure"]
    assert api.client.get("/contacts/one@friend.example").json()["suppressed"], "nothing else was done"


def test_a_key_is_of_one_token_only(api: Api) -> None:
    """Nobody reads another one's answers by guessing their keys."""
    key = keyed("a-key-that-two-programs-take")
    mine = api.client.post("/suppressions", json={"address": "mine@friend.example", "reason": "x"}, headers=key)
    other = api.with_scopes(Scope.CONTACTS_WRITE)
    theirs = api.client.post(
        "/suppressions", json={"address": "theirs@friend.example", "reason": "x"}, headers={**other, **key}
    )
    assert (mine.status_code, theirs.status_code) == (204, 204)
    assert "idempotent-replayed" not in theirs.headers
    lacking = api.with_scopes(Scope.CONTACTS_READ)
    refused = api.client.post(
        "/suppressions", json={"address": "x@y.example", "reason": "x"}, headers={**lacking, **key}
    )
    assert refused.status_code == 403


def test_what_was_refused_leaves_its_key_free(api: Api) -> None:
    key = keyed(str(uuid.uuid4()))
    wrong = {"address": "no address", "reason": "x"}
    assert [api.client.post("/suppressions", json=wrong, headers=key).status_code for _time in range(2)] == [422, 422]
    assert api.client.post("/mailings", json={"issue": "no-such", "lists": ["members"]}, headers=key).status_code == 404
    right = {"address": "free@friend.example", "reason": "x"}
    assert api.client.post("/suppressions", json=right, headers=key).status_code == 204


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 201, "with blank inside", '"open-quotation', "a\\b-c-d-e-f", "tab\tab-tab"]
)
def test_what_is_no_key_is_refused(api: Api, key: str) -> None:
    answer = api.client.post("/suppressions", json={"address": "k@friend.example", "reason": "x"}, headers=keyed(key))
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_a_key_without_a_token_is_not_looked_at(api: Api) -> None:
    headers = {"Authorization": "Bearer jb_nothing", **keyed("x")}
    assert api.client.post("/suppressions", content=b"{", headers=headers).status_code == 401
    large = api.client.post("/suppressions", content=b"x" * (2 << 20), headers=keyed(str(uuid.uuid4())))
    assert large.status_code == 413


def test_the_same_call_at_the_same_time_is_done_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, really = threading.Event(), threading.Event(), api.house.suppressions.add

    def add(*words: str) -> None:
        begun.set()
        assert go_on.wait(10)
        really(*words)

    monkeypatch.setattr(api.house.suppressions, "add", add)
    key, stop = keyed(str(uuid.uuid4())), {"address": "twice@friend.example", "reason": "asked"}

    def post() -> httpx.Response:
        return api.client.post("/suppressions", json=stop, headers=key)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post)
        assert begun.wait(10)
        meanwhile = post()
        go_on.set()
        assert first.result(10).status_code == 204
    assert (meanwhile.status_code, meanwhile.json()["field"]) == (409, "Idempotency-Key")
    assert post().headers["idempotent-replayed"] == "true"
