"""Runs the templates of a newsletter: sandboxed, from one folder, with errors that name the template's line.

Templates are written by staff and may come from elsewhere: they see plain values only, reach no file outside their
folder and no Python object. What they may make is capped (sandbox.py); their time and memory are by the child process.
"""

import contextlib
import functools
import hashlib
import re
import string
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import jinja2
from jinja2.ext import Extension
from jinja2.nodes import EvalContext
from markupsafe import Markup

from mailer.config import line_of
from mailer.errors import TemplateError
from mailer.i18n import _
from mailer.rendering.sandbox import CappedEnvironment, capped_range, gather, guard
from mailer.rendering.sentinels import Place, Sentinel, SentinelMisuse
from mailer.rendering.tag_check import suggest_name
from mailer.rendering.text import centre, rule, set_blocks, spread

THEME_FILE = "theme.toml"
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
MAX_FILE_OCTETS = 1_000_000
# what a restyled template needs; those left out read Python objects, or make much out of little
FILTERS = (
    "abs", "batch", "capitalize", "count", "d", "default", "e", "escape", "first", "float", "groupby", "int", "items",
    "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse",
    "round", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "trim", "truncate",
    "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
TEXT_FILTERS: Mapping[str, Callable[..., Any]] = {
    "centre": centre, "rule": rule, "set_blocks": set_blocks, "spread": spread,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The templates of a folder as read at one moment: name → source, with the theme and the hash of it all."""

    folder: Path
    sources: tuple[tuple[str, str], ...]
    theme: Mapping[str, Mapping[str, str | int]]
    digest: str

    def __hash__(self) -> int:
        return hash((self.folder, self.digest))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TemplateSet) and (self.folder, self.digest) == (other.folder, other.digest)


def read_templates(folder: Path) -> TemplateSet:
    """Read every *.j2 under `folder` and its theme.toml.

    Raises TemplateError for a missing folder, a link that leads out of it, and a file that cannot be read.
    """
    if not folder.is_dir():
        raise TemplateError(
            _("there is no templates folder"), file=folder, cure=_("copy templates/ from a new newsletter folder")
        )
    root = folder.resolve()
    sources = tuple((path.relative_to(folder).as_posix(), _read(path, root)) for path in sorted(folder.rglob("*.j2")))
    theme_file = folder / THEME_FILE
    if not theme_file.is_file():
        raise TemplateError(
            _("the theme is missing"), file=theme_file, cure=_("copy it from the templates/ of a new newsletter folder")
        )
    theme_text = _read(theme_file, root)
    digest = hashlib.sha256(repr((sources, theme_text)).encode()).hexdigest()
    return TemplateSet(folder, sources, _parse_theme(theme_text, theme_file), digest)


def _read(path: Path, root: Path) -> str:
    if not path.resolve().is_relative_to(root):
        raise TemplateError(_("this link leads out of the templates folder"), file=path, cure=_("copy the file here"))
    try:
        if path.stat().st_size > MAX_FILE_OCTETS:
            raise TemplateError(_("this template is larger than {n} octets").format(n=MAX_FILE_OCTETS), file=path)
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(
            _("cannot be read: {why}").format(why=error), file=path, cure=_("save it as UTF-8 text")
        ) from None


def _parse_theme(text: str, file: Path) -> Mapping[str, Mapping[str, str | int]]:
    try:
        theme = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise TemplateError(
            _("is not valid TOML: {why}").format(why=error), file=file, line=int(at[1]) if at else None
        ) from None
    for table, values in theme.items():
        for key, value in values.items() if isinstance(values, dict) else [("", values)]:
            if cure := _cure_of_value(table, key, value):
                raise TemplateError(
                    _("this value cannot be used in a style"),
                    file=file,
                    line=line_of(text, (table, key) if key else (table,)),
                    field=f"{table}.{key}" if key else table,
                    cure=cure,
                )
    return theme


def _cure_of_value(table: str, key: str, value: object) -> str:
    """Return what to write instead of a value of the theme, nothing where it is good."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if table == "size" and not number:
        return _("write a whole number of pixels, such as 16")
    if table in ("colour", "dark") and not (isinstance(value, str) and _COLOUR.fullmatch(value)):
        return _("write a colour such as “#C8161D”")
    # theme values stand in CSS, where HTML escaping is no protection
    if not key or not (number or (isinstance(value, str) and not set(value) & set("<>\"'{};\\\n"))):
        return _("write a number or a text without quotes, brackets and semicolons, in a table")
    return ""


class _Unknown(jinja2.StrictUndefined):
    """A name no value has; its error says so in words for staff, and names the nearest."""

    @property
    def _undefined_message(self) -> str:
        name, holder = str(self._undefined_name), self._undefined_obj
        if isinstance(holder, Mapping):
            return _("there is no value {name} here; {near}").format(
                name=name, near=suggest_name(name, map(str, holder))
            )
        return _("there is no value {name} here").format(name=name)


class _Loader(jinja2.BaseLoader):
    def __init__(self, templates: TemplateSet) -> None:
        self._folder = templates.folder
        self._sources = dict(templates.sources)

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._sources:
            raise jinja2.TemplateNotFound(template)
        return self._sources[template], str(self._folder / template), lambda: True


def _fallback(value: Any, text: Any) -> Sentinel:
    if not isinstance(value, Sentinel):
        raise SentinelMisuse(_("fallback is for values of the reader only"))
    return value.with_fallback(text)


def _finalize(value: Any) -> Any:
    """Let text and numbers out; a whole list or nothing at all is a mistake of the template."""
    if isinstance(value, Sentinel):
        return value.put_out(_current_place())
    if isinstance(value, str | int | float | jinja2.Undefined) and not isinstance(value, bool):
        return value
    raise jinja2.TemplateRuntimeError(_("this is not text: {kind}").format(kind=type(value).__name__))


@functools.lru_cache(maxsize=4)
def make_environment(templates: TemplateSet) -> jinja2.Environment:
    """Return the sandbox for these templates; the same set gives the same, already compiled one."""
    return compile_environment(templates)


def compile_environment(templates: TemplateSet, *extensions: type[Extension]) -> jinja2.Environment:
    """Return a new sandbox for these templates."""
    environment = CappedEnvironment(
        loader=_Loader(templates),
        undefined=_Unknown,
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        extensions=["jinja2.ext.loopcontrols", *extensions],
    )
    environment.filters = {name: guard(environment.filters[name], name) for name in FILTERS}
    environment.filters.update({name: guard(setter, name) for name, setter in TEXT_FILTERS.items()}, fallback=_fallback)
    environment.tests = {
        name: guard(cast("Callable[..., Any]", test), name) for name, test in environment.tests.items()
    }
    environment.globals = {"namespace": jinja2.utils.Namespace, "range": capped_range}
    return environment


def _current_place() -> Place:
    """Return the template line being rendered, by the frame that runs it."""
    frame = sys._getframe(1)
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template):
            return Place(template.filename, template.get_corresponding_lineno(frame.f_lineno))
        if frame.f_back is None:
            break
        frame = frame.f_back
    return Place(None, None)


def make_translator(translate: Callable[[str], str]) -> Callable[..., str]:
    """Return the `_` of the templates: `_("… {address} …", address=recipient.address)`.

    It may hold values of the reader, which nothing else may join with text.
    """

    @jinja2.pass_eval_context
    def translated(context: EvalContext, message: str, **values: Any) -> str:
        return join_slots(translate(message), values, context.autoescape)

    return translated


def join_slots(pattern: str, values: Mapping[str, Any], escaped: bool) -> str:
    """Return `pattern` with its {name} fields put in: the one way to join values of the reader with text.

    Fields are bare names, with a format such as {month:02} for numbers; anything else raises as templates do.
    """
    parts: list[str] = []
    for text, name, spec, _conversion in string.Formatter().parse(pattern):
        parts.append(text)
        if name is None:
            continue
        if name not in values:
            raise SentinelMisuse(
                _("there is no field {name} here; known: {known}").format(name=name, known=", ".join(values))
            )
        value = _finalize(values[name])
        parts.append(value if isinstance(value, Markup) else format(value, spec or ""))
    return Markup("").join(parts) if escaped else "".join(parts)


def render_template(templates: TemplateSet, name: str, values: Mapping[str, Any]) -> str:
    """Return the template filled in with plain values.

    Raises TemplateError naming file and line for a missing template or part, a fault of syntax, an unknown name, and
    whatever else goes wrong while it runs.
    """
    environment = make_environment(templates)
    with explained(templates, name):
        return gather(environment.get_template(name).generate(**values))


_FAULTS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@contextlib.contextmanager
def explained(templates: TemplateSet, name: str) -> Iterator[None]:
    """Turn what goes wrong while a template is compiled or runs into a TemplateError with file, line and cure."""
    file = templates.folder / name
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            _("the template is not well formed: {why}").format(why=error.message),
            file=error.filename or file,
            line=error.lineno,
            cure=_("every {% needs its %}, every {{ its }}, every block its end"),
        ) from None
    except jinja2.TemplateNotFound as error:
        missing = str(error.name)
        place = _place_in(error.__traceback__, templates)
        raise TemplateError(
            _("the template {name} is missing").format(name=missing),
            file=place.file or templates.folder / missing,
            line=place.line,
            cure=_("put {file} there; a new newsletter folder has it").format(file=templates.folder / missing),
        ) from None
    except (jinja2.TemplateError, SentinelMisuse, *_FAULTS) as error:
        place = _place_in(error.__traceback__, templates)
        raise TemplateError(
            _("the template cannot be filled in: {why}").format(why=error),
            file=place.file or file,
            line=place.line,
            cure=_("templates/README.md lists the values a template may use"),
        ) from None


def _place_in(traceback: TracebackType | None, templates: TemplateSet) -> Place:
    """Return the innermost template line of a traceback; Jinja has already put template lines into it."""
    files = {str(templates.folder / name) for name, _source in templates.sources}
    place = Place(None, None)
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename in files:
            place = Place(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place
