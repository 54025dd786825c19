"""Users who mean ill, and what becomes of what they hold: cookies, tokens, previews, rights that were taken away."""

import hashlib
import re
import threading
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from mailer.app import House
from mailer.model.api_token import Scope
from mailer.model.people import UserRole
from mailer.store.schema import metadata
from mailer.web.console.desk import COOKIE, SAFE_COOKIE
from tests.web.console.office import NAMES, PASSWORD, Office
from tests.web.console.test_entry import _fill, _routes

ADMIN = NAMES[UserRole.ADMIN]


def add_user(office: Office, name: str, *roles: UserRole) -> None:
    office.house.people.add(name, list(roles), ADMIN)
    office.house.access.set_password(name, PASSWORD, ADMIN)


def log_in(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/login", data={"name": name, "password": PASSWORD})


def test_a_session_that_somebody_put_there_is_not_taken_over(office: Office) -> None:
    """Session fixation: logging in makes another token, and ends the session that was in the browser before."""
    with office.visitor() as thief:
        log_in(thief, NAMES[UserRole.SENDER])
        planted = thief.cookies[COOKIE]
        with office.visitor() as victim:
            answer = victim.post(
                "/login",
                data={"name": NAMES[UserRole.EDITOR], "password": PASSWORD},
                headers={"Cookie": f"{COOKIE}={planted}"},
            )
        assert answer.status_code == 303
        assert answer.cookies[COOKIE] != planted
        assert thief.get("/").status_code == 303, "what was planted is worth nothing any more"


def test_over_https_the_cookie_is_this_hosts_alone(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "newsletter", extra='url = "https://desk.bulletin.example"\n')
    try:
        with office.visitor() as client:
            cookies = log_in(client, ADMIN).headers.get_list("set-cookie")
            (cookie,) = [one for one in cookies if "mailer_session" in one]
            assert cookie.startswith(f"{SAFE_COOKIE}=")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {one.strip() for one in cookie.split(";")}
            assert "domain" not in cookie.lower()
            token = cookie.partition("=")[2].partition(";")[0]
            tossed = client.get("/", headers={"Cookie": f"{COOKIE}={token}"})
            assert tossed.status_code == 303, "a cookie that a neighbouring host may set is not looked at"
            assert client.get("/", headers={"Cookie": f"{SAFE_COOKIE}={token}"}).status_code == 200
    finally:
        office.close()


def test_rights_that_are_taken_away_end_at_once(office: Office) -> None:
    """S20: in the sessions and tokens there are; a disabled user has neither."""
    add_user(office, "降权", UserRole.EDITOR, UserRole.SENDER)
    _made, token = office.house.api_tokens.add("降权", "x", [Scope.MAILINGS_WRITE, Scope.CONTACTS_READ], None, ADMIN)
    bearer = {"Authorization": f"Bearer {token}"}
    with office.visitor() as client:
        log_in(client, "降权")
        assert client.get("/mailings/new").status_code == 200
        assert client.post("/api/v1/mailings/9/pause", headers=bearer).status_code == 404
        office.house.people.change("降权", ADMIN, roles=[UserRole.EDITOR])
        assert client.get("/mailings/new").status_code == 403
        assert client.post("/api/v1/mailings/9/pause", headers=bearer).status_code == 403
        office.house.people.set_enabled("降权", ADMIN, enabled=False)
        assert client.get("/issues").status_code == 303
        assert client.get("/api/v1/contacts", headers=bearer).status_code == 401
        office.house.people.set_enabled("降权", ADMIN, enabled=True)
        assert client.get("/issues").status_code == 303, "the session does not come back with the user"


def test_a_stream_ends_with_its_session(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.web.console.mailings.EVERY_S", 0.05)
    add_user(office, "看客", UserRole.EDITOR)
    if not office.house.mailings.newest():
        office.house.approvals.submit("2020-07", NAMES[UserRole.EDITOR])
        office.house.approvals.approve("2020-07", NAMES[UserRole.APPROVER])
        office.house.mailings.schedule("2020-07", by=NAMES[UserRole.SENDER])
    with office.visitor() as client:
        log_in(client, "看客")
        before = office.house.access.list_sessions("看客")[0].last_seen_at
        with client.stream("GET", "/mailings/1/stream") as answer:
            assert answer.status_code == 200
            pieces = answer.iter_text()
            assert "event: progress" in next(pieces)
            assert office.house.access.list_sessions("看客")[0].last_seen_at == before, "to watch is not to be there"
            office.house.access.end_sessions("看客", ADMIN)
            ended = threading.Timer(10, answer.close)
            ended.start()
            assert list(pieces) == [], "no more is told"
            assert not ended.finished.is_set()
            ended.cancel()


def test_what_one_user_has_open_is_nobody_elses(office: Office) -> None:
    """IDOR: previews of texts being written, and sheets that were uploaded, are asked for by their owner only."""
    editor, sheet = office.editor, "单位,邮箱\n甲单位,one@sheet.example\n".encode()
    text = office.house.drafts.open("2020-07").text
    looked = editor.client.post("/issues/2020-07/look", data={"csrf": editor.csrf, "text": text, "list": "members"})
    path = re.search(r'src="(/issues/2020-07/look/[^"]+)"', looked.text)
    assert path
    assert editor.client.get(path[1]).status_code == 200
    add_user(office, "同事", UserRole.EDITOR)
    with office.visitor() as other:
        log_in(other, "同事")
        session = office.house.access.find_session(other.cookies[COOKIE])
        assert session is not None
        assert other.get(path[1]).status_code == 404
        editor.act("/imports/check", 422, files={"sheet": ("a.csv", sheet)}, list="members")
        (kept,) = (office.house.var / "uploads").glob("*/*.csv")
        for key in (kept.name, f"../{kept.parent.name}/{kept.name}"):
            form = {"csrf": session.csrf, "key": key, "list": "members"}
            assert "this sheet is not here any more" in other.post("/imports/apply", data=form).text
            assert other.get(f"/imports/refused/{key}").status_code in (404, 422)
        assert other.post("/look", data={"csrf": editor.csrf}).status_code == 303
        foreign = other.post("/contacts/leave", data={"csrf": editor.csrf, "address": "a@b.example"})
        assert foreign.status_code == 403, "another session's form token is none"


@pytest.mark.parametrize("role", [UserRole.EDITOR, UserRole.ADMIN])
def test_no_page_changes_anything(office: Office, role: UserRole) -> None:
    """S18: what only shows writes nothing but that a session was used, and that contacts were exported."""
    before = fingerprints(office.house)
    clerk = office.clerk(role)
    seen = fingerprints(office.house)
    assert set(seen) == set(before)
    for route in _routes(office):
        if "GET" in (route.methods or ()) and not route.path.endswith(("/stream", "/contacts/export")):
            for slug in ("nothing", "2020-07"):
                clerk.client.get(_fill(route.path).replace("nothing", slug), params={"address": "reader@firm1.example"})
    after = fingerprints(office.house)
    changed = {name for name in after if after[name] != seen[name]} - {"user_session"}
    assert changed == set()


def fingerprints(house: House) -> dict[str, str]:
    """What is in each table, and in the folders that people write."""
    found = {}
    with house.store.read() as connection:
        for table in metadata.sorted_tables:
            rows = sorted(map(repr, connection.execute(select(table)).all()))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    for path in sorted((house.home / "issues").rglob("*")):
        if path.is_file():
            found[f"issues/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


NUMBERS = ("9" * 20, "9" * 30, "9" * 5000, "-1", "1e9", "٣", "0x10", "", "\0")
PLACES = (
    "/mailings/{}", "/mailings/{}/copies", "/reports/{}", "/contacts?after={}", "/mailings/1/copies?after={}",
    "/organisations?from={}", "/trail?most={}", "/trail?mailing={}", "/issues/{}", "/issues/2020-07/files/{}",
    "/issues/2020-07/versions?version={}", "/issues/2020-07/preview/{}", "/issues?after={}", "/imports/refused/{}",
    "/schedule?month={}", "/static/{}/x",
)  # fmt: skip


def test_no_number_and_no_sign_is_a_fault_of_ours(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    for number in NUMBERS:
        for place in PLACES:
            answer = office.admin.client.get(place.format(number.replace("\0", "%00")))
            assert answer.status_code < 500, place.format(number[:40])
        for act in ("/imports/undo", "/mailings/plan", "/contacts/change"):
            fields = dict.fromkeys(("number", "count", "spread", "address"), number)
            answer = office.editor.client.post(act, data={"csrf": office.editor.csrf, **fields})
            assert answer.status_code < 500, f"{act} {number[:40]}"
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


TRAVERSALS = (
    "../../../config.toml", "..%2f..%2f..%2fconfig.toml", "%2e%2e/%2e%2e/config.toml", "....//config.toml",
    "..%5c..%5cconfig.toml", "%00", "/etc/passwd", "%2fetc%2fpasswd", ".", "..", "issue.md/../../config.toml",
    "~/config.toml", "file:///etc/passwd", "issue.md%00.png", "issue.md",
)  # fmt: skip


def test_no_path_leads_out_of_an_issue(office: Office) -> None:
    secret = (office.newsletter.folder / "config.toml").read_text("utf-8").splitlines()[0]
    for path in TRAVERSALS:
        for place in ("/issues/2020-07/files/", "/issues/", "/issues/2020-07/look/", "/imports/refused/", "/static/x/"):
            answer = office.editor.client.get(place + path)
            assert secret not in answer.text
            assert "root:x:" not in answer.text
            assert "organisation: " not in answer.text or answer.headers["content-type"].startswith("text/html")
        plain = path.replace("%2f", "/").replace("%2e", ".").replace("%5c", "\\").replace("%00", "\0")
        for name in ("name", "slug", "key"):
            for act in ("/issues/2020-07/files/remove", "/imports/apply", "/issues/upload"):
                answer = office.editor.client.post(act, data={"csrf": office.editor.csrf, name: plain})
                assert answer.status_code in (403, 404, 422), f"{act} {plain!r}"
    assert (office.newsletter.folder / "config.toml").is_file()
    assert (office.newsletter.folder / "issues" / "2020-07" / "issue.md").is_file()


def test_an_upload_is_what_it_is_whatever_it_is_called(office: Office) -> None:
    """Pictures that are none, pages, programs, bombs; what is kept is shown as a picture or only saved to disk."""
    svg, path = b'<svg xmlns="http://www.w3.org/2000/svg" onload="pwned()"/>', "/issues/2020-07/files"
    clerk = office.editor
    for name in ("a.svg", "a.png", "a.html", "a.htm", "a.xhtml", "a.js", "a.exe", "issue.md", "a.png.svg"):
        clerk.act(path, 422, files={"file": (name, svg, "image/png")})
    clerk.act(path, files={"file": ("x\r\nSet-Cookie: a=b.txt", b"<script>pwned()</script>", "text/html")})
    names = [one.name for one in office.house.drafts.open("2020-07").files]
    for name in names:
        answer = clerk.client.get(f"{path}/{name}")
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert "set-cookie" not in answer.headers
        clerk.act(f"{path}/remove", name=name)


def test_every_answer_says_what_may_be_done_with_it(office: Office) -> None:
    """Errors, downloads, assets and figures too: a policy, no sniffing, no frame, and nothing personal is kept."""
    bearer = {"Authorization": f"Bearer {office.house.api_tokens.add(ADMIN, 'x', list(Scope), None, ADMIN)[1]}"}
    asked: list[tuple[str, str, dict[str, str]]] = [
        ("GET", "/nothing", {}), ("POST", "/nothing", {}), ("GET", "/login", {}), ("POST", "/login", {}),
        ("DELETE", "/login", {}), ("GET", "/static/x/y", {}), ("GET", "/healthz", {}), ("GET", "/readyz", {}),
        ("GET", "/metrics", {}), ("GET", "/api/v1/nothing", {}), ("GET", "/api/v1/lists", bearer),
        ("GET", "/api/v1/openapi.json", {}), ("GET", "/login", {"Host": "evil.example"}), ("GET", "/", {}),
        ("POST", "/logout", {"Origin": "https://evil.example"}), ("GET", "/contacts/export", {}), ("GET", "/users", {}),
        ("GET", "/issues/2020-07/preview/members", {}), ("GET", "/mailings/999", {}),
    ]  # fmt: skip
    for method, path, headers in asked:
        answer = office.editor.client.request(method, path, headers=headers)
        where = f"{method} {path} {answer.status_code}"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, where
        assert "frame-ancestors" in policy, where
        assert "unsafe-eval" not in policy, where
        assert answer.headers["x-content-type-options"] == "nosniff", where
        assert answer.headers["cache-control"] == "no-store", where
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), where
        assert "server" not in answer.headers, where


def test_no_name_of_a_request_comes_back(office: Office) -> None:
    """S26: neither in pages nor in redirects; links are paths, and those in mails are of `public_url`."""
    forged = {
        "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/users",
        "X-Rewrite-URL": "/users", "X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Proto": "evil",
    }  # fmt: skip
    for path in ("/", "/login", "/nothing", "/issues/2020-07", "/contacts", "/logout"):
        answer = office.editor.client.get(path, headers=forged)
        assert "evil" not in answer.text + str(answer.headers), path
    with office.visitor() as client:
        for path in ("//evil.example", "/%2f%2fevil.example", "/\\evil.example", "/x%0d%0aSet-Cookie:%20a=b"):
            answer = client.get(f"{office.url}{path}", headers=forged)
            assert "set-cookie" not in answer.headers
            assert answer.headers.get("location", "/login").startswith("/login"), path


def test_an_error_does_not_say_where_the_house_lies(office: Office) -> None:
    """S33: no page and no answer of the API names a folder of the machine."""
    home = str(office.house.home)
    broken = office.house.home / "issues" / "broken"
    broken.mkdir()
    (broken / "issue.md").write_text("---\nyear: x\n---\n", "utf-8")
    clerk = office.editor
    _made, token = office.house.api_tokens.add(NAMES[UserRole.EDITOR], "x", list(Scope), None, ADMIN)
    told = [clerk.client.get(path).text for path in (
        "/", "/issues", "/issues/broken", "/issues/broken/edit", "/issues/broken/preview/members", "/issues/nothing",
        "/issues/broken/text/members",
    )]  # fmt: skip
    told += [
        clerk.client.get(f"/api/v1/issues{path}", headers={"Authorization": f"Bearer {token}"}).text
        for path in ("", "/broken", "/broken/checks")
    ]
    told.append(clerk.act("/issues/broken/submit", 422, list="members").text)
    told.append(clerk.act("/issues/upload", 422, files={"document": ("b.docx", b"PK\3\4xx")}).text)
    told.append(clerk.act("/imports/check", 422, files={"sheet": ("b.xlsx", b"PK")}, list="members").text)
    told.append(
        clerk.client.post("/issues/broken/look", data={"csrf": clerk.csrf, "text": "x", "list": "members"}).text
    )
    assert any("issue.md" in text for text in told), "which file it is, is told"
    for text in told:
        assert home not in text
        assert "/tmp/" not in text


SECRET = "Kx7-secret-of-the-relay"


def test_the_secrets_of_settings_stand_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """S33: passwords of relays and users, sessions and API tokens are in no page, log, export or database."""
    monkeypatch.setenv("RELAY_PASSWORD", SECRET)
    office = Office.open(tmp_path / "newsletter")
    login = 'security = "starttls"\nusername = "office"\npassword_env = "RELAY_PASSWORD"'
    office.newsletter.set_config('security = "none"', login)
    office.house.refresh()
    try:
        admin = office.admin
        _made, bearer = office.house.api_tokens.add(ADMIN, "x", list(Scope), None, ADMIN)
        session = admin.client.cookies[COOKIE]
        hidden = (SECRET, PASSWORD, bearer, session)
        told = []
        for route in _routes(office):
            if "GET" in (route.methods or ()) and not route.path.endswith("/stream"):
                told.append(admin.client.get(_fill(route.path)).text)
        told += [
            admin.client.get(f"/api/v1/{name}", headers={"Authorization": f"Bearer {bearer}"}).text
            for name in ("lists", "mailings", "openapi.json")
        ]
        told += [str(office.house.config), repr(office.house.config), caplog.text]
        for secret in hidden:
            assert not [text for text in told if secret in text]
        database = b"".join(path.read_bytes() for path in office.house.var.glob("mailer.db*"))
        for secret in hidden:
            assert secret.encode() not in database
    finally:
        office.close()
