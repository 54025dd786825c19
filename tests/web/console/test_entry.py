"""Logging in and out, and what every page asks for first."""

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from mailer.model.people import ROLE_RIGHTS, UserRole
from mailer.web.console.app import create_console, is_our_name
from mailer.web.console.desk import COOKIE
from tests.web.console.office import NAMES, PASSWORD, Office, text_of


def test_who_is_not_logged_in_is_led_to_the_log_in_page_and_back(office: Office) -> None:
    with office.visitor() as client:
        answer = client.get("/issues")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/issues")
        page = client.get(answer.headers["location"])
        assert 'name="next" value="/issues"' in page.text
        done = client.post("/login", data={"name": NAMES[UserRole.EDITOR], "password": PASSWORD, "next": "/issues"})
        assert (done.status_code, done.headers["location"]) == (303, "/issues")


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/logout", "javascript:1"]
)
def test_logging_in_leads_nowhere_else(office: Office, target: str) -> None:
    with office.visitor() as client:
        done = client.post("/login", data={"name": NAMES[UserRole.EDITOR], "password": PASSWORD, "next": target})
        assert done.headers["location"] == "/"


def test_a_wrong_password_says_the_same_as_an_unknown_name(office: Office) -> None:
    with office.visitor() as client:
        known = client.post("/login", data={"name": NAMES[UserRole.SENDER], "password": "no"})
        unknown = client.post("/login", data={"name": "nobody", "password": "no"})
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace(NAMES[UserRole.SENDER], "nobody") == unknown.text


def test_guesses_from_another_network_do_not_keep_out_a_browser_that_was_in(office: Office) -> None:
    admin, name = NAMES[UserRole.ADMIN], "新来的"
    office.house.people.add(name, [UserRole.APPROVER], admin)
    office.house.access.set_password(name, PASSWORD, admin)
    guess, right = ({"name": name, "password": one} for one in ("a guess", PASSWORD))
    desk, attacker = {"X-Forwarded-For": "192.0.2.9", "User-Agent": "Desk/1.0"}, {"X-Forwarded-For": "198.51.100.7"}
    with office.visitor() as client:
        assert client.post("/login", data=right, headers=desk).status_code == 303
    with office.visitor() as client:
        for status in [401] * 5 + [429]:
            assert client.post("/login", data=guess, headers=attacker).status_code == status
        assert client.post("/login", data=right, headers=desk).status_code == 303
        assert client.post("/login", data=right, headers={**desk, "User-Agent": "Other/1.0"}).status_code == 303
        assert client.post("/login", data=right, headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 429


def test_the_cookie_is_kept_from_scripts_and_other_sites(office: Office) -> None:
    with office.visitor() as client:
        done = client.post("/login", data={"name": NAMES[UserRole.EDITOR], "password": PASSWORD})
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_logging_out_ends_the_session_at_the_server(office: Office) -> None:
    with office.visitor() as client:
        client.post("/login", data={"name": NAMES[UserRole.EDITOR], "password": PASSWORD})
        token = client.cookies[COOKIE]
        session = office.house.access.find_session(token)
        assert session is not None
        client.post("/logout", data={"csrf": session.csrf})
        assert COOKIE not in client.cookies
        assert office.house.access.find_session(token) is None


def test_headers_let_a_page_load_nothing_from_elsewhere(office: Office) -> None:
    answer = office.editor.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    assert not re.search(r"<script>|\son\w+=|\sstyle=", answer.text)


def test_assets_are_kept_for_ever_and_unknown_ones_are_not_there(office: Office) -> None:
    path = re.search(r'href="(/static/[^"]+\.css)"', office.editor.get("/"))
    assert path
    answer = office.editor.client.get(path[1])
    assert "immutable" in answer.headers["cache-control"]
    assert office.editor.client.get(path[1].replace("static/", "static/0")).status_code == 404
    assert office.editor.client.get("/static/..%2f..%2fconfig.toml").status_code == 404


def _routes(office: Office) -> list[APIRoute]:
    app = create_console(office.house)
    return [route for route in _walk(app.routes) if "right" in (route.openapi_extra or {})]


def _walk(routes: object) -> list[APIRoute]:
    found: list[APIRoute] = []
    for route in routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute):
            found.append(route)
        elif hasattr(route, "original_router"):
            found += _walk(route.original_router.routes)
    return found


def _fill(path: str) -> str:
    return re.sub(r"\{(\w+)(?::(\w+))?\}", lambda match: "999999" if match[2] == "int" else "nothing", path)


def test_every_act_asks_for_a_token(office: Office) -> None:
    """S18: each POST there is, without the session's form token and with another one."""
    acts = [route for route in _routes(office) if "POST" in (route.methods or ())]
    assert acts
    for route in acts:
        for token in ("", "x" * 43):
            answer = office.editor.client.post(_fill(route.path), data={"csrf": token})
            assert answer.status_code == 403, route.path


def test_every_act_refuses_posts_of_other_sites(office: Office) -> None:
    clerk = office.editor
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for path in ("/logout", "/login", "/look"):
            assert clerk.client.post(path, data={"csrf": clerk.csrf}, headers=headers).status_code == 403


@pytest.mark.parametrize("role", list(UserRole))
def test_a_role_reaches_what_it_has_the_right_for_and_nothing_else(office: Office, role: UserRole) -> None:
    """S20: each role on each route, as the routes declare their rights."""
    clerk = office.clerk(role)
    routes = _routes(office)
    assert len(routes) > 1
    for route in routes:
        assert route.openapi_extra is not None
        right = route.openapi_extra["right"]
        if route.path in ("/logout", "/account/sessions"):  # they end this session, and what follows would be untried
            continue
        if "POST" in (route.methods or ()):
            answer = clerk.client.post(_fill(route.path), data={"csrf": clerk.csrf})
        else:
            answer = clerk.client.get(_fill(route.path))
        assert answer.status_code < 500, (route.path, text_of(answer.text))
        if right is not None and right not in ROLE_RIGHTS[role]:
            assert answer.status_code == 403, f"{role} {route.path}"
        elif right is not None:
            assert answer.status_code != 403, f"{role} {route.path}"


def test_nothing_is_shown_to_who_is_not_logged_in(office: Office) -> None:
    with office.visitor() as client:
        for route in _routes(office):
            method = "POST" if "POST" in (route.methods or ()) else "GET"
            answer = client.request(method, _fill(route.path))
            assert answer.status_code in (303, 401), route.path


def test_forged_host_names_are_refused(office: Office) -> None:
    """S26, and DNS rebinding."""
    for host, status in (("evil.example", 421), ("localhost", 200), ("127.0.0.1", 200)):
        answer = httpx.get(f"{office.url}/login", headers={"Host": host}, trust_env=False)
        assert answer.status_code == status, host
    assert is_our_name("news.bulletin.example", "127.0.0.1", "https://news.bulletin.example:8443")
    assert not is_our_name("news.bulletin.example.evil.example", "127.0.0.1", "https://news.bulletin.example")


def test_the_language_and_the_look_are_the_users_own(office: Office) -> None:
    with office.visitor("zh-CN") as client:
        assert "登录" in client.get("/login").text
        client.post("/look", data={"language": "en", "theme": "dark", "back": "//evil.example"})
        page = client.get("/login").text
        assert "Log in" in page
        assert 'data-bs-theme="dark"' in page
