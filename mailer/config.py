"""config.toml, typed; each field carries its help text, and an unknown key is an error that names the nearest."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from mailer.errors import AddressError, ConfigError, NotFoundError
from mailer.i18n import _
from mailer.model.address import is_provider, parse_address
from mailer.model.issue import Role
from mailer.model.outcome import Action, ReplyClass
from mailer.model.pace import parse_limit
from mailer.model.pattern import PatternError, compile_pattern

FILE_NAME = "config.toml"
MOST_KEYS = 2  # of DKIM: one for all receivers, one for those who know better
NAME = r"^[a-z][a-z0-9_-]{0,31}$"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# after postgresql:// come user, host or nothing (a socket), port, database, options
_POSTGRESQL = re.compile(r"([^\s:/?#@]*:?@)?([^\s:/?#@\[\]]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[^\s/?#]*)?(\?[^\s#]*)?")
# lists, relays and schedules are named in file names, URLs and headers
Name = Annotated[str, Field(pattern=NAME)]
SELECTOR = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"  # one label of a name in DNS
Selector = Annotated[str, Field(pattern=SELECTOR)]


class _CurableError(ValueError):
    """A wrong value with its cure; `place` names the key where pydantic cannot tell it."""

    def __init__(self, wrong: str, cure: str, place: tuple[str, ...] = ()) -> None:
        super().__init__(wrong)
        self.cure = cure
        self.place = place


def _parse_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", value) if isinstance(value, str) else None
    if match is None:
        raise _CurableError(_("wrong value"), _("write a number with its unit, such as 30s, 10m, 48h or 2d"))
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _check_address(value: str) -> str:
    try:
        return parse_address(value).text
    except AddressError as error:
        raise _CurableError(error.message, error.cure) from None


def _check_optional_address(value: str) -> str:
    return _check_address(value) if value else ""


def _check_line(value: str) -> str:
    if any(ord(char) < 32 or char in "\x7f\x85\u2028\u2029" for char in value):
        raise _CurableError(_("wrong value"), _("write it on one line, without control characters"))
    return value


def _check_zone(value: str) -> str:
    if value not in available_timezones():
        near = difflib.get_close_matches(value, available_timezones(), 1)
        cure = _("did you mean {near}?").format(near=near[0]) if near else _("write an IANA name such as Asia/Shanghai")
        raise _CurableError(_("no such time zone"), cure)
    return value


def _check_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s?#]*)?", value):
        raise _CurableError(_("wrong value"), _("write an address such as https://news.example.org, or leave it empty"))
    return value.rstrip("/")


def _check_database(value: str) -> str:
    """Refuse what is no PostgreSQL address, and a password in it: settings are shown, copied and kept with the text."""
    if not value:
        return value
    rest = value.removeprefix("postgresql://")
    options = dict(parse_qsl(rest.partition("?")[2]))
    if rest != value and (re.match(r"[^:/?]*:[^@]+@", rest) or not {"password", "sslpassword"}.isdisjoint(options)):
        raise _CurableError(
            _("a password must not stand here"),
            _("take it out; write it to ~/.pgpass (mode 0600) or to the environment variable PGPASSWORD"),
        )
    if rest == value or not _POSTGRESQL.fullmatch(rest):
        raise _CurableError(
            _("this is no address of a PostgreSQL database"),
            _("write postgresql://USER@HOST/DATABASE, or leave it empty for SQLite in var/"),
        )
    return value


def _check_clock(value: object) -> object:
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)", value) if isinstance(value, str) else None
    if match is None:
        raise _CurableError(_("wrong value"), _("write a time of day such as 10:00"))
    return time(int(match[1]), int(match[2]))


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]
Line = Annotated[str, AfterValidator(_check_line)]
Zone = Annotated[str, AfterValidator(_check_zone)]
OptionalZone = Annotated[str, AfterValidator(lambda value: _check_zone(value) if value else "")]


def _check_signing_domain(value: str) -> str:
    if value and not re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", value):
        raise _CurableError(_("wrong value"), _("write a domain in lower case, such as news.example.org"))
    return value


def _check_template(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.mjml\.j2", value):
        raise _CurableError(_("wrong value"), _("name a file in templates/, such as bulletin.mjml.j2"))
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SenderConfig(_Table):
    """Who the bulletin is from."""

    name: Line = Field(description="the name readers see; may be Chinese")
    address: Annotated[str, AfterValidator(_check_address)] = Field(description="From, and the envelope sender")
    reply_to: Annotated[str, AfterValidator(_check_optional_address)] = Field(
        default="", description="where answers and unsubscribe mails go; empty means `address`"
    )

    @property
    def domain(self) -> str:
        """The domain of `address`, in lower case."""
        return self.address.rpartition("@")[2]

    @property
    def answers(self) -> str:
        """The address that readers' answers reach."""
        return self.reply_to or self.address


