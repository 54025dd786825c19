"""The tables on readers: how they join, which of them a segment means, and how long what is known of them is kept."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mailer.config.values import Duration, Line, Name, Period, Table
from mailer.model.segment import Segment


class SegmentConfig(Table):
    """Some readers of one or more lists, under a name that is used like a list's."""

    lists: tuple[Name, ...] = Field(min_length=1, description="the lists they are on, whose editions they get")
    city: tuple[Line, ...] = Field(default=(), description="their cities; empty: any")
    level: tuple[Line, ...] = Field(default=(), description="levels of their organisations, such as 省, 市; empty: any")
    title: tuple[Line, ...] = Field(default=(), description="words of which one stands in their title; empty: any")
    attributes: dict[Line, tuple[Line, ...]] = Field(
        default_factory=dict, description='what their attributes may be, such as {"行业" = ["软件"]}; all must fit'
    )

    @property
    def filter(self) -> Segment:
        """Whom of its lists the segment means."""
        return Segment(self.city, self.level, self.title, tuple(sorted(self.attributes.items())))


class JoiningConfig(Table):
    """Joining by a link that the reader confirms (double opt-in)."""

    text_version: Line = Field(
        default="1", description="of the words that readers agree to; kept with each consent, so raise it with them"
    )
    expires: Duration = Field(default=timedelta(days=2), description="how long the link to confirm is good")
    per_network: Annotated[int, Field(ge=1)] = Field(
        default=20, description="mails to confirm that one network may cause in an hour"
    )
    per_domain: Annotated[int, Field(ge=1)] = Field(
        default=100, description="mails to confirm to one recipient domain in a day"
    )


class RetentionConfig(Table):
    """How long what is known of readers is kept; empty: for ever. Cleared once a day by `serve`."""

    contacts: Period = Field(
        default=timedelta(days=1095), description="contacts on no list, since they were last on one; then erased"
    )
    events: Period = Field(
        default=timedelta(days=1095), description="the words of bounces and other events; that they were is kept"
    )
    readings: Period = Field(
        default=timedelta(days=400), description="program and network of opens and clicks; that they were is kept"
    )
    replies: Period = Field(
        default=timedelta(days=400), description="the words of relays on each try; class and code are kept"
    )
    returned: Period = Field(
        default=timedelta(days=400),
        description="mails that came back and were kept for a person; that they came is kept",
    )
    logs: Period = Field(
        default=timedelta(days=400), description="notices to staff and requests to join, once they are over"
    )
