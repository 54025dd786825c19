"""Writes docs/config.md from the settings' own help texts; test_docs.py fails when the two differ."""

import sys
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailer.config import Config

HEAD = """\
# config.toml

Every key, from the program's own help texts (`make reference` writes this file). An unknown key is an error that
names the nearest known one. Durations are a number with a unit: `30s`, `10m`, `48h`, `2d`, `1w`. Secrets never stand
here: a password comes from an environment variable or from a file with mode 0600.
"""


def show_default(field: FieldInfo) -> str:
    """Return a field's default as one would write it."""
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
            if seconds >= size and seconds % size == 0 and not (unit == "d" and seconds < 4 * size):
                return f'`"{seconds // size}{unit}"`'
        return f'`"{seconds}s"`'
    if value is None:
        return "not written"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def table_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model behind a field that is a table of its own, or None."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def write_table(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of one table."""
    yield ""
    yield f"## {title}"
    yield ""
    yield str(model.__doc__).strip()
    fields = {name: field for name, field in model.model_fields.items() if table_of(field.annotation) is None}
    if fields:
        yield ""
        yield "| key | default | meaning |"
        yield "|---|---|---|"
    for name, field in fields.items():
        meaning = str(field.description).replace("|", "\\|")
        yield f"| `{field.alias or name}` | {show_default(field)} | {meaning} |"


def write_tables(path: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of the tables within a table, and of those within them."""
    for name, field in model.model_fields.items():
        inner = table_of(field.annotation)
        if inner is None:
            continue
        place = f"{path}{name}"
        kind = str(field.annotation)
        title = f"[{place}.NAME]" if kind.startswith("dict") else f"[[{place}]]" if "..." in kind else f"[{place}]"
        yield from write_table(title, inner)
        yield from write_tables(f"{place}.", inner)


def write_reference() -> str:
    """Return the whole document."""
    lines = [*write_table("Top", Config), *write_tables("", Config)]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_reference())
