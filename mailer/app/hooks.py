"""What providers report to a house by HTTP."""

import logging
from collections.abc import Callable
from enum import Enum

from mailer.app.ground import Ground
from mailer.app.returned import Returned
from mailer.config import read_webhook_key
from mailer.errors import ConfigError
from mailer.tracking.webhooks import PROVIDERS
from mailer.tracking.webhooks.fetch import CertificateStore, fetch_https
from mailer.tracking.webhooks.provider import HookCall, HookRefusedError
from mailer.tracking.webhooks.recording import record_message

log = logging.getLogger(__name__)


class HookOutcome(Enum):
    """What became of a call."""

    TAKEN = "taken"
    UNKNOWN = "unknown"  # the settings have no such webhook
    REFUSED = "refused"  # it is not the provider's
    LATER = "later"  # something of ours, or a certificate, is missing just now


class Hooks:
    """The webhooks of a house. fetch gets what lies at an address; only tests give another than ours."""

    def __init__(self, ground: Ground, returned: Returned, fetch: Callable[[str], bytes] = fetch_https) -> None:
        self._ground = ground
        self._returned = returned
        self._fetch = fetch
        self._certificates = CertificateStore(fetch)

    def take(self, name: str, body: bytes) -> HookOutcome:
        """Check a call to the webhook of this name and record what it reports. Raises StoreError."""
        ground = self._ground
        config = ground.config.webhooks.get(name)
        if config is None:
            return HookOutcome.UNKNOWN
        provider, now = PROVIDERS[config.provider], ground.now()
        try:
            key = read_webhook_key(name, config, ground.home)
            call = HookCall(body, config, key, now, self._certificates.get, ground.reply_rules)
            message = provider.read(call)
            if message.confirm:
                self._fetch(message.confirm)
                log.info("webhook %s: subscription confirmed", name)
            with ground.store.write() as connection:
                taken = record_message(
                    connection, ground.secret, name, message, body, provider.window, now, self._returned.rules()
                )
        except HookRefusedError as error:
            log.warning("webhook %s: a call was refused: %s", name, error.why)
            return HookOutcome.REFUSED
        except (ConfigError, OSError) as error:
            log.error("webhook %s: a call cannot be taken now: %s", name, error)
            return HookOutcome.LATER
        unknown = sum(one.delivery_id is None for one in taken)
        if unknown:
            log.info("webhook %s: %d of %d reports are about no delivery of ours", name, unknown, len(taken))
        return HookOutcome.TAKEN
