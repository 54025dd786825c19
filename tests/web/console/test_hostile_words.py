"""What strangers and staff have written is words on every page, in both languages, in text and in attributes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html
from playwright.sync_api import Browser

from mailer.app import House
from mailer.model.delivery import DeliveryStatus
from mailer.model.kept_mail import KeptMail
from mailer.model.outcome import Phase, Reply
from mailer.model.people import UserRole
from mailer.model.report import ReportKind
from mailer.store import claims, events, returned, settlements
from mailer.store.events import NewEvent
from mailer.store.settlements import Settled, Settlement
from tests.web.console.office import NAMES, PASSWORD, Office
from tests.web.console.test_entry import _routes

MARK = "pwned"
EVIL = f"</script></title></textarea>\"'><img src=x onerror={MARK}()><a hx-get=/{MARK} hx-trigger=load href=javascript:{MARK}()>{{{{7*7}}}}"
EVERYTHING = "全权"
HOSTILE_ISSUE = f"""---
organisation: 某省软件业
title: '{EVIL.replace("'", "''")}'
publisher: 某省软件行业协会
year: 2020
number: 8
total: 114
date: 2020-08-31
circulation:
  报: [省经信厅]
---

# 要闻 \\<script>{MARK}()\\</script>

## 一件事 \\<img src=x onerror={MARK}()>

