"""Tells which template line put out a stretch of a rendered template, through parts, loops and macros.

Nothing is marked while all goes well. Once a fault is found, the template is rendered again with a mark at the start of
every one of its lines; taken out again, the marks are the map from the text to the templates.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from mailer.rendering.environment import TemplateSet, compile_environment, explained
from mailer.rendering.sandbox import gather
from mailer.rendering.sentinels import Place

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # noncharacters: no text is meant to hold them (Unicode §23.7)


@dataclass(frozen=True, slots=True)
class Trace:
    """A rendered template that knows its origins: from `starts[n]` on, the text comes from `places[n]`."""

    text: str
    starts: tuple[int, ...] = field(repr=False)
    places: tuple[Place, ...] = field(repr=False)

    def place_at(self, offset: int) -> Place:
        """Return the template line that put out the character at `offset`."""
        index = bisect_right(self.starts, offset) - 1
        return self.places[index] if index >= 0 else Place(None, None)

    def place_of(self, source: str, offset: int) -> Place:
        """Return the template line of a place in `source`, the text of a rendering without marks.

        They differ only where a template measures its own output; then the same line is looked for in this one.
        """
        if source == self.text:
            return self.place_at(offset)
        start = source.rfind("\n", 0, offset) + 1
        end = source.find("\n", offset)
        found = self.text.find(source[start : end if end >= 0 else None])
        return self.place_at(found + offset - start) if found >= 0 else Place(None, None)


def find_line(
    templates: TemplateSet, name: str, make_values: Callable[[], Mapping[str, Any]]
) -> Callable[[str, int], Place]:
    """Return the function that names the template line behind a character of this template's rendered text.

    `make_values` gives the values it was rendered with once more, its sentinels' manifest unused.
    """

    def locate(plain: str, offset: int) -> Place:
        return trace_template(templates, name, make_values(), plain).place_of(plain, offset)

    return locate


def trace_template(templates: TemplateSet, name: str, values: Mapping[str, Any], plain: str) -> Trace:
    """Render a template again with marks, given `plain`, its text without them, and the same values.

    Raises TemplateError as render_template does.
    """
    places: list[Place] = []
    # no text of the plain rendering can be taken for a mark: its opening stands nowhere in it
    opening = _OPEN + next(str(number) for number in range(len(plain) + 2) if f"{_OPEN}{number}" not in plain) + ":"

    class _Marker(Extension):
        def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
            file = stream.filename or stream.name
            for token in stream:
                if token.type == "data":
                    yield Token(token.lineno, "data", _mark_lines(token, file, places, opening))
                    continue
                if token.type == "variable_begin":
                    places.append(Place(file, token.lineno))
                    yield Token(token.lineno, "data", f"{opening}{len(places) - 1}{_CLOSE}")
                yield token

    environment = compile_environment(templates, _Marker)
    with explained(templates, name):
        marked = gather(environment.get_template(name).generate(**values))
    return _take_out(marked, re.compile(rf"{re.escape(opening)}(\d+){_CLOSE}"), places)


def _mark_lines(token: Token, file: str | None, places: list[Place], opening: str) -> str:
    parts: list[str] = []
    for number, line in enumerate(token.value.split("\n"), token.lineno):
        places.append(Place(file, number))
        parts.append(f"{opening}{len(places) - 1}{_CLOSE}{line}")
    return "\n".join(parts)


def _take_out(marked: str, mark: re.Pattern[str], places: list[Place]) -> Trace:
    parts: list[str] = []
    starts: list[int] = []
    found: list[Place] = []
    position = length = 0
    for match in mark.finditer(marked):
        parts.append(marked[position : match.start()])
        length += match.start() - position
        position = match.end()
        starts.append(length)
        found.append(places[int(match[1])])
    parts.append(marked[position:])
    return Trace("".join(parts), tuple(starts), tuple(found))
