"""What a form has sent."""

from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

from mailer.web.body import MAX_BODY, read_body

MOST_FIELDS = 60


class Fields:
    """The fields of a form, each as often as it was sent; one that is missing is empty."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def one(self, name: str) -> str:
        """Return the first value of a field."""
        return self.all(name)[0] if self.all(name) else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self._values.get(name, [])


async def read_fields(request: Request) -> Fields:
    """Return what a form of ours has sent (application/x-www-form-urlencoded); 400 for what is no such form."""
    body = await read_body(request, MAX_BODY)
    try:
        return Fields(parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:  # not UTF-8, or too many
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
