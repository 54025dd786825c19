"""Approval in steps: who gives which, what voids it, and what is kept of it."""

import pytest
from sqlalchemy.exc import IntegrityError

from mailer.errors import NotFoundError, StateError, StoreError, UsageError
from mailer.model.approval import ApprovalRecord, ApprovalRules, FileChange, IssueContent, Step, VoidReason
from mailer.model.audit import Act
from mailer.model.delivery import IssueStatus
from mailer.model.people import PROGRAM, Actor
from mailer.publishing.approval import find_approval, give_step, next_step, notice_change, return_issue, submit_issue
from mailer.publishing.mailing import schedule_mailing
from mailer.store import approvals, audit, issues
from mailer.store.database import Store
from tests.world import NOW, World, make_edition, make_issue, make_submission

THREE = ApprovalRules((Step("核稿"), Step("会签"), Step("签发")))
FOUR_EYES = ApprovalRules(THREE.steps, four_eyes=True)
AUTHOR, FIRST, SECOND, THIRD = Actor("作者"), Actor("甲"), Actor("乙"), Actor("丙")
CONTENT = IssueContent("a" * 64, "# 要闻\n\n正文。\n", {"issue.md": "1" * 64, "chart.png": "2" * 64})
CHANGED = IssueContent("b" * 64, "# 要闻\n\n改过的正文。\n", {"issue.md": "3" * 64, "table.png": "4" * 64})


def submit(
    store: Store, rules: ApprovalRules = THREE, lists: tuple[str, ...] = ("government", "members"), text: str = "正文。"
) -> ApprovalRecord:
    with store.write() as connection:
        editions = [make_edition(name, text) for name in lists]
        return submit_issue(connection, make_submission(CONTENT, editions, rules), AUTHOR, "请审", NOW)


def give(store: Store, current: ApprovalRecord, by: Actor) -> ApprovalRecord:
    with store.write() as connection:
        return give_step(connection, "2020-07", current, by, f"{by.name}同意", NOW)


def status(store: Store) -> IssueStatus:
    with store.read() as connection:
        record = issues.find_issue(connection, "2020-07")
    assert record is not None
    return record.status


