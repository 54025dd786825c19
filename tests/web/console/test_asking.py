"""In a browser: the editor of an approved issue asks once, and a new mailing's lists follow its issue."""

from datetime import date

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office

pytestmark = pytest.mark.browser


def open_page(office: Office, browser: Browser, role: UserRole, path: str) -> Page:
    page = browser.new_context(locale="en").new_page()
    page.goto(f"{office.url}/login?next={path}")
    page.fill("#name", NAMES[role])
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    page.wait_for_url(f"{office.url}{path}")
    return page


def approve(office: Office, slug: str, *lists: str) -> None:
    office.editor.act(f"/issues/{slug}/submit", list=list(lists))
    office.approver.act(f"/issues/{slug}/approve")


def test_the_lists_of_a_new_mailing_follow_its_issue(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    office.newsletter.write_issue("2020-08", day=date(2020, 8, 31).isoformat())
    approve(office, "2020-07", "government", "members")
    approve(office, "2020-08", "members")
    page = open_page(office, browser, UserRole.SENDER, "/mailings/new?issue=2020-08")
    government, members = page.locator("[value=government]"), page.locator("[value=members]")
    expect(government).to_be_disabled()
    page.check("[value='2020-07']")
    expect(government).to_be_enabled()
    expect(government).to_be_checked()
    page.check("[value='2020-08']")
    expect(government).to_be_disabled()
    expect(government).not_to_be_checked()
    expect(members).to_be_checked()
    expect(page.get_by_text("The issue is not approved for this list.")).to_have_count(2)
    expect(page.locator("[data-closed]:visible")).to_have_count(1)


def test_saving_an_approved_issue_asks_once(office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    page = open_page(office, browser, UserRole.EDITOR, "/issues/2020-07/edit")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.dismiss if len(asked) == 1 else dialog.accept)()

    page.on("dialog", answer)
    text = page.input_value("#text")
    page.fill("#text", text.replace("第一段", "改一"))
    page.keyboard.press("Control+s")
    assert len(asked) == 1
    assert "It is approved. Saving a change undoes that" in asked[0]
    assert office.house.drafts.open("2020-07").text == text, "it was dismissed"
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#undone")).to_have_count(0)
    page.fill("#text", text.replace("第一段", "改二"))
    page.keyboard.press("Control+s")
    page.wait_for_function("document.querySelector('[name=digest]').value.length > 0")
    office.newsletter.wait_until(lambda: "改二" in office.house.drafts.open("2020-07").text)
    assert len(asked) == 2, "a draft is saved without being asked"
