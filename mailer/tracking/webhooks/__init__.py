"""Providers that report by HTTP: one file each, registered by its name in the settings.

A further provider is one more file with a `Provider`, a word in config.returned.WebhookConfig, and a line here.
"""

from mailer.tracking.webhooks.amazon_ses import AmazonSes
from mailer.tracking.webhooks.provider import Provider
from mailer.tracking.webhooks.sendcloud import SendCloud

PROVIDERS: dict[str, Provider] = {"amazon_ses": AmazonSes(), "sendcloud": SendCloud()}
