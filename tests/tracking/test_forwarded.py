"""A report that speaks of another mailbox than the reader's: where a copy went on to, or whom a complaint names."""

import pytest

from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.reports import parse_report
from mailer.model.history_words import say_about
from mailer.store import deliveries, failures, missed
from mailer.store.figures import count_bounced, count_heard
from mailer.store.group_figures import read_bounced
from mailer.store.plans import ORDINALS
from mailer.tokens import Purpose, sign_token
from mailer.tracking.matching import is_same_mailbox
from mailer.tracking.record import Found, record_report
from tests.tracking.test_policy import READER, WEEK, sent, suppressed
from tests.world import SECRET, World

_NOTICE = """\
From: MAILER-DAEMON@mx.firm1.example
To: bounce+{token}@returned.zsia.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

failed
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.firm1.example
{groups}
--b--
"""
_GROUP = """
Original-Recipient: rfc822; {original}
{fields}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
"""


def notice(token: str, *fields: str, original: str = READER) -> bytes:
    groups = "".join(_GROUP.format(original=original, fields=one) for one in fields)
    return _NOTICE.format(token=token, groups=groups).encode()


SAME = [
    ("Zhang@Firm.example", "zhang@firm.example"),
    ("zhang@firm.example", "zhang+news@firm.example"),
    ("zhang+x@firm.example", "zhang@firm.example"),
    ("zhang@mx1.firm.example", "zhang@firm.example"),
    ("zhang@firm.example", "zhang@mail.firm.example"),
    ("zhang@firm.local", "zhang@firm.example"),
    ("zhang@mailhost", "zhang@firm.example"),
    ("zhang", "zhang@firm.example"),
    ('"zhang"@firm.example', "zhang@firm.example"),
    ("张三@例子.example", "张三@xn--fsqu00a.example"),
]
OTHER = [
    ("li@firm.example", "zhang@firm.example"),
    ("zhang@another.example", "zhang@firm.example"),
    ("zhang@gmail.com", "zhang@firm.example"),
    ("zhang@notfirm.example", "zhang@firm.example"),
    ("zhang@vip.163.com", "zhang@163.com"),
    ("zhang2@firm.local", "zhang@firm.example"),
]


@pytest.mark.parametrize(("address", "ours"), SAME)
def test_a_mailbox_written_otherwise_on_its_way_is_the_same(address: str, ours: str) -> None:
    assert is_same_mailbox(address, ours)


@pytest.mark.parametrize(("address", "ours"), OTHER)
def test_another_mailbox_is_another(address: str, ours: str) -> None:
    assert not is_same_mailbox(address, ours)


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        (("Final-Recipient: rfc822; other@gmail.com",), "other@gmail.com"),
        (("Final-Recipient: rfc822; reader1@firm1.example\nX-Actual-Recipient: rfc822; other@gmail.com",),
         "other@gmail.com"),
        (("Final-Recipient: rfc822; READER1@mx2.firm1.example",), ""),
        (("Final-Recipient: rfc822; reader1+in@firm1.example",), ""),
        (("Final-Recipient: utf-8; reader1@firm1.example",), ""),
        (("X-Any: 1",), ""),
        (("Final-Recipient: rfc822; other@gmail.com", "Final-Recipient: rfc822; reader1@firm1.example"), ""),
    ],
)  # fmt: skip
def test_a_copy_that_was_passed_on_calls_only_the_reader_dead_who_is(
    world: World, fields: tuple[str, ...], about: str
) -> None:
    """RFC 3461 §5.2.7.1: who forwards keeps the original recipient, so it alone does not say whose mailbox is gone."""
    number, at = sent(world, 1)
    raw = notice(sign_token(SECRET, Purpose.BOUNCE, number), *fields)
    with world.store.write() as connection:
        found = record_report(connection, SECRET, parse_report(raw), Found("a.eml", "sha"), at, WEEK)
    assert (found.delivery_id, found.about, found.suppressed) == (number, about, not about)
    assert suppressed(world, at) == ("" if about else "gone")


def test_a_guess_by_the_address_first_written_to_speaks_of_the_other_too(world: World) -> None:
    _number, at = sent(world, 1)
    raw = notice("x", "Final-Recipient: rfc822; other@gmail.com").replace(b"bounce+x@", b"office@")
    with world.store.write() as connection:
        found = record_report(connection, SECRET, parse_report(raw), Found("a.eml", "sha"), at, WEEK)
    assert (found.tie, found.about) == ("probable", "other@gmail.com")


_COMPLAINT = """\
From: fbl@provider.example
To: bulletin@zsia.example
Subject: abuse
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

abuse
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
{field}
Version: 1

--b
Content-Type: message/rfc822

From: bulletin@zsia.example
To: {to}
X-Jianbao-Delivery: {token}
Subject: x

--b--
"""


@pytest.mark.parametrize(
    ("field", "to", "about"),
    [
        ("Original-Rcpt-To: somebody@else.example", "redacted@provider.example", "somebody@else.example"),
        ("X-Any: 1", "somebody@else.example", "somebody@else.example"),
        ("Original-Rcpt-To: reader1@firm1.example", "redacted@provider.example", ""),
        ("Original-Rcpt-To: Reader1@mx.firm1.example", "redacted@provider.example", ""),
        ("X-Any: 1", "redacted@provider.example", ""),
        ("Original-Rcpt-To: 3b5d5c3712955042212316173ccf37be3b5d5c37@firm1.example", "x@y.example, z@y.example", ""),
    ],
)
def test_a_complaint_that_names_somebody_else_is_shown_but_suppresses_nobody(
    world: World, field: str, to: str, about: str
) -> None:
    number, at = sent(world, 1)
    raw = _COMPLAINT.format(field=field, to=to, token=sign_token(SECRET, Purpose.BOUNCE, number)).encode()
    raw = raw.replace(b"X-Jianbao-Delivery", DELIVERY_HEADER.encode())
    with world.store.write() as connection:
        found = record_report(connection, SECRET, parse_report(raw), Found("a.eml", "sha"), at, WEEK)
    assert (found.delivery_id, found.recorded, found.about, found.suppressed) == (number, True, about, not about)
    assert suppressed(world, at) == ("" if about else "complaint")
    if about:
        with world.store.read() as connection:
            (copy,) = failures.copies_of(connection, READER, 5, also=number)
        assert copy.bounces == (), "nor does it count among the reader's failures"
        assert about in say_about("complaint", about)
        assert "forwarded" not in say_about("complaint", about)


def test_a_reader_whose_copy_went_on_and_failed_there_is_not_listed_as_not_reached(world: World) -> None:
    number, at = sent(world, 1)
    others = ("Final-Recipient: rfc822; other@gmail.com",)
    raw = notice(sign_token(SECRET, Purpose.BOUNCE, number), *others)
    with world.store.write() as connection:
        record_report(connection, SECRET, parse_report(raw), Found("a.eml", "sha"), at, WEEK)
    with world.store.read() as connection:
        mailing_id = number // ORDINALS
        assert [one.address for one in missed.read_missed(connection, mailing_id)] == []
        assert count_bounced(connection, mailing_id) == {}
        assert count_heard(connection, mailing_id) == {}
        assert read_bounced(connection, mailing_id) == []
        record = deliveries.tell_delivery(connection, number, SECRET)
        assert record is not None
        assert [one.about for one in record.events] == ["other@gmail.com"], "`why` tells it all the same"
