"""What ties a report to a copy, and when what came back is enough to suppress its reader."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from mailer.config import SuppressionConfig
from mailer.model.delivery import DeliveryStatus
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind, ReturnedMail, Tie
from mailer.model.suppression import CopyStanding, Run, count_run
from mailer.store import audience, deliveries, failures
from mailer.store.figures import count_bounced
from mailer.store.plans import ORDINALS
from mailer.store.schema import delivery, event, issue
from mailer.tokens import HouseSecret, Purpose, hash_address, sign_token
from mailer.tracking.matching import MatchRules
from mailer.tracking.record import Found, Rules, record_report
from tests.world import NOW, SECRET, World, approve, make_edition

READER = "reader1@firm1.example"
GONE = Meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True)
FULL = Meaning(ReplyClass.FULL, Action.SUPPRESS_AFTER, permanent=False, after_issues=2)
LATER = Meaning(ReplyClass.TEMPORARY, Action.RETRY, permanent=False)
SPAM = Meaning(ReplyClass.CONTENT, Action.STOP_AND_ASK, permanent=True)
OPT_OUT = Meaning(ReplyClass.OPT_OUT, Action.SUPPRESS, permanent=True)
WEEK = Rules(MatchRules(timedelta(days=7), frozenset({"postmaster@163.example"})))


def sent(world: World, month: int) -> tuple[int, datetime]:
    """Accept a copy of one more issue to everybody; return the number of READER's, and when it went out."""
    at = NOW + timedelta(days=30 * (month - 1))
    slug = f"2021-{month:02}"
    with world.store.write() as connection:
        editions = [make_edition(name, f"正文 {month}") for name in world.lists]
        world.approval = approve(connection, f"{month:064x}", editions, "主编", at, slug=slug)
    mailing_id = world.start_mailing(at)
    with world.store.write() as connection:
        connection.execute(
            update(delivery)
            .where(delivery.c.mailing_id == mailing_id)
            .values(status=DeliveryStatus.ACCEPTED.value, sent_date=at, finished_at=at)
        )
        number = connection.execute(
            select(delivery.c.id).where(delivery.c.mailing_id == mailing_id, delivery.c.address == READER)
        ).scalar_one()
    return number, at


def report(
    world: World,
    number: int | None,
    meaning: Meaning,
    at: datetime,
    *,
    kind: ReportKind = ReportKind.BOUNCE,
    address: str = READER,
    rules: Rules | None = None,
    own: bool = False,
    **more: Any,
) -> ReturnedMail:
    token = sign_token(SECRET, Purpose.BOUNCE, number) if number is not None else ""
    one = Report(kind, (ReportedRecipient(address, "", "said so", meaning),), token, **more)
    with world.store.write() as connection:
        found = Found("a.eml", f"{number} {at} {meaning.reply_class} {kind}", own_mailbox=own)
        return record_report(connection, SECRET, one, found, at, rules or WEEK)


def suppressed(world: World, at: datetime) -> str:
    with world.store.read() as connection:
        found = audience.find_suppression(connection, hash_address(SECRET, READER), at)
    return found.reason if found else ""


def test_a_full_mailbox_waits_for_the_issues_its_class_says(world: World) -> None:
    first, at = sent(world, 1)
    assert not report(world, first, FULL, at).suppressed
    assert not report(world, first, FULL, at + timedelta(hours=1)).suppressed, "one issue, however often it says so"
    second, at = sent(world, 2)
    assert report(world, second, FULL, at).suppressed
    assert suppressed(world, at) == "full"


def test_an_issue_that_came_starts_the_row_anew(world: World) -> None:
    for month, bounces in ((1, True), (2, False), (3, True)):
        number, at = sent(world, month)
        if bounces:
            assert not report(world, number, FULL, at).suppressed
    number, at = sent(world, 4)
    assert report(world, number, FULL, at).suppressed, "3 and 4 are two in a row"


def test_soft_bounces_suppress_after_so_many_over_so_many_issues(world: World) -> None:
    rules = Rules(suppression=SuppressionConfig(soft_bounces=4, soft_issues=2))
    first, at = sent(world, 1)
    for hour in range(4):
        assert not report(world, first, LATER, at + timedelta(hours=hour), rules=rules).suppressed, "one issue only"
    second, at = sent(world, 2)
    assert report(world, second, LATER, at, rules=rules).suppressed