\\<script>{MARK}()\\</script>\\<svg onload={MARK}()> hx-get="/{MARK}"
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in which everything that can be written was written by somebody who means ill."""
    folder = tmp_path_factory.mktemp("hostile") / "newsletter"
    quoted = EVIL.replace("\\", "\\\\").replace('"', '\\"')
    extra = f'\n[lists.friends]\ntitle = "{quoted}"\nrole = "发"\njoining = "staff"\n'
    opened = Office.open(folder, extra=extra)
    try:
        fill(opened.house)
        yield opened
    finally:
        opened.close()


def fill(house: House) -> None:
    admin, now = NAMES[UserRole.ADMIN], house.now()
    house.people.add(EVERYTHING, list(UserRole), admin, display_name=EVIL)
    house.people.add(f"x{EVIL}"[:60], [UserRole.EDITOR], admin, display_name=EVIL)
    house.access.set_password(EVERYTHING, PASSWORD, admin)
    house.lists.sync()
    house.persons.join(
        "evil@friend.example",
        "friends",
        NAMES[UserRole.EDITOR],
        source=EVIL,
        name=EVIL,
        organisation=EVIL,
        city=EVIL[:100],
    )
    house.persons.change("evil@friend.example", {"title": EVIL, "phone": EVIL[:100], "level": EVIL[:40]}, EVERYTHING)
    house.suppressions.add("stopped@friend.example", EVIL, EVERYTHING)
    house.approvals.submit("2020-07", EVERYTHING, (), EVIL)
    house.approvals.approve("2020-07", NAMES[UserRole.APPROVER], EVIL)
    record = house.mailings.start(house.mailings.schedule("2020-07", by=EVERYTHING).id)
    with house.store.write() as connection:
        (running,) = claims.running_mailings(connection, record.id)
        chosen = [(one, "main") for one in claims.find_candidates(connection, record.id, now, 4)]
        taken = claims.take_deliveries(connection, running, chosen, "lease", now, now, house.secret)
        no = Settlement(DeliveryStatus.REFUSED, "refused", Reply(550, "5.1.1", EVIL, Phase.RCPT), "gone")
        ok = Settlement(DeliveryStatus.ACCEPTED, "accepted", Reply(250, "2.0.0", EVIL, Phase.DOT), "")
        for number, one in enumerate(taken):
            settlements.settle_deliveries(
                connection, [Settled(one.id, one.attempt, "lease", (no, ok)[number % 2], now)]
            )
            events.record_event(connection, NewEvent(one.id, "bounce", True, "gone", EVIL, f"mail {number}", now))
        for answer in (True, False):
            kind = ReportKind.AUTO_REPLY if answer else ReportKind.BOUNCE
            mail = KeptMail(0, kind, answer, None, taken[0].id, EVIL, EVIL, EVIL, now, EVIL, EVIL, now)
            assert returned.keep_mail(connection, f"{answer}".ljust(64, "0"), mail)
    house.mailings.hold(str(record.id), EVIL, EVERYTHING)
    house.drafts.create("2020-08", HOSTILE_ISSUE, EVERYTHING)
    (house.home / "issues" / "broken").mkdir()
    (house.home / "issues" / "broken" / "issue.md").write_text(f"---\nyear: '{EVIL}\n---\n", "utf-8")


def walk_pages(office: Office, language: str) -> Iterator[tuple[str, str]]:
    """Every page that shows something, with its path."""
    filled = {
        "slug": ("2020-07", "2020-08", "broken"), "number": ("1",), "list_name": ("members", "friends"),
        "name": ("no.png",), "key": ("x",),
    }  # fmt: skip
    asked = {
        "/contacts": (f"?q={EVIL}",), "/organisations": (f"?city={EVIL}",), "/suppressions": (f"?q={EVIL}",),
        "/trail": (f"?issue={EVIL}",), "/returned": ("?kind=others",), "/lists": ("?look=sync",),
        "/contacts/show": ("?address=evil@friend.example", f"?address={EVIL}"),
        "/mailings/1/copies": (f"?q={EVIL}",), "/mailings/1/why": ("?address=reader@firm1.example", f"?address={EVIL}"),
    }  # fmt: skip
    with office.visitor(language) as client:
        done = client.post("/login", data={"name": EVERYTHING, "password": PASSWORD})
        assert done.status_code == 303
        for route in _routes(office):
            if (
                "GET" not in (route.methods or ())
                or route.path.endswith(("/stream", "/export"))
                or "report." in route.path
            ):
                continue
            paths = [route.path]
            for name, values in filled.items():
                paths = [
                    path.replace(f"{{{name}{kind}}}", value)
                    for path in paths for value in values for kind in ("", ":int", ":path")
                    if f"{{{name}{kind}}}" in path or (kind == "" and f"{{{name}" not in path and value == values[0])
                ]  # fmt: skip
            for path in paths:
                for more in ("", *asked.get(path, ())):
                    answer = client.get(path + more)
                    assert answer.status_code < 500, path + more
                    if answer.headers.get("content-type", "").startswith("text/html"):
                        yield path + more, answer.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_nothing_that_was_written_is_markup(hostile: Office, language: str) -> None:
    """S15, S16, S17: names, titles, replies of servers, returned mail, opinions, reasons, settings, file names."""
    held = 0
    for path, text in walk_pages(hostile, language):
        held += MARK in text
        document = html.document_fromstring(text)
        for element in document.iter(html.etree.Element):
            given = {str(name): str(value) for name, value in element.attrib.items()}
            ours = ("/contacts/show?", "?", "/mailings/", "/trail?")
            wrong = [name for name in given if name.startswith("on")]
            for name in {"hx-get", "href", "src", "action"} & set(given):
                if MARK in given[name] and not given[name].startswith(ours):
                    wrong.append(name)
            assert not wrong, f"{path}: {element.tag} {given}"
            if element.tag in ("script", "style"):
                assert MARK not in (element.text or ""), path
    assert held > 25, "the words are on the pages"


@pytest.mark.browser
def test_nothing_that_was_written_runs(hostile: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """S15: in Chromium, also within previews; and a script of a preview could not read the session's cookie."""
    monkeypatch.setenv("NO_PROXY", "*")
    context = browser.new_context(locale="en")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"pwned {dialog.message}"))
    page.add_init_script(f"window.{MARK} = function () {{ fetch('/{MARK}-ran'); }};")
    page.goto(f"{hostile.url}/login")
    page.fill("#name", EVERYTHING)
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    for path in (
        "/", "/issues", "/issues/2020-08", "/issues/2020-08/edit", "/issues/2020-08/preview/members", "/mailings/1",
        "/mailings/1/copies", "/mailings/1/why?address=reader@firm1.example", "/reports/1", "/reports/1/page",
        "/contacts/show?address=evil@friend.example", "/returned", "/returned?kind=others", "/trail", "/users",
    ):  # fmt: skip
        page.goto(hostile.url + path, wait_until="load")
        page.wait_for_timeout(150)
    assert not [one for one in asked if one.endswith((f"/{MARK}", f"/{MARK}-ran", "/x"))], asked
    assert page.evaluate("document.cookie") == "", "no script reads the cookies"
    context.close()


def test_a_preview_has_no_origin_and_may_do_nothing(hostile: Office, tmp_path: Path) -> None:
    """S15: whatever a template or an import let through, the browser is told to run and send nothing."""
    with hostile.visitor() as client:
        client.post("/login", data={"name": EVERYTHING, "password": PASSWORD})
        for path in ("/issues/2020-08/preview/members", "/issues/2020-08/text/members"):
            answer = client.get(path)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("sandbox"), path
            assert not {"allow-scripts", "allow-same-origin", "allow-forms", "allow-top-navigation"} & set(
                policy.split()
            )
            assert "<script" not in answer.text.lower() or answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["x-content-type-options"] == "nosniff"
