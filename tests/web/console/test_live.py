"""A mailing's page while it is open, in a browser: everything on it follows, and a cut connection is said."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office


@pytest.mark.browser
def test_buttons_and_lists_follow_and_a_lost_connection_is_said(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    house, sender = office.house, NAMES[UserRole.SENDER]
    house.approvals.submit("2020-07", NAMES[UserRole.EDITOR], [])
    house.approvals.approve("2020-07", NAMES[UserRole.APPROVER])
    record = house.mailings.schedule("2020-07", ["members"], house.now() + timedelta(days=1), sender)
    page = browser.new_context(locale="en").new_page()
    page.clock.install()
    page.goto(f"{office.url}/login?next=/mailings/{record.id}")
    page.fill("#name", sender)
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    expect(page.get_by_role("button", name="Hold", exact=True)).to_be_visible()
    house.mailings.hold(str(record.id), "等一等", sender)
    expect(page.get_by_role("button", name="Release")).to_be_visible()
    expect(page.get_by_role("button", name="Hold", exact=True)).to_be_hidden()
    expect(page.locator("#by-list")).to_have_count(1)
    page.clock.fast_forward(9000)
    lost = page.locator("#lost")
    expect(lost).to_contain_text(re.compile(r"Connection lost, .* \d\d:\d\d$"))
    expect(lost).to_be_hidden()
    house.mailings.cancel(str(record.id), sender)
    expect(page.locator("#acts button")).to_have_count(0)
    page.clock.fast_forward(60_000)
    expect(lost).to_be_hidden()
    page.context.close()
