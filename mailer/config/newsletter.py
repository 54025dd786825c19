"""The tables that say what the newsletter is: who sends it, to which lists, when, and how it looks."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from mailer.config.values import (
    Address,
    Clock,
    Duration,
    LeadText,
    Line,
    OptionalAddress,
    OptionalZone,
    Table,
    TemplateName,
)
from mailer.model.issue import Role
from mailer.model.reading import Tracking


class SenderConfig(Table):
    """Who the bulletin is from."""

    name: Line = Field(description="the name readers see; may be Chinese")
    address: Address = Field(description="From, and the envelope sender")
    reply_to: OptionalAddress = Field(
        default="", description="where answers and unsubscribe mails go; empty means `address`"
    )

    @property
    def domain(self) -> str:
        """The domain of `address`, in lower case."""
        return self.address.rpartition("@")[2]

    @property
    def answers(self) -> str:
        """The address that readers' answers reach."""
        return self.reply_to or self.address


class ListConfig(Table):
    """One distribution list."""

    title: Line = Field(description="its name on pages and in List-Id")
    role: Role = Field(description='"报" bodies above, "送" bodies beside and members, "发" bodies below')
    file: str = Field(
        default="",
        description="the sheet that the list follows (`mailer lists sync`), from the newsletter folder; empty: the "
        "list is kept in the database, filled by `mailer contacts import` and by who joins",
    )
    joining: Literal["staff", "invite", "open"] = Field(
        default="staff",
        description='how readers come to a list without a sheet: "staff" bring them in; with "invite" staff also ask '
        'them, with "open" they also ask themselves, and each confirms by a link, which wants public_url',
    )
    most_dropped: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="the part of its readers that its sheet may drop at once without `--shrink`; two "
        "may always go, but never the last ones, unless it is 1",
    )
    salutation: Line = Field(
        default="",
        description="the line before the masthead; may hold {name}, {organisation}, {title}, {city}; empty for none",
    )
    template: TemplateName = Field(default="bulletin.mjml.j2", description="the template of its HTML, in templates/")
    leave: Literal["unsubscribe", "reply"] = Field(
        default="unsubscribe",
        description="how readers leave: by a link (where public_url is set), or by answering the mail",
    )
    attachments: tuple[Literal["pdf", "files"], ...] = Field(
        default=(), description='what a copy carries: "pdf" the bulletin as PDF, "files" the attachments of the issue'
    )
    tracking: Literal["", "off", "clicks", "full", "on"] = Field(
        default="",
        description='counted where public_url is set: "off" nothing, "clicks" links, "full" (or "on") opens too; '
        "empty: off for 报, full for others",
    )
    received: bool = Field(
        default=False, description="whether a copy asks the reader to confirm receipt (收悉); wants public_url"
    )

    @property
    def follows_file(self) -> bool:
        """Whether a sheet says who is on it."""
        return bool(self.file)

    @property
    def tracks(self) -> Tracking:
        """What of this list's reading is counted, where public_url is set."""
        if self.tracking == "":
            return Tracking.OFF if self.role is Role.UPWARD else Tracking.FULL
        return Tracking.FULL if self.tracking == "on" else Tracking(self.tracking)


class ScheduleConfig(Table):
    """A sending that repeats."""

    when: str = Field(
        description='the rule of its dates: "last working day", "15th or the working day before", "2nd Tuesday", '
        '"every 2 weeks from 2026-01-05", the like in Chinese (每月最后一个工作日), or cron ("30 9 * * 1-5")'
    )
    at: Clock | None = Field(
        default=None, description="the time of day, such as 10:00; not with cron, which has its own, else required"
    )
    timezone: OptionalZone = Field(default="", description="an IANA zone; empty means the newsletter's")
    lists: tuple[str, ...] = Field(default=(), description="list names; empty means all")
    grace: Duration = Field(default=timedelta(hours=2), description="how late it may still start by itself")
    when_late: Literal["hold", "skip"] = Field(
        default="hold",
        description='what becomes of it beyond the grace: "hold" until a person lets it go, or "skip" to the next date',
    )
    open_before: LeadText = Field(
        default="",
        description='when to make the folder of its issue from the last one: "10d" or "10 working days" before; empty: '
        "never, you make it yourself",
    )
    remind: tuple[Annotated[int, Field(ge=1, le=30)], ...] = Field(
        default=(5, 3, 1), description="working days before at which to remind [staff] while its issue is not approved"
    )
    remind_at: Clock = Field(default=time(9, 0), description="the time of day to open the folder and to remind at")


class StaffConfig(Table):
    """Who in the office is told by mail how the issue stands; empty: it stands in the log only."""

    editors: tuple[Address, ...] = Field(
        default=(),
        description="told when a folder is opened, an issue is due soon, held, or has gone out, when a relay asks to "
        "stop or much comes back",
    )
    approvers: tuple[Address, ...] = Field(
        default=(), description="told when an issue waits for approval only, and when one is held"
    )


class PicturesConfig(Table):
    """How pictures travel."""

    place: Literal["inline", "hosted"] = Field(
        default="inline", description='"inline": within every copy; "hosted": fetched from public_url when it is read'
    )
    width: Annotated[int, Field(ge=320, le=2560)] = Field(
        default=1280, description="pixels; wider pictures are made smaller (the bulletin shows at most 576)"
    )
    quality: Annotated[int, Field(ge=40, le=95)] = Field(default=82, description="of JPEG, 40 to 95")


class ProofConfig(Table):
    """Proofs: an issue by mail to staff, before it is approved or after."""

    to: tuple[Address, ...] = Field(default=(), description="who gets a proof where `mailer proof` names nobody")


class WebConfig(Table):
    """The public pages; they run only where public_url is set."""

    host: str = Field(default="127.0.0.1", description="the address to listen on; put a TLS proxy before it")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8025, description="the port to listen on")
