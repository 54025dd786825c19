"""The table that says where notices to staff go besides their mailboxes, and from when on they are written."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mailer.config.values import Duration, Table
from mailer.model.notice import NoticeEvent


class NoticesConfig(Table):
    """Notices to staff in WeCom, DingTalk, Feishu and whatever else Apprise knows; by mail [staff] gets them all.

    The addresses are secrets, so they stand in the environment or in a file: one a line or between blanks, such as
    `wecombot://KEY`; `held,relay=dingtalk://SECRET@TOKEN` gets these events only. See docs/notices.md.
    """

    urls_env: str = Field(
        default="", description="the environment variable that holds their addresses, such as MAILER_NOTICE_URLS"
    )
    urls_file: str = Field(default="", description="a file that holds their addresses, mode 0600")
    events: tuple[NoticeEvent, ...] = Field(
        default=(NoticeEvent.NO_ISSUE, NoticeEvent.HELD, NoticeEvent.FINISHED, NoticeEvent.RELAY, NoticeEvent.BOUNCES),
        description="what is told to those that name no events: opened, reminder, no-issue, held, finished, relay, "
        "bounces",
    )
    bounce_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.05,
        description="staff are told when this part of what a mailing got accepted has come back, and again at twice, "
        "four times, … as much; 0.05 is a twentieth",
    )
    bounce_least: Annotated[int, Field(ge=1)] = Field(
        default=10, description="and not before so many copies have come back"
    )
    relay_rest: Duration = Field(
        default=timedelta(minutes=30), description="staff are told of a relay that rests so long, once a day"
    )
