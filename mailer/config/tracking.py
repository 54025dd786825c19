"""The tables that say how reading is counted."""

from typing import Literal

from pydantic import Field

from mailer.config.values import Line, Table


class UtmConfig(Table):
    """What is added to the http and https links of the HTML (`utm_source=…`), so that the linked sites can count.

    Only on lists whose `tracking` is not off, and not to links to public_url. {issue} and {list} stand for their names.
    """

    source: Line = Field(default="", description="such as the bulletin's name; empty: not added, as for all of these")
    medium: Line = Field(default="", description='usually "email"')
    campaign: Line = Field(default="", description='such as "{issue}"')
    term: Line = Field(default="", description="seldom used")
    content: Line = Field(default="", description='such as "{list}"')


class TrackingConfig(Table):
    """How opens and clicks are counted, on the lists whose `tracking` wants them counted."""

    aggregate: bool = Field(
        default=False,
        description="count by mailing and list only: links name no reader, and nothing of a person is kept",
    )
    network: Literal["none", "truncated"] = Field(
        default="none",
        description='what is kept of the address a request comes from: nothing, or its network ("truncated": /24, /48)',
    )
    utm: UtmConfig = UtmConfig()
