"""What a template may make of little: caps on its text, lists and numbers, so that it ends soon and stays small.

A template that loops without end or eats memory in another way is stopped by the limits of the child process it runs
in; what stands here is refused at once, with the template's line and a sentence that says why.
"""

import functools
import inspect
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mailer.i18n import _
from mailer.rendering.sentinels import Sentinel, SentinelMisuse, SlotGroup

MAX_TEXT = 12_000_000  # characters of one text; a picture within a page is one
MAX_ITEMS = 100_000
MAX_OUTPUT = 40_000_000  # characters of one rendered template
MAX_PIECES = 1_000_000  # of which it is put together; a bulletin of 60 KB has some thousands
MAX_REPEATS = 10_000
MAX_RANGE = 10_000
MAX_BITS = 256  # of a whole number
# a method that can make a long text out of a short one is not among them: filters do that work, under the caps
TEXT_METHODS = frozenset(
    {"capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal"}
    | {"isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition"}
    | {"removeprefix", "removesuffix", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines"}
    | {"startswith", "strip", "swapcase", "title", "upper"}
)
_OF_JINJA = (nodes.EvalContext, jinja2.Environment, jinja2.runtime.Context)
# these make text of their value; of a list they would make Python's notation, however long it may be
_OF_TEXT = frozenset(
    {"capitalize", "centre", "e", "escape", "lower", "replace", "string", "striptags", "title", "trim", "truncate"}
    | {"upper", "urlencode", "wordcount"}
)


class _CappedCode(CodeGenerator):
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        """Write `a ~ b` as a call that knows the cap; Jinja has no hook for it."""
        self.write("environment.concatenate((")
        for arg in node.nodes:
            self.visit(arg, frame)
            self.write(", ")
        self.write("), context.eval_ctx.autoescape)")


class CappedEnvironment(ImmutableSandboxedEnvironment):
    """Sandboxed; keys of a dict come before its methods, readers' values have no parts, nothing grows past a cap."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})
    code_generator_class = _CappedCode

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return `obj.attribute` as templates see it."""
        return self._pick(obj, attribute, super().getattr)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]` as templates see it."""
        return self._pick(obj, argument, super().getitem)

    def _pick(self, obj: Any, key: Any, otherwise: Callable[[Any, Any], Any]) -> Any:
        if isinstance(obj, SlotGroup):
            return obj.pick(key)
        if isinstance(obj, Sentinel):
            raise SentinelMisuse(_("a value of the reader has no parts"))
        if isinstance(obj, dict) and isinstance(key, str):
            return obj[key] if key in obj else self.undefined(obj=obj, name=key)
        if isinstance(key, str) and isinstance(obj, str) and not key.startswith("_") and key not in TEXT_METHODS:
            raise SecurityError(_("text has no {name} here; a filter may do it").format(name=key))
        if isinstance(key, str) and isinstance(obj, int | float):
            return self.undefined(obj=obj, name=key)
        return otherwise(obj, key)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Work an operator out when its result stays within the caps."""
        _CHECKS[operator](left, right)
        return super().call_binop(context, operator, left, right)

    def concatenate(self, parts: tuple[Any, ...], escaped: bool) -> str:
        """Return `a ~ b ~ c`."""
        for part in parts:
            refuse_lists(part)
        _cap(sum(len(part) if isinstance(part, str) else 0 for part in parts))
        if escaped and any(hasattr(part, "__html__") for part in parts):
            return Markup("").join(parts)
        return "".join(map(str, parts))


def refuse_lists(value: Any) -> None:
    """Raise where a list or dict would be turned into text: that is never meant."""
    if isinstance(value, list | tuple | dict | set | range):
        raise jinja2.TemplateRuntimeError(_("this is not text: {kind}").format(kind=type(value).__name__))


def _cap(size: int, limit: int = MAX_TEXT) -> None:
    if size > limit:
        raise SecurityError(_("this would get too large: {size}, at most {limit}").format(size=size, limit=limit))


def _check_product(left: Any, right: Any) -> None:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple) and isinstance(times, int):
            _cap(times, MAX_REPEATS)
            _cap(len(many) * times, MAX_TEXT if isinstance(many, str) else MAX_ITEMS)
            return
    if isinstance(left, int) and isinstance(right, int):
        _cap_number(left.bit_length() + right.bit_length())


def _check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int):
        _cap_number(base.bit_length() * abs(exponent))


def _check_sum(left: Any, right: Any) -> None:
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        _cap(len(left) + len(right), MAX_TEXT if isinstance(left, str) else MAX_ITEMS)


def _check_remainder(left: Any, _right: Any) -> None:
    if isinstance(left, str):
        raise SecurityError(_("text is not formatted with % here; write the parts one after the other"))


def _cap_number(bits: int) -> None:
    if bits > MAX_BITS:
        raise SecurityError(_("this number would get too large"))


_CHECKS: dict[str, Callable[[Any, Any], None]] = {
    "*": _check_product, "**": _check_power, "+": _check_sum, "%": _check_remainder,
}  # fmt: skip


def capped_range(*bounds: int) -> range:
    """Return Python's range, when it is short."""
    made = range(*bounds)
    _cap(len(made), MAX_RANGE)
    return made


def _check_replace(arguments: dict[str, Any]) -> None:
    text, old, new = (str(arguments[name]) for name in ("s", "old", "new"))
    _cap(len(text) + (text.count(old)) * len(new))


def _check_join(arguments: dict[str, Any]) -> None:
    items, glue = arguments["value"], arguments.get("d", "")
    if arguments.get("attribute") is not None or not isinstance(items, list | tuple):
        return  # the parts of the issue, which is not large
    for item in items:
        refuse_lists(item)
    _cap(sum(len(item) if isinstance(item, str) else 20 for item in items) + len(str(glue)) * len(items))


def _check_pieces(arguments: dict[str, Any]) -> None:
    count = arguments.get("linecount", arguments.get("slices", 1))
    if isinstance(count, int):
        _cap(count, MAX_REPEATS)


def _check_round(arguments: dict[str, Any]) -> None:
    precision = arguments.get("precision", 0)
    if isinstance(precision, int):
        _cap(abs(precision), 20)


def _check_start(arguments: dict[str, Any]) -> None:
    if not isinstance(arguments.get("start", 0), int | float):
        raise SecurityError(_("only numbers are summed"))


def _check_columns(arguments: dict[str, Any]) -> None:
    columns = arguments.get("columns", 0)
    if isinstance(columns, int):
        _cap(columns * len(str(arguments.get("char", " "))), MAX_REPEATS)


_FILTER_CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "replace": _check_replace, "join": _check_join, "batch": _check_pieces, "slice": _check_pieces,
    "round": _check_round, "sum": _check_start, "rule": _check_columns, "centre": _check_columns,
    "spread": _check_columns,
}  # fmt: skip


def guard(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a filter or test that refuses readers' values, lists where it wants text, and results past the caps."""
    check = _FILTER_CHECKS.get(name)

    @functools.wraps(function)  # keeps the mark by which Jinja hands over its context
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(value, Sentinel | SlotGroup) for value in (*args, *kwargs.values())):
            raise SentinelMisuse(_("{filter} does not work on a value of the reader").format(filter=name))
        if name in _OF_TEXT:
            for value in args:
                refuse_lists(value)
        if check:
            # what `map` gives can be looked at only once
            args = tuple(list(islice(value, MAX_ITEMS)) if isinstance(value, Iterator) else value for value in args)
            check(_bind(function, args, kwargs))
        return function(*args, **kwargs)

    return guarded


def _bind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, without what Jinja itself hands over."""
    given = [value for value in args if not isinstance(value, _OF_JINJA)]
    signature = inspect.signature(function)
    names = [name for name in signature.parameters if name not in ("eval_ctx", "environment", "context")]
    return dict(zip(names, given, strict=False)) | kwargs


def gather(pieces: Generator[str, None, None] | Iterator[str]) -> str:
    """Return what a template puts out as one text; stop it once that is longer than a bulletin ever is."""
    parts: list[str] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > MAX_OUTPUT or len(parts) > MAX_PIECES:
            found, limit = (size, MAX_OUTPUT) if size > MAX_OUTPUT else (len(parts), MAX_PIECES)
            fault = SecurityError(
                _("this would get too large: {size}, at most {limit}").format(size=found, limit=limit)
            )
            if isinstance(pieces, Generator):
                pieces.throw(fault)  # raised where the template is, so that its line is known
            raise fault
    return "".join(parts)