def test_what_is_about_us_never_suppresses_nor_counts(world: World) -> None:
    rules = Rules(suppression=SuppressionConfig(soft_bounces=1, soft_issues=2))
    for month, meaning in ((1, SPAM), (2, SPAM), (3, SPAM), (4, LATER)):
        number, at = sent(world, month)
        assert not report(world, number, meaning, at, rules=rules).suppressed
    number, at = sent(world, 5)
    assert report(world, number, LATER, at, rules=rules).suppressed


def test_a_complaint_suppresses_but_not_one_about_our_signatures(world: World) -> None:
    number, at = sent(world, 1)
    about_us = Meaning(ReplyClass.SENDER_POLICY, Action.STOP_AND_ASK, permanent=False)
    assert not report(world, number, about_us, at, kind=ReportKind.COMPLAINT, feedback="auth-failure").suppressed
    off = Rules(suppression=SuppressionConfig(complaints=False))
    second, at = sent(world, 2)
    assert not report(world, second, OPT_OUT, at, kind=ReportKind.COMPLAINT, feedback="abuse", rules=off).suppressed
    third, at = sent(world, 3)
    with world.store.write() as connection:  # a provider that keeps the reader to itself
        token = sign_token(SECRET, Purpose.BOUNCE, third)
        told = Report(ReportKind.COMPLAINT, (), token, feedback="abuse")
        assert record_report(connection, SECRET, told, Found("a", "redacted"), at, WEEK).suppressed
    assert suppressed(world, at) == "complaint"


def test_hard_bounces_may_be_waited_out(world: World) -> None:
    rules = Rules(suppression=SuppressionConfig(hard_after=2))
    first, at = sent(world, 1)
    assert not report(world, first, GONE, at, rules=rules).suppressed
    second, at = sent(world, 2)
    assert report(world, second, GONE, at, rules=rules).suppressed


def test_what_failed_before_a_person_lifted_it_counts_no_more(world: World) -> None:
    first, at = sent(world, 1)
    assert report(world, first, GONE, at).suppressed
    lifted = at + timedelta(days=1)
    with world.store.write() as connection:
        audience.lift_suppression(connection, hash_address(SECRET, READER), lifted)
    assert suppressed(world, lifted) == ""
    assert not report(world, first, GONE, lifted + timedelta(hours=1)).suppressed, "a late word on the old copy"
    second, at = sent(world, 3)
    assert report(world, second, GONE, at).suppressed, "a new copy counts"


def test_address_and_time_alone_are_probable_and_want_a_second_issue(world: World) -> None:
    first, at = sent(world, 1)
    found = report(world, None, GONE, at + timedelta(days=2))
    assert (found.delivery_id, found.tie, found.recorded, found.suppressed) == (first, Tie.PROBABLE, True, False)
    with world.store.read() as connection:
        assert connection.execute(select(event.c.tie)).scalar_one() == "probable"
        assert count_bounced(connection, first // ORDINALS) == {}, "shown, but not counted as known"
    second, at = sent(world, 2)
    found = report(world, None, GONE, at + timedelta(hours=1))
    assert (found.delivery_id, found.suppressed) == (second, True)


def test_no_copy_in_time_or_a_tie_that_is_not_ours_is_no_guess(world: World) -> None:
    _number, at = sent(world, 1)
    assert report(world, None, GONE, at + timedelta(days=8)).delivery_id is None
    assert report(world, None, GONE, at - timedelta(hours=1)).delivery_id is None
    assert report(world, None, GONE, at, address="stranger@firm1.example").delivery_id is None
    assert report(world, None, GONE, at, message_id="<of@somebody.example>").delivery_id is None
    forged = sign_token(HouseSecret(1, {1: b"a stranger's" * 3}), Purpose.BOUNCE, 1)
    assert report(world, None, GONE, at, envelope_id=forged).delivery_id is None
    assert report(world, None, GONE, at, rules=Rules()).delivery_id is None, "where the settings want no guesses"
    assert report(world, None, GONE, at, kind=ReportKind.DELIVERED).delivery_id is None
    with world.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(event)).scalar_one() == 0


