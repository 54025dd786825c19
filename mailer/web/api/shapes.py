"""What is common to what the API gives and takes: texts, pages. Times are ISO 8601 with their offset."""

import re
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from mailer.i18n import _

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
_ISO = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*", re.ASCII | re.DOTALL)
_DIGITS = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def _require_iso(value: object) -> object:
    """Refuse what pydantic takes for a time besides ISO 8601: seconds since 1970, and bare dates."""
    if not isinstance(value, str) or not _ISO.match(value):
        raise PydanticCustomError("moment", _("a time is written as 2030-01-31T10:00:00+08:00, with its offset"))
    return value


def _require_digits(value: object) -> object:
    """Refuse what pydantic takes for a whole number besides its digits, such as 1.0."""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise PydanticCustomError("digits", _("a number has digits only"))
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_require_iso, json_schema_input_type=AwareDatetime)]
Digits = BeforeValidator(_require_digits, json_schema_input_type=int)  # of a number in a path


class Taken(BaseModel):
    """Anything a caller sends: an unknown field is an error, as it would be lost."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of a long list. cursor: what to ask with for the next ones; null at the end."""

    items: list[Item]
    cursor: str | None = None
