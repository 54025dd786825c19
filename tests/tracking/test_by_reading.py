"""Mail that a person has read: tied by hand it counts as a report would, and taken back it leaves no trace that counts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.audience.leaving import leave_by_hand, put_back
from mailer.audience.retention import clear_old, count_old
from mailer.config import RetentionConfig, SuppressionConfig
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.model.audit import Act
from mailer.model.kept_mail import HandMeaning, HandTie, KeptMail, KeptState, Saying, TakenBack
from mailer.model.people import Actor
from mailer.model.report import Tie
from mailer.store import audience, audit, deliveries, failures, returned, suppressions
from mailer.store.consents import list_consents
from mailer.store.figures import count_bounced
from mailer.store.plans import ORDINALS
from mailer.store.schema import delivery, event, returned_mail
from mailer.tokens import hash_address
from mailer.tracking.by_reading import ByReading, Leaving, mark_done
from tests.tracking.test_intake import answer, bounce, make_intake, take
from tests.tracking.test_policy import GONE, READER, report, sent, suppressed
from tests.world import NOW, SECRET, World

WANG = Actor("王")
FLOW = ByReading(SECRET, SuppressionConfig(), Leaving(leave_by_hand, put_back))
UNCLEAR = b"From: Post <postmaster@firm1.example>\nSubject: Unzustellbar\n\nNobody here.\n"


def keep(world: World, raw: bytes = UNCLEAR) -> int:
    """Keep a mail for a person; return its number."""
    take(world, make_intake([]), raw)
    with world.store.read() as connection:
        return int(connection.execute(select(func.max(returned_mail.c.id))).scalar_one())


def tie(world: World, mail: int, meaning: HandMeaning, copy: int | None, now: datetime = NOW) -> HandTie:
    with world.store.write() as connection:
        return FLOW.tie(connection, mail, Saying(meaning, copy, "die Post sagt es"), WANG, now)


def undo(world: World, mail: int, now: datetime = NOW) -> TakenBack:
    with world.store.write() as connection:
        return FLOW.take_back(connection, mail, WANG, now)


def kept(world: World, state: KeptState) -> list[KeptMail]:
    with world.store.read() as connection:
        return returned.list_kept(connection, state, 99)


def bounced(world: World, number: int) -> int:
    with world.store.read() as connection:
        return sum(count_bounced(connection, number // ORDINALS).values())


def acts(world: World) -> list[str]:
    with world.store.read() as connection:
        return [one.act for one in audit.list_entries(connection, 99) if one.subject.kind == "returned"]


def test_a_dead_address_said_by_hand_counts_and_suppresses_until_it_is_taken_back(world: World) -> None:
    number, at = sent(world, 1)
    mail = keep(world)
    assert tie(world, mail, HandMeaning.HARD, number, at) == HandTie(READER, suppressed=True, left=False)
    assert suppressed(world, at) == "gone"
    assert bounced(world, number) == 1
    (shown,) = kept(world, KeptState.DONE)
    assert (shown.tie, shown.address, shown.meaning) == (Tie.HAND, READER, HandMeaning.HARD)
    assert (shown.done_by, shown.note, shown.done_at) == ("王", "die Post sagt es", at)
    with world.store.read() as connection:
        record = deliveries.tell_delivery(connection, number, SECRET)
        assert record is not None
        assert [(one.kind, one.tie, one.detail) for one in record.events] == [("bounce", "hand", "die Post sagt es")]
    assert undo(world, mail, at) == TakenBack(tie=True)
    assert (suppressed(world, at), bounced(world, number)) == ("", 0)
    with world.store.read() as connection:
        assert failures.copies_of(connection, READER, 3)[0].bounces == ()
    assert [one.id for one in kept(world, KeptState.OTHERS)] == [mail]
    assert tie(world, mail, HandMeaning.HARD, number, at + timedelta(hours=1)).suppressed, "it may be said anew"
    assert bounced(world, number) == 1
    assert acts(world) == [Act.TIE_RETURNED, Act.REOPEN_RETURNED, Act.TIE_RETURNED]
    with world.store.read() as connection:
        assert "Post" not in "".join(one.details for one in audit.list_entries(connection, 99))


def test_what_failed_since_keeps_an_address_suppressed(world: World) -> None:
    number, at = sent(world, 1)
    mail = keep(world)
    tie(world, mail, HandMeaning.COMPLAINT, number, at)
    assert suppressed(world, at) == "complaint"
    report(world, number, GONE, at + timedelta(hours=1))
    assert undo(world, mail, at + timedelta(hours=2)) == TakenBack(tie=True, stays_suppressed=True)
    assert suppressed(world, at + timedelta(hours=2)) == "complaint"


def test_a_suppression_that_was_lifted_before_is_lifted_again_as_it_was(world: World) -> None:
    number, at = sent(world, 1)
    lifted = at + timedelta(hours=1)
    hashed = hash_address(SECRET, READER)
    report(world, number, GONE, at)
    with world.store.write() as connection:
        audience.lift_suppression(connection, hashed, lifted)
    second, later = sent(world, 2)
    mail = keep(world)
    assert tie(world, mail, HandMeaning.HARD, second, later).suppressed
    undo(world, mail, later)
    with world.store.read() as connection:
        assert audience.find_suppression(connection, hashed, later) is None
        assert suppressions.lifted_at(connection, hashed, later) == lifted, "what failed before it counts no more"


def test_soft_bounces_by_hand_count_in_a_row_like_any(world: World) -> None:
    for month in (1, 2, 3):
        number, at = sent(world, month)
        mail = keep(world, UNCLEAR + str(month).encode())
        assert tie(world, mail, HandMeaning.SOFT, number, at).suppressed is (month == 3)


def test_a_guess_of_the_program_gives_way_to_a_person_and_comes_back(world: World) -> None:
    number, at = sent(world, 1)
    with world.store.read() as connection:
        other = (
            connection.execute(
                select(delivery.c.id).where(delivery.c.mailing_id == number // ORDINALS, delivery.c.id != number)
            )
            .scalars()
            .first()
        )
    mail = keep(world, bounce("").replace(b"bounce+@", b"bounce@"))
    (guess,) = kept(world, KeptState.OTHERS)
    assert (guess.tie, guess.delivery_id) == (Tie.PROBABLE, number)

    def ties() -> list[tuple[int, str]]:
        with world.store.read() as connection:
            rows = connection.execute(select(event.c.delivery_id, event.c.tie).order_by(event.c.id))
            return [(row[0], row[1]) for row in rows]

    tie(world, mail, HandMeaning.NOTHING, None, at)
    assert ties() == [(number, "withdrawn")]
    assert kept(world, KeptState.DONE)[0].delivery_id is None
    undo(world, mail, at)
    assert ties() == [(number, "probable")]
    tie(world, mail, HandMeaning.SOFT, other, at)
    assert ties() == [(number, "withdrawn"), (other, "hand")]
    assert bounced(world, number) == 1
    undo(world, mail, at)
    assert ties() == [(number, "probable"), (other, "withdrawn")]
    assert bounced(world, number) == 0


def test_a_reader_who_asked_to_leave_in_his_own_words_has_left_until_that_is_taken_back(world: World) -> None:
    number, at = sent(world, 1)
    mail = keep(world)
    assert tie(world, mail, HandMeaning.LEFT, number, at).left

    def standing() -> bool:
        with world.store.read() as connection:
            found = audience.standing_of_delivery(connection, number)
            assert found is not None
            return found.active

    assert not standing()
    assert undo(world, mail, at + timedelta(days=9)).tie
    assert standing()
    with world.store.read() as connection:
        log = list_consents(connection, READER)
    assert [(one.what, one.by) for one in log[-2:]] == [("left", "王"), ("returned", "王")]
    tie(world, mail, HandMeaning.LEFT, number, at + timedelta(days=10))
    second = keep(world, UNCLEAR + b"again")
    assert not tie(world, second, HandMeaning.LEFT, number, at + timedelta(days=11)).left, "he had left already"
    undo(world, second, at + timedelta(days=11))
    assert not standing(), "what the other mail did stands"


def test_an_answer_waits_among_the_answers_and_is_taken_back_in_two_steps(world: World) -> None:
    number, at = sent(world, 1)
    mail = keep(world)
    tie(world, mail, HandMeaning.ANSWER, number, at)
    (shown,) = kept(world, KeptState.ANSWERS)
    assert (shown.id, shown.address, shown.done_at) == (mail, READER, None)
    with world.store.write() as connection:
        assert mark_done(connection, mail, WANG, at)
        assert not mark_done(connection, mail, WANG, at), "it is done already"
        assert returned.count_kept(connection) == (0, 0)
    assert undo(world, mail) == TakenBack(tie=False)
    assert undo(world, mail) == TakenBack(tie=True)
    assert [one.id for one in kept(world, KeptState.OTHERS)] == [mail]
    with pytest.raises(StateError, match="waits already"):
        undo(world, mail)


def test_what_cannot_be_said_is_refused_and_changes_nothing(world: World) -> None:
    number, at = sent(world, 1)
    mail = keep(world)
    for saying in (Saying(HandMeaning.HARD, None, "why"), Saying(HandMeaning.HARD, 99 << 32, "why"),
                   Saying(HandMeaning.HARD, number, "  ")):  # fmt: skip
        with pytest.raises(UsageError), world.store.write() as connection:
            FLOW.tie(connection, mail, saying, WANG, at)
    with pytest.raises(NotFoundError):
        tie(world, mail + 1, HandMeaning.NOTHING, None)
    tie(world, mail, HandMeaning.NOTHING, None)
    with pytest.raises(StateError, match="said already"):
        tie(world, mail, HandMeaning.HARD, number)
    assert suppressed(world, at) == ""


def test_kept_mail_is_cleared_when_its_time_is_over_and_never_kept_twice(world: World) -> None:
    number, _at = sent(world, 1)
    mail = keep(world, answer())
    tie(world, mail, HandMeaning.SOFT, number)
    settings, later = RetentionConfig(returned=timedelta(days=30)), NOW + timedelta(days=31)
    with world.store.read() as connection:
        assert count_old(connection, settings, NOW)["returned"] == 0
        assert count_old(connection, settings, later)["returned"] == 1
    counts, done = clear_old(world.store.write, SECRET, settings, later, lambda: True)
    assert (counts["returned"], done) == (1, True)
    with world.store.read() as connection:
        row = connection.execute(select(returned_mail)).one()
        assert (row.sender, row.subject, row.first_lines, row.note, row.undo) == ("", "", "", "", None)
        assert returned.find_kept(connection, mail) is None
    assert kept(world, KeptState.DONE) == []
    assert bounced(world, number) == 1, "what was recorded stays"
    keep(world, answer())
    assert kept(world, KeptState.ANSWERS) == []
