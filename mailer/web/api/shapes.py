"""What the API gives and takes, as JSON. Times are ISO 8601 with their offset."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")
Slug = Annotated[str, Field(max_length=64)]
Line = Annotated[str, Field(max_length=200)]


class Taken(BaseModel):
    """Anything a caller sends: an unknown field is an error, as it would be lost."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of a long list. cursor: what to ask with for the next ones; null at the end."""

    items: list[Item]
    cursor: str | None = None


class ListShape(BaseModel):
    """A distribution list."""

    name: str
    title: str
    role: str
    active: int
    left: int
    follows_file: str = Field(description="the sheet it follows; empty where it follows none")


class SubscriptionShape(BaseModel):
    """How a contact stands with a list, and by what consent."""

    list: str
    status: str
    since: datetime
    basis: str
    source: str
    left_at: datetime | None
    left_reason: str


class ContactShape(BaseModel):
    """A contact."""

    address: str
    name: str
    title: str
    organisation: str
    city: str
    level: str
    phone: str
    attributes: dict[str, str] = {}


class ContactDetail(ContactShape):
    """A contact with its lists and why it gets nothing, if so."""

    subscriptions: list[SubscriptionShape]
    suppressed: str = Field(description="why; empty where it is not")


class ContactRow(Taken):
    """A contact to be written. Blank fields leave what is known."""

    address: Annotated[str, Field(max_length=320)]
    name: Line = ""
    title: Line = ""
    organisation: Line = ""
    city: Line = ""
    level: Line = ""
    phone: Line = ""


class BulkOrder(Taken):
    """Contacts to bring onto a list that follows no sheet: the same as an import of a sheet, and undone as one."""

    contacts: Annotated[list[ContactRow], Field(min_length=1, max_length=10_000)]
    list: Line
    basis: Line = ""
    dry_run: bool = False


class RefusedRow(BaseModel):
    """A row that was not taken. row: its number, from 1."""

    row: int
    value: str
    reason: str
    cure: str


class BulkResult(BaseModel):
    """What a bulk order did, or would do. import_number: by which it is undone; null where nothing changed."""

    import_number: int | None
    counts: dict[str, int]
    refused: list[RefusedRow]


class ContactChange(Taken):
    """Corrections of a contact; what is not given stays."""

    name: Line | None = None
    title: Line | None = None
    organisation: Line | None = None
    city: Line | None = None
    level: Line | None = None
    phone: Line | None = None


class JoinOrder(Taken):
    """Put a contact on a list by a consent that is on record."""

    list: Line
    source: Annotated[str, Field(min_length=1, max_length=200, description="where the consent is on record")]


class LeaveOrder(Taken):
    """Take a contact off lists (none: all)."""

    lists: list[Line] = []
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Suppression(BaseModel):
    """An address that gets nothing."""

    address: str
    reason: str
    source: str
    since: datetime
    until: datetime | None


class SuppressOrder(Taken):
    """Have an address get nothing, or get mail again."""

    address: Annotated[str, Field(max_length=320)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class IssueShape(BaseModel):
    """An issue. wrong: why its text cannot be read."""

    slug: str
    title: str
    label: str
    date: str | None
    status: str
    wrong: str


class IssueText(BaseModel):
    """The text of an issue; digest names this state of its folder."""

    slug: str
    text: str
    digest: str
    files: list[str]


class IssueOrder(Taken):
    """A new issue from its text (issue.md with front matter)."""

    slug: Slug
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]


class IssueChange(Taken):
    """Another text for an issue. digest: of the state that was edited."""

    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    digest: Annotated[str, Field(max_length=64)]


class FindingShape(BaseModel):
    """One finding of the preflight."""

    severity: str
    place: str
    text: str
    cure: str


class Rendering(BaseModel):
    """How an issue looks to a reader of a list."""

    subject: str
    html: str
    text: str
    findings: list[FindingShape]


class MailingShape(BaseModel):
    """A mailing."""

    id: int
    issue: str
    status: str
    lists: list[str]
    scheduled_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    reason: str


class MailingDetail(MailingShape):
    """A mailing with its deliveries by status."""

    planned: int
    counts: dict[str, int]


class MailingOrder(Taken):
    """A mailing of an approved issue. at: with its offset; none: now."""

    issue: Slug
    lists: Annotated[list[Line], Field(max_length=50)] = []
    at: datetime | None = None


class Reason(Taken):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class DeliveryShape(BaseModel):
    """One delivery."""

    id: int
    address: str
    name: str
    organisation: str
    list_title: str
    status: str
    reply_class: str
    reply: str
    attempts: int
    finished_at: datetime | None
    next_attempt_at: datetime | None


class EventShape(BaseModel):
    """What became known of a delivery."""

    id: int
    kind: str
    mailing: int
    delivery: int
    address: str
    hard: bool
    reply_class: str
    detail: str
    happened_at: datetime
