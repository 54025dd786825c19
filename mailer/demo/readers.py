"""The demo's readers: they open the copies that their mail server took, follow links, answer, complain, and leave.

Everything they do goes the way it goes in life: requests to the public pages, mail to the mailbox of returned mail.
"""

import asyncio
import http.client
import mailbox
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

PUBLIC_URL = "https://news.zsia.example"
HOST = "127.0.0.1"
# what comes sooner after a copy was handed over is no person's doing (tracking/judging.py)
READ_AFTER_S = 8.5
BETWEEN_READERS_S = 0.15
BETWEEN_CLICKS_S = 1.2  # two links within a second are a machine's doing
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"

OPENING = {  # who opens, and how many links each follows
    "office@hangzhou.example": 2,
    "office@wenzhou.example": 1,
    "info@grove-soft.example": 2,
    "market@harbor-soft.example": 0,
    "contact@indigo-soft.example": 1,
    "news@orchid-soft.example": 3,
    "office@pine-soft.example": 0,
    "info@quartz-soft.example": 1,
    "contact@summit-soft.example": 0,
    "market@alpha.test": 1,
    "contact@delta.test": 0,
}
SCANNER = "market@willow-soft.example"  # its mail gateway follows every link at once
LEAVING = "news@tulip-soft.example"
CONFIRMING = ("software@jxt.example", "zhc@zjgov.example")
COMPLAINING = "market@pine.test"
ACKNOWLEDGING = "info@bravo.test"  # its program sends a receipt
REPORTING = ("office@csia.example", "office@kjt.example")  # their servers send receipts

_LINK = re.compile(re.escape(PUBLIC_URL) + r"(/[curo]/[^\s\"'<>]+)")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as a reader has it: the paths of its public addresses, and the message itself."""

    address: str
    clicks: tuple[str, ...]
    picture: str
    leave: str
    confirm: str
    message: Message


def read_copy(address: str, content: bytes) -> Copy:
    """Return what a reader's program finds in a message."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    found = list(dict.fromkeys(_LINK.findall(body.get_content()))) if body is not None else []

    def first(kind: str) -> str:
        return next((path for path in found if path.startswith(kind)), "")

    clicks = tuple(path for path in found if path.startswith("/c/"))
    return Copy(address, clicks, first("/o/"), first("/u/"), first("/r/"), message)


def wanted_addresses() -> frozenset[str]:
    """Return the readers who do anything with their copies."""
    return frozenset({*OPENING, SCANNER, LEAVING, *CONFIRMING, COMPLAINING, ACKNOWLEDGING, *REPORTING})


async def read_along(copies: "asyncio.Queue[tuple[str, bytes]]", port: int, returned: Path) -> None:
    """Play every reader whose copy comes, until each has done what he does; cancel it when some never come."""
    left, begun = set(wanted_addresses()), 0
    async with asyncio.TaskGroup() as group:
        while left:
            address, content = await copies.get()
            if address in left:
                left.discard(address)
                wait_s = READ_AFTER_S + BETWEEN_READERS_S * begun
                begun += 1
                group.create_task(_act(read_copy(address, content), port, returned, wait_s))


async def _act(copy: Copy, port: int, returned: Path, wait_s: float) -> None:
    if copy.address == SCANNER:
        await asyncio.to_thread(_scan, copy, port)
        return
    await asyncio.sleep(wait_s)
    await asyncio.to_thread(_read, copy, port, returned)


def _scan(copy: Copy, port: int) -> None:
    for path in (copy.picture, *copy.clicks):
        _ask(port, path, "Mozilla/5.0 (compatible; MailScanner/1.0)")


def _read(copy: Copy, port: int, returned: Path) -> None:
    if copy.address in OPENING:
        agent = PHONE if len(copy.address) % 3 == 0 else BROWSER
        _ask(port, copy.picture, agent)
        first = len(copy.address) % 2  # people read different things
        for path in copy.clicks[first : first + OPENING[copy.address]]:
            time.sleep(BETWEEN_CLICKS_S)
            _ask(port, path, agent)
    elif copy.address == LEAVING:
        _ask(port, copy.leave, BROWSER, "List-Unsubscribe=One-Click")
    elif copy.address in CONFIRMING:
        _ask(port, copy.confirm, BROWSER, "")
    elif copy.address == COMPLAINING:
        _post(returned, write_complaint(copy.message, copy.address))
    elif copy.address == ACKNOWLEDGING:
        _post(returned, write_receipt(copy.message, copy.address))
    else:
        _post(returned, write_delivered(copy.message, copy.address))


def _ask(port: int, path: str, agent: str, form: str | None = None) -> None:
    """Make one request as a browser does: GET, or POST of a form."""
    if not path:
        return
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        headers = {"Host": PUBLIC_URL.partition("//")[2], "User-Agent": agent}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if form is None else "POST", path, body=form, headers=headers)
        connection.getresponse().read()
    finally:
        connection.close()


def _post(returned: Path, message: Message) -> None:
    mailbox.Maildir(returned, create=True).add(message)


def _report(kind: str, subject: str, sender: str, text: str, parts: Iterable[Message]) -> Message:
    report = MIMEMultipart("report", report_type=kind)
    report["From"], report["To"], report["Subject"] = sender, "bulletin@zsia.example", subject
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(text, "plain", "utf-8"))
    for part in parts:
        report.attach(part)
    return report


def _fields(subtype: str, *groups: dict[str, str]) -> Message:
    part = MIMEBase("message", subtype)
    if subtype == "delivery-status":
        payload: list[Message | str] = []
        for group in groups:
            fields = EmailMessage()
            for name, value in group.items():
                fields[name] = value
            payload.append(fields)
        part.set_payload(payload)
    else:
        part.set_payload("".join(f"{name}: {value}\r\n" for group in groups for name, value in group.items()))
    return part


def _original(message: Message) -> Message:
    head = "".join(f"{name}: {value}\n" for name, value in message.items())
    return MIMEText(head, "rfc822-headers", "utf-8")


def write_complaint(message: Message, address: str) -> Message:
    """Return the feedback report (RFC 5965) of a provider whose reader pressed “this is spam”."""
    fields = {
        "Feedback-Type": "abuse",
        "User-Agent": "WorldMail/1.0",
        "Version": "1",
        "Original-Rcpt-To": f"<{address}>",
    }
    parts = [_fields("feedback-report", fields), _original(message)]
    text = "A reader calls this message spam.\n"
    return _report("feedback-report", "Email Feedback Report", "fbl@world.example", text, parts)


def write_receipt(message: Message, address: str) -> Message:
    """Return the receipt (RFC 8098) of a reader's program."""
    fields = {
        "Reporting-UA": "world.example; WorldMail",
        "Final-Recipient": f"rfc822; {address}",
        "Original-Message-ID": str(message["Message-ID"]),
        "Disposition": "manual-action/MDN-sent-manually; displayed",
    }
    text = "您的邮件已由收件人显示。\n"
    parts = [_fields("disposition-notification", fields)]
    return _report("disposition-notification", "已读回执", address, text, parts)


def write_delivered(message: Message, address: str) -> Message:
    """Return the receipt (RFC 3464) of a server that has put a copy into its mailbox."""
    recipient = {"Final-Recipient": f"rfc822; {address}", "Action": "delivered", "Status": "2.0.0"}
    parts = [_fields("delivery-status", {"Reporting-MTA": "dns; mx.world.example"}, recipient), _original(message)]
    sender = "MAILER-DAEMON@mx.world.example"
    return _report("delivery-status", "Successful Mail Delivery Report", sender, "Delivered.\n", parts)
