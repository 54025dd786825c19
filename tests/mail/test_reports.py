"""Mail that came back: what a DSN says, what ties it to a delivery, and that no bytes break the reading."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.mail.message import compose_message
from mailer.mail.reports import MAX_READ, parse_report
from mailer.model.outcome import Action, ReplyClass
from mailer.model.report import ReportKind
from tests.effort import weigh
from tests.mail.test_message import TOKEN, make_delivery, make_edition, make_letterhead

RETURNED = f"From: bulletin@news.example\nMessage-ID: <{TOKEN}@news.example>\nX-Jianbao-Delivery: {TOKEN}\n\n"


def make_dsn(
    fields: str = "Final-Recipient: rfc822; zhang@member.example\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <zhang@member.example>: User unknown\n",
    *,
    to: str = "bulletin@news.example",
    envelope_id: str = "",
    returned: str = RETURNED,
    returned_type: str = "text/rfc822-headers",
) -> bytes:
    """A delivery report (RFC 3464) of one recipient."""
    per_message = "Reporting-MTA: dns; relay.test\n" + (f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else "")
    return (
        f"From: MAILER-DAEMON@relay.test\nTo: {to}\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nsorry\n"
        f"--b\nContent-Type: message/delivery-status\n\n{per_message}\n{fields}\n"
        f"--b\nContent-Type: {returned_type}\n\n{returned}\n--b--\n"
    ).encode()


def test_a_failed_recipient_is_a_bounce_with_its_meaning() -> None:
    report = parse_report(make_dsn())
    assert report.kind is ReportKind.BOUNCE
    (one,) = report.recipients
    assert (one.address, one.status) == ("zhang@member.example", "5.1.1")
    assert one.diagnostic == "550 5.1.1 <zhang@member.example>: User unknown"
    assert (one.meaning.reply_class, one.meaning.action) == (ReplyClass.GONE, Action.SUPPRESS)


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", ReportKind.BOUNCE),
        ("Failed (for good)", "4.4.7", ReportKind.BOUNCE),
        ("delayed", "4.4.1", ReportKind.DELAYED),
        ("delivered", "2.0.0", ReportKind.DELIVERED),
        ("relayed", "2.0.0", ReportKind.RELAYED),
        ("expanded", "2.0.0", ReportKind.RELAYED),
        ("", "5.0.0", ReportKind.BOUNCE),
        ("", "", ReportKind.BOUNCE),  # the subject says so
    ],
)
def test_the_action_makes_the_kind(action: str, status: str, kind: ReportKind) -> None:
    fields = f"Final-Recipient: rfc822;a@x.example\nAction: {action}\nStatus: {status}\n"
    assert parse_report(make_dsn(fields)).kind is kind


@pytest.mark.parametrize(
    ("diagnostic", "reply_class"),
    [
        ("smtp; 550 Domain frequency limited", ReplyClass.RATE_DOMAIN),
        ("smtp; 552 5.2.2 mailbox full", ReplyClass.FULL),
        ("smtp; 554 5.0.0 DT:SPM 163 smtp12", ReplyClass.CONTENT),
        ("X-Postfix; host mx.x.example[192.0.2.1] said: 550 5.7.1 no (in reply to RCPT TO command)",
         ReplyClass.SENDER_POLICY),
        ("X-Postfix; host mx.x.example[192.0.2.1] said: 550 5.7.1 no (in reply to end of DATA command)",
         ReplyClass.CONTENT),
        ("X-Postfix; Host or domain name not found. Name service error for name=x.example", ReplyClass.TEMPORARY),
    ],
)  # fmt: skip
def test_a_status_of_5_1_1_alone_never_makes_an_address_dead(diagnostic: str, reply_class: ReplyClass) -> None:
    fields = f"Final-Recipient: rfc822;a@x.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: {diagnostic}\n"
    (one,) = parse_report(make_dsn(fields)).recipients
    assert one.meaning.reply_class is reply_class
    assert not one.meaning.reply_class.hard


def test_each_recipient_has_its_own_kind_and_the_report_the_gravest() -> None:
    fields = "\n".join(
        f"Final-Recipient: rfc822;{name}@x.example\nAction: {action}\nStatus: {status}\n"
        for name, action, status in (
            ("a", "delivered", "2.0.0"), ("b", "delayed", "4.1.1"), ("b", "failed", "5.1.1"), ("c", "delayed", "4.1.1"),
        )
    )  # fmt: skip
    report = parse_report(make_dsn(fields))
    assert report.kind is ReportKind.BOUNCE
    assert [(one.address, report.kind_of(one), report.is_hard(one)) for one in report.recipients] == [
        ("b@x.example", ReportKind.BOUNCE, True),
        ("c@x.example", ReportKind.DELAYED, False),
        ("a@x.example", ReportKind.DELIVERED, False),
    ]


def test_the_address_we_wrote_to_comes_before_the_final_one() -> None:
    fields = (
        "Original-Recipient: rfc822;zhang@member.example\nFinal-Recipient: rfc822;x123@inner.example\n"
        "Action: failed\nStatus: 5.1.1\n"
    )
    assert parse_report(make_dsn(fields)).recipients[0].address == "zhang@member.example"


# ties


def test_the_token_is_found_in_the_verp_address() -> None:
    report = parse_report(make_dsn(to=f"bounce+{TOKEN}@news.example", returned=""))
    assert report.token == TOKEN


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Return-Path"])
def test_the_token_is_found_where_the_mail_was_delivered_to(name: str) -> None:
    raw = f"{name}: <bounce+{TOKEN.upper()}@news.example>\n".encode() + make_dsn(returned="")
    assert parse_report(raw).token == TOKEN


@pytest.mark.parametrize("returned_type", ["text/rfc822-headers", "message/rfc822"])
def test_token_and_message_id_are_found_in_the_returned_part(returned_type: str) -> None:
    report = parse_report(make_dsn(returned_type=returned_type))
    assert (report.token, report.message_id) == (TOKEN, f"<{TOKEN}@news.example>")


def test_a_whole_message_of_ours_sent_back_is_recognised() -> None:
    message = compose_message(make_edition(), make_delivery(), make_letterhead()).decode().replace("\r\n", "\n")
    report = parse_report(make_dsn(returned=message, returned_type="message/rfc822"))
    assert (report.token, report.message_id) == (TOKEN, f"<{TOKEN}@news.example>")
    assert report.kind is ReportKind.BOUNCE


def test_the_envelope_id_is_kept() -> None:
    assert parse_report(make_dsn(envelope_id=TOKEN.upper())).envelope_id == TOKEN


def test_our_header_quoted_in_plain_words_is_found_though_the_mail_stays_unread() -> None:
    raw = f"From: x@y.example\nSubject: failed\n\nYour mail:\n\nX-Jianbao-Delivery: {TOKEN}\nSubject: s\n".encode()
    report = parse_report(raw)
    assert (report.kind, report.token) == (ReportKind.OTHER, TOKEN)


def test_a_report_inside_a_returned_mail_is_not_this_mails() -> None:
    inner = make_dsn().decode()
    head = 'From: x@y.example\nContent-Type: multipart/mixed; boundary="o"'
    raw = f"{head}\n\n--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    assert parse_report(raw.encode()).kind is ReportKind.OTHER


def test_an_ordinary_mail_is_other() -> None:
    report = parse_report(b"From: a@x.example\nTo: bulletin@news.example\nSubject: Re: bulletin\n\nthank you\n")
    assert (report.kind, report.recipients, report.token, report.message_id) == (ReportKind.OTHER, (), "", "")


def test_a_diagnostic_in_gbk_is_read() -> None:
    fields = "Final-Recipient: rfc822;a@x.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 @@\n"
    (one,) = parse_report(make_dsn(fields).replace(b"@@", "用户不存在".encode("gbk"))).recipients
    assert one.diagnostic == "550 用户不存在"
    assert one.meaning.reply_class is ReplyClass.GONE


def test_a_report_in_international_form_is_read() -> None:
    fields = "Final-Recipient: utf-8; 张三@member.example\nAction: failed\nStatus: 5.1.1\n"
    raw = make_dsn(fields).replace(b"message/delivery-status", b"message/global-delivery-status")
    report = parse_report(raw)
    assert report.kind is ReportKind.BOUNCE
    assert report.recipients[0].address == "张三@member.example"


# hostile mail


def test_a_huge_mail_is_read_in_its_head_and_quickly() -> None:
    raw = make_dsn() + b"x" * 76 * 700_000
    report, rounds = weigh(lambda: parse_report(raw))
    assert rounds < 8000
    assert report.kind is ReportKind.BOUNCE
    assert len(raw) > MAX_READ


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 5000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\n\n" * 100_000,
        b"Content-Type: message/rfc822\n\n" * 5000,
        b"To: " + b"<" * 500_000 + b"@\n\n",
        b"A: b\n" * 100_000,
        b"Message-ID: " + b"<" * 300_000,
        make_dsn("Final-Recipient: rfc822;a@x.example\nAction: failed\n\n" * 20_000),
        make_dsn("Final-Recipient: " + "x;" * 100_000 + "@\nAction: failed\nDiagnostic-Code: " + "said: " * 50_000),
        make_dsn("Final-Recipient: rfc822;a@x.example\nAction: failed\nDiagnostic-Code: " + "the user is a " * 40_000),
    ],
    ids=range(9),
)
def test_hostile_mail_neither_raises_nor_takes_long(raw: bytes) -> None:
    report, rounds = weigh(lambda: parse_report(raw))
    assert rounds < 8000
    assert len(report.recipients) <= 200


@given(st.binary(max_size=500))
def test_no_octets_raise(raw: bytes) -> None:
    parse_report(raw)


def test_no_flip_of_octets_in_a_report_raises() -> None:
    dice, whole = random.Random(1), make_dsn()
    for _number in range(500):
        raw = bytearray(whole)
        for _flip in range(dice.randint(1, 30)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        parse_report(bytes(raw))
        parse_report(whole[: dice.randrange(len(whole))])
