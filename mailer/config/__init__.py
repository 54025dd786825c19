"""config.toml, typed; each field carries its help text, and an unknown key is an error that names the nearest."""

from mailer.config.audience import JoiningConfig, RetentionConfig, SegmentConfig
from mailer.config.console import ConsoleConfig, OidcConfig
from mailer.config.newsletter import ListConfig, PicturesConfig, ScheduleConfig, SenderConfig, StaffConfig
from mailer.config.notices import NoticesConfig
from mailer.config.reading import FILE_NAME, line_of, load_config
from mailer.config.replies import RepliesConfig, ReplyRule
from mailer.config.returned import BouncesConfig, SuppressionConfig, WebhookConfig
from mailer.config.secrets import (
    read_client_secret,
    read_mailbox_password,
    read_notice_urls,
    read_password,
    read_private_file,
    read_webhook_key,
)
from mailer.config.sending import DomainConfig, RelayConfig, TempoConfig
from mailer.config.values import SELECTOR, Lead, parse_lead
from mailer.config.whole import Config

__all__ = [
    "BouncesConfig",
    "Config",
    "ConsoleConfig",
    "DomainConfig",
    "FILE_NAME",
    "JoiningConfig",
    "Lead",
    "ListConfig",
    "NoticesConfig",
    "OidcConfig",
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
    "SuppressionConfig",
    "TempoConfig",
    "WebhookConfig",
    "line_of",
    "load_config",
    "parse_lead",
    "read_client_secret",
    "read_mailbox_password",
    "read_notice_urls",
    "read_password",
    "read_private_file",
    "read_webhook_key",
]
