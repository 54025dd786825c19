"""The one way in: the same mail counts once wherever it lay, what people wrote is kept, and one bad mail stops no other."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer.cli.kept_mail import say_of_whom
from mailer.i18n import use_language
from mailer.mail.letter import Letter
from mailer.mail.replies import load_rules
from mailer.model.kept_mail import KeptState
from mailer.model.report import ReportKind, ReturnedMail, Tie
from mailer.store import returned
from mailer.store.database import Connection
from mailer.store.plans import ORDINALS
from mailer.store.schema import event, returned_mail
from mailer.tokens import Purpose, sign_token
from mailer.tracking.intake import ArrivedMail, Intake, OpenedMail, digest_mail
from mailer.tracking.matching import MatchRules
from mailer.tracking.record import Rules
from tests.tracking.test_policy import READER, sent
from tests.world import NOW, SECRET, World

REPLIES = load_rules()


def make_intake(answered: list[str]) -> Intake:
    def note(_connection: Connection, opened: OpenedMail, letter: Letter, _taken: ReturnedMail) -> None:
        answered.append(f"{letter.sender} {opened.digest[:4]}")

    rules = Rules(MatchRules(timedelta(days=7)))
    return Intake(SECRET, REPLIES, rules, lambda _connection, _number: True, note)


def bounce(token: str, address: str = READER, diagnostic: str = "550 5.1.1 no such user") -> bytes:
    return (
        f"From: MAILER-DAEMON@relay.example\nTo: bounce+{token}@news.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nIt failed.\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n\n--b--\n"
    ).encode()


def answer(message_id: str = "<x@elsewhere.example>") -> bytes:
    return (
        f"From: Li <li@firm.example>\nTo: office@bulletin.example\nSubject: Re: bulletin\nIn-Reply-To: {message_id}\n"
        "Date: Fri, 31 Jul 2020 10:00:00 +0800\n\nPlease write to Wang.\n> what was quoted\n"
    ).encode()


def take(world: World, intake: Intake, *mails: bytes) -> list[ReturnedMail]:
    opened = [intake.open(ArrivedMail(raw, f"mail {number}")) for number, raw in enumerate(mails)]
    with world.store.write() as connection:
        return intake.take_all(connection, opened, NOW)


def test_the_same_mail_counts_once_whatever_its_line_ends(world: World) -> None:
    number, _at = sent(world, 1)
    raw = bounce(sign_token(SECRET, Purpose.BOUNCE, number))
    intake = make_intake([])
    taken = take(world, intake, raw, raw.replace(b"\n", b"\r\n"), raw)
    assert [one.recorded for one in taken] == [True, False, False]
    with world.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(event)).scalar_one() == 1


@pytest.mark.parametrize("size", [100, 600 * 1024, 3 * 1024 * 1024])
def test_a_digest_is_the_same_for_both_line_ends_also_of_a_mail_cut_short(size: int) -> None:
    raw = b"Subject: x\n\n" + b"\n" * size
    assert digest_mail(raw) == digest_mail(raw.replace(b"\n", b"\r\n")) == digest_mail(raw[: 1024 * 1024])


def test_an_answer_is_kept_with_its_first_lines_and_told_of_once(world: World) -> None:
    number, _at = sent(world, 1)
    answered: list[str] = []
    intake = make_intake(answered)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    for _time in range(2):
        (taken,) = take(world, intake, answer(f"<{token}@bulletin.example>"))
        assert not taken.understood, "it stays in the mailbox"
    assert len(answered) == 1
    with world.store.read() as connection:
        (kept,) = returned.list_kept(connection, KeptState.ANSWERS, 9)
        assert returned.count_kept(connection) == (1, 0)
    assert (kept.sender, kept.subject, kept.first_lines) == ("li@firm.example", "Re: bulletin", "Please write to Wang.")
    assert (kept.delivery_id, kept.address, kept.issue_slug, kept.mailing_id) == (
        number,
        READER,
        kept.issue_slug,
        number // ORDINALS,
    )
    assert kept.sent_at == NOW


def test_a_private_letter_is_listed_without_its_words_and_a_guess_as_a_guess(world: World) -> None:
    number, _at = sent(world, 1)
    letter = b"From: Li <li@firm.example>\nSubject: lunch\n\nA private word.\n"
    intake = make_intake([])
    forged = bounce("c" * 40)
    no_tie = bounce("").replace(b"bounce+@", b"bounce@")
    guessed = take(world, intake, letter, forged, no_tie)[2]
    assert (guessed.delivery_id, guessed.tie, guessed.suppressed) == (number, Tie.PROBABLE, False)
    with world.store.read() as connection:
        kept = {one.subject + str(one.tie or ""): one for one in returned.list_kept(connection, KeptState.OTHERS, 9)}
    assert set(kept) == {"lunch", "Undelivered", "Undeliveredprobable"}
    assert kept["lunch"].first_lines == ""
    assert kept["Undelivered"].delivery_id is None
    assert kept["Undelivered"].kind is ReportKind.BOUNCE


def test_a_bounce_of_no_copy_of_ours_tells_who_says_it_of_whom(world: World) -> None:
    """Servers of small houses are named without a dot."""
    use_language("en")
    sent(world, 1)
    raw = bounce("c" * 40, "wang@else.example").replace(b"MAILER-DAEMON@relay.example", b"Mail <MAILER-DAEMON@x>")
    take(world, make_intake([]), raw)
    with world.store.read() as connection:
        (kept,) = returned.list_kept(connection, KeptState.OTHERS, 9)
    assert (kept.sender, kept.named) == ("MAILER-DAEMON@x", ("wang@else.example",))
    assert say_of_whom(kept) == "no copy of ours: wang@else.example"
    assert say_of_whom(replace(kept, detail="a@b.example x\nno address\n" * 5)).endswith(", a@b.example, …")


def test_text_that_a_database_cannot_hold_is_cleaned_and_one_mail_stops_no_other(world: World) -> None:
    number, _at = sent(world, 1)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    odd = bounce(token, diagnostic="550 5.1.1 no\0such \x1b[31m user").replace(b"Undelivered", b"=?utf-16?B?2AA=?= \0")
    intake = make_intake([])

    def broken(_connection: Connection, opened: OpenedMail, _letter: Letter, _taken: ReturnedMail) -> None:
        raise RuntimeError(opened.digest)

    failing = Intake(SECRET, REPLIES, intake.rules, intake.leave, broken)
    taken = take(world, failing, odd, answer(), bounce(token, diagnostic="552 5.2.2 full"))
    assert [one.recorded for one in taken] == [True, False, True]
    with world.store.read() as connection:
        details = connection.execute(select(event.c.detail)).scalars().all()
        assert connection.execute(select(func.count()).select_from(returned_mail)).scalar_one() == 0
    assert not any(char in text for text in details for char in "\0\x1b")