class ListConfig(_Table):
    """One distribution list."""

    title: Line = Field(description="its name on pages and in List-Id")
    role: Role = Field(description='"报" bodies above, "送" bodies beside and members, "发" bodies below')
    file: str = Field(description="the sheet with its subscribers, from the newsletter folder")
    salutation: Line = Field(
        default="",
        description="the line before the masthead; may hold {name}, {organisation}, {title}, {city}; empty for none",
    )
    template: Annotated[str, AfterValidator(_check_template)] = Field(
        default="bulletin.mjml.j2", description="the template of its HTML, in templates/"
    )
    leave: Literal["unsubscribe", "reply"] = Field(
        default="unsubscribe",
        description="how readers leave: by a link (where public_url is set), or by answering the mail",
    )
    attachments: tuple[Literal["pdf", "files"], ...] = Field(
        default=(), description='what a copy carries: "pdf" the bulletin as PDF, "files" the attachments of the issue'
    )
    tracking: Literal["", "on", "off"] = Field(
        default="", description="whether opens and clicks may be counted; empty: off for 报, on for others"
    )

    @property
    def tracks(self) -> bool:
        """Whether opens and clicks of this list may be counted."""
        return self.tracking == "on" or (self.tracking == "" and self.role is not Role.UPWARD)


def _check_limits(values: object) -> object:
    if not isinstance(values, list | tuple):
        return values
    for value in values:
        try:
            parse_limit(str(value))
        except ValueError:
            raise _CurableError(
                _("wrong value"), _('write how many in how long, such as "8/15m", "40/1d" or "5000/180s"')
            ) from None
    return values


Limits = Annotated[tuple[str, ...], BeforeValidator(_check_limits)]


class RelayConfig(_Table):
    """An SMTP server that takes our mail."""

    host: Annotated[str, Field(min_length=1, max_length=253)] = Field(description="its name")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=465, description="465 for tls, 587 for starttls")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="tls from the start, starttls, or none; certificates are always verified"
    )
    ca_file: str = Field(default="", description="a PEM file of authorities to trust instead of the system's")
    username: Line = Field(default="", description="login; empty for none")
    password_env: str = Field(default="", description="the environment variable that holds the password")
    password_file: str = Field(default="", description="a file that holds the password, mode 0600")
    auth: Literal["password", "xoauth2"] = Field(
        default="password", description='"password", or "xoauth2": a token that token_command prints'
    )
    token_command: str = Field(
        default="", description="the command that prints an access token; run without a shell, again when it is refused"
    )
    connections: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="connections at once")
    limits: Limits = Field(
        default=(), description='how many messages in how long, in any such time: ["8/15m", "40/1d"]; empty: no limit'
    )
    lists: tuple[Name, ...] = Field(default=(), description="only these lists go through it; empty: all")
    domains: tuple[str, ...] = Field(
        default=(), description='only recipients of these domains go through it: ["qq.com", "*.gov.cn"]; empty: all'
    )
    weight: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=1, description="its share among relays that may take the same copy; 0: only when no other works"
    )
    pipelining: bool = Field(default=True, description="send commands ahead where the relay offers PIPELINING")
    receipts: Literal["all", "failures", "none"] = Field(
        default="all",
        description='delivery reports to ask for where the relay offers DSN: "all", "failures" only, or "none"',
    )
    messages_per_connection: Annotated[int, Field(ge=1)] = Field(default=50, description="then a new connection")
    timeout: Duration = Field(default=timedelta(minutes=5), description="longest wait for one reply")
    envelope: Line = Field(
        default="",
        description='envelope sender with a token, e.g. "bounce+{token}@news.example.org"; empty where the relay '
        "wants the login's own address (163, QQ)",
    )

    senders: tuple[Line, ...] = Field(
        default=(),
        description='addresses ("bulletin@zsia.example") and domains ("@zsia.example") it lets us send as; empty: the '
        "login's own address where the login is one, else any",
    )

    @model_validator(mode="after")
    def _check(self) -> "RelayConfig":
        if self.envelope:
            if self.envelope.count("{token}") != 1:
                raise _CurableError(_("wrong value"), _("envelope needs {token} once"), ("envelope",))
            _check_address(self.envelope.replace("{token}", "a" * 40))
        if self.auth == "xoauth2" and not (self.username and self.token_command):
            raise _CurableError(_("is missing"), _("xoauth2 needs username and token_command"), ("token_command",))
        if self.username and self.security == "none":
            raise _CurableError(
                _("a password is never sent in the clear"), _("set security to tls or starttls"), ("security",)
            )
        return self


