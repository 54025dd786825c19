"""config.toml, typed; each field carries its help text, and an unknown key is an error that names the nearest."""

from mailer.config.audience import JoiningConfig, RetentionConfig, SegmentConfig
from mailer.config.newsletter import ListConfig, PicturesConfig, ScheduleConfig, SenderConfig, StaffConfig
from mailer.config.reading import FILE_NAME, line_of, load_config
from mailer.config.replies import RepliesConfig, ReplyRule
from mailer.config.secrets import read_password, read_private_file
from mailer.config.sending import DomainConfig, RelayConfig, TempoConfig
from mailer.config.values import SELECTOR, Lead, parse_lead
from mailer.config.whole import Config

__all__ = [
    "Config",
    "DomainConfig",
    "FILE_NAME",
    "JoiningConfig",
    "Lead",
    "ListConfig",
    "PicturesConfig",
    "RelayConfig",
    "RepliesConfig",
    "ReplyRule",
    "RetentionConfig",
    "SELECTOR",
    "ScheduleConfig",
    "SegmentConfig",
    "SenderConfig",
    "StaffConfig",
    "TempoConfig",
    "line_of",
    "load_config",
    "parse_lead",
    "read_password",
    "read_private_file",
]
