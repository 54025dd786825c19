"""What the API gives and takes, as JSON. Times are ISO 8601 with their offset."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from mailer.model.consent import Basis
from mailer.model.delivery import DeliveryStatus

Item = TypeVar("Item")
# no control character: what holds one is no text of one line, and no database takes NUL
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Slug = Annotated[str, Field(max_length=64, pattern=SLUG)]
Line = Annotated[str, Field(max_length=200, pattern=PLAIN)]
SAID = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$"  # plain, and not only blanks
Why = Annotated[str, Field(min_length=1, max_length=200, pattern=SAID)]
Name = Annotated[str, Field(min_length=1, max_length=32, pattern=PLAIN, description="of a list or segment")]
AddressText = Annotated[str, Field(min_length=3, max_length=320, pattern=PLAIN, description="one bare e-mail address")]


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
    joining: str = Field(description="staff, invite or open: how readers come to it")


class SegmentShape(BaseModel):
    """A segment: some readers of lists. lists: how many of each."""

    name: str
    lists: dict[str, int]


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
    language: str
    attributes: dict[str, str]


class ContactDetail(ContactShape):
    """A contact with its lists and why it gets nothing, if so."""

    subscriptions: list[SubscriptionShape]
    suppressed: str = Field(description="why; empty where it is not")


class ContactRow(Taken):
    """A contact to be written. Blank fields leave what is known."""

    address: Annotated[str, Field(max_length=320)]
    name: str = ""
    title: str = ""
    organisation: str = ""
    city: str = ""
    level: str = ""
    phone: str = ""


class BulkOrder(Taken):
    """Contacts to bring onto a list that follows no sheet: the same as an import of a sheet, and undone as one."""

    contacts: Annotated[list[ContactRow], Field(min_length=1, max_length=10_000)]
    list: Name
    basis: Annotated[str, Field(max_length=40, pattern=PLAIN, description="by whose leave; empty: by the list")] = ""
    source: Annotated[Line, Field(description="what is on record as where they come from")] = "API"
    dry_run: bool = False


class BulkRow(BaseModel):
    """What became, or would become, of a row. row: its number, from 1."""

    row: int
    address: str
    result: str = Field(
        description="new, joined, moved, changed, reordered, unchanged, kept_out or refused; the last two did nothing"
    )
    reason: str = Field(description="of kept_out: left, suppressed or pending; of refused: a sentence")
    cure: str


class BulkResult(BaseModel):
    """What a bulk order did, or would do. import_number: by which it is undone; null where nothing changed."""

    import_number: int | None
    counts: dict[str, int]
    rows: list[BulkRow]


class ImportShape(BaseModel):
    """An import on record: of a sheet, or of a bulk order."""

    number: int
    list: str
    by: str
    at: datetime
    source: str
    basis: str
    counts: dict[str, int]
    undone_at: datetime | None
    undone_by: str


class UndoResult(BaseModel):
    """What undoing an import came to. kept: contacts that stay as they are, as something has changed since."""

    removed: int
    restored: int
    kept: int


_KEY = {"type": "string", "minLength": 1, "maxLength": 40, "pattern": PLAIN}
_VALUE = {"type": "string", "maxLength": 200, "pattern": PLAIN}
Attributes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=40, pattern=PLAIN)], Line],
    # what would be made of it lets any other key pass
    WithJsonSchema({"type": "object", "propertyNames": _KEY, "additionalProperties": _VALUE}),
]


class ContactChange(Taken):
    """Corrections of a contact; what is not given stays. An attribute that is empty is taken away."""

    name: Line | None = None
    title: Line | None = None
    organisation: Line | None = None
    city: Annotated[str, Field(max_length=100, pattern=PLAIN)] | None = None
    level: Annotated[str, Field(max_length=40, pattern=PLAIN)] | None = None
    phone: Annotated[str, Field(max_length=100, pattern=PLAIN)] | None = None
    language: Literal["", "zh_CN", "en"] | None = None
    attributes: Attributes | None = None


class JoinOrder(Taken):
    """Put a contact on a list by a consent that is on record. What is said of the contact counts where it is new."""

    list: Name
    source: Annotated[str, Field(min_length=1, max_length=200, pattern=SAID, description="where the consent stands")]
    basis: Basis = Basis.CONSENT
    name: Line = ""
    organisation: Line = ""
    city: Annotated[str, Field(max_length=100, pattern=PLAIN)] = ""


class LeaveOrder(Taken):
    """Take a contact off lists (none: all)."""

    lists: Annotated[list[Name], Field(max_length=50)] = []
    reason: Why


class LeftShape(BaseModel):
    """What became of a contact that was taken off lists. left: the lists it was on until now."""

    address: str
    left: list[str]


class SubscriptionRow(SubscriptionShape):
    """A subscription, with whose it is."""

    address: str


class Suppression(BaseModel):
    """An address that gets nothing. It is kept as an HMAC; address is empty where no contact has it, or none asked."""

    hash: str
    address: str
    reason: str
    source: str
    since: datetime
    until: datetime | None
    note: str


class SuppressOrder(Taken):
    """Have an address get nothing, or get mail again."""

    address: AddressText
    reason: Why


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


Text = Annotated[str, Field(min_length=1, max_length=500_000, description="of issue.md, with its front matter")]


class IssueOrder(Taken):
    """A new issue."""

    slug: Slug
    text: Text


class IssueChange(Taken):
    """Another text for an issue. digest: of the state that was edited."""

    text: Text
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


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
    deferred: int = Field(description="pending ones that wait for another try")
    next_attempt_at: datetime | None


class MailingOrder(Taken):
    """A mailing of an approved issue. lists: none are all that it is approved for; a segment stands for its readers."""

    issue: Slug
    lists: Annotated[list[Name], Field(max_length=50)] = []
    at: AwareDatetime | None = Field(default=None, description="when, with its offset; null: now")
    spread_s: Annotated[int, Field(ge=0, le=7_948_800, description="copies go evenly over so many seconds")] | None = (
        None
    )


class Reason(Taken):
    """Why."""

    reason: Why


class DeliveryShape(BaseModel):
    """One delivery. reply: what its relay last said."""

    id: int
    mailing: int
    address: str
    name: str
    organisation: str
    city: str
    list: str
    status: DeliveryStatus
    reply_class: str
    reply: str
    attempts: int
    finished_at: datetime | None
    next_attempt_at: datetime | None


class AttemptShape(BaseModel):
    """One try. dot_at: when the final dot was allowed; ended_at null: it is under way, or was cut off."""

    number: int
    relay: str
    started_at: datetime
    dot_at: datetime | None
    ended_at: datetime | None
    outcome: str
    phase: str
    reply: str
    reply_class: str
    meaning: str


class OccurrenceShape(BaseModel):
    """What became known of a delivery after its attempts. about: another address that a report speaks of."""

    kind: str
    happened_at: datetime
    reply_class: str
    detail: str
    probable: bool
    about: str


class DeliveryDetail(DeliveryShape):
    """A delivery with everything on record of it."""

    message_id: str
    planned_at: datetime
    tries: list[AttemptShape]
    events: list[OccurrenceShape]


class EventShape(BaseModel):
    """What happened to a delivery. id: the same whenever it is read, so that nothing is counted twice."""

    id: str
    kind: str = Field(description="such as accepted, bounce, open; see the parameter of the same name")
    mailing: int
    delivery: int | None = Field(description="null where a list is counted as a whole")
    list: str
    address: str
    happened_at: datetime
    reply_class: str
    detail: str
    hard: bool
    verdict: str = Field(description="of an open or click: human, machine or unknown")
    link: int
    probable: bool = Field(description="only address and time tie a report to the delivery")


class EventPage(BaseModel):
    """Events, and the cursor to ask with next time. more: there may be further ones now; else ask again later."""

    items: list[EventShape]
    cursor: str
    more: bool
