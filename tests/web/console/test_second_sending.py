"""An issue that is planned, sent or half sent: no page invites a second sending, and every page says how it stands."""

from datetime import timedelta

import pytest

from tests.web.console.office import Office, text_of

ISSUE = "/issues/2020-07"


@pytest.fixture(scope="module")
def approved(office: Office) -> Office:
    office.house.lists.sync()
    office.editor.act(f"{ISSUE}/submit", list=["members"])
    office.approver.act(f"{ISSUE}/approve")
    return office


def plan(office: Office, days: int) -> int:
    at = office.house.now() + timedelta(days=days)
    return office.house.mailings.schedule("2020-07", ["members"], at, office.sender.name).id


def test_only_lists_that_the_issue_is_approved_for_can_be_ticked(approved: Office) -> None:
    page = approved.sender.get("/mailings/new", issue="2020-07")
    assert 'value="government" disabled' in page
    assert 'value="members" checked' in page
    assert "The issue is not approved for this list." in page
    refused = text_of(approved.sender.get("/mailings/check", 422, issue="2020-07", list="government", when="now"))
    lists = approved.house.config.lists
    assert f"not approved for list {lists['government'].title}" in refused
    assert f"it is for: {lists['members'].title}" in refused


def test_a_scheduled_issue_is_not_offered_again_and_says_when_and_how_many(approved: Office) -> None:
    assert "/mailings/new?issue=2020-07" in approved.sender.get("/")
    number = plan(approved, 30)
    for path in ("/", ISSUE):
        page = approved.sender.get(path)
        assert "/mailings/new?issue=2020-07" not in page, path
        assert "It is scheduled: " in page, path
        assert f'href="/mailings/{number}"' in page, path
    wizard = approved.sender.get("/mailings/new")
    assert "It is scheduled: " in wizard
    assert 'name="issue" value="2020-07" data-lists="members" required' in wizard, "not chosen by itself"
    page = text_of(approved.sender.get(f"/mailings/{number}"))
    assert page.count("8 expected") == 2, "in all, and of the list"
    assert "0 / 0" not in page


def test_a_mailing_whose_approval_was_undone_says_so_at_once(approved: Office) -> None:
    (one,) = approved.house.mailings.planned()
    draft = approved.house.drafts.open("2020-07")
    assert "cannot go out at its time" not in approved.sender.get("/")
    approved.house.drafts.save("2020-07", draft.text.replace("第一段", "第一段改"), draft.digest, approved.editor.name)
    for path in ("/", f"/mailings/{one.id}"):
        page = approved.sender.get(path)
        assert "cannot go out at its time: issue 2020-07 was changed after its approval" in page, path
    approved.editor.act(f"{ISSUE}/submit", list=["members"])
    approved.approver.act(f"{ISSUE}/approve")
    assert "the issue was approved anew after this mailing was planned" in approved.sender.get(f"/mailings/{one.id}")
    approved.sender.act(f"/mailings/{one.id}/cancel")
    assert "cannot go out" not in approved.sender.get("/")


def test_a_mailing_cancelled_on_its_way_does_not_pass_for_sent(approved: Office) -> None:
    house = approved.house
    number = house.mailings.start(house.mailings.schedule("2020-07", ["members"], by=approved.sender.name).id).id
    assert "It is being sent." in approved.sender.get("/")
    approved.sender.act(f"/mailings/{number}/cancel")
    for path in ("/", ISSUE, f"/mailings/{number}"):
        page = approved.sender.get(path)
        assert "0 copies sent, 8 not sent." in page, path
        assert "Send to the rest" in page, path
        assert "It was sent." not in page, path
    page = approved.sender.get(f"/mailings/{number}")
    assert "0 / 8" in page
    assert '<progress value="0" max="8"' in page
    assert 'href="/mailings/new?issue=2020-07&amp;list=members"' in page
    assert "8 not sent" in approved.sender.get("/mailings/new"), "and it is the one that is chosen"
    checked = approved.sender.get("/mailings/check", issue="2020-07", list="members", when="now")
    assert "Type the number of copies, 8," in checked, "the rest is planned again"


def test_after_its_month_the_next_issue_is_offered_to_who_writes(approved: Office) -> None:
    assert 'action="/issues/next"' in approved.editor.get("/")
    assert 'href="/issues#upload"' in approved.editor.get("/")
    assert 'action="/issues/next"' not in approved.sender.get("/")
    today = approved.house.now().astimezone(approved.house.config.zone)
    approved.newsletter.write_issue(day=f"{today:%Y-%m-%d}")
    assert 'action="/issues/next"' not in approved.editor.get("/")
