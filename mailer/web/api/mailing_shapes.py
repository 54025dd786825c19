"""Mailings, deliveries and events as the API gives and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from mailer.model.delivery import DeliveryStatus
from mailer.web.api.shapes import Moment, Name, Slug, Taken, Why


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
    """A mailing of an approved issue. lists: of lists or segments; a segment stands for its readers."""

    issue: Slug
    lists: Annotated[list[Name], Field(min_length=1, max_length=50, description="to whom: each list by its name")]
    at: Moment | None = Field(default=None, description="when, with its offset; null: now")
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
    probable: bool = Field(
        description="only address and time tie a report to the delivery, or a person took it back: it counts nowhere"
    )


class EventPage(BaseModel):
    """Events, and the cursor to ask with next time. more: there may be further ones now; else ask again later."""

    items: list[EventShape]
    cursor: str
    more: bool
