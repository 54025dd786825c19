"""Calls a reader with hostile input and gives back the one error it is allowed to raise."""

from collections.abc import Callable

from mailer.errors import InputError


def refusal(reader: Callable[..., object], *arguments: object) -> InputError | None:
    """Return the InputError the reader raised, None when it read the input; any other error goes through."""
    try:
        reader(*arguments)
    except InputError as error:
        return error
    return None
