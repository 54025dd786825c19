"""Relays of a house, and the sender that hands mail to them."""

import asyncio
import os

from mailer.app.ground import Ground
from mailer.config import RelayConfig, read_password
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.message import make_letterhead
from mailer.sending.deliver import SendingSettings
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender


class Relays:
    """The way out of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def choose(self) -> tuple[str, RelayConfig]:
        """Return the relay mail goes through. Raises ConfigError when none is set or its password is not to be had."""
        for name, relay in self._ground.config.relays.items():
            read_password(relay, self._ground.home, os.environ)
            here = str(self._ground.home / relay.ca_file) if relay.ca_file else ""
            return name, relay.model_copy(update={"ca_file": here})
        raise ConfigError(
            _("there is no relay to send through"),
            file=self._ground.home / "config.toml",
            field="relays",
            cure=_("add a [relays.main] table with host, port and security"),
        )

    def settings(self) -> SendingSettings:
        """Return what a sender needs."""
        name, relay = self.choose()
        retry = self._ground.config.retry
        return SendingSettings(
            secret=self._ground.secret,
            relay_name=name,
            relay=relay,
            password=read_password(relay, self._ground.home, os.environ),
            policy=RetryPolicy(retry.give_up_after, retry.scale, retry.on_uncertain == "resend"),
            letterheads={
                one: make_letterhead(self._ground.config, one, self._ground.secret) for one in self._ground.config.lists
            },
            now=self._ground.now,
        )

    async def deliver(self, stop: asyncio.Event, only: int | None = None) -> None:
        """Run the sender: one mailing to its end, or all that run until stopped. Raises StateError when one runs."""
        settings = self.settings()
        lock = self._ground.lock("sender")
        lock.require(
            _("another sender works on this folder"), _("follow it with `mailer status`, or stop `mailer serve` first")
        )
        try:
            await run_sender(settings, self._ground.store, stop, only=only)
        finally:
            lock.free()