class DomainConfig(_Table):
    """Recipient domains that share limits of their own, such as those of one provider."""

    names: tuple[str, ...] = Field(min_length=1, description='the domains: ["qq.com", "foxmail.com"]')
    limits: Limits = Field(default=(), description='how many messages in how long, over all relays: ["200/1h"]')
    connections: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="how many messages at once may be under way to them; 0: no limit"
    )

    @field_validator("names")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.strip().lower().removeprefix("@") for one in value)


class RetryConfig(_Table):
    """When a deferred copy is tried again."""

    give_up_after: Duration = Field(default=timedelta(hours=48), description="then the copy is expired")
    scale: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="shrinks every wait, give_up_after too; for rehearsals"
    )
    on_uncertain: Literal["resend", "ask"] = Field(
        default="resend", description="when a relay never answered the final dot: send again after 10 minutes, or ask"
    )


class BouncesConfig(_Table):
    """Where returned mail is found."""

    maildir: str = Field(default="", description="a Maildir that the envelope sender's mail is delivered to")


class DkimConfig(_Table):
    """A key that signs what is sent (two at most); NAME is its selector, and `mailer dkim create NAME` makes it."""

    key_file: Annotated[str, Field(min_length=1)] = Field(
        description="the private key: PKCS #8 in PEM, mode 0600, from the newsletter folder"
    )
    domain: Annotated[str, AfterValidator(_check_signing_domain)] = Field(
        default="",
        description="d=, the sender's domain or one above it; empty: the sender's; never a provider's (163, QQ)",
    )


class ScheduleConfig(_Table):
    """A sending that repeats."""

    when: str = Field(description='"last working day", "first working day" or "day 15"')
    at: Annotated[time, BeforeValidator(_check_clock)] = Field(description="the time of day, such as 10:00")
    timezone: OptionalZone = Field(default="", description="an IANA zone; empty means the newsletter's")
    lists: tuple[str, ...] = Field(default=(), description="list names; empty means all")
    grace: Duration = Field(default=timedelta(hours=2), description="how late it may still start by itself")


def _check_pattern(value: str) -> str:
    try:
        if value:
            compile_pattern(value)
    except PatternError as error:
        raise _CurableError(str(error), error.cure) from None
    return value


def _check_phrase(value: str) -> str:
    if len(" ".join(value.split())) < (3 if value.isascii() else 2):
        raise _CurableError(_("wrong value"), _("write at least three letters, or two Chinese characters"))
    return value


def _check_code(value: str) -> str:
    if not re.fullmatch(r"0|[45]\d{0,2}", value):
        raise _CurableError(_("wrong value"), _('write a reply code or its beginning: "550", "55", "5"; "0" for none'))
    return value


def _check_domain(value: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z0-9-]+", value):
        raise _CurableError(
            _("wrong value"), _('write a domain such as "qq.com", in small letters; those below it are meant too')
        )
    return value


# classes that speak of the reader; to suppress for another would shut somebody out for a fault of ours
_OF_THE_READER = (ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.OPT_OUT)


