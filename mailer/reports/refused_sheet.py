"""Writes what an import refused to a sheet that can be mended and imported in turn, with all that its rows held."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mailer.model.contact_sheet import ATTRIBUTE, FIELDS, REFUSED_HEADINGS, RefusedCell, attribute_heading
from mailer.reports.contact_file import open_sheet

Column = tuple[str, int]  # a heading, and how often it stood in its row before


@contextmanager
def write_refused(file: Path | None) -> Iterator[Callable[[RefusedCell], None]]:
    """Give what takes refused cells; at the end they become a sheet, if there are any and a file is named.

    Behind our own columns stand the attributes and all other columns of the sheets they came from. They wait in a
    file without a name, as only the last of them tells which columns there are. Raises as `open_sheet`.
    """
    if file is None:
        yield lambda _one: None
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting:
        columns: dict[Column, None] = {}

        def take(one: RefusedCell) -> None:
            others = _read_others(one)
            columns.update(dict.fromkeys(others))
            line = [*_read_own(one), [[*column, text] for column, text in others.items()]]
            waiting.write(json.dumps(line) + "\n")  # in ASCII: a cell may hold half a surrogate pair

        yield take
        if waiting.tell():
            waiting.seek(0)
            _write(file, waiting, list(columns))


def _read_own(one: RefusedCell) -> list[str]:
    place = one.place
    column = f"{place.letter} {place.heading}".strip()
    fields = [one.values.get(name, "") for name in FIELDS]
    return [*fields, place.sheet, str(place.row), column, one.value, one.first, one.reason, one.cure]


def _read_others(one: RefusedCell) -> dict[Column, str]:
    found: dict[Column, str] = {
        (attribute_heading(name.removeprefix(ATTRIBUTE)), 0): text
        for name, text in one.values.items()
        if name.startswith(ATTRIBUTE)
    }
    met: Counter[str] = Counter(heading for heading, _number in found)
    for heading, text in one.beside:
        found[heading, met[heading]] = text
        met[heading] += 1
    return found


def _write(file: Path, waiting: IO[str], columns: list[Column]) -> None:
    with open_sheet(file, (*REFUSED_HEADINGS, *(heading for heading, _number in columns)), "退回") as writer:
        for line in waiting:
            *own, others = json.loads(line)
            texts = {(heading, number): text for heading, number, text in others}
            writer.write([*own, *(texts.get(column, "") for column in columns)])
