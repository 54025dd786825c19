"""Every page of the console in a browser: no fault of accessibility, nothing sideways, no error, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office

PAGES = (
    "/", "/issues", "/issues/2020-07", "/issues/2020-07/edit", "/issues/2020-07/versions", "/mailings", "/mailings/new",
    "/mailings/1", "/mailings/1/copies", "/mailings/1/why?address=reader@firm3.example", "/reports", "/reports/1", "/contacts",
    "/contacts/show?address=reader@firm3.example", "/lists?look=sync", "/organisations", "/suppressions", "/imports",
    "/returned", "/returned?kind=others", "/returned/1?q=reader@firm3.example", "/schedule", "/relays", "/users", "/account",
    "/account/tokens", "/users/tokens", "/trail?verify=1", "/settings", "/nothing",
)  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme", "locale"), [(1280, "light", "zh-CN"), (375, "dark", "en")])
def test_pages_can_be_used_by_everybody(
    office: Office, browser: Browser, width: int, scheme: str, locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    house, admin, everything = office.house, NAMES[UserRole.ADMIN], "全权"
    if not house.mailings.newest():
        house.people.add(everything, list(UserRole), admin)
        house.access.set_password(everything, PASSWORD, admin)
        house.approvals.approve("2020-07", everything)
        house.mailings.start(house.mailings.schedule("2020-07", by=everything).id)
        house.returned.read(b"From: Post <post@firm3.example>\nSubject: gone\n\nNobody here.\n", "a mail")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)  # type: ignore[arg-type]
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{office.url}/login")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
    page.fill("#name", everything)
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    axe, found = Axe(), list[str]()
    for path in PAGES:
        page.goto(f"{office.url}{path}", wait_until="domcontentloaded")
        if path.endswith("/edit"):
            page.locator("#look iframe").wait_for()
        found += [
            f"{path}: {one['id']} {one['nodes'][0]['html'][:200]}" for one in axe.run(page).response["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{path} is wider than {width}")
    context.close()
    assert found == []
    assert [one for one in wrong if "status of 404" not in one] == []
