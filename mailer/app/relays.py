"""Relays of a house, and the sender that hands mail to them."""

import asyncio
import os

from mailer.app.ground import Ground
from mailer.config import RelayConfig, read_password
from mailer.errors import ConfigError, StateError
from mailer.i18n import _
from mailer.mail.message import make_letterhead
from mailer.sending.deliver import SendingSettings
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender
from mailer.store.house import try_sender_lock

TURN_S = 0.5  # how often a sender that waits for its turn looks


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
        """Run the sender: one mailing to its end, or all that run until stopped.

        Only one sender works on a folder and on a database: with `only` this one waits for its turn, else it raises
        StateError.
        """
        settings = self.settings()
        lock = self._ground.lock("sender")
        while not lock.take():
            if only is None:
                raise StateError(
                    _("another sender works on this folder"),
                    cure=_("follow it with `mailer status`, or stop `mailer serve` first"),
                )
            if stop.is_set():
                return
            await asyncio.sleep(TURN_S)
        try:
            await self._deliver_alone(settings, stop, only)
        finally:
            lock.free()

    async def _deliver_alone(self, settings: SendingSettings, stop: asyncio.Event, only: int | None) -> None:
        store = self._ground.store
        if store.is_sqlite:  # the lock on var/ says it all
            await run_sender(settings, store, stop, only=only)
            return
        with store.hold() as connection:
            if not try_sender_lock(connection):
                raise StateError(
                    _("another sender works on this database"), cure=_("only one machine may send; stop the other")
                )
            await run_sender(settings, store, stop, only=only)
