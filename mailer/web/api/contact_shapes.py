"""Lists, contacts, imports and suppressions as the API gives and takes them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from mailer.i18n import _
from mailer.model.consent import Basis
from mailer.web.api.shapes import PLAIN, SAID, AddressText, Line, Name, Taken, Why


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
    """A segment: some readers of lists. lists: how many of each; readers: how many in all, each once."""

    name: str
    lists: dict[str, int]
    readers: int


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


def _require_fit(address: str) -> str:
    """Refuse what is too long; unlike pydantic's own check this lets a lone surrogate pass, and its row is refused."""
    if len(address) > 320:
        raise PydanticCustomError("too_long", _("the address is longer than {n} characters"), {"n": 320})
    return address


class ContactRow(Taken):
    """A contact to be written. Blank fields leave what is known."""

    address: Annotated[str, AfterValidator(_require_fit), WithJsonSchema({"type": "string", "maxLength": 320})]
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
    reason: str = Field(description="of the last two: why, in words")
    cure: str
    kept_out: str = Field(description="of kept_out: left, suppressed or pending")


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
    """What undoing an import came to.

    removed: contacts that are gone again; taken_off: off the list, but contacts still; restored: with their former
    fields or place; kept: of whom something stays, as others have changed it since.
    """

    removed: int
    taken_off: int
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

    lists: Annotated[list[Name], Field(max_length=50, default_factory=list)]
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
