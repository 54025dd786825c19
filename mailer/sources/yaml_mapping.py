"""A YAML mapping with known keys, every value read as text and typed here, each error with its line and cure.

YAML's own types would turn the postcode 010000 into 4096, a phone into a sum and a date into whatever it looks like.
"""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.grammar import parse_date, split_bodies
from mailer.sources.yaml_faults import explain_yaml, quote_cure

MAX_LENGTH = 50_000  # characters; the front matter of a bulletin with a long circulation line has some thousands
MAX_OPEN = 20  # brackets open at the end of a line; PyYAML takes seconds over thousands
_QUOTE_REST = {'"': re.compile(r"(?:[^\"\\]|\\.)*+\""), "'": re.compile(r"[^']*'")}
_CUT_OFF = re.compile(r"[ \t]+#[^\s#]")  # 第7期 #7: YAML takes it for a comment, as "# words" is one
_TRUTH = dict.fromkeys(("true", "yes", "on", "是"), True) | dict.fromkeys(("false", "no", "off", "否"), False)


@dataclass(frozen=True, slots=True)
class YamlMapping:
    """A YAML mapping whose keys are known; knows where each value stands."""

    file: Path
    prefix: str
    line: int
    values: dict[str, yaml.Node]

    def error(self, field: str, message: str, cure: str, node: yaml.Node | None = None) -> IssueError:
        """Return the error that a value is wrong, at its line."""
        node = node or self.values.get(field)
        line = _line_of(node) if node else self.line
        return IssueError(message, file=self.file, line=line, field=self.prefix + field, cure=cure)

    def text(self, field: str) -> str:
        """Return a text of one line, empty where the key is not there."""
        node = self.values.get(field)
        return "" if node is None else self._scalar(field, node)

    def _scalar(self, field: str, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            message, cure = _("this is a list or mapping, not a text"), _("write one value on the line")
            raise self.error(field, message, cure, node)
        value = str(node.value)
        if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
            message = _("the value holds a line end or control character")
            raise self.error(field, message, _("write it on one line, without them"), node)
        behind = node.end_mark.buffer[node.end_mark.pointer :] if node.style is None and node.end_mark.buffer else ""
        if _CUT_OFF.match(behind):
            raise self.error(field, _("what stands behind the # is not read"), quote_cure(), node)
        return value

    def number(self, field: str, low: int, high: int) -> int | None:
        """Return a whole number from low to high, None where there is none."""
        value = self.text(field).strip()
        if not value:
            return None
        if not (value.isdecimal() and len(value) <= 9 and low <= int(value) <= high):
            raise self.error(
                field,
                _("“{value}” is not a number from {low} to {high}").format(value=value[:40], low=low, high=high),
                _("write digits only"),
            )
        return int(value)

    def day(self, field: str) -> date | None:
        """Return a date, None where there is none."""
        written = self.text(field)
        if not written.strip():
            return None
        day = parse_date(written)
        if day is None:
            raise self.error(
                field,
                _("“{value}” is not a date").format(value=written[:40]),
                _("write it as in 2020-07-31 or 2020年7月31日"),
            )
        return day

    def choice(self, field: str, known: tuple[str, ...]) -> str:
        """Return one of the known words, the first where the key is not there."""
        value = self.text(field).strip()
        if not value or value in known:
            return value or known[0]
        near = difflib.get_close_matches(value.lower(), known, 1, 0.5)
        raise self.error(
            field,
            _("“{value}” is none of {known}").format(value=value[:40], known=_(", ").join(known)),
            _("did you mean {near}?").format(near=near[0]) if near else _("write one of them"),
        )

    def truth(self, field: str) -> bool:
        """Return yes or no; no where the key is not there."""
        value = self.text(field).strip()
        if value and value.lower() not in _TRUTH:
            raise self.error(
                field, _("“{value}” is neither true nor false").format(value=value[:40]), _("write true or false")
            )
        return _TRUTH.get(value.lower(), False)

    def bodies(self, field: str) -> tuple[str, ...]:
        """Return a list of texts, or those of one line split at 、，； as circulation lines are."""
        if isinstance(self.values[field], yaml.SequenceNode):
            return tuple(value for value, _line in self.listing(field))
        return split_bodies(self.text(field))

    def listing(self, field: str) -> tuple[tuple[str, int], ...]:
        """Return the texts of a list, or the one text that stands in its place, each with its line."""
        node = self.values.get(field)
        if node is None:
            return ()
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple((value, _line_of(part)) for part in parts if (value := self._scalar(field, part)))

    def mapping(self, field: str, known: tuple[str, ...]) -> "YamlMapping":
        """Return the mapping under a key, an empty one where it is not there."""
        node = self.values.get(field)
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            return YamlMapping(self.file, f"{self.prefix}{field}.", self.line, {})
        if not isinstance(node, yaml.MappingNode):
            raise self.error(
                field,
                _("this must be a mapping"),
                _("write one `key: value` a line under it, indented; keys: {keys}").format(keys=_(", ").join(known)),
            )
        return _read(node, self.file, f"{self.prefix}{field}.", known)


def read_mapping(source: str, file: Path, known: tuple[str, ...]) -> YamlMapping:
    """Return the mapping that YAML text is; lines count from the fence above it. IssueError for whatever it is not."""
    node = _compose(source, file)
    if node is None:
        return YamlMapping(file, "", 1, {})
    if not isinstance(node, yaml.MappingNode):
        raise IssueError(
            _("the front matter is not a mapping"), file=file, line=2, cure=_("write one `key: value` a line")
        )
    return YamlMapping(file, "", 1, _read(node, file, "", known).values)  # what is missing is missing below the fence


def _compose(source: str, file: Path) -> yaml.Node | None:
    _check_size(source, file)
    try:
        node: yaml.Node | None = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        fault = explain_yaml(error, source)
        raise IssueError(fault.sentence, file=file, line=fault.line + 2, cure=fault.cure) from None
    except (yaml.YAMLError, RecursionError):
        raise _not_yaml(file, 1) from None
    return node


def _not_yaml(file: Path, line: int) -> IssueError:
    return IssueError(
        _("the front matter holds characters or nesting that YAML does not allow"),
        file=file,
        line=line,
        cure=_("write it anew as plain `key: value` lines"),
    )


def _check_size(source: str, file: Path) -> None:
    if len(source) > MAX_LENGTH:
        raise IssueError(
            _("the front matter is longer than {n} characters").format(n=MAX_LENGTH),
            file=file,
            line=1,
            cure=_("close it with a line --- before the text"),
        )
    opened = 0
    for number, line in enumerate(source.split("\n"), 2):
        bare = _unquoted(line)
        opened = max(0, opened + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))
        if opened > MAX_OPEN or sum(map(bare.count, "[{?")) > 10 * MAX_OPEN:
            raise _not_yaml(file, number)


def _unquoted(line: str) -> str:
    """Return the line without its quoted parts, in linear time: a quote that never closes is looked for once."""
    parts: list[str] = []
    at = 0
    open_for_ever: set[str] = set()
    for match in re.finditer("[\"']", line):
        if match.start() < at or match[0] in open_for_ever:
            continue
        rest = _QUOTE_REST[match[0]].match(line, match.end())
        if rest is None:
            open_for_ever.add(match[0])
            continue
        parts.append(line[at : match.start()])
        at = rest.end()
    return "".join([*parts, line[at:]])


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 2  # marks count from 0, and the fence stands above


def _read(node: yaml.MappingNode, file: Path, prefix: str, known: tuple[str, ...]) -> YamlMapping:
    values: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        if key in known and key not in values:
            values[key] = value
            continue
        if key in values:
            message, cure = _("this key is there twice"), _("keep one of the two")
        else:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            message = _("unknown key")
            cure = (
                _("did you mean {near}?").format(near=near[0])
                if near
                else _("known here: {keys}").format(keys=_(", ").join(known))
            )
        raise IssueError(message, file=file, line=_line_of(key_node), field=prefix + key[:60], cure=cure)
    return YamlMapping(file, prefix, _line_of(node), values)
