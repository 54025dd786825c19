"""The demo's world: an SMTP server on this machine behind which mailboxes behave as mailboxes do.

It is a real server (aiosmtpd) on a free port of 127.0.0.1; the house talks to it as to any relay.
"""

import asyncio
import mailbox
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
NAME = "mx.world.example"
GREY_WAIT_S = 0.2
RATE_MOST = 2  # messages a rate-limited provider takes before it closes for a while
RATE_WAIT_S = 2.0
BOUNCE_AFTER_S = 0.3

REPLIES: dict[str, bytes] = {
    "gone@dept.example": b"550 5.1.1 <gone@dept.example>: Recipient address rejected: User unknown",
    "full@box.example": b"552 5.2.2 Mailbox full, quota exceeded",
    # a server that answers in GBK, as several do
    "closed@gbk.example": "550 5.2.1 该用户邮箱已停用".encode("gbk"),
}
BOUNCES = "late@bounce.example"


@dataclass
class World:
    """The mail server and what it has seen. `returned` is the Maildir that gets the bounces, `copies` what it took."""

    returned: Path
    port: int = 0
    copies: "asyncio.Queue[tuple[str, bytes]]" = field(default_factory=asyncio.Queue)
    taken: Counter[str] = field(default_factory=Counter)  # messages accepted by recipient
    _met: dict[str, float] = field(default_factory=dict)
    _rate: dict[str, tuple[int, float]] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Listen on a free port, in the running loop."""
        self.returned.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mailbox.Maildir(self.returned, create=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname=NAME, ident="the demo's world", enable_SMTPUTF8=True, loop=loop), HOST, 0
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()  # not waited for: from Python 3.12 that lasts until the last client has gone
        for task in self._later:
            task.cancel()

    # -- aiosmtpd's hooks; it names them

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str | bytes:
        """Answer RCPT TO as this mailbox's provider would."""
        if address in REPLIES:
            return REPLIES[address]
        domain = address.rpartition("@")[2]
        if domain.startswith("grey") and not self._greeted(address):
            return "450 4.7.1 Greylisted, please try again in a moment"
        if domain.startswith("freq") and not self._within_rate(domain):
            return "550 Domain frequency limited"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the message for its recipients."""
        for address in envelope.rcpt_tos:
            self.taken[address] += 1
            self.copies.put_nowait((address, envelope.original_content or b""))
            if address == BOUNCES:
                content = envelope.original_content or b""
                task = asyncio.create_task(self._bounce(envelope.mail_from or "", address, content))
                self._later.add(task)
                task.add_done_callback(self._later.discard)
        return "250 2.0.0 OK: queued"

    def _greeted(self, address: str) -> bool:
        first = self._met.setdefault(address, time.monotonic())
        return time.monotonic() - first >= GREY_WAIT_S

    def _within_rate(self, domain: str) -> bool:
        count, closed_until = self._rate.get(domain, (0, 0.0))
        now = time.monotonic()
        if now < closed_until:
            return False
        if count >= RATE_MOST and closed_until == 0.0:
            self._rate[domain] = (count, now + RATE_WAIT_S)
            return False
        self._rate[domain] = (count + 1, closed_until)
        return True

    async def _bounce(self, sender: str, address: str, content: bytes) -> None:
        await asyncio.sleep(BOUNCE_AFTER_S)
        mailbox.Maildir(self.returned, create=True).add(write_bounce(sender, address, content))


def write_bounce(sender: str, address: str, content: bytes) -> bytes:
    """Return the report (RFC 3464) of a server that accepted a message and could not deliver it."""
    status = EmailMessage()
    status["Reporting-MTA"] = f"dns; {NAME}"
    recipient = EmailMessage()
    recipient["Final-Recipient"] = f"rfc822; {address}"
    recipient["Action"] = "failed"
    recipient["Status"] = "5.1.1"
    recipient["Diagnostic-Code"] = "smtp; 550 5.1.1 User unknown in virtual mailbox table"
    delivery_status = MIMEBase("message", "delivery-status")
    delivery_status.set_payload([status, recipient])
    original = MIMEText(str(BytesHeaderParser().parsebytes(content)), "rfc822-headers", "utf-8")
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = f"MAILER-DAEMON@{NAME}"
    report["To"] = sender
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(datetime.now(UTC))
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"Your message to {address} could not be delivered.\n", "plain", "us-ascii"))
    report.attach(delivery_status)
    report.attach(original)
    return report.as_bytes()
