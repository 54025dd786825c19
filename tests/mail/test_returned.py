"""Returned mail in the layouts of the world: our own samples, flufl's corpus, hostile octets."""

import base64
import json
import logging
import random
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.mail.leaving import parse_leave_request
from mailer.mail.letter import read_letter
from mailer.mail.reports import parse_report
from mailer.mail.returned import failures
from mailer.mail.returned.decoding import decode_octets, text_of_html
from mailer.mail.returned.fields import read_groups
from mailer.mail.returned.last_resort import ask_flufl
from mailer.mail.returned.notice import read_notice
from mailer.model.report import Report, ReportKind
from tests.effort import weigh

OWN = Path(__file__).parent / "returned_samples"
ROWS = [json.loads(line) for line in (OWN / "expected.jsonl").read_text("utf-8").splitlines()]
MOST_ROUNDS = 8000


def describe(report: Report) -> list[dict[str, object]]:
    return [
        {
            "address": one.address,
            "class": one.meaning.reply_class.value,
            "hard": one.meaning.reply_class.hard,
            "status": one.status,
        }
        for one in report.recipients
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_sample_is_read_as_its_key_says(row: dict[str, object]) -> None:
    report = parse_report((OWN / str(row["file"])).read_bytes())
    assert report.kind.value == row["kind"]
    wanted = row["recipients"]
    assert isinstance(wanted, list)
    told = describe(report)
    assert [{key: one[key] for key in want} for one, want in zip(told, wanted, strict=True)] == wanted
    assert report.message_id == row.get("message_id", "")


def test_every_sample_has_its_row() -> None:
    assert sorted(path.name for path in OWN.glob("*.eml")) == sorted(row["file"] for row in ROWS)


def score_flufl(folder: Path) -> tuple[int, int, list[str], list[str]]:
    """Recipients wanted and found, the spurious, and the soft ones called hard or final."""
    wanted: dict[str, set[str]] = {}
    soft: set[tuple[str, str]] = set()
    for line in (folder / "expected.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        recipients = wanted.setdefault(row["file"], set())
        if row["recipient"]:
            recipients.add(row["recipient"].lower())
            if not row["permanent"]:
                soft.add((row["file"], row["recipient"].lower()))
    found, spurious, hard = 0, [], []
    for file in sorted(folder.glob("*.txt")):
        report = parse_report(file.read_bytes())
        listed = {one.address.lower() for one in report.recipients}
        expected = wanted.get(file.name, set())
        found += len(expected & listed)
        spurious += [f"{file.name}: {address}" for address in listed - expected]
        for one in report.recipients:
            final = report.kind_of(one) is ReportKind.BOUNCE or one.meaning.reply_class.hard
            if final and (file.name, one.address.lower()) in soft:
                hard.append(f"{file.name}: {one.address}")
    return sum(map(len, wanted.values())), found, spurious, hard


def test_every_recipient_of_flufls_corpus_is_found_none_spurious_and_none_of_the_soft_final(samples: Path) -> None:
    total, found, spurious, hard = score_flufl(samples / "bounces" / "flufl")
    assert total == 133
    assert (found, spurious, hard) == (total, [], [])


def test_without_flufls_detectors_most_are_found_all_the_same(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "ask_flufl", lambda raw: ([], []))
    total, found, spurious, hard = score_flufl(samples / "bounces" / "flufl")
    assert found / total >= 0.98
    assert (spurious, hard) == ([], [])


def test_the_163_bounce_is_read(samples: Path) -> None:
    report = parse_report((samples / "bounces" / "163_2013_html_gb2312.eml").read_bytes())
    (one,) = report.recipients
    assert (report.kind, one.address) == (ReportKind.BOUNCE, "rcpt@example.com")
    assert (one.meaning.reply_class.value, one.meaning.rule) == ("temporary", "network")
    assert "rcpt handle timeout" in one.diagnostic


BREAKS = {
    "another boundary": lambda raw: raw.replace(b'boundary="=_b"', b'boundary="zzz"'),
    "called plain text": lambda raw: raw.replace(b"multipart/report", b"text/plain"),
    "without its head": lambda raw: raw.partition(b"\n\n")[2],
    "without an end": lambda raw: raw.replace(b"--=_b--\n", b""),
    "carriage returns": lambda raw: raw.replace(b"\n", b"\r\n"),
    "old Macintosh": lambda raw: raw.replace(b"\n", b"\r"),
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize(
    "name", ["dsn-postfix-two", "dsn-exim", "dsn-office365", "dsn-gmail", "dsn-postfix-delayed", "dsn-delivered", "dsn-relayed", "dsn-sun-messaging", "arf-abuse", "mdn-displayed"],
)  # fmt: skip
def test_a_report_of_broken_structure_says_the_same(name: str, how: str) -> None:
    raw = (OWN / f"{name}.eml").read_bytes()
    whole, broken = parse_report(raw), parse_report(BREAKS[how](raw))
    assert (broken.kind, describe(broken)) == (whole.kind, describe(whole))


@pytest.mark.parametrize(
    "subject", ["未传递: 简报", "传递失败: 简报", "您的邮件被拒绝", "邮件系统通知", "未能传递：简报"]
)
def test_a_notice_of_exchange_in_chinese_names_its_recipient(subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Exchange <postmaster@firm.example>", "news@zsia.example", subject
    mail.set_content(
        "<p>无法将邮件传递给以下收件人或通讯组列表:</p><p>处长<br>没有找到此人的地址，系统不会再尝试传递。</p><hr>"
        "<p>管理员的诊断信息:</p><p>bob@firm.example<br>#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##</p>"
        "<p>原始邮件头:</p><pre>From: news@zsia.example\nTo: carol@firm.example</pre>",
        subtype="html",
    )
    report = parse_report(mail.as_bytes())
    assert report.kind is ReportKind.BOUNCE
    assert [(one["address"], one["hard"]) for one in describe(report)] == [("bob@firm.example", True)]


@pytest.mark.parametrize(
    ("text", "reply_class"),
    [
        ("邮件无法送达以下收件人:\n  bob@firm.example\n错误信息: 该用户已被管理员禁用", "inactive"),
        ("未能传递给:\n\n  bob@firm.example\n\n原因:\n\n  用户 bob (bob@firm.example) 未列在 Domino 目录中", "gone"),
        ("The mail was undeliverable:\n\nThe following destination addresses were unknown:\n\n<bob@firm.example>", "gone"),
        (
            "无法发送到 bob@firm.example\n\n退信原因 所在的域名 firm.example 不存在\n英文说明:Host or domain name not found",
            "gone",
        ),
        ("Your message to: bob@firm.example\nwas blocked by our Spam Firewall. NOT DELIVERED\n\nby barracuda.firm.example",
         "content"),
        ("发往 bob@firm.example 的邮件退回。\n退信原因：对方服务器暂时无法连接\n可能的原因：1. 地址不存在；2. 邮箱已满。",
         "temporary"),
        ("Could not be delivered:\n<bob@firm.example>:\n  connection timed out\n  Possible reasons: mailbox full", "temporary"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_notice_says_why_in_the_servers_own_words(text: str, reply_class: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "postmaster@firm.example", "news@zsia.example", "退信"
    mail.set_content(text)
    report = parse_report(mail.as_bytes())
    assert report.kind is ReportKind.BOUNCE
    assert [(one["address"], one["class"]) for one in describe(report)] == [("bob@firm.example", reply_class)]


@pytest.mark.parametrize(
    "text",
    [
        "这是邮件收条，您发给 bob@firm.example 的信件，已在 2020-07-31 12:00 被接收。",
        "此收条只表明收件人的电脑上曾显示过此邮件",
        "您发送给 bob@firm.example 的邮件，对方已阅读。",
    ],
)
def test_a_receipt_in_words_is_one(text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bob@firm.example", "news@zsia.example", "已读回执：简报"
    mail.set_content(f"<p>{text}</p>", subtype="html")
    report = parse_report(mail.as_bytes())
    assert (report.kind, [one.address for one in report.recipients]) == (ReportKind.RECEIPT, ["bob@firm.example"])


# decoding


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("用户不存在".encode(), "gb2312", "用户不存在"),
        ("用户不存在".encode("gbk"), "utf-8", "用户不存在"),
        ("用户不存在".encode("gbk"), "", "用户不存在"),
        ("邮件被退回，原因".encode("gbk"), "iso-8859-1", "邮件被退回，原因"),
        ("使用者不存在".encode("big5"), "big5", "使用者不存在"),
        ("Empfänger gelöscht".encode("latin-1"), "iso-8859-1", "Empfänger gelöscht"),
        ("Empfänger gelöscht".encode("latin-1"), "us-ascii", "Empfänger gelöscht"),
        ("недоставлено".encode("koi8-r"), "koi8-r", "недоставлено"),
        ("宛先不明".encode("iso-2022-jp"), "us-ascii", "宛先不明"),
        ("联通".encode("gbk"), "gb2312", "联通"),
        (b"plain", "no-such-charset", "plain"),
        ("退信".encode("gbk"), "eucgb2312_cn", "退信"),
    ],
)
def test_text_is_read_by_the_charset_it_is_in(raw: bytes, charset: str, text: str) -> None:
    assert decode_octets(raw, charset) == text


def test_base64_is_read_as_far_as_it_goes() -> None:
    body = base64.encodebytes("<ada@member.example>: user unknown 用户不存在\n".encode() * 20)
    head = b"From: postmaster@x.example\nSubject: failure notice\nContent-Type: text/plain; charset=utf-8\n"
    head += b"Content-Transfer-Encoding: base64\n\n"
    for cut in range(80, len(body) - 1, 7):
        assert parse_report(head + body[:cut]).recipients[0].address == "ada@member.example"
    footer = body + b"\n_____\nlist footer: do not reply\n"
    assert parse_report(head + footer).recipients[0].address == "ada@member.example"


def test_html_keeps_an_address_in_angle_brackets_and_drops_what_nobody_sees() -> None:
    page = (
        "<style>x@y.example</style><p>an <b>ada@member.example</b>&nbsp;oder <bob@firm.example></p><!-- c@d.example -->"
    )
    text = text_of_html(page)
    assert "ada@member.example" in text
    assert "<bob@firm.example>" in text
    assert "x@y.example" not in text
    assert "c@d.example" not in text


# fields


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n", "\n\n\n"])
def test_fields_find_their_recipient_whatever_blank_lines_there_are(gap: str) -> None:
    fields = ["Final-Recipient: rfc822;a@x.example", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp;550 no"]
    more = [field.replace("a@x", "b@x").replace("5.1.1", "5.2.2") for field in fields]
    groups = [group for group in read_groups(gap.join(fields + more)) if "final-recipient" in group]
    assert [(group["final-recipient"], group["status"], group["action"]) for group in groups] == [
        ("rfc822;a@x.example", "5.1.1", "failed"),
        ("rfc822;b@x.example", "5.2.2", "failed"),
    ]


# prose


@pytest.mark.parametrize(
    "text",
    [
        "Your message could not be delivered.\n\n<ada@member.example>:\nno such user\n",
        "Delivery to ada@member.example failed: no such user",
        "The following address failed:\n\n  ada@member.example\n\nFor help, contact <postmaster@relay.example>\n",
        "Your mail was not delivered to:\n  * ada@member.example (no such user)\n",
        "We could not deliver it. Recipient: ada@member.example\nReason: no such user",
        "您的邮件无法发送到ada@member.example，原因：用户不存在",
        "退信\n收件人：<ada@member.example>\n退信原因：用户不存在",
        "投递失败，失败的收件人：\nada@member.example\n用户不存在",
        "Undeliverable to ada@member.example: no such user",
        "550 5.1.1 <ada@member.example>: no such user, delivery failed",
        "Nicht zugestellt an:\nada@member.example\nno such user",
    ],
)
def test_the_recipient_is_found_where_such_notices_name_him(text: str) -> None:
    notice = read_notice(text, "failure notice", {"bulletin@news.example"})
    assert [one.address for one in notice.named] == ["ada@member.example"]


@pytest.mark.parametrize(
    "text",
    [
        "It could not be delivered. For help, please contact postmaster@relay.example.",
        "It could not be delivered; see https://help.example/?a=ada@member.example",
        "It failed.\nFrom: ada@member.example\nMessage-ID: <20@relay.example>\n",
        "It failed.\n--- Below this line is a copy of the message.\n\n<ada@member.example>:\n",
        "It could not be delivered: david...@member.example",
    ],
)
def test_an_address_that_is_no_recipient_is_left_alone(text: str) -> None:
    assert read_notice(text, "failure notice").named == ()


# hostile mail


def read_quickly(raw: bytes) -> Report:
    report, rounds = weigh(lambda: parse_report(raw))
    assert rounds < MOST_ROUNDS
    assert len(report.recipients) <= 200
    return report


HEAD = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n"
PLAIN, HTML = HEAD + b"\n", HEAD + b"Content-Type: text/html\n\n"


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN + b"<a@b.example>:\n" * 60_000,
        PLAIN + b"failed " * 140_000,
        PLAIN + b"550 5.1.1 <" * 90_000,
        PLAIN + b"a" * 1_000_000 + b"@b.example",
        PLAIN + b"a@" * 500_000,
        PLAIN + b"a.b@" + b"c." * 400_000,
        PLAIN + b"could not be delivered to a@b.example unknown user: " * 20_000,
        PLAIN + b"Final-Recipient: rfc822;a@b.example\n" * 25_000,
        PLAIN + b"original message follows copy header below " * 20_000,
        PLAIN + b"--- original copy of \n" * 40_000,
        PLAIN + "收件人：退信原因：无法发送到".encode("gbk") * 30_000,
        HTML + b"<" * 1_000_000,
        HTML + b"<!--" * 250_000,
        HTML + b"<script>" * 120_000,
        HTML + b"<a b" * 250_000,
        HTML + b"<br" * 300_000,
        HTML + b"&#" * 500_000,
        HTML + b"BouncedRcpt=" * 80_000,
        HEAD + b"X-Failed-Recipients: " + b"a@b.example, " * 70_000 + b"\n\n",
        HEAD + b"Subject: " + b"=?gb2312?B?" * 90_000 + b"\n\n",
        HEAD + b"Subject: " + b"=?utf-8?q?=E4=?= " * 60_000 + b"\n\n",
        b"From: " + b'"a" <a@b.example> (' * 50_000 + b"\nSubject: failure\n\nfailed",
        HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: text/plain\n\nfailed\n" * 20_000,
        HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: message/rfc822\n\n\n" * 20_000,
        HEAD + b"Content-Type: text/plain; charset=" + b"x*0*=" * 100_000 + b"\n\nfailed",
        HEAD + b"Content-Type: text/plain; charset=utf-7\n\n" + b"+AAAA" * 200_000,
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"=" * 1_000_000,
    ],
    ids=range(27),
)
def test_no_mail_takes_a_second(raw: bytes) -> None:
    read_quickly(raw)


STATUS = b"Content-Type: message/delivery-status\n\n"


@pytest.mark.parametrize("reader", [parse_report, parse_leave_request, read_letter])
@pytest.mark.parametrize(
    "raw",
    [
        HEAD + STATUS + b"\n" * 1_000_000,
        HEAD + STATUS + b"\r\n" * 500_000,
        HEAD + STATUS + b"A: b\n\n" * 150_000,
        HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\n" + STATUS + b"\n" * 600_000 + b"\n--b--\n",
        *(
            b"From: a@b.example\nContent-Type: text/plain; charset=" + name + b"\n\n" + text
            for name in (b"punycode", b"idna", b'"PunyCode"', b"unicode_escape", b"zip", b"rot13")
            for text in (b"a" * 100_000 + b"-" + b"9aaa" * 25_000, b"\xff" + b"a" * 200_000)
        ),
    ],
    ids=range(16),
)
def test_no_block_of_a_status_and_no_codec_takes_long(reader: Callable[[bytes], object], raw: bytes) -> None:
    ask_flufl(b"")  # it loads its modules
    _read, rounds = weigh(lambda: reader(raw))
    assert rounds < MOST_ROUNDS / 2


def whole_corpus(samples: Path) -> list[bytes]:
    return [path.read_bytes() for path in (*OWN.glob("*.eml"), *(samples / "bounces" / "flufl").glob("*.txt"))]


def test_broken_samples_raise_nothing(samples: Path, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(6)
    for whole in whole_corpus(samples):
        for _time in range(4):
            raw = bytearray(whole[: dice.randrange(len(whole) + 1)] if dice.random() < 0.5 else whole)
            for _flip in range(dice.randint(0, 40) if raw else 0):
                raw[dice.randrange(len(raw))] = (
                    dice.choice(b'\x00\n\r<>@:;="\\ \xff-') if dice.random() < 0.5 else dice.randrange(256)
                )
            read_quickly(bytes(raw))
    assert not [record for record in caplog.records if "cannot be parsed" in record.message]


TYPES = st.sampled_from(
    ["text/plain", "text/html", "message/delivery-status", "message/rfc822", "message/feedback-report", "multipart/report",
     "message/disposition-notification", "message/global-delivery-status", "text/rfc822-headers", "multipart/alternative",
     "message/global", "message/partial", "application/octet-stream", "x", ""]
)  # fmt: skip
WORDS = st.sampled_from(
    ["Final-Recipient: rfc822;a@x.example", "Action: failed", "Status: 5.1.1", "failed", "<a@x.example>:", "550 5.1.1 no", "",
     "退信原因：", "收件人：a@x.example", "Feedback-Type: abuse", "Disposition: x; displayed", "--b", "--b--", "From b@x.example", "\x00", "é", "=E4=B8"]
)  # fmt: skip
HEADS = st.sampled_from(["From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "Return-Path", "Auto-Submitted", "Message-ID"])  # fmt: skip
VALUES = st.one_of(
    WORDS, TYPES, st.sampled_from(["base64", "quoted-printable", "MAILER-DAEMON@x.example", "multipart/mixed; boundary=b", "=?gbk?B?xxx?=", "=?x?q?="]), st.text(max_size=20)
)  # fmt: skip


@st.composite
def mail_octets(draw: st.DrawFn, depth: int = 0) -> bytes:
    fields = draw(st.lists(st.tuples(HEADS, VALUES), max_size=4))
    body = "\n".join(draw(st.lists(st.one_of(WORDS, st.text(max_size=30)), max_size=8)))
    lines = [f"{name}: {value}" for name, value in fields]
    raw = "\n".join(lines).encode("utf-8", "surrogatepass")
    if depth < 3 and draw(st.booleans()):
        children = draw(st.lists(mail_octets(depth + 1), max_size=3))
        kind = draw(TYPES)
        raw += f"\nContent-Type: {kind}; boundary=b{depth}\n\n".encode()
        return raw + b"".join(f"--b{depth}\n".encode() + child + b"\n" for child in children)
    return raw + b"\n\n" + body.encode("utf-8", "surrogatepass")


@settings(max_examples=300)
@given(mail_octets())
def test_no_tree_of_parts_raises(raw: bytes) -> None:
    report = parse_report(raw)
    assert isinstance(report.kind, ReportKind)


@settings(max_examples=200)
@given(st.text(max_size=400), st.text(max_size=40))
def test_no_notice_raises(text: str, subject: str) -> None:
    for one in read_notice(text, subject, (), "x.example").named:
        assert "@" in one.address


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True),
    st.booleans(),
    st.sampled_from(["utf-8", "gb18030", "gb2312"]),
)
def test_every_recipient_of_a_made_report_is_found(names: list[str], html: bool, charset: str) -> None:
    addresses = [f"{name}@member.example" for name in names]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "postmaster@relay.example", "bulletin@news.example", "退信通知"
    lines = "\n".join(f"<{address}>:\n用户不存在\n" for address in addresses)
    text = f"您的邮件无法投递到以下地址：\n\n{lines}"
    if html:
        page = "<br>".join(line.replace("<", "&lt;").replace(">", "&gt;") for line in text.split("\n"))
        mail.set_content(page, subtype="html", charset=charset)
    else:
        mail.set_content(text, charset=charset)
    report = parse_report(mail.as_bytes())
    assert [one.address for one in report.recipients] == addresses
    assert all(one.meaning.reply_class.hard for one in report.recipients)


def test_a_mail_too_deep_to_parse_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """On stderr a traceback of a stranger's mail would look like a fault of ours."""
    part = b"Content-Type: message/rfc822\r\n\r\n"
    with caplog.at_level(logging.INFO):
        assert parse_report(part * 3000).kind is ReportKind.OTHER
    (record,) = caplog.records
    assert record.exc_info is None
    assert "RecursionError" in record.getMessage()
