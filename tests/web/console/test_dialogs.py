"""A form in a dialog, in a browser: what is said of it is said in the dialog, where it can be seen and heard."""

import pytest
from playwright.sync_api import Browser, Page, expect

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office

NOT_A_DOCUMENT = {"name": "x.docx", "mimeType": "application/octet-stream", "buffer": b"no document"}


@pytest.fixture
def page(office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("NO_PROXY", "*")
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(f"{office.url}/login")
    page.fill("#name", NAMES[UserRole.EDITOR])
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    page.goto(f"{office.url}/issues")
    page.get_by_role("button", name="上传文稿").click()
    page.set_input_files("#document", NOT_A_DOCUMENT)  # type: ignore[arg-type]
    return page


@pytest.mark.browser
def test_a_refusal_is_said_in_the_open_dialog_and_the_next_try_clears_it(page: Page) -> None:
    dialog, send = page.locator("#upload"), page.locator("#upload button[type=submit]")
    send.click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(page.locator("#said")).to_be_empty()
    expect(send).to_be_enabled()
    page.route("**/issues/upload", lambda route: route.abort())
    send.click()
    expect(dialog.get_by_text("管理台没有回应")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(1)