class ReplyRule(_Table):
    """What a server means by some words. The first rule that fits counts; one's own come before the program's."""

    name: Annotated[str, Field(max_length=50, pattern="^[a-z][a-z0-9-]*$")] = Field(
        description="its handle, shown by `mailer bounces explain`; a-z, 0-9 and -"
    )
    words: tuple[Annotated[str, AfterValidator(_check_phrase)], ...] = Field(
        default=(),
        description="phrases, any of which may stand in the reply; case and the width of signs are no matter",
    )
    match: Annotated[str, AfterValidator(_check_pattern)] = Field(
        default="", description="or a regular expression, case-blind, searched in the enhanced code and the text"
    )
    codes: tuple[Annotated[str, AfterValidator(_check_code)], ...] = Field(
        default=(), description='reply codes it is for, or how they begin, such as "550" or "4"; empty: any'
    )
    domains: tuple[Annotated[str, AfterValidator(_check_domain)], ...] = Field(
        default=(), description="recipients' domains it is for, and those below them; empty: any"
    )
    reply_class: ReplyClass = Field(alias="class", description="what the reply is about; see docs/replies.md")
    action: Action = Field(description="what follows; see docs/replies.md")
    after_issues: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="for suppress_after: after how many issues in a row the address is suppressed"
    )
    retry_after_s: Annotated[int, Field(ge=0, le=86400)] = Field(
        default=0, description="shortest wait before the next try, in seconds; 0: as usual for the class"
    )
    permanent: bool | None = Field(
        default=None, description="whether trying again is of no use; not written: by class and code. A 4yz never is"
    )
    meaning: Line = Field(default="", description="one sentence for people; empty: that of the class")

    @model_validator(mode="after")
    def _check(self) -> "ReplyRule":
        if not self.words and not self.match:
            raise _CurableError(_("the rule fits no reply"), _("add words or match"))
        if (self.action is Action.SUPPRESS_AFTER) != (self.after_issues > 0):
            raise _CurableError(
                _("wrong value"), _("suppress_after needs after_issues, the other actions have none"), ("after_issues",)
            )
        if self.action is Action.SUPPRESS and self.reply_class not in _OF_THE_READER:
            names = ", ".join(_OF_THE_READER)
            cure = _("suppress goes with these classes: {names}; others take suppress_after").format(names=names)
            raise _CurableError(_("wrong value"), cure, ("action",))
        return self


class RepliesConfig(_Table):
    """What replies mean, beyond what the program knows."""

    rules: tuple[ReplyRule, ...] = Field(default=(), description="rules of one's own, asked in this order")

    @model_validator(mode="after")
    def _check(self) -> "RepliesConfig":
        names = [rule.name for rule in self.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise _CurableError(
                    _("two rules have this name"), _("give each its own"), ("rules", str(number), "name")
                )
        return self


class PicturesConfig(_Table):
    """How pictures travel."""

    place: Literal["inline", "hosted"] = Field(
        default="inline", description='"inline": within every copy; "hosted": fetched from public_url when it is read'
    )
    width: Annotated[int, Field(ge=320, le=2560)] = Field(
        default=1280, description="pixels; wider pictures are made smaller (the bulletin shows at most 576)"
    )
    quality: Annotated[int, Field(ge=40, le=95)] = Field(default=82, description="of JPEG, 40 to 95")


class WebConfig(_Table):
    """The public pages; they run only where public_url is set."""

    host: str = Field(default="127.0.0.1", description="the address to listen on; put a TLS proxy before it")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8025, description="the port to listen on")