def test_the_relays_own_postmaster_in_its_own_mailbox_is_enough(world: World) -> None:
    first, at = sent(world, 1)
    told: dict[str, Any] = {"sender": "Postmaster@163.example"}
    assert report(world, None, GONE, at, **told).tie is Tie.PROBABLE, "from a file anybody may have written"
    found = report(world, None, GONE, at + timedelta(hours=1), own=True, **told)
    assert (found.delivery_id, found.tie, found.suppressed) == (first, Tie.POSTMASTER, True)


@pytest.mark.parametrize(
    ("address", "other"),
    [("li@new.example", True), (READER, False), ("Reader1@mx.firm1.example", False), ("reader1", False)],
)
def test_a_bounce_for_another_address_is_told_as_such_and_calls_nobody_dead(
    world: World, address: str, other: bool
) -> None:
    number, at = sent(world, 1)
    found = report(world, number, GONE, at, address=address)
    assert (found.delivery_id, found.about) == (number, address if other else "")
    assert found.suppressed is not other
    with world.store.read() as connection:
        record = deliveries.tell_delivery(connection, number, SECRET)
        assert record is not None
        (told,) = record.events
        assert (told.about, told.kind) == (address if other else "", "bounce")
        assert connection.execute(select(event.c.hard)).scalar_one() is not other


def test_a_report_on_a_copy_in_doubt_settles_it_as_accepted(world: World) -> None:
    number, at = sent(world, 1)
    with world.store.write() as connection:
        connection.execute(
            update(delivery)
            .where(delivery.c.id == number)
            .values(status="uncertain", next_attempt_at=at + timedelta(minutes=10), finished_at=None)
        )
    assert report(world, number, GONE, at).suppressed
    with world.store.read() as connection:
        row = connection.execute(select(delivery).where(delivery.c.id == number)).one()
    assert (row.status, row.next_attempt_at) == ("accepted", None), "and is not sent once more"


def standing(issue_id: int, day: int, refused: str = "", *bounces: str) -> CopyStanding:
    return CopyStanding(issue_id, NOW - timedelta(days=day), refused, bounces)


@pytest.mark.parametrize(
    ("copies", "run"),
    [
        ([standing(3, 1, "", "full"), standing(2, 30, "full"), standing(1, 60, "", "full", "full")], Run(3, 4)),
        ([standing(3, 1, "", "full"), standing(2, 30), standing(1, 60, "full")], Run(1, 1)),
        ([standing(3, 1), standing(2, 2, "", "gone"), standing(1, 3, "", "gone")], Run(2, 2)),
        ([standing(3, 5), standing(2, 6, "", "gone")], Run(0, 0)),
        ([standing(3, 1, "", "content"), standing(2, 30, "", "full")], Run(1, 1)),
        ([standing(3, 1, "sender_policy"), standing(2, 30, "", "full")], Run(1, 1)),
        ([], Run(0, 0)),
    ],
    ids=["all", "one came", "too young to know", "came since", "about us", "refused for our domain", "none"],
)
def test_a_row_of_failures(copies: list[CopyStanding], run: Run) -> None:
    assert count_run(copies, NOW) == run


def test_the_questions_of_the_policy_are_answered_by_index(world: World) -> None:
    number, _at = sent(world, 1)
    with world.store.read() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("plans of SQLite")
        newest = connection.execute(select(issue.c.id)).scalars().all()
        assert newest
        statement = (
            "SELECT id FROM delivery WHERE (issue_id IN (1, 2) AND address_key = 'a' AND NOT frees_address "
            f"AND status IN ('accepted')) OR id = {number} ORDER BY issue_id DESC"
        )
        asked = [str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
        assert failures.copies_of(connection, READER, 3, also=number)
    assert not any("SCAN delivery" in one for one in asked), asked


def test_a_guess_takes_only_a_recipient_whose_own_mail_failed(world: World) -> None:
    number, at = sent(world, 1)
    failed = ReportedRecipient("a@x.example", "5.1.1", "no such user", GONE, ReportKind.BOUNCE)
    for kind, matched in ((ReportKind.DELIVERED, None), (ReportKind.DELAYED, number)):
        mixed = Report(ReportKind.BOUNCE, (failed, ReportedRecipient(READER, "", "", LATER, kind)))
        with world.store.write() as connection:
            assert record_report(connection, SECRET, mixed, Found("a.eml", kind), at, WEEK).delivery_id == matched