def acts(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        return [(one.act, one.actor.name) for one in reversed(audit.list_entries(connection, 50))]


def test_an_issue_is_approved_when_every_step_is_given_in_order(store: Store) -> None:
    current = submit(store)
    assert (status(store), current.next_step) == (IssueStatus.SUBMITTED, Step("核稿"))
    for by in (FIRST, FIRST):
        current = give(store, current, by)
        with store.write() as connection:
            assert isinstance(find_approval(connection, make_issue(), CONTENT, NOW), StateError)
    with pytest.raises(UsageError, match="the next step is 签发, not 核稿"):
        next_step(current, "乙", "核稿")
    done = give(store, current, SECOND)
    assert (status(store), done.approved_at, done.approved_by) == (IssueStatus.APPROVED, NOW, "乙")
    assert [(one.name, one.by.name, one.opinion) for one in done.given] == [
        ("核稿", "甲", "甲同意"),
        ("会签", "甲", "甲同意"),
        ("签发", "乙", "乙同意"),
    ]
    with store.write() as connection:
        assert find_approval(connection, make_issue(), CONTENT, NOW) == done
    names = [(Act.SUBMIT, "作者"), (Act.APPROVE, "甲"), (Act.APPROVE, "甲"), (Act.APPROVE, "乙")]
    assert acts(store) == names


def test_four_eyes_want_another_person_for_each_step_and_never_the_author(store: Store) -> None:
    current = submit(store, FOUR_EYES)
    with pytest.raises(StateError, match="作者 submitted it"):
        give(store, current, AUTHOR)
    current = give(store, current, Actor("Ann  Smith"))
    with pytest.raises(StateError, match="gave the step 核稿"):
        give(store, current, Actor("ＡＮＮ smith"))
    current = give(store, give(store, current, SECOND), THIRD)
    assert current.approved_at is not None


def test_two_people_who_give_the_same_step_at_once_give_it_once(store: Store) -> None:
    looked_at = submit(store)
    give(store, looked_at, FIRST)
    with pytest.raises(StateError, match="acted on by another"):
        give(store, looked_at, SECOND)
    with store.read() as connection:
        assert len(approvals.load_approval(connection, looked_at.id).given) == 1


def test_another_content_voids_what_was_submitted_and_keeps_what_changed(store: Store) -> None:
    current = give(store, submit(store), FIRST)
    with store.write() as connection:
        assert notice_change(connection, make_issue(), CHANGED, NOW) is None
        error = find_approval(connection, make_issue(), CHANGED, NOW)
    assert isinstance(error, StateError)
    assert "changed after it was submitted" in error.message
    assert status(store) is IssueStatus.DRAFT
    with store.read() as connection:
        voided = approvals.load_approval(connection, current.id).voided
        (entry, *_earlier) = audit.list_entries(connection, 1)
    assert voided is not None
    assert (voided.reason, voided.by) == (VoidReason.CHANGED, PROGRAM)
    assert voided.change is not None
    assert voided.change.files == (
        FileChange("chart.png", "2" * 64, ""),
        FileChange("issue.md", "1" * 64, "3" * 64),
        FileChange("table.png", "", "4" * 64),
    )
    assert "-正文。\n+改过的正文。" in voided.change.diff
    assert entry.act == Act.VOID
    assert CHANGED.sha256 in entry.details
    assert "正文" not in entry.details
    assert "chart" not in entry.details


def test_another_choice_of_lists_or_other_editions_begin_anew(store: Store) -> None:
    first = give(store, submit(store), FIRST)
    assert submit(store).id == first.id, "the same again changes nothing"
    second = submit(store, lists=("members",))
    third = submit(store, lists=("members",), text="另一版式。")
    fourth = submit(store, FOUR_EYES, lists=("members",), text="另一版式。")
    assert second.given == third.given == fourth.given == ()
    with store.read() as connection:
        found = {one.id: one.voided for one in approvals.list_approvals(connection, first.issue_id, 9)}
    assert list(found) == [fourth.id, third.id, second.id, first.id]
    assert found[fourth.id] is None
    changes = [voided.change for number in (first.id, second.id, third.id) if (voided := found[number]) is not None]
    assert changes[0] is not None
    assert changes[0].lists == ("members",)
    assert changes[1] is not None
    assert (changes[1].lists, changes[1].editions) == (None, ("members",))
    assert changes[2] is None, "only the rules are others"


def test_a_returned_issue_is_a_draft_and_says_who_returned_it_and_why(store: Store) -> None:
    current = give(store, submit(store), FIRST)
    with store.write() as connection:
        with pytest.raises(UsageError, match="say why"):
            return_issue(connection, "2020-07", SECOND, "  ", NOW)
        returned = return_issue(connection, "2020-07", SECOND, "表格有误", NOW)
        error = find_approval(connection, make_issue(), CONTENT, NOW)
        with pytest.raises(StateError, match="is a draft"):
            return_issue(connection, "2020-07", SECOND, "再说一次", NOW)
        with pytest.raises(NotFoundError):
            return_issue(connection, "1999-01", SECOND, "表格有误", NOW)
    assert returned.voided is not None
    assert (returned.id, returned.voided.reason, returned.voided.by) == (current.id, VoidReason.RETURNED, SECOND)
    assert isinstance(error, StateError)
    assert "returned by 乙: 表格有误" in error.message
    assert status(store) is IssueStatus.DRAFT
    assert acts(store)[-1] == (Act.RETURN, "乙")
    again = submit(store)
    assert (again.id != current.id, again.given) == (True, ())


def test_an_opinion_stands_beside_the_approval_and_only_its_hash_on_the_trail(store: Store) -> None:
    with store.write() as connection:
        editions = [make_edition("members")]
        wanted = make_submission(CONTENT, editions, THREE)
        record = submit_issue(connection, wanted, AUTHOR, "把 reader@firm1.example 去掉", NOW)
        with pytest.raises(UsageError, match="opinion"):
            give_step(connection, "2020-07", record, FIRST, "\x1b[31m", NOW)
        with pytest.raises(UsageError, match="opinion"):
            give_step(connection, "2020-07", record, FIRST, "好" * 2001, NOW)
    with store.read() as connection:
        (entry,) = audit.list_entries(connection, 5)
    assert record.opinion == "把 reader@firm1.example 去掉"
    assert "firm1" not in entry.details


def test_a_mailing_goes_to_some_of_the_approved_lists_but_to_no_other(world: World) -> None:
    with world.store.write() as connection:
        number = schedule_mailing(connection, world.approval, [("members", world.lists["members"])], None, NOW)
        assert number
    current = submit(world.store, ApprovalRules((Step("签发"),)), lists=("members",))
    approved = give(world.store, current, FIRST)
    with (
        world.store.write() as connection,
        pytest.raises(StateError, match="not approved for list government") as caught,
    ):
        schedule_mailing(connection, approved, list(world.lists.items()), None, NOW)
    assert "members" in caught.value.cure


def test_the_database_refuses_a_second_approval_beside_one_that_stands(store: Store) -> None:
    current = submit(store)
    with pytest.raises(StoreError) as caught, store.write() as connection:
        approvals.insert_approval(
            connection, current.issue_id, CONTENT, [(current.lists[0].edition_id, None)], THREE, AUTHOR, "", NOW
        )
    assert isinstance(caught.value.__cause__, IntegrityError)
