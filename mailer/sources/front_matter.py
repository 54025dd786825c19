"""The YAML front matter of issue.md: masthead, circulation and imprint, every value read as text and typed here.

YAML's own types would turn the postcode 010000 into 4096, a phone into a sum and a date into whatever it looks like.
"""

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

import yaml

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import CirculationLine, Imprint, Issue, Masthead, Role
from mailer.sources.grammar import parse_circulation_label, parse_date, split_bodies

FENCE = "---"
KEYS = (
    "organisation", "title", "publisher", "year", "number", "total", "date", "subject", "preheader", "circulation",
    "imprint",
)  # fmt: skip
_IMPRINT_KEYS = tuple(part.name for part in fields(Imprint))
_PLAIN = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._@（）《》“”·-]*")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before an issue's text."""

    masthead: Masthead
    circulation: tuple[CirculationLine, ...]
    imprint: Imprint
    subject: str
    preheader: str


@dataclass(frozen=True, slots=True)
class _Mapping:
    """A YAML mapping whose keys are known; knows where each value stands."""

    file: Path
    prefix: str
    line: int
    values: dict[str, yaml.Node]

    def error(self, field: str, message: str, cure: str, node: yaml.Node | None = None) -> IssueError:
        node = node or self.values.get(field)
        line = _line_of(node) if node else self.line
        return IssueError(message, file=self.file, line=line, field=self.prefix + field, cure=cure)

    def text(self, field: str) -> str:
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
        return value

    def number(self, field: str, low: int, high: int) -> int | None:
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

    def texts(self, field: str) -> tuple[str, ...]:
        node = self.values[field]
        if not isinstance(node, yaml.SequenceNode):
            return split_bodies(self.text(field))
        return tuple(value for part in node.value if (value := self._scalar(field, part)))

    def mapping(self, field: str, known: tuple[str, ...]) -> "_Mapping":
        node = self.values.get(field)
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            return _Mapping(self.file, f"{self.prefix}{field}.", self.line, {})
        if not isinstance(node, yaml.MappingNode):
            raise self.error(
                field,
                _("this must be a mapping"),
                _("write one `key: value` a line under it, indented; keys: {keys}").format(keys=", ".join(known)),
            )
        return _read_mapping(node, self.file, f"{self.prefix}{field}.", known)


def split_front_matter(text: str, file: Path) -> tuple[str, str, int]:
    """Return the front matter, the body, and how many lines of the file stand before the body."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != FENCE:
        raise IssueError(
            _("does not begin with front matter"),
            file=file,
            line=1,
            cure=_("begin with a line ---, then title, date and the rest, then a line --- again"),
        )
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]) + "\n", "\n".join(lines[number + 1 :]), number + 1
    raise IssueError(
        _("the front matter does not end"), file=file, line=1, cure=_("close it with a line --- before the text")
    )


def read_front_matter(source: str, file: Path) -> FrontMatter:
    """Return what the front matter says; title and date must be there. IssueError names file, line, field, cure."""
    root = _Mapping(file, "", 1, {})
    if (node := _compose(source, file)) is not None:
        if not isinstance(node, yaml.MappingNode):
            raise IssueError(
                _("the front matter is not a mapping"), file=file, line=2, cure=_("write one `key: value` a line")
            )
        root = replace(_read_mapping(node, file, "", KEYS), line=1)  # what is missing is missing below the fence
    day = _read_date(root)
    title = root.text("title")
    if not title.strip():
        raise root.error("title", _("the issue has no title"), _("add a line such as `title: 简报`"))
    masthead = Masthead(
        organisation=root.text("organisation"),
        title=title,
        publisher=root.text("publisher"),
        year=root.number("year", 1900, 2999) or day.year,
        number=root.number("number", 1, 9999),
        total=root.number("total", 1, 999_999),
        date=day,
    )
    return FrontMatter(
        masthead, _read_circulation(root), _read_imprint(root), root.text("subject"), root.text("preheader")
    )


def _compose(source: str, file: Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 1
        raise IssueError(
            _("the front matter is not valid YAML: {why}").format(why=error.problem or error.context or ""),
            file=file,
            line=line,
            cure=_('write `key: value`; put a value that holds : or # between "double quotes"'),
        ) from None
    except (yaml.YAMLError, RecursionError):
        raise IssueError(
            _("the front matter holds characters or nesting that YAML does not allow"),
            file=file,
            line=1,
            cure=_("write it anew as plain `key: value` lines"),
        ) from None
    return node


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 2  # marks count from 0, and the fence stands above


def _read_mapping(node: yaml.MappingNode, file: Path, prefix: str, known: tuple[str, ...]) -> _Mapping:
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
                else _("known here: {keys}").format(keys=", ".join(known))
            )
        raise IssueError(message, file=file, line=_line_of(key_node), field=prefix + key[:60], cure=cure)
    return _Mapping(file, prefix, _line_of(node), values)


def _read_date(root: _Mapping) -> date:
    written = root.text("date")
    if not written.strip():
        raise root.error("date", _("the issue has no date"), _("add a line such as `date: 2020-07-31`"))
    day = parse_date(written)
    if day is None:
        raise root.error(
            "date",
            _("“{value}” is not a date").format(value=written[:40]),
            _("write it as in 2020-07-31 or 2020年7月31日"),
        )
    return day


def _read_circulation(root: _Mapping) -> tuple[CirculationLine, ...]:
    part = root.mapping("circulation", ("报", "送", "发", "抄报", "抄送"))
    bodies: dict[Role, tuple[str, ...]] = {}
    for label in part.values:
        found = parse_circulation_label(f"{label}:")
        role = found[0] if found else Role.SIDEWAYS
        bodies[role] = bodies.get(role, ()) + part.texts(label)
    return tuple(CirculationLine(role, names) for role, names in bodies.items() if names)


def _read_imprint(root: _Mapping) -> Imprint:
    part = root.mapping("imprint", _IMPRINT_KEYS)
    values = {name: part.text(name) for name in _IMPRINT_KEYS}
    return Imprint(**values)


def format_front_matter(issue: Issue) -> str:
    """Return the front matter of an issue with its two fences; what is empty is left out."""
    head = issue.masthead
    pairs: list[tuple[str, str]] = [
        ("organisation", head.organisation),
        ("title", head.title),
        ("publisher", head.publisher),
        ("year", str(head.year)),
        ("number", "" if head.number is None else str(head.number)),
        ("total", "" if head.total is None else str(head.total)),
        ("date", head.date.isoformat()),
        ("subject", issue.subject),
        ("preheader", issue.preheader),
    ]
    lines = [FENCE, *(f"{key}: {_quote(value)}" for key, value in pairs if value)]
    if any(line.bodies for line in issue.circulation):
        lines.append("circulation:")
        for line in issue.circulation:
            lines += [f"  {line.role}:", *(f"    - {_quote(body)}" for body in line.bodies)]
    imprint = [(name, getattr(issue.imprint, name)) for name in _IMPRINT_KEYS]
    if any(value for _name, value in imprint):
        lines += ["imprint:", *(f"  {name}: {_quote(value)}" for name, value in imprint if value)]
    return "\n".join([*lines, FENCE, ""])


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return "".join(_quote_char(char) for char in json.dumps(value, ensure_ascii=False))


def _quote_char(char: str) -> str:
    if char == " " or (unicodedata.category(char)[0] in "LNPSM" and ord(char) <= 0xFFFF):
        return char
    return f"\\U{ord(char):08X}"
