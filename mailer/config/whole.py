"""The whole of config.toml: its top keys, its tables, and what must be right between them."""

from collections.abc import Collection, Iterable
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from mailer.config.approval import ApprovalConfig
from mailer.config.audience import JoiningConfig, RetentionConfig, SegmentConfig
from mailer.config.console import ConsoleConfig
from mailer.config.log import LogConfig
from mailer.config.newsletter import (
    ListConfig,
    PicturesConfig,
    ProofConfig,
    ScheduleConfig,
    SenderConfig,
    StaffConfig,
    WebConfig,
)
from mailer.config.notices import NoticesConfig
from mailer.config.replies import RepliesConfig
from mailer.config.returned import BouncesConfig, SuppressionConfig, WebhookConfig
from mailer.config.sending import DkimConfig, DomainConfig, RelayConfig, RetryConfig, TempoConfig
from mailer.config.tracking import TrackingConfig
from mailer.config.values import CurableError, DatabaseAddress, Name, PublicUrl, Selector, Table, Zone
from mailer.i18n import _
from mailer.model.address import is_provider
from mailer.model.issue import Role
from mailer.model.segment import Filters

MOST_KEYS = 2  # of DKIM: one for all receivers, one for those who know better


class Config(Table):
    """The whole of config.toml."""

    language: Literal["", "zh_CN", "en"] = Field(
        default="", description="of pages and messages; empty: by LANG, and Chinese where that is C or nothing"
    )
    timezone: Zone = Field(default="Asia/Shanghai", description="in which dates and times are shown and meant")
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(default="CN", description="whose working days count")
    calendar: str = Field(
        default="",
        description="a sheet of the days that staff say are worked or free (columns 日期 or date, 休|班 or off|work), "
        "laid over the country's; empty: calendar.csv where there is one",
    )
    public_url: PublicUrl = Field(
        default="", description="the address readers reach us at; empty: no web links, answers by mail"
    )
    database: DatabaseAddress = Field(
        default="",
        description="postgresql://USER@HOST/DATABASE; empty: SQLite in var/. The password stands in ~/.pgpass or in "
        "the environment variable PGPASSWORD, never here",
    )
    sender: SenderConfig
    lists: dict[Name, ListConfig] = Field(description="the distribution lists")
    segments: dict[Name, SegmentConfig] = Field(
        default_factory=dict, description="some readers of lists, to send to them only"
    )
    joining: JoiningConfig = JoiningConfig()
    retention: RetentionConfig = RetentionConfig()
    relays: dict[Name, RelayConfig] = Field(default_factory=dict, description="the SMTP servers")
    domains: dict[Name, DomainConfig] = Field(
        default_factory=dict, description="recipient domains with limits of their own"
    )
    approval: ApprovalConfig = ApprovalConfig()
    retry: RetryConfig = RetryConfig()
    tempo: TempoConfig = TempoConfig()
    bounces: BouncesConfig = BouncesConfig()
    suppression: SuppressionConfig = SuppressionConfig()
    webhooks: dict[Name, WebhookConfig] = Field(
        default_factory=dict, description="providers that report by HTTP; they want public_url"
    )
    replies: RepliesConfig = RepliesConfig()
    dkim: dict[Selector, DkimConfig] = Field(default_factory=dict, description="the keys that sign, by selector")
    schedule: dict[Name, ScheduleConfig] = Field(default_factory=dict, description="the repeating sendings")
    staff: StaffConfig = StaffConfig()
    notices: NoticesConfig = Field(default=NoticesConfig(), description="what staff are told, and where")
    pictures: PicturesConfig = PicturesConfig()
    proof: ProofConfig = ProofConfig()
    web: WebConfig = WebConfig()
    console: ConsoleConfig = ConsoleConfig()
    log: LogConfig = LogConfig()
    tracking: TrackingConfig = Field(default=TrackingConfig(), description="how reading is counted")

    @model_validator(mode="after")
    def _check_dkim(self) -> "Config":
        sender = self.sender.domain
        for number, (selector, key) in enumerate(self.dkim.items()):
            place = ("dkim", selector)
            if number >= MOST_KEYS:
                cure = _("keep one RSA key, and one Ed25519 key if you like")
                raise CurableError(_("a copy is signed by two keys at most"), cure, place)
            if is_provider(sender):
                cure = _("take the [dkim] tables out: only {domain} itself can sign for {domain}").format(domain=sender)
                raise CurableError(_("mail from {domain} cannot be signed by you").format(domain=sender), cure, place)
            # a parent is taken for the organisation's when it has two labels or more; no list of suffixes is asked
            if key.domain and key.domain != sender and not sender.endswith(f".{key.domain}"):
                raise CurableError(
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
            raise CurableError(
                _("hosted pictures need public_url"), _('set public_url, or write "inline"'), ("pictures", "place")
            )
        both = (*self.lists, *self.segments)
        for table, tables, known in (
            ("schedule", self.schedule, both),
            ("relays", self.relays, tuple(self.lists)),
            ("segments", self.segments, tuple(self.lists)),
        ):
            for name, settings in tables.items():
                for wanted in settings.lists:
                    if wanted not in known:
                        raise CurableError(
                            _("there is no list {name}").format(name=wanted),
                            _("config.toml has: {names}").format(names=", ".join(known)),
                            (table, name, "lists"),
                        )
        return self

    @model_validator(mode="after")
    def _check_lists(self) -> "Config":
        for name, one in self.lists.items():
            if one.joining == "staff":
                continue
            if one.follows_file:
                cure = _("take one of the two out: file, or joining")
                raise CurableError(
                    _("nobody joins a list by a link that follows a sheet"), cure, ("lists", name, "joining")
                )
            if not self.public_url:
                cure = _('set public_url, or write "staff"')
                raise CurableError(_("joining by a link needs public_url"), cure, ("lists", name, "joining"))
        for name in self.segments:
            if name in self.lists:
                cure = _("give the segment another name")
                raise CurableError(_("there is a list {name} already").format(name=name), cure, ("segments", name))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return ZoneInfo(self.timezone)

    def signing_domain(self, selector: str) -> str:
        """Return d= of a key, also of one that has no table yet."""
        table = self.dkim.get(selector)
        return (table.domain if table else "") or self.sender.domain

    def base_lists(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return lists as named, with those of a segment in its place; each once."""
        found = (self.segments[name].lists if name in self.segments else (name,) for name in names)
        return tuple(dict.fromkeys(one for lists in found for one in lists))

    def filters_of(self, names: Collection[str]) -> dict[str, Filters]:
        """Return whom of each list these names mean, where that is not everybody: those of its segments together."""
        segments = [self.segments[name] for name in names if name in self.segments]
        found: dict[str, Filters] = {}
        for one in segments:
            for name in one.lists:
                if name not in names:
                    found[name] = (*found.get(name, ()), one.filter)
        return found

    def lists_in_order(self) -> tuple[tuple[str, ListConfig], ...]:
        """Every list, 报 before 送 before 发, then as written: the order of sending."""
        order = list(Role)
        return tuple(sorted(self.lists.items(), key=lambda item: order.index(item[1].role)))
