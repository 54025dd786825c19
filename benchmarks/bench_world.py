"""What the sending benchmarks start from: a database full of readers, an edition of a real size, Postfix's sink."""

import contextlib
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.mail.message import Letterhead
from mailer.model.approval import ApprovalRules, IssueContent, Step
from mailer.model.delivery import Contact, DistributionList, MailingStatus
from mailer.model.edition import Edition, Segment, Slot, SlotContext, freeze_edition
from mailer.model.issue import Article, Imprint, Issue, Masthead, Paragraph, Role, Section, Text
from mailer.model.people import Actor
from mailer.model.reading import TrackedLink
from mailer.publishing.approval import Submission, approve_issue
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import audience, mailings
from mailer.store.database import Store, open_store
from mailer.tokens import HouseSecret

SECRET = HouseSecret(1, {1: b"benchmark" * 4})
DOMAIN = "zsia.example"
LIST = "members"
PAGE = 5000
HTML_OCTETS = 60_000
TEXT_OCTETS = 6_000
LINKS = 30


def make_edition() -> Edition:
    """Return an edition of 60 KB HTML and 6 KB text, part Chinese, with 30 tracked links and the usual inserts."""
    words = "软件业的收入与上月相比继续增长，各市的企业报送了统计数据。"
    style = (
        '<td align="left" style="padding:0 24px 12px;word-break:break-word;font-family:Arial,sans-serif;color:#222">'
    )
    row = f"<tr>{style}{words}</td></tr>\n"
    html: list[Segment] = [
        "<!DOCTYPE html><html><body><table>\n<tr><td>",
        Slot("recipient.name", SlotContext.TEXT, "读者"),
    ]
    text: list[Segment] = [Slot("recipient.name", SlotContext.PLAIN, "读者"), "：\n"]
    for number in range(LINKS):
        rows = row * (HTML_OCTETS // LINKS // len(row.encode()) or 1)
        html += [
            f'</td></tr>\n{rows}<tr><td><a href="',
            Slot("links.click", SlotContext.URL),
            f'/{number + 1}">全文</a>',
        ]
        if number % 2:
            lines = (words + "\n") * max(TEXT_OCTETS // (LINKS // 2) // len(words.encode()), 1)
            text += [lines, Slot("links.click", SlotContext.PLAIN), f"/{number + 1}\n"]
    html += ['</td></tr></table><img src="', Slot("links.open", SlotContext.URL), '" alt=""><a href="']
    html += [Slot("links.unsubscribe", SlotContext.URL), '">退订</a>', Slot("recipient.address", SlotContext.TEXT)]
    text += ["退订：", Slot("links.unsubscribe", SlotContext.PLAIN), "\n"]
    subject: tuple[Segment, ...] = ("软件产业统计简报 2020年第7期（总第113期）",)
    links = tuple(TrackedLink(f"https://www.{DOMAIN}/{number}", "全文", "a1", "统计") for number in range(LINKS))
    html.append("</body></html>\n")
    return freeze_edition(Edition("2020-07", LIST, "zh_CN", subject, tuple(html), tuple(text), links=links))


def make_letterhead() -> Letterhead:
    """Return the letterhead of the benchmark's list."""
    return Letterhead(
        sender_name="浙江省软件行业协会",
        sender_address=f"bulletin@{DOMAIN}",
        reply_to=f"office@{DOMAIN}",
        answers=f"office@{DOMAIN}",
        list_id=f"{LIST}.{DOMAIN}",
        list_title="会员单位",
        public_url=f"https://news.{DOMAIN}",
        zone=ZoneInfo("Asia/Shanghai"),
        secret=SECRET,
    )


def fill_database(path: Path, readers: int) -> Store:
    """Make a database with so many subscribers of one list and an approved issue; return it open."""
    store = open_store("", path)
    add_readers(store, readers)
    return store


def add_readers(store: Store, readers: int) -> None:
    """Write so many subscribers of one list, and an approved issue, into an empty database."""
    now = datetime.now(UTC)
    with store.write() as connection:
        lists = audience.sync_lists(connection, [DistributionList(LIST, "会员单位", Role.SIDEWAYS)])
        for start in range(0, readers, PAGE):
            people = [_make_contact(number) for number in range(start, min(start + PAGE, readers))]
            ids = audience.save_contacts(connection, people, now)
            places = [(ids[one.key], start + place) for place, one in enumerate(people)]
            audience.subscribe_contacts(connection, lists[LIST], places, "sheet", "benchmark", now)
        rules = ApprovalRules((Step("签发"),))
        wanted = Submission(_make_issue(), IssueContent("0" * 64), [make_edition()], {}, rules)
        approve_issue(connection, wanted, Actor("benchmark"), now)


def _make_contact(number: int) -> Contact:
    # the addresses of real lists are in no order of the alphabet
    address = f"office{number * 7919 % 1000003}-{number}@firm{number % 5000}.example"
    return Contact(address, address, name="办公室", organisation=f"第{number}软件有限公司", city="杭州")


def _make_issue() -> Issue:
    masthead = Masthead(
        "浙江软件业", "简报", "浙江省软件行业协会", 2020, 7, 113, datetime(2020, 7, 31, tzinfo=UTC).date()
    )
    article = Article("统计", (Paragraph((Text("正文。"),)),))
    return Issue("2020-07", masthead, (Section("要闻", (article,)),), (), Imprint())


def start_mailing(store: Store) -> int:
    """Plan a mailing to everyone and set it running; return its number."""
    from mailer.store.approvals import standing_approval

    now = datetime.now(UTC)
    with store.write() as connection:
        approval = standing_approval(connection, 1)
        assert approval is not None
        lists = audience.find_lists(connection, [LIST])
        mailing_id = schedule_mailing(connection, approval, list(lists.items()), None, now)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, now)
        plan_mailing(connection, mailing_id, SECRET, DOMAIN, now)
    return mailing_id


def peak_mb() -> float:
    """Return the most memory this process has had, in MB.

    Not ru_maxrss where it can be helped: on Linux that begins with what the process had that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def find_tool(name: str) -> str:
    """Return the path of one of Postfix's load tools; ends the benchmark with one clear line where there is none."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        sys.exit(f"{name} is not here: install the package postfix (its daemon need not run)")
    return found


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_sink(*options: str) -> Iterator[int]:
    """Postfix's smtp-sink on a free port, which takes everything and keeps nothing; with more options of its own."""
    import os

    port = free_port()
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [find_tool("smtp-sink"), *as_nobody, *options, f"127.0.0.1:{port}", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


LONG = timedelta(hours=48)
