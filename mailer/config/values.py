"""What a value in config.toml may be: each kind is a type that checks it and says the cure."""

import difflib
import functools
import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated
from urllib.parse import parse_qsl
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mailer.errors import AddressError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.pace import parse_limit
from mailer.model.tempo import parse_quiet_hours, parse_span

# lists, relays and schedules are named in file names, URLs and headers
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
SELECTOR = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"  # one label of a name in DNS
Selector = Annotated[str, Field(pattern=SELECTOR)]
# after postgresql:// come user, host or nothing (a socket), port, database, options
_POSTGRESQL = re.compile(r"([^\s:/?#@]*:?@)?([^\s:/?#@\[\]]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[^\s/?#]*)?(\?[^\s#]*)?")


class CurableError(ValueError):
    """A wrong value with its cure; `place` names the key where pydantic cannot tell it."""

    def __init__(self, wrong: str, cure: str, place: tuple[str, ...] = ()) -> None:
        super().__init__(wrong)
        self.cure = cure
        self.place = place


def _parse_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_span(value if isinstance(value, str) else "")
    except ValueError:
        raise CurableError(_("wrong value"), _("write a number with its unit, such as 30s, 10m, 48h or 2d")) from None


def check_address(value: str) -> str:
    """Return an address as it is written everywhere; raises CurableError."""
    try:
        return parse_address(value).text
    except AddressError as error:
        raise CurableError(error.message, error.cure) from None


def _check_line(value: str) -> str:
    if any(ord(char) < 32 or char in "\x7f\x85\u2028\u2029" for char in value):
        raise CurableError(_("wrong value"), _("write it on one line, without control characters"))
    return value


_known_zones = functools.cache(available_timezones)  # which walks through folders


def _check_zone(value: str) -> str:
    if value not in _known_zones():
        near = difflib.get_close_matches(value, _known_zones(), 1)
        cure = _("did you mean {near}?").format(near=near[0]) if near else _("write an IANA name such as Asia/Shanghai")
        raise CurableError(_("no such time zone"), cure)
    return value


def _check_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s?#]*)?", value):
        raise CurableError(_("wrong value"), _("write an address such as https://news.example.org, or leave it empty"))
    return value.rstrip("/")


def _check_database(value: str) -> str:
    """Refuse what is no PostgreSQL address, and a password in it: settings are shown, copied and kept with the text."""
    if not value:
        return value
    rest = value.removeprefix("postgresql://")
    options = dict(parse_qsl(rest.partition("?")[2]))
    if rest != value and (re.match(r"[^:/?]*:[^@]+@", rest) or not {"password", "sslpassword"}.isdisjoint(options)):
        raise CurableError(
            _("a password must not stand here"),
            _("take it out; write it to ~/.pgpass (mode 0600) or to the environment variable PGPASSWORD"),
        )
    if rest == value or not _POSTGRESQL.fullmatch(rest):
        raise CurableError(
            _("this is no address of a PostgreSQL database"),
            _("write postgresql://USER@HOST/DATABASE, or leave it empty for SQLite in var/"),
        )
    return value


def _check_clock(value: object) -> object:
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)", value) if isinstance(value, str) else None
    if match is None:
        raise CurableError(_("wrong value"), _("write a time of day such as 10:00"))
    return time(int(match[1]), int(match[2]))


def _check_quiet_hours(value: str) -> str:
    if value:
        try:
            quiet = parse_quiet_hours(value, "UTC")
        except ValueError:
            raise CurableError(_("wrong value"), _("write two times of day such as 22:00-07:00")) from None
        if quiet.zone != "UTC":
            raise CurableError(_("wrong value"), _("write no zone: the newsletter's is meant"))
    return value


def _check_signing_domain(value: str) -> str:
    if value and not re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", value):
        raise CurableError(_("wrong value"), _("write a domain in lower case, such as news.example.org"))
    return value


def _check_template(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.mjml\.j2", value):
        raise CurableError(_("wrong value"), _("name a file in templates/, such as bulletin.mjml.j2"))
    return value


def _check_limits(values: object) -> object:
    if not isinstance(values, list | tuple):
        return values
    for value in values:
        try:
            parse_limit(str(value))
        except ValueError:
            raise CurableError(
                _("wrong value"), _('write how many in how long, such as "8/15m", "40/1d" or "5000/180s"')
            ) from None
    return values


@dataclass(frozen=True, slots=True)
class Lead:
    """How many days before a due date something is done; working days are counted without days off."""

    days: int
    working: bool = False


LONGEST_LEAD = 60


def parse_lead(text: str) -> Lead | None:
    """Return the lead that a text such as "10d", "10 working days" or "10个工作日" means; None for an empty one."""
    if not text.strip():
        return None
    match = re.fullmatch(r"(\d{1,2})\s*(?:(d|days?|天)|(working days?|个?工作日))", text.strip().lower())
    if match is None or not 1 <= int(match[1]) <= LONGEST_LEAD:
        cure = _('write "10d" or "10 working days", {most} at most, or leave it empty').format(most=LONGEST_LEAD)
        raise CurableError(_("wrong value"), cure)
    return Lead(int(match[1]), working=match[3] is not None)


def _check_lead(value: str) -> str:
    parse_lead(value)
    return value


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]
Period = Annotated[
    timedelta | None, BeforeValidator(lambda value: None if value in ("", None) else _parse_duration(value))
]
Clock = Annotated[time, BeforeValidator(_check_clock)]
Line = Annotated[str, AfterValidator(_check_line)]
Zone = Annotated[str, AfterValidator(_check_zone)]
OptionalZone = Annotated[str, AfterValidator(lambda value: _check_zone(value) if value else "")]
Address = Annotated[str, AfterValidator(check_address)]
OptionalAddress = Annotated[str, AfterValidator(lambda value: check_address(value) if value else "")]
PublicUrl = Annotated[str, AfterValidator(_check_url)]
DatabaseAddress = Annotated[str, AfterValidator(_check_database)]
SigningDomain = Annotated[str, AfterValidator(_check_signing_domain)]
QuietHoursText = Annotated[str, AfterValidator(_check_quiet_hours)]
TemplateName = Annotated[str, AfterValidator(_check_template)]
LeadText = Annotated[str, AfterValidator(_check_lead)]
Limits = Annotated[tuple[str, ...], BeforeValidator(_check_limits)]


class Table(BaseModel):
    """A table of config.toml: it knows all its keys, and does not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
