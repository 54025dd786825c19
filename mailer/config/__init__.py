"""config.toml, typed; each field carries its help text, and an unknown key is an error that names the nearest."""

from mailer.config.newsletter import ListConfig, PicturesConfig, ScheduleConfig, SenderConfig, StaffConfig
from mailer.config.notices import NoticesConfig
from mailer.config.reading import FILE_NAME, line_of, load_config
from mailer.config.replies import RepliesConfig, ReplyRule
from mailer.config.secrets import read_notice_urls, read_password, read_private_file
from mailer.config.sending import DomainConfig, RelayConfig, TempoConfig
from mailer.config.values import SELECTOR, Lead, parse_lead
from mailer.config.whole import Config

__all__ = [
    "Config",
    "DomainConfig",
    "FILE_NAME",
    "Lead",
    "ListConfig",
    "NoticesConfig",
    "PicturesConfig",
    "RelayConfig",
    "RepliesConfig",
    "ReplyRule",
    "SELECTOR",
    "ScheduleConfig",
    "SenderConfig",
    "StaffConfig",
    "TempoConfig",
    "line_of",
    "load_config",
    "parse_lead",
    "read_notice_urls",
    "read_password",
    "read_private_file",
]
