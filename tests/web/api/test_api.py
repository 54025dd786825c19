"""The API: what it gives and takes, whom it lets in, and how it says no."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailer.model.api_token import SCOPE_RIGHTS, Scope
from mailer.model.people import UserRole
from mailer.web.api.app import create_api
from mailer.web.gauge import Gauge
from tests.web.api.conftest import ADMIN, CLERK, Api
from tests.web.serving import serving

LISTS = ["government", "members"]
PROBLEM = "application/problem+json"
# what each kind of route asks for, told once more than in the code itself
KINDS = {
    "contacts": "contacts", "lists": "contacts", "segments": "contacts", "subscriptions": "contacts",
    "imports": "contacts", "suppressions": "contacts", "issues": "issues", "mailings": "mailings",
    "deliveries": "mailings", "events": "events",
}  # fmt: skip
FILLED = {"{number}": "999", "{slug}": "2020-07", "{address}": "nobody@x.example", "{delivery}": "4294967297"}


def routes(api: Api) -> list[tuple[str, str, str]]:
    """Every method and path with the scope that it asks for, which its description says too."""
    found = []
    for path, methods in api.client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            scope = f"{KINDS[path.split('/')[1]]}:{'read' if method == 'get' else 'write'}"
            scope = "reports:read" if path.endswith("/report") else scope
            assert operation["security"] == [{"token": [scope]}], f"{method} {path}"
            found.append((method.upper(), path, scope))
    return found


def fill(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


def test_every_route_asks_for_its_scope_and_nothing_else(api: Api) -> None:
    assert len(routes(api)) > 20
    keys = {scope: api.with_scopes(scope) for scope in Scope}
    for method, path, scope in routes(api):
        assert api.client.request(method, fill(path), headers={"Authorization": ""}).status_code == 401, path
        for other, headers in keys.items():
            answer = api.client.request(method, fill(path), headers=headers)
            if other.value == scope:
                assert answer.status_code not in (401, 403, 500), f"{method} {path}: {answer.text}"
            else:
                assert answer.status_code == 403, f"{method} {path} with {other}"
                assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("role", list(UserRole))
def test_a_token_does_nothing_that_its_user_may_not(api: Api, role: UserRole) -> None:
    name = f"user {role.value}"
    api.house.people.add(name, [role], ADMIN)
    user = next(one for one in api.house.people.list() if one.name == name)
    headers = api.with_scopes(*Scope, user=name)
    for method, path, scope in routes(api):
        needed = SCOPE_RIGHTS.get(Scope(scope))
        answer = api.client.request(method, fill(path), headers=headers)
        if needed is not None and not needed & user.rights:
            assert answer.status_code == 403, f"{role}: {method} {path}"


def test_tokens_that_are_over_revoked_or_of_a_disabled_user_are_not_good(api: Api) -> None:
    now = api.house.now()
    _made, over = api.house.api_tokens.add(CLERK, "over", [Scope.CONTACTS_READ], now - timedelta(seconds=1), ADMIN)
    revoked, token = api.house.api_tokens.add(CLERK, "revoked", [Scope.CONTACTS_READ], None, CLERK)
    api.house.api_tokens.revoke(revoked.id, CLERK)
    api.house.people.add("left", [UserRole.EDITOR], ADMIN)
    _made, of_left = api.house.api_tokens.add("left", "x", [Scope.CONTACTS_READ], None, ADMIN)
    assert api.client.get("/lists", headers={"Authorization": f"Bearer {of_left}"}).status_code == 200
    api.house.people.set_enabled("left", ADMIN, enabled=False)
    for bad in (over, token, of_left, "jb_nothing", "x" * 5000):
        answer = api.client.get("/lists", headers={"Authorization": f"Bearer {bad}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_contacts_come_a_page_at_a_time(api: Api) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.client.get("/contacts", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 3
        seen += [one["address"] for one in page["items"]]
        cursor = page["cursor"]
    assert len(seen) == len(set(seen)) >= 10
    found = api.client.get("/contacts", params={"q": "FIRM3", "list": "members"}).json()["items"]
    assert [one["address"] for one in found] == ["reader@firm3.example"]
    assert api.client.get("/contacts", params={"q": "100%"}).json()["items"] == []
    assert api.client.get("/contacts", params={"list": "no' OR 1=1 --"}).status_code == 404


def test_contacts_in_bulk_are_an_import_and_undone_as_one(api: Api) -> None:
    order: dict[str, Any] = {
        "list": "friends",
        "contacts": [
            {"address": "one@friend.example", "organisation": "甲单位"},
            {"address": "not an address"},
            {"address": "two@friend.example"},
        ],
    }
    looked = api.client.post("/contacts/bulk", json={**order, "dry_run": True}).json()
    assert looked["import_number"] is None
    done = api.client.post("/contacts/bulk", json=order).json()
    assert (done["counts"]["new"], done["counts"]["refused"]) == (2, 1)
    assert [(one["row"], one["address"], one["result"]) for one in done["rows"]] == [
        (1, "one@friend.example", "new"),
        (2, "not an address", "refused"),
        (3, "two@friend.example", "new"),
    ]
    assert done["rows"][1]["cure"]
    detail = api.client.get("/contacts/one@friend.example").json()
    assert (detail["organisation"], detail["subscriptions"][0]["list"]) == ("甲单位", "friends")
    assert api.client.patch("/contacts/one@friend.example", json={"city": "宁波"}).json()["city"] == "宁波"
    left = api.client.post("/contacts/two@friend.example/leave", json={"reason": "asked by phone"})
    assert left.json() == {"address": "two@friend.example", "left": ["friends"]}
    undone = api.client.delete(f"/imports/{done['import_number']}")
    off = {"removed": 0, "taken_off": 1, "restored": 0, "kept": 0}
    assert undone.json() == off, "who was corrected since stays a contact, who left is off the list already"
    assert api.client.delete(f"/imports/{done['import_number']}").status_code == 409
    follows = api.client.post("/contacts/bulk", json={**order, "list": "members"})
    assert (follows.status_code, follows.headers["content-type"]) == (409, PROBLEM)


def test_issues_are_written_rendered_and_never_overwritten_unseen(api: Api) -> None:
    known = api.client.get("/issues/2020-07").json()
    text = known["text"].replace("正文第一段。", "正文改过。")
    saved = api.client.put("/issues/2020-07", json={"text": text, "digest": known["digest"]})
    assert saved.status_code == 200
    again = api.client.put("/issues/2020-07", json={"text": text, "digest": known["digest"]})
    assert again.status_code == 409
    shown = api.client.get("/issues/2020-07/rendering", params={"list": "members"}).json()
    assert "正文改过。" in shown["html"]
    made = api.client.post("/issues", json={"slug": "2020-08", "text": text.replace("number: 7", "number: 8")})
    assert made.status_code == 201
    assert api.client.post("/issues", json={"slug": "2020-08", "text": text}).status_code == 409
    assert api.client.post("/issues", json={"slug": "../../x", "text": text}).status_code == 422
    assert [one["slug"] for one in api.client.get("/issues").json()] == ["2020-08", "2020-07"]


def test_a_mailing_is_planned_held_and_cancelled(api: Api) -> None:
    assert api.client.post("/mailings", json={"issue": "2020-07", "lists": LISTS}).status_code == 409, (
        "nobody has approved it"
    )
    api.house.approvals.approve("2020-07", CLERK)
    later = api.client.post("/mailings", json={"issue": "2020-07", "lists": LISTS, "at": "2030-01-01T10:00:00"})
    assert (later.status_code, later.json()["field"]) == (422, "at")
    planned = api.client.post("/mailings", json={"issue": "2020-07", "lists": LISTS, "at": "2030-01-01T10:00:00+08:00"})
    number = planned.json()["id"]
    assert (planned.status_code, planned.json()["status"]) == (201, "scheduled")
    held = api.client.post(f"/mailings/{number}/hold", json={"reason": "wait"}).json()
    assert (held["status"], held["reason"]) == ("held", f"{CLERK}：wait")
    assert api.client.post(f"/mailings/{number}/pause").status_code == 409
    assert api.client.post(f"/mailings/{number}/cancel").json()["status"] == "cancelled"
    assert api.client.get(f"/mailings/{number}/deliveries").json() == {"items": [], "cursor": None}
    assert api.client.get(f"/mailings/{number}/report").status_code == 200
    trail = api.house.audit.list(50, mailing=str(number))
    assert {one.actor.name for one in trail} == {CLERK}


def test_errors_are_problems_in_the_callers_language(api: Api) -> None:
    answers = [
        api.client.get("/nothing"),
        api.client.delete("/lists"),
        api.client.get("/contacts", params={"limit": 0}),
        api.client.post("/suppressions", json={"address": "x", "reason": "y", "more": 1}),
        api.client.post("/suppressions", content=b"{", headers={"Content-Type": "application/json"}),
        api.client.get("/mailings/77"),
    ]
    assert [one.status_code for one in answers] == [404, 405, 422, 422, 422, 404]
    for one in answers:
        assert one.headers["content-type"] == PROBLEM
        assert set(one.json()) == {"type", "title", "status", "detail", "cure", "field", "line"}
        assert one.json()["detail"]
    assert answers[1].headers["allow"] == "GET, HEAD"
    assert answers[2].json()["field"] == "limit"
    chinese = api.client.get("/mailings/77", headers={"Accept-Language": "zh-CN"}).json()
    assert "发送任务" in chinese["detail"]


def test_a_body_that_is_too_large_is_not_read(api: Api) -> None:
    answer = api.client.post("/suppressions", content=b"x" * (17 << 20))
    assert answer.status_code == 413
    said = {"Content-Type": "application/json"}
    pieces = api.client.post("/suppressions", content=iter([b"x" * (1 << 18)] * 5), headers=said)
    assert pieces.status_code == 413, "also where it does not say its length"
    assert api.client.post("/suppressions", content=iter([b"{", b"}"]), headers=said).status_code == 422
    unknown = {"Authorization": "Bearer jb_nothing"}
    assert api.client.post("/suppressions", content=b"{", headers=unknown).status_code == 401, "who calls comes first"
    whole = b'{"list":"friends","contacts":[{"address":"' + b"x" * (2 << 20) + b'"}]}'
    large = api.client.post("/contacts/bulk", content=whole, headers={"Content-Type": "application/json"})
    assert large.status_code == 422, "a bulk order may have more"


def test_who_calls_too_often_is_told_when_to_come_again(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    with serving(create_api(api.house, Gauge(0.1, 2))) as url, httpx.Client(base_url=url, headers=headers) as client:
        answers = [client.get("/lists") for _n in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 11


def test_a_large_bulk_order_has_a_result_for_every_row(api: Api) -> None:
    rows = [{"address": f"r{n}@bulk{n % 7}.example"} for n in range(1200)] + [
        {"address": f"bad {n}"} for n in range(800)
    ]
    order = {"list": "friends", "contacts": rows, "source": "membership system"}
    done = api.client.post("/contacts/bulk", json=order).json()
    assert [one["row"] for one in done["rows"]] == list(range(1, 2001))
    assert [one["result"] for one in done["rows"]] == ["new"] * 1200 + ["refused"] * 800
    assert all(one["cure"] for one in done["rows"][1200:])
    (newest, *_more) = api.client.get("/imports").json()
    assert (newest["source"], newest["by"], newest["number"]) == ("membership system", CLERK, done["import_number"])
    again = api.client.post("/contacts/bulk", json=order).json()
    assert (again["import_number"], again["counts"]["unchanged"]) == (None, 1200)
    api.client.delete("/contacts/r1@bulk1.example", params={"reason": "moved away"})
    kept = api.client.post("/contacts/bulk", json=order).json()["rows"][1]
    assert (kept["result"], kept["kept_out"]) == ("kept_out", "left")
    assert "POST /contacts/r1@bulk1.example/subscriptions" in kept["cure"]
    assert kept["reason"] not in ("", "left"), "in words"
    undone = api.client.delete(f"/imports/{done['import_number']}").json()
    assert (undone["removed"], undone["kept"]) == (1199, 0)


def test_one_row_is_one_address_and_nothing_hides_in_it(api: Api) -> None:
    hostile = [
        "a@b.example;c@d.example",
        "a@b.example\r\nRCPT TO:<x@y.example>",
        "alice@gov.example]<bob@evil.example>",
    ]
    order = {"list": "friends", "contacts": [{"address": one} for one in hostile]}
    done = api.client.post("/contacts/bulk", json=order).json()
    assert [one["result"] for one in done["rows"]] == ["refused"] * 3
    for address in hostile[1:]:
        answer = api.client.post("/suppressions", json={"address": address, "reason": "x"})
        assert (answer.status_code, answer.json()["field"]) == (422, "address")


def test_subscriptions_suppressions_and_attributes(api: Api) -> None:
    join = {"list": "friends", "source": "letter", "organisation": "乙单位"}
    joined = api.client.post("/contacts/sub@one.example/subscriptions", json=join).json()
    assert (joined["organisation"], joined["subscriptions"][0]["source"]) == ("乙单位", "letter")
    follows = api.client.post("/contacts/sub@one.example/subscriptions", json={**join, "list": "members"})
    assert follows.status_code == 409, "a list that follows its sheet takes nobody new"
    known = {"attributes": {"行业": "软件", "规模": "小"}, "language": "en"}
    assert api.client.patch("/contacts/sub@one.example", json=known).json()["attributes"] == known["attributes"]
    fewer = api.client.patch("/contacts/sub@one.example", json={"attributes": {"规模": ""}}).json()
    assert (fewer["attributes"], fewer["language"]) == ({"行业": "软件"}, "en")
    active = api.client.get("/subscriptions", params={"list": "friends", "status": "active", "limit": 200}).json()
    assert "sub@one.example" in {one["address"] for one in active["items"]}
    stop = {"address": "sub@one.example", "reason": "asked"}
    assert api.client.post("/suppressions", json=stop).status_code == 204
    assert api.client.post("/suppressions", json=stop).status_code == 409
    assert api.client.get("/contacts/sub@one.example").json()["suppressed"] == "by_hand"
    bare = api.client.get("/suppressions").json()["items"][0]
    named = api.client.get("/suppressions", params={"addresses": True}).json()["items"][0]
    assert (bare["address"], named["address"], bare["hash"]) == ("", "sub@one.example", named["hash"])
    assert api.client.post("/suppressions/lift", json=stop).json()["note"] == "asked"
    assert api.client.post("/suppressions/lift", json=stop).status_code == 404


def test_a_parameter_that_no_route_knows_is_an_error(api: Api) -> None:
    answer = api.client.get("/contacts", params={"lst": "members"})
    assert (answer.status_code, answer.json()["field"]) == (422, "lst")


def test_the_right_is_the_users_also_where_the_scope_is_given(api: Api) -> None:
    """A sender may plan and hold; who may only send proofs may not, whatever the token says."""
    api.house.people.add("only editor", [UserRole.EDITOR], ADMIN)
    editor = api.with_scopes(*Scope, user="only editor")
    suppress = api.client.post("/suppressions", json={"address": "a@b.example", "reason": "x"}, headers=editor)
    assert suppress.status_code == 403, "contacts:write is the editor's, to suppress is not"
    assert "only editor" in suppress.json()["detail"]
    assert "by_hand" not in {one["reason"] for one in api.client.get("/suppressions").json()["items"]}
