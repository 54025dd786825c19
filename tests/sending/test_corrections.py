"""Whom a correction is planned for, and what a second copy does to the plan: on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from mailer.errors import StateError
from mailer.model.approval import ApprovalRecord, IssueContent
from mailer.model.delivery import DeliveryStatus, MailingStatus, SendAgain
from mailer.model.edition import freeze_edition
from mailer.model.people import Actor
from mailer.model.reach import NotCorrected
from mailer.publishing.approval import Submission, approve_issue
from mailer.publishing.mailing import schedule_mailing
from mailer.publishing.reach import read_correction, read_lists, require_corrected
from mailer.sending.plan import PlanCount, plan_mailing
from mailer.store import audience, claims, deliveries, mailings, plans, reach
from mailer.store.issues import find_issue
from mailer.store.schema import delivery
from mailer.tokens import Purpose, hash_address, sign_token
from tests.world import NOW, ONE_STEP, SECRET, World, make_edition, make_issue

SLUG = "2020-07-correction"
D = DeliveryStatus


def settle(world: World, mailing_id: int, **statuses: DeliveryStatus) -> None:
    """Let every copy of a mailing be accepted, but for these: the first word of an address, and its end."""
    with world.store.write() as connection:
        mine = delivery.c.mailing_id == mailing_id
        connection.execute(update(delivery).where(mine).values(status=D.ACCEPTED.value, sent_date=NOW))
        for word, status in statuses.items():
            one = delivery.c.address.like(f"{word}@%")
            connection.execute(update(delivery).where(mine, one).values(status=status.value))


def approve_correction(world: World) -> ApprovalRecord:
    issue = replace(make_issue(SLUG), corrects="2020-07", correction="改一处。")
    editions = [freeze_edition(replace(make_edition(name), issue=SLUG)) for name in world.lists]
    with world.store.write() as connection:
        submission = Submission(issue, IssueContent("1" * 64), editions, {}, ONE_STEP)
        return approve_issue(connection, submission, Actor("主编"), NOW)


def plan(world: World, approval: ApprovalRecord, again: SendAgain | None = None) -> tuple[int, PlanCount]:
    with world.store.write() as connection:
        wanted = list(world.lists.items())
        number = schedule_mailing(connection, approval, wanted, None, NOW, again=again)
        assert mailings.move_mailing(connection, number, MailingStatus.RUNNING, NOW)
        return number, plan_mailing(connection, number, SECRET, "zsia.example", NOW)


def planned(world: World, mailing_id: int) -> dict[str, tuple[str, str]]:
    """Who was planned for, with the list and the status."""
    lists = {number: name for name, number in world.lists.items()}
    with world.store.read() as connection:
        rows = connection.execute(select(delivery).where(delivery.c.mailing_id == mailing_id)).all()
    assert sorted(row.id - mailing_id * plans.ORDINALS for row in rows) == list(range(1, len(rows) + 1))
    return {row.address: (lists[row.list_id], row.status) for row in rows}


def test_a_correction_is_planned_for_whom_the_issue_was_accepted_and_nobody_else(world: World) -> None:
    first = world.start_mailing()
    settle(world, first, reader2=D.REFUSED, reader3=D.UNCERTAIN, reader4=D.EXPIRED)
    world.add_member("new@firm9.example")
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, "reader5@firm5.example"), "gone", "test", NOW)
        left = audience.read_subscribers(connection, world.lists["government"])["office2@gov.example"]
        audience.end_subscription(connection, left.contact_id, world.lists["government"], "test", NOW)
    approval = approve_correction(world)
    with world.store.read() as connection:
        original = require_corrected(connection, "2020-07")
        told = read_correction(connection, original, approval.issue_id, world.lists.values(), SECRET, NOW)
    assert (told.accepted, told.to_send, told.has) == (4, 2, 0)
    assert told.left_out == {
        NotCorrected.REFUSED: 1, NotCorrected.UNCERTAIN: 1, NotCorrected.EXPIRED: 1, NotCorrected.LEFT: 1,
        NotCorrected.SUPPRESSED: 1,
    }  # fmt: skip
    number, count = plan(world, approval)
    assert planned(world, number) == {
        "office1@gov.example": ("government", "pending"),  # who is on both lists, as it got the issue
        "reader1@firm1.example": ("members", "pending"),
        "reader5@firm5.example": ("members", "suppressed"),
    }
    assert count == PlanCount(planned=3, suppressed=1, reached=0)
    with world.store.write() as connection:  # a report came: the doubtful copy had arrived
        connection.execute(update(delivery).where(delivery.c.status == "uncertain").values(status=D.ACCEPTED.value))
    later, more = plan(world, approval)
    assert planned(world, later) == {"reader3@firm3.example": ("members", "pending")}
    assert more == PlanCount(planned=1, suppressed=0, reached=3)


def test_a_correction_is_of_the_newest_copy_that_was_accepted(world: World) -> None:
    settle(world, world.start_mailing(), reader2=D.REFUSED)
    with world.store.write() as connection:
        subscriber = audience.read_subscribers(connection, world.lists["members"])["office1@gov.example"]
        on_first = audience.read_subscribers(connection, world.lists["government"])["office1@gov.example"]
        audience.drop_subscriptions(connection, [on_first.subscription_id], NOW)
    assert subscriber.status == "active"
    again, _count = plan(world, world.approval, SendAgain("主编", "附件损坏"))
    settle(world, again)
    number, _count = plan(world, approve_correction(world))
    who = planned(world, number)
    assert who["office1@gov.example"] == ("members", "pending")
    assert who["reader2@firm2.example"] == ("members", "pending"), "refused at first, accepted the second time"
    assert len(who) == 7


def test_a_correction_answers_the_copy_it_corrects_also_when_it_is_found_again(world: World) -> None:
    settle(world, world.start_mailing())
    number, _count = plan(world, approve_correction(world))
    with world.store.read() as connection:
        rows = connection.execute(
            select(delivery.c.id, delivery.c.address).where(delivery.c.issue_id == world.approval.issue_id)
        )
        first = {row.address: row.id for row in rows}
    claimed = world.claim_all(number)
    assert len(claimed) == 7
    for one in claimed:
        token = sign_token(SECRET, Purpose.BOUNCE, first[one.recipient.address], 1)
        assert one.answers == f"<{token}@zsia.example>"
    with world.store.read() as connection:
        found = deliveries.find_delivery(connection, claimed[0].id, SECRET)
        usual = deliveries.find_delivery(connection, next(iter(first.values())), SECRET)
    assert found is not None
    assert found.answers == claimed[0].answers
    assert usual is not None
    assert usual.answers == ""


def test_what_nobody_has_accepted_cannot_be_corrected(world: World) -> None:
    with world.store.read() as connection, pytest.raises(StateError, match="reached nobody"):
        require_corrected(connection, "2020-07")
    mailing_id = world.start_mailing()
    with world.store.read() as connection, pytest.raises(StateError, match="reached nobody"):
        require_corrected(connection, "2020-07")
    settle(world, mailing_id)
    with world.store.read() as connection:
        assert require_corrected(connection, "2020-07").id == world.approval.issue_id
        with pytest.raises(StateError, match="reached nobody"):
            require_corrected(connection, "2099-01")


def test_who_is_missing_is_counted_as_the_plan_takes_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(world, world.start_mailing())
    for n in range(10, 17):
        world.add_member(f"new{n}@firm{n}.example")
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, "new12@firm12.example"), "gone", "test", NOW)
    monkeypatch.setattr(reach, "PAGE", 3)
    with world.store.read() as connection:
        lists = read_lists(connection, world.approval.issue_id, ["government", "members"], SECRET, NOW)
        unsent = read_lists(connection, None, ["government", "members"], SECRET, NOW)
    assert [(one.active, one.reached, one.missing, one.suppressed) for one in lists] == [(2, 2, 0, 0), (13, 5, 6, 1)]
    assert [(one.missing, one.suppressed) for one in unsent] == [(2, 0), (11, 1)], "who is on two lists counts once"
    _number, count = plan(world, world.approval)
    assert count == PlanCount(planned=7, suppressed=1, reached=8)


def test_second_copies_go_to_whom_they_are_meant_for_and_free_their_address(world: World) -> None:
    first = world.start_mailing()
    settle(world, first, reader2=D.PENDING, reader3=D.SENDING)
    world.add_member("new@firm9.example")
    only = frozenset({"reader1@firm1.example", "reader2@firm2.example", "new@firm9.example", "office1@gov.example"})
    number, count = plan(world, world.approval, SendAgain("主编", "附件损坏", only))
    assert planned(world, number) == {
        "office1@gov.example": ("government", "pending"),
        "reader1@firm1.example": ("members", "pending"),
        "new@firm9.example": ("members", "pending"),
    }
    assert count.planned == 3
    with world.store.read() as connection:
        rows = connection.execute(select(delivery).where(delivery.c.mailing_id == number)).all()
        assert {row.address: (row.again, row.frees_address) for row in rows} == {
            "office1@gov.example": (True, True),
            "reader1@firm1.example": (True, True),
            "new@firm9.example": (False, False),
        }
        assert plans.read_target(connection, number).only
    _more, nobody = plan(world, world.approval)
    assert nobody.planned == 0


def test_claims_of_other_issues_answer_nothing(world: World) -> None:
    claimed = world.claim_all(world.start_mailing())
    assert {one.answers for one in claimed} == {""}
    with world.store.read() as connection:
        assert claims.running_mailings(connection)
        found = find_issue(connection, "2020-07")
    assert found is not None
    assert found.corrects == ""
