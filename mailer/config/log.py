"""The table on the log: what a line looks like, and how much of it there is."""

from typing import Literal

from pydantic import Field

from mailer.config.values import Table


class LogConfig(Table):
    """What the program says of its work, on stderr."""

    format: Literal["text", "json"] = Field(
        default="text", description="json: one object a line, with the numbers of mailing and delivery as its fields"
    )
    level: Literal["error", "warning", "info"] = Field(
        default="warning", description="info says every attempt, too: one line a copy"
    )
    mask_addresses: bool = Field(
        default=True, description="write r***r@firm.example for an address; its delivery tells whose it is"
    )
