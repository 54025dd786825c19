"""What is a request to leave, and what only looks like one. Any bytes may come."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.mail.leaving import LeaveRequest, parse_leave_request
from tests.effort import weigh

TOKEN, OTHER = "a2b3" * 10, "c4d5" * 10
IDS = {"In-Reply-To": f"<{OTHER}@news.example>", "References": f"<x@y.example> <{TOKEN}@news.example>"}


def mail(subject: str = "回复：简报", body: str = "退订", charset: str = "utf-8", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "张三 <Zhang@firm.example>"
    message["To"] = "bulletin@news.example"
    message["Subject"] = subject
    for name, value in headers.items():
        name = name.replace("_", "-")
        del message[name]
        message[name] = value
    message.set_content(body, charset=charset)
    return message.as_bytes()


@pytest.mark.parametrize(
    "subject",
    [f"unsubscribe {TOKEN}", f"Unsubscribe: {TOKEN.upper()}", f"Re: unsubscribe {TOKEN}", f" unsubscribe  {TOKEN} "],
)
def test_the_token_in_the_subject_of_our_mailto_link_is_a_request(subject: str) -> None:
    assert parse_leave_request(mail(subject, "", Auto_Submitted="auto-generated")) == LeaveRequest(
        TOKEN, (), "Zhang@firm.example"
    )


@pytest.mark.parametrize("sign", ["+", "=", "-"])
def test_a_token_in_the_address_is_one_too(sign: str) -> None:
    found = parse_leave_request(mail("", "", To=f"bulletin{sign}{TOKEN}@news.example"))
    assert found is not None
    assert found.token == TOKEN


@pytest.mark.parametrize(
    "body",
    [
        "退订", "退 订！", "请退订，谢谢。", "取消订阅", "我要退订", "unsubscribe", "Please unsubscribe me.", "TD", "ｔｄ", "T", "t.",
        "\n\n  退订  \n\n张三\n某某公司\n\n---- 原始邮件 ----\n> 简报", "\u3000\n退订\n> 引文", "您好，请帮我退订，谢谢！",
    ],
)  # fmt: skip
def test_a_persons_first_line_may_say_nothing_but_a_word_for_leaving(body: str) -> None:
    for charset in ("utf-8", "gb18030"):
        found = parse_leave_request(mail(body=body, charset=charset, **IDS))
        assert found == LeaveRequest("", (OTHER, TOKEN), "Zhang@firm.example"), charset


@pytest.mark.parametrize("subject", ["退订", "回复：退订", "Re: 回复: TD", "unsubscribe"])
def test_so_may_a_subject(subject: str) -> None:
    assert parse_leave_request(mail(subject, "")) is not None


def test_a_mail_of_html_only_is_read_as_well() -> None:
    message = EmailMessage()
    message["From"] = "zhang@firm.example"
    message.set_content(
        "<html><head><title>x</title><style>p{}</style></head><body><div><p>&nbsp;</p><p>退&#35746;</p>"
        "<blockquote>简报 退订</blockquote></body></html>",
        subtype="html",
        charset="gb18030",
    )
    assert parse_leave_request(message.as_bytes()) is not None


@pytest.mark.parametrize(
    "body",
    [
        "收到，谢谢", "请问怎么退订？", "我不退订", "已退订的不要再发", "上次说的退订一事如何了", "退订率是多少", "Today", "test",
        "收到\n退订", "> 退订", "", "tt", "退订" * 30,
    ],
)  # fmt: skip
def test_what_says_more_or_else_is_left_for_a_person(body: str) -> None:
    assert parse_leave_request(mail(body=body, **IDS)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"List_Id": "<a.b.example>"},
        {"X_Failed_Recipients": "a@b.example"}, {"Content_Type": 'multipart/report; boundary="x"'},
    ],
)  # fmt: skip
def test_what_a_program_answers_asks_for_nothing(headers: dict[str, str]) -> None:
    raw = mail(**IDS)
    for name, value in headers.items():
        kept = b"\n".join(
            line for line in raw.split(b"\n") if not line.lower().startswith(b"content-type") or name != "Content_Type"
        )
        raw = f"{name.replace('_', '-')}: {value}\n".encode() + kept
    assert parse_leave_request(raw) is None


@pytest.mark.parametrize(
    ("sender", "wanted"),
    [
        ("a@b.example", "a@b.example"),
        ('"x, y" <a@b.example>', ""),  # what is not plain is no one's
        ("a@b.example, c@d.example", ""),
        ("a@b.example]<c@d.example>", "c@d.example"),
        ("<a@b.example> <c@d.example>", ""),
        ("nobody", ""),
    ],
)
def test_who_writes_is_one_plain_address_or_nobody(sender: str, wanted: str) -> None:
    raw = f"From: {sender}\nSubject: unsubscribe {TOKEN}\n\n".encode()
    found = parse_leave_request(raw)
    assert found is not None
    assert found.sender == wanted


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"Subject: ", b"From: ", b"Content-Type: ", b"Subject: =?gb2312?B?"])
)
def test_no_bytes_whatever_raise(rest: bytes, start: bytes) -> None:
    parse_leave_request(start + rest)
    parse_leave_request(mail(**IDS)[: len(rest) * 3] + rest)


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 200_000,
        b"Subject: " + b"=?utf-8?b?" * 100_000 + b"\n\n" + b"<" * 1_000_000,
        b"From: " + b"a@" * 100_000 + b"\nContent-Type: text/html\n\n" + b"<style" * 100_000,
        b"References: " + b"<" * 200_000 + b"\n\nTD\n",
        b"Subject: " + b"re:" * 100_000 + b"\n\n",
        b"Content-Type: text/html\n\n" + b"<!--" * 100_000,
    ],
)
def test_a_huge_mail_is_read_fast(raw: bytes) -> None:
    found, rounds = weigh(lambda: parse_leave_request(raw))
    assert rounds < 8000
    assert found is None or not found.answered
