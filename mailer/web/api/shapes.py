"""What is common to what the API gives and takes: texts, pages. Times are ISO 8601 with their offset."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")
# no control character: what holds one is no text of one line, and no database takes NUL
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Slug = Annotated[str, Field(max_length=64, pattern=SLUG)]
Line = Annotated[str, Field(max_length=200, pattern=PLAIN)]
SAID = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$"  # plain, and not only blanks
Why = Annotated[str, Field(min_length=1, max_length=200, pattern=SAID)]
Name = Annotated[str, Field(min_length=1, max_length=32, pattern=PLAIN, description="of a list or segment")]
AddressText = Annotated[
    str,
    Field(min_length=3, max_length=320, description="one bare e-mail address", json_schema_extra={"format": "email"}),
]


class Taken(BaseModel):
    """Anything a caller sends: an unknown field is an error, as it would be lost."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of a long list. cursor: what to ask with for the next ones; null at the end."""

    items: list[Item]
    cursor: str | None = None
