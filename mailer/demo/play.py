"""Plays the whole job once, in a folder of its own, against the demo's world."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from mailer.app import DEMO_MARK, House, Rendered, create_newsletter, starter_folder
from mailer.demo.readers import PUBLIC_URL, read_along
from mailer.demo.world import HOST, World
from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.delivery import DeliveryStatus, MailingSummary
from mailer.model.figures import MailingFigures, Report
from mailer.model.report import ReturnedMail, Severity
from mailer.model.standing import Glance

ISSUE = "2020-07"
APPROVER = "demo"
PATIENCE_S = 12.0  # for the last reader and the last returned mail

CONFIG = """\
# The settings of one run of `mailer demo`: an ordinary config.toml, with the port of the demo's own mail server.

language = "{language}"
timezone = "Asia/Shanghai"
public_url = "{public_url}"   # links in the mail lead there; the demo's readers know that it is this machine

[web]
port = 0                   # a free one

[sender]
name = "浙江省软件行业协会"
address = "bulletin@zsia.example"

[lists.government]
title = "政府与主管部门"
role = "报"
file = "subscribers/government.csv"
received = true            # copies ask the reader to confirm receipt

[lists.members]
title = "各市主管部门与会员单位"
role = "送"
file = "subscribers/members.csv"

[relays.world]
host = "{host}"
port = {port}
security = "none"          # it listens on this machine only
connections = 4
messages_per_connection = 20
envelope = "bounce+{{token}}@returned.zsia.example"

[retry]
scale = 0.001              # an hour becomes 3.6 seconds
give_up_after = "5h"

[bounces]
maildir = "var/returned"
"""

RETURNED = 5  # mails: a bounce, a complaint, a receipt of a program, two of servers

Step = Callable[[str], None]
Watch = Callable[[Callable[[], Glance], asyncio.Task[None], ZoneInfo], Awaitable[None]]


class Doors(Protocol):
    """What the demo needs of the doors of the house, which it may not import."""

    async def serve_pages(self, house: House, stop: asyncio.Event, listening: Callable[[int], None]) -> None:
        """Answer the public pages until `stop` is set; `listening` is told the port."""

    def write_report(self, house: House, report: Report, path: Path) -> Path:
        """Write the report as a page; return its path."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo came to. taken: how many messages the world's server holds; twice: recipients who got two."""

    summary: MailingSummary
    figures: MailingFigures
    report: Path
    returned: list[ReturnedMail]
    files: list[Rendered]
    database: Path
    folder: Path
    taken: int
    twice: list[str]
    seconds: float


def prepare_folder(folder: Path) -> None:
    """Make the demo's folder anew. Raises UsageError for a folder that holds anything the demo did not make."""
    if folder.exists():
        if not (folder / DEMO_MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(
                _("{folder} holds something the demo did not make").format(folder=folder),
                field="--dir",
                cure=_("name an empty or a new folder"),
            )
        shutil.rmtree(folder)
    create_newsletter(folder)
    (folder / DEMO_MARK).touch()
    source = starter_folder()
    shutil.copytree(source / "issues" / ISSUE, folder / "issues" / ISSUE)
    shutil.copytree(source / "subscribers", folder / "subscribers", dirs_exist_ok=True)


async def play(folder: Path, language: str, step: Step, watch: Watch, doors: Doors) -> DemoResult:
    """Play the job: load, read lists, render, check, approve, send, read what came back, and account for everyone.

    step is told each stage in a sentence; watch draws the sending until its task is done; doors are those of the
    house. Raises MailerError as the commands do.
    """
    started = time.monotonic()
    await asyncio.to_thread(prepare_folder, folder)
    world = World(folder / "var" / "returned")
    await world.start()
    house = House(folder)
    try:
        settings = CONFIG.format(language=language, host=HOST, port=world.port, public_url=PUBLIC_URL)
        (folder / "config.toml").write_text(settings, "utf-8")
        mailing_id = await asyncio.to_thread(_prepare_mailing, house, step)
        async with _open_pages(house, doors) as port:
            reading = asyncio.create_task(read_along(world.copies, port, world.returned))
            delivering = asyncio.create_task(house.relays.deliver(asyncio.Event(), mailing_id))
            await watch(lambda: house.mailings.glance(str(mailing_id)), delivering, house.config.zone)
            await delivering
            returned = await _await_answers(house, reading)
        summary = await asyncio.to_thread(house.mailings.summarise, str(mailing_id))
        report = await asyncio.to_thread(house.reports.read, str(mailing_id))
        return DemoResult(
            summary=summary,
            figures=report.figures,
            report=await asyncio.to_thread(doors.write_report, house, report, folder / "var" / "report.html"),
            returned=returned,
            files=await asyncio.to_thread(house.issues.write_sent, summary.mailing, folder / "var" / "rendered"),
            database=folder / "var" / "mailer.db",
            folder=folder,
            taken=world.taken.total(),
            twice=sorted(address for address, count in world.taken.items() if count > 1),
            seconds=time.monotonic() - started,
        )
    finally:
        await world.stop()
        house.close()


@asynccontextmanager
async def _open_pages(house: House, doors: Doors) -> AsyncIterator[int]:
    """Have the public pages answered; give their port, and write what was fetched at the end."""
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(doors.serve_pages(house, stop, port.set_result))
    try:
        await asyncio.wait({serving, port}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # raises why it could not begin
        yield await port
    finally:
        stop.set()
        await serving


def _prepare_mailing(house: House, step: Step) -> int:
    issue = house.issues.load(ISSUE)
    step(
        _("issue {slug}: {sections} sections, {articles} articles").format(
            slug=issue.slug, sections=len(issue.sections), articles=len(issue.articles)
        )
    )
    changes = house.lists.sync()
    added = sum(len(change.added) for change in changes.values())
    step(ngettext("{n} subscriber on {lists} lists", "{n} subscribers on {lists} lists", added).format(
        n=added, lists=len(changes)
    ))  # fmt: skip
    signed = house.approvals.approve(ISSUE, APPROVER)
    warnings = sum(finding.severity is Severity.WARNING for finding in signed.findings)
    step(
        _("{n} editions rendered, checked ({warnings} warnings) and approved").format(
            n=len(signed.editions), warnings=warnings
        )
    )
    mailing = house.mailings.start(house.mailings.schedule(ISSUE).id)
    return mailing.id


async def _await_answers(house: House, reading: asyncio.Task[None]) -> list[ReturnedMail]:
    """Read the returned mail until the readers are done and all of it has come, or it takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    found: list[ReturnedMail] = []
    while time.monotonic() < deadline:
        found += await asyncio.to_thread(house.returned.poll)
        if reading.done() and len(found) >= RETURNED:
            break
        await asyncio.sleep(0.1)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    return found


def final_states(summary: MailingSummary) -> dict[str, int]:
    """Return how many recipients ended in each final state; together they are all that were planned."""
    finals = (
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.REFUSED,
        DeliveryStatus.EXPIRED,
        DeliveryStatus.SUPPRESSED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.UNCERTAIN,
    )
    return {status.value: summary.count(status) for status in finals}
