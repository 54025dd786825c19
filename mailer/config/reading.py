"""Reading config.toml: what is wrong in it becomes a ConfigError with its line and cure."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mailer.config.values import CurableError
from mailer.config.whole import Config
from mailer.errors import ConfigError, NotFoundError
from mailer.i18n import _
from mailer.model.os_words import say_os_error

FILE_NAME = "config.toml"


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Return the line of a key or table in TOML text, as near as a scan can tell; None when it is not written."""
    table: tuple[str, ...] = ()
    best: int | None = None
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            if line.lstrip().startswith("[["):  # one of an array of tables, known by its number from 0
                counts[table] = counts.get(table, -1) + 1
                table += (str(counts[table]),)
            if path[: len(table)] == table:
                best = number
        elif key := re.match(r"\s*([A-Za-z0-9_\-.\"']+)\s*=", line):
            full = (*table, *(part.strip("\"'") for part in key[1].split(".")))
            if path[: len(full)] == full:
                return number
    return best


def _known_keys(path: tuple[str, ...]) -> list[str]:
    """Return the keys that a table may have; `path` holds names of tables and numbers of rows, too."""
    table: type[BaseModel] = Config
    parts = list(path)
    while parts:
        field = table.model_fields.get(parts.pop(0))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if field is None or not inner:
            return []
        if get_origin(field.annotation) is not None and parts:
            parts.pop(0)
        table = inner[0]
    return [field.alias or name for name, field in table.model_fields.items()]


def _to_error(detail: Mapping[str, Any], text: str, file: Path) -> ConfigError:
    path = tuple(str(part) for part in detail["loc"] if part != "[key]")
    cause = (detail.get("ctx") or {}).get("error")
    if isinstance(cause, CurableError):
        path += cause.place
    shown = path[:2] + path[3:] if path[:2] == ("replies", "rules") else path  # which rule, the line tells
    field = ".".join(shown) or None
    line = line_of(text, path) if path else None
    match detail["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(path[-1], _known_keys(path[:-1]), 1, 0.5)
            cure = (
                _("did you mean {near}?").format(near=near[0])
                if near
                else _("known here: {keys}").format(keys=", ".join(_known_keys(path[:-1])))
            )
            return ConfigError(_("unknown key"), file=file, line=line, field=field, cure=cure)
        case "missing":
            return ConfigError(
                _("is missing"), file=file, line=line, field=field, cure=_("add {field}").format(field=field)
            )
        case "value_error":
            cure = cause.cure if isinstance(cause, CurableError) else ""
            return ConfigError(str(cause), file=file, line=line, field=field, cure=cure)
        case "string_pattern_mismatch" | "string_too_long" if path[0] == "replies":
            cure = _("use a-z, 0-9 and -, a letter first, at most 50")
            return ConfigError(_("this name cannot be used"), file=file, line=line, field=field, cure=cure)
        case "string_pattern_mismatch" if "[key]" in detail["loc"]:
            cure = _("use a-z, 0-9, - and _, a letter first, at most 32")
            if path[0] == "dkim":
                cure = _("use a-z, 0-9 and -, no - at either end, at most 63")
            return ConfigError(_("this name cannot be used"), file=file, line=line, field=field, cure=cure)
    return ConfigError(_("wrong value"), file=file, line=line, field=field, cure=_cure_for(detail))


def _cure_for(detail: Mapping[str, Any]) -> str:
    context = detail.get("ctx") or {}
    kind = str(detail["type"])
    if "expected" in context:
        return _("write one of {values}").format(values=context["expected"])
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bounds = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
        return _("it must be {bound}").format(bound=" ".join(f"{bounds[k]} {v}" for k, v in context.items()))
    for prefix, cure in (
        ("int", _("write a whole number")),
        ("float", _("write a number")),
        ("string_type", _("write text in quotes")),
        ("bool", _("write true or false")),
        ("tuple", _("write a list in brackets")),
        ("dict", _("write a table")),
        ("model", _("write a table")),
    ):
        if kind.startswith(prefix):
            return cure
    return _("see docs/config.md")


def load_config(home: Path) -> Config:
    """Read config.toml of a newsletter folder.

    Raises ConfigError naming file, line, field and cure for the first thing that is wrong; NotFoundError where the
    folder has no config.toml.
    """
    file = home / FILE_NAME
    try:
        text = file.read_text("utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise NotFoundError(
            _("{folder} is not a newsletter folder: it has no config.toml").format(folder=home),
            cure=_("make one with `mailer new DIR`, or name it with -C DIR or MAILER_HOME"),
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(_("is not UTF-8 text"), file=file, cure=_("save it as UTF-8")) from None
    except OSError as error:
        why = _("cannot be read: {why}").format(why=say_os_error(error))
        raise ConfigError(why, file=file, cure=_("see that it is a file this user may read")) from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise ConfigError(
            _("is not valid TOML: {why}").format(why=error),
            file=file,
            line=int(at[1]) if at else len(text.splitlines()),
            cure=_("mend the line: text stands in quotes, and every bracket is closed"),
        ) from None
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        found = [(detail["type"] != "extra_forbidden", _to_error(detail, text, file)) for detail in error.errors()]
        raise min(found, key=lambda item: (item[0], item[1].line or 0))[1] from None