class Config(_Table):
    """The whole of config.toml."""

    language: Literal["", "zh_CN", "en"] = Field(
        default="", description="of pages and messages; empty: by LANG, and Chinese where that is C or nothing"
    )
    timezone: Zone = Field(default="Asia/Shanghai", description="in which dates and times are shown and meant")
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(default="CN", description="whose working days count")
    public_url: Annotated[str, AfterValidator(_check_url)] = Field(
        default="", description="the address readers reach us at; empty: no web links, answers by mail"
    )
    database: Annotated[str, AfterValidator(_check_database)] = Field(
        default="",
        description="postgresql://USER@HOST/DATABASE; empty: SQLite in var/. The password stands in ~/.pgpass or in "
        "the environment variable PGPASSWORD, never here",
    )
    sender: SenderConfig
    lists: dict[Name, ListConfig] = Field(description="the distribution lists")
    relays: dict[Name, RelayConfig] = Field(default_factory=dict, description="the SMTP servers")
    domains: dict[Name, DomainConfig] = Field(
        default_factory=dict, description="recipient domains with limits of their own"
    )
    retry: RetryConfig = RetryConfig()
    bounces: BouncesConfig = BouncesConfig()
    replies: RepliesConfig = RepliesConfig()
    dkim: dict[Selector, DkimConfig] = Field(default_factory=dict, description="the keys that sign, by selector")
    schedule: dict[Name, ScheduleConfig] = Field(default_factory=dict, description="the repeating sendings")
    pictures: PicturesConfig = PicturesConfig()
    web: WebConfig = WebConfig()

    @model_validator(mode="after")
    def _check_dkim(self) -> "Config":
        sender = self.sender.domain
        for number, (selector, key) in enumerate(self.dkim.items()):
            place = ("dkim", selector)
            if number >= MOST_KEYS:
                cure = _("keep one RSA key, and one Ed25519 key if you like")
                raise _CurableError(_("a copy is signed by two keys at most"), cure, place)
            if is_provider(sender):
                cure = _("take the [dkim] tables out: only {domain} itself can sign for {domain}").format(domain=sender)
                raise _CurableError(_("mail from {domain} cannot be signed by you").format(domain=sender), cure, place)
            # a parent is taken for the organisation's when it has two labels or more; no list of suffixes is asked
            if key.domain and key.domain != sender and not sender.endswith(f".{key.domain}"):
                raise _CurableError(
                    _("d= must align with From, and {domain} is not the domain of {address}").format(
                        domain=key.domain, address=self.sender.address
                    ),
                    _("write {domain} or one above it, or leave it empty").format(domain=sender),
                    (*place, "domain"),
                )
        return self

    @model_validator(mode="after")
    def _check(self) -> "Config":
        if self.pictures.place == "hosted" and not self.public_url:
            raise _CurableError(
                _("hosted pictures need public_url"), _('set public_url, or write "inline"'), ("pictures", "place")
            )
        for table, tables in (("schedule", self.schedule), ("relays", self.relays)):
            for name, settings in tables.items():
                for wanted in settings.lists:
                    if wanted not in self.lists:
                        raise _CurableError(
                            _("there is no list {name}").format(name=wanted),
                            _("config.toml has: {names}").format(names=", ".join(self.lists)),
                            (table, name, "lists"),
                        )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return ZoneInfo(self.timezone)

    def signing_domain(self, selector: str) -> str:
        """Return d= of a key, also of one that has no table yet."""
        table = self.dkim.get(selector)
        return (table.domain if table else "") or self.sender.domain

    def lists_in_order(self) -> tuple[tuple[str, ListConfig], ...]:
        """Every list, 报 before 送 before 发, then as written: the order of sending."""
        order = list(Role)
        return tuple(sorted(self.lists.items(), key=lambda item: order.index(item[1].role)))


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
    if isinstance(cause, _CurableError):
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
            cure = cause.cure if isinstance(cause, _CurableError) else ""
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
        why = _("cannot be read: {why}").format(why=error.strerror)
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


def read_private_file(path: Path, field: str, exposed: str, cure: str = "") -> bytes:
    """Return a file that only its owner may read; `exposed` says what is wrong where others may.

    Raises ConfigError with that, or with `cure` when it cannot be read.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(exposed, file=path, field=field, cure=f"chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        why = _("cannot be read: {why}").format(why=error.strerror)
        raise ConfigError(why, file=path, field=field, cure=cure) from None


def read_password(relay: RelayConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the relay's password from its file or environment variable; empty where there is no login.

    Raises ConfigError when it is not to be had, or when others may read the file. The value is never logged.
    """
    if not relay.username or relay.auth == "xoauth2":
        return ""
    file = home / FILE_NAME
    if relay.password_file:
        path = home / relay.password_file
        exposed = _("the password file may be read by others")
        return read_private_file(path, "password_file", exposed).decode("utf-8").strip()
    if relay.password_env:
        if value := environ.get(relay.password_env):
            return value
        raise ConfigError(
            _("the environment variable {name} is not set").format(name=relay.password_env),
            file=file,
            field="password_env",
        )
    raise ConfigError(
        _("the relay has a username but no password"),
        file=file,
        field="password_env",
        cure=_("name an environment variable in password_env, or a file in password_file"),
    )
