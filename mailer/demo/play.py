"""Plays the whole job once, in a folder of its own, against the demo's world."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.app import DEMO_MARK, House, Rendered, create_newsletter, starter_folder
from mailer.demo.world import HOST, World
from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.delivery import DeliveryStatus, MailingSummary
from mailer.model.report import ReturnedMail, Severity
from mailer.model.standing import Glance

ISSUE = "2020-07"
APPROVER = "demo"
BOUNCE_PATIENCE_S = 5.0

CONFIG = """\
# The settings of one run of `mailer demo`: an ordinary config.toml, with the port of the demo's own mail server.

language = "{language}"
timezone = "Asia/Shanghai"

[sender]
name = "浙江省软件行业协会"
address = "bulletin@zsia.example"

[lists.government]
title = "政府与主管部门"
role = "报"
file = "subscribers/government.csv"

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

Step = Callable[[str], None]
Watch = Callable[[Callable[[], Glance], asyncio.Task[None], ZoneInfo], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo came to. taken: how many messages the world's server holds; twice: recipients who got two."""

    summary: MailingSummary
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


async def play(folder: Path, language: str, step: Step, watch: Watch) -> DemoResult:
    """Play the job: load, read lists, render, check, approve, send, read what came back, and account for everyone.

    step is told each stage in a sentence; watch draws the sending until its task is done. Raises
    MailerError as the commands do.
    """
    started = time.monotonic()
    await asyncio.to_thread(prepare_folder, folder)
    world = World(folder / "var" / "returned")
    await world.start()
    house = House(folder)
    try:
        settings = CONFIG.format(language=language, host=HOST, port=world.port)
        (folder / "config.toml").write_text(settings, "utf-8")
        mailing_id = await asyncio.to_thread(_prepare_mailing, house, step)
        delivering = asyncio.create_task(house.relays.deliver(asyncio.Event(), mailing_id))
        await watch(lambda: house.mailings.glance(str(mailing_id)), delivering, house.config.zone)
        await delivering
        returned = await _await_bounce(house, world)
        summary = await asyncio.to_thread(house.mailings.summarise, str(mailing_id))
        files = await asyncio.to_thread(house.issues.write_sent, summary.mailing, folder / "var" / "rendered")
        return DemoResult(
            summary=summary,
            returned=returned,
            files=files,
            database=folder / "var" / "mailer.db",
            folder=folder,
            taken=world.taken.total(),
            twice=sorted(address for address, count in world.taken.items() if count > 1),
            seconds=time.monotonic() - started,
        )
    finally:
        await world.stop()
        house.close()


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


async def _await_bounce(house: House, world: World) -> list[ReturnedMail]:
    """Read the returned mail once the world's late bounce has come, or without it when it takes too long."""
    deadline = time.monotonic() + BOUNCE_PATIENCE_S
    found: list[ReturnedMail] = []
    while not found and time.monotonic() < deadline:
        found = await asyncio.to_thread(house.returned.poll)
        if not found:
            await asyncio.sleep(0.1)
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
