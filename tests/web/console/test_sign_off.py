"""Sign-off in the console, between the editor who writes and the chief who answers."""

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
