"""The settings as they are, to be read only, and what the house finds wrong with itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from mailer.app import House
from mailer.config.descriptions import describe_setting, describe_table
from mailer.errors import MailerError
from mailer.i18n import _
from mailer.web.console.cures import Cure, cure_of, say_error
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


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of the house that is not as it should be, and its cure."""

    text: str
    cure: Cure
    grave: bool = False


def add_settings(desk: Desk) -> None:
    """Add the page of the settings."""
    desk.show("/settings")(show_settings)


def show_settings(visit: Visit) -> Response:
    """All settings, table by table."""
    tables = list(_walk(visit.house.config, ""))
    return visit.page("settings.html.j2", tables=tables, troubles=find_troubles(visit.house))


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


def find_troubles(house: House) -> list[Trouble]:
    """Return what this house should have a person look at, as far as it can be told without the network."""
    found: list[Trouble] = []

    def attempt(act: Any) -> None:
        try:
            act()
        except MailerError as error:
            found.append(Trouble(say_error(error), cure_of(error), grave=True))

    attempt(house.identity.require)
    attempt(house.relays.settings)
    attempt(lambda: house.working_days)
    attempt(house.notices.channels)
    config = house.config
    if not config.public_url:
        found.append(
            Trouble(
                _("There is no public_url: no opens, clicks, archive or one-click unsubscribe by the web."),
                Cure(_("Readers leave by mail. Set public_url where readers can reach this machine.")),
            )
        )
    if not (config.bounces.imap_host or config.bounces.maildir):
        found.append(Trouble(_("Returned mail is not read."), Cure(_("Set imap_host or maildir in [bounces]."))))
    if not config.dkim:
        found.append(
            Trouble(
                _("Mail is not signed (DKIM)."),
                Cure(_("Whoever looks after the machine makes the keys; a 163 or QQ mailbox needs none.")),
            )
        )
    if not config.console.url and config.console.host not in ("127.0.0.1", "::1", "localhost"):
        found.append(
            Trouble(
                _("The console is open to the network without console.url, so without TLS."),
                Cure(_("Put a TLS proxy before it and set console.url.")),
                grave=True,
            )
        )
    if len(house.people.list()) < 2 and config.approval.rules.four_eyes:
        found.append(
            Trouble(
                _("Two pairs of eyes are asked for, and there is one user."),
                Cure(_("Register a second one."), "/users"),
            )
        )
    return found
