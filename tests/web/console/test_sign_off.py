"""Sign-off in the console, between the editor who writes and the chief who answers."""

import re
from datetime import timedelta

import pytest

from mailer.errors import StateError
from mailer.model.delivery import IssueStatus
from mailer.model.people import UserRole
from tests.web.console.office import Office, text_of

ISSUE = "/issues/2020-07"
LISTS = ["government", "members"]
WHY = "第三段数字有误"


def test_the_reason_of_a_return_stands_where_the_editor_works_until_it_is_submitted_again(office: Office) -> None:
    office.editor.act(f"{ISSUE}/submit", list=LISTS)
    office.approver.act(f"{ISSUE}/return", opinion=f"{WHY}<b>")
    for path in (ISSUE, f"{ISSUE}/edit", "/"):
        page = office.editor.get(path)
        assert f"Returned by 审签: {WHY}&lt;b&gt; (" in page, path
    draft = office.house.drafts.open("2020-07")
    office.house.drafts.save("2020-07", draft.text.replace("第一段", "第一段改"), draft.digest, office.editor.name)
    assert WHY in office.editor.get(f"{ISSUE}/edit"), "what is written meanwhile takes nothing of it away"
    office.editor.act(f"{ISSUE}/submit", list=LISTS)
    for path in (ISSUE, f"{ISSUE}/edit", "/"):
        assert WHY not in office.editor.get(path), path


def test_a_submission_is_taken_back_by_who_made_it_and_by_nobody_once_it_is_approved(office: Office) -> None:
    assert "Withdraw" in office.editor.get(ISSUE)
    assert "Withdraw" not in office.approver.get(ISSUE)
    office.approver.act(f"{ISSUE}/withdraw", 403)
    office.house.people.add("别人", [UserRole.EDITOR], office.admin.name)
    with pytest.raises(StateError, match="was submitted by 拟稿"):
        office.house.approvals.withdraw("2020-07", "别人")
    assert "draft" in text_of(office.editor.act_and_look(f"{ISSUE}/withdraw"))
    assert "withdrawn" in text_of(office.admin.get("/trail"))
    assert "is not submitted" in text_of(office.editor.act(f"{ISSUE}/withdraw", 422).text)
    office.editor.act(f"{ISSUE}/submit", list=LISTS)
    office.approver.act(f"{ISSUE}/approve")
    assert "is approved already" in text_of(office.editor.act(f"{ISSUE}/withdraw", 422).text)


def test_no_list_ticked_is_no_choice(office: Office) -> None:
    office.approver.act(f"{ISSUE}/return", opinion="x")
    assert "8 readers" in text_of(office.editor.get(ISSUE)), "beside the list of the members"
    assert "no list was chosen" in text_of(office.editor.act(f"{ISSUE}/submit", 422).text)
    assert "no list was chosen" in text_of(office.editor.act(f"{ISSUE}/proof", 422, to="a@b.example").text)
    assert office.house.approvals.rounds("2020-07").status is IssueStatus.DRAFT


def test_a_draft_with_errors_says_why_it_cannot_be_submitted(office: Office) -> None:
    draft = office.house.drafts.open("2020-07")
    office.house.drafts.save("2020-07", f"{draft.text}\n![](no-such.png)\n", draft.digest, office.editor.name)
    page = office.editor.get(ISSUE)
    assert '<button class="btn" type="button" disabled' in page
    assert "It can be submitted once" in page
    office.newsletter.write_issue()
    assert '<button class="btn" type="button" disabled' not in office.editor.get(ISSUE)


def test_the_editor_of_an_approved_issue_says_what_saving_undoes(office: Office) -> None:
    draft, path = office.house.drafts.open("2020-07"), f"{ISSUE}/save"
    text = draft.text.replace("第一段", "再改")
    assert 'id="undone"' not in office.editor.get(f"{ISSUE}/edit")
    office.editor.act(f"{ISSUE}/submit", list=LISTS)
    assert "It is submitted. Saving a change takes that back" in office.editor.get(f"{ISSUE}/edit")
    office.approver.act(f"{ISSUE}/approve")
    at = office.house.now() + timedelta(days=30)
    number = office.house.mailings.schedule("2020-07", at=at, by=office.sender.name).id
    page = office.editor.get(f"{ISSUE}/edit")
    assert 'data-confirm="It is approved. Saving a change undoes that' in page
    assert f"Mailing {number}, planned for " in page
    asked = office.editor.act(path, 200, text=text, digest=draft.digest, undoes="0").text
    assert "Not saved yet: the issue was submitted or approved since you opened it" in asked
    assert "再改" in asked, "what was written stays in the field"
    assert office.house.drafts.open("2020-07").text == draft.text
    undoes = re.search(r'name="undoes" value="([1-9]\d*)"', asked)
    assert undoes
    office.editor.act(path, text=text, digest=draft.digest, undoes=undoes[1])
    assert office.house.drafts.glance("2020-07").status is IssueStatus.DRAFT
    assert 'id="undone"' not in office.editor.get(f"{ISSUE}/edit")


def test_a_draft_begun_by_mistake_is_laid_aside_and_its_number_is_free(office: Office) -> None:
    begun = office.editor.act("/issues/next").headers["location"].split("/")[2]
    assert f'action="/issues/{begun}/discard"' in office.editor.get(f"/issues/{begun}")
    assert f'action="/issues/{begun}/discard"' not in office.approver.get(f"/issues/{begun}")
    office.approver.act(f"/issues/{begun}/discard", 403)
    told = office.editor.act_and_look(f"/issues/{begun}/discard")
    place = re.search(r"It lies in (var/replaced/[\w-]+);", told)
    assert place
    assert (office.newsletter.folder / place[1] / "issue.md").is_file()
    assert office.house.issues.slugs() == ["2020-07"]
    assert "discarded" in text_of(office.admin.get("/trail"))
    assert office.editor.act("/issues/next").headers["location"] == f"/issues/{begun}/edit", "the same number again"
    assert "was submitted once" in text_of(office.editor.act(f"{ISSUE}/discard", 422).text)
    assert "/discard" not in office.editor.get(ISSUE)
