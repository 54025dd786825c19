"""An office whose months pass in minutes: a hand-set clock, a real database, and a real SMTP server."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from mailer.app import House
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.scheduling.calendar import working_calendar
from mailer.store.schema import notice, schedule_step
from tests.flow.newsletter import Newsletter
from tests.relay import Relay

ZONE = ZoneInfo("Asia/Shanghai")
EDITOR, APPROVER = "editor@zsia.example", "head@zsia.example"
STAFF = f'[staff]\neditors = ["{EDITOR}"]\napprovers = ["{APPROVER}"]\n'
SCHEDULE = '[schedule.monthly]\nwhen = "last working day"\nat = "10:00"\n'
SHEETS = {
    "government": "单位,邮箱\n省经信厅,office@jxt.example\n",
    "members": "单位,姓名,邮箱\n会员1,办公室,reader@firm1.example\n会员2,办公室,reader@firm2.example\n",
}
READERS = ("office@jxt.example", "reader@firm1.example", "reader@firm2.example")
TABLE = "| 地区 | 7月当月数 | 当年累计数 |\n|---|---|---|\n| 杭州 | 28 | 167 |\n| 温州 | 1 | 5 |\n| 合计 | 29 | 172 |\n"


@dataclass
class HandClock:
    """A time that tests set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now.astimezone(UTC)


@dataclass
class Office:
    """A house, its clock and its relay."""

    house: House
    clock: HandClock
    relay: Relay
    others: list[House] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path, relay: Relay, start: datetime, extra: str = SCHEDULE + STAFF) -> "Office":
        news = Newsletter.make(folder, relay.port, extra)
        for name, sheet in SHEETS.items():
            (news.folder / "subscribers" / f"{name}.csv").write_text(sheet, "utf-8")
        clock = HandClock(start)
        return cls(House(news.folder, clock), clock, relay)

    def close(self) -> None:
        for one in (self.house, *self.others):
            one.close()

    def file(self, slug: str) -> Path:
        return self.house.home / "issues" / slug / "issue.md"

    def put_issue(self, slug: str, day: date, number: int, total: int, text: str = "正文。") -> None:
        """Put the folder of an issue, as an editor does by hand."""
        self.file(slug).parent.mkdir(parents=True, exist_ok=True)
        self.file(slug).write_text(
            f"---\norganisation: 某省软件业\ntitle: 简报\npublisher: 某省软件行业协会\nyear: {day.year}\nnumber: {number}\n"
            f"total: {total}\ndate: {day}\ncirculation:\n  报: [省经信厅]\n  送: [会员单位]\n---\n\n# 要闻\n\n## 一件事\n\n"
            f"{text}\n",
            "utf-8",
        )

    def write_over(self, slug: str) -> None:
        """Write over the place holders of a skeleton: months, figures, titles and texts."""
        text = self.file(slug).read_text("utf-8")
        assert "【TODO】" in text
        text = text.replace("【TODO】月", f"{int(slug[-2:])}月")
        text = re.sub(r"【TODO】(?= *\|)", "0", text)
        self.file(slug).write_text(re.sub("【TODO】[^\n|]*", "写好了", text), "utf-8")

    def at(self, moment: datetime) -> None:
        """Let the clock show this time, and tick."""
        self.clock.now = moment
        self.house.timetable.tick()

    def on(self, day: date, hour: int, minute: int = 0) -> None:
        """Tick at a time of day where the schedule is meant."""
        self.at(datetime.combine(day, time(hour, minute), ZONE))

    def pass_days(self, start: date, end: date) -> None:
        """Let the days from start to before end pass: on each working day a tick, when reminders are due or two hours
        later, then the notices; on every fourth day off a tick.
        """
        for number in range((end - start).days):
            day = start + timedelta(days=number)
            works = working_calendar("CN").is_working_day(day)
            if works or day.toordinal() % 4 == 0:
                self.on(day, 9 + 2 * (day.toordinal() % 2))
            if works:
                self.send_notices()

    def deliver(self) -> None:
        """Deliver what runs to its end, then tick, then send the notices."""
        for one in self.mailings():
            if one.status is MailingStatus.RUNNING:
                asyncio.run(self.house.relays.deliver(asyncio.Event(), only=one.id))
        self.house.timetable.tick()
        self.send_notices()

    def send_notices(self) -> None:
        async def send() -> None:
            await self.house.notices.deliver()
            await self.house.notices.post()

        asyncio.run(send())

    def mailings(self) -> list[MailingRecord]:
        """The mailings, the oldest first."""
        return self.house.mailings.newest()[::-1]

    def notices(self) -> list[str]:
        """The subjects of all notices, the oldest first."""
        with self.house.store.read() as connection:
            return list(connection.execute(select(notice.c.subject).order_by(notice.c.id)).scalars())

    def bodies(self) -> list[str]:
        """The texts of all notices, the oldest first."""
        with self.house.store.read() as connection:
            return list(connection.execute(select(notice.c.body).order_by(notice.c.id)).scalars())

    def steps(self) -> list[tuple[str, str, str]]:
        """The steps that were done, as (occurrence, step, result), in the order of time."""
        return [(row.local_at, row.step, row.result) for row in self._step_rows()]

    def steps_done(self) -> list[tuple[str, str, datetime]]:
        """The same with the time of each instead of its result."""
        return [(row.local_at, row.step, row.done_at) for row in self._step_rows()]

    def _step_rows(self) -> Sequence[Row[Any]]:
        with self.house.store.read() as connection:
            return connection.execute(select(schedule_step).order_by(schedule_step.c.done_at)).all()

    def copies_of(self, address: str) -> list[str]:
        """The Message-IDs of what reached an address, in order; one that came twice stands twice."""
        return [message_id for message_id, _date in self.relay.seen[address]]
