"""The settings as they are, to be read only, and what the house finds wrong with itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from mailer.config.descriptions import describe_setting, describe_table
from mailer.model.people import Right
from mailer.model.report import Finding
from mailer.web.console.cures import Cure, say_here
from mailer.web.console.desk import Desk, Visit

SECRET = ("password", "secret", "token", "key")  # words of names whose values are never shown


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in its table, its value as text, what it means; changed: it is not the default."""

    name: str
    value: str
    meaning: str
    changed: bool


@dataclass(frozen=True, slots=True)
class SettingsTable:
    """A table of config.toml. path: its name there, empty for the top; about: what it is for."""

    path: str
    about: str
    settings: list[Setting]


def add_settings(desk: Desk) -> None:
    """Add the page of the settings."""
    desk.show("/settings")(show_settings)
    desk.act("/settings/examine", Right.SETTINGS)(examine)


def show_settings(visit: Visit) -> Response:
    """All settings, table by table, and what is seen at a glance to be wrong."""
    return _page(visit, visit.house.doctor.examine(), thorough=False)


def examine(visit: Visit) -> Response:
    """Look the house over thoroughly, over the network too where that is ticked."""
    findings = visit.house.doctor.examine(thorough=True, online=visit.text("online") == "yes")
    return _page(visit, findings, thorough=True)


def _page(visit: Visit, findings: list[Finding], *, thorough: bool) -> Response:
    shown = [_show(visit, one) for one in findings]
    tables = list(_walk(visit.house.config, ""))
    return visit.page("settings.html.j2", tables=tables, findings=shown, thorough=thorough)


def _show(visit: Visit, one: Finding) -> tuple[Finding, Cure]:
    """Return a finding with its cure as the console says them; no page tells where on the machine the house lies."""
    above, cure = f"{visit.house.home}/", say_here(one.cure)
    told = replace(one, place=one.place.replace(above, ""), text=one.text.replace(above, ""))
    return told, Cure(cure.words.replace(above, ""), cure.path)


def _walk(table: BaseModel, path: str) -> Iterator[SettingsTable]:
    """Yield a table with its own settings, then the tables within it."""
    own: list[Setting] = []
    inner: list[SettingsTable] = []
    for name, field in type(table).model_fields.items():
        value: Any = getattr(table, name)
        whole = f"{path}.{name}" if path else name
        meaning = describe_setting(field)
        if isinstance(value, BaseModel):
            inner += _walk(value, whole)
        elif isinstance(value, dict):
            for key, one in value.items():
                if isinstance(one, BaseModel):
                    inner += _walk(one, f"{whole}.{key}")
                else:
                    own.append(Setting(f"{name}.{key}", _shown(name, one), meaning, changed=True))
        elif isinstance(value, tuple | list) and value and isinstance(value[0], BaseModel):
            for number, one in enumerate(value, 1):
                inner += _walk(one, f"{whole}[{number}]")
        else:
            changed = value != field.get_default(call_default_factory=True)
            own.append(Setting(name, _shown(name, value), meaning, changed=changed))
    if own:
        yield SettingsTable(path, describe_table(type(table)), own)
    yield from inner


def _shown(name: str, value: object) -> str:
    words = name.split("_")
    refers = words[-1] in ("env", "file", "command", "version")  # it names where a secret is, and is none
    if value and not refers and any(one in words for one in SECRET) and isinstance(value, str):
        return "••••"
    if isinstance(value, tuple | list | frozenset | set):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value not in ("", None) else "–"
