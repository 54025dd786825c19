"""Relays of a house, and the sender that hands mail to them."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mailer.app.ground import Ground
from mailer.config import RelayConfig, read_password
from mailer.errors import ConfigError, NotFoundError, StateError, StoreError
from mailer.i18n import _
from mailer.mail.credentials import Credentials
from mailer.mail.message import make_letterhead
from mailer.model.audit import Act, Subject
from mailer.model.identity import Hold
from mailer.model.people import Right
from mailer.model.standing import Standing
from mailer.ops.identity import refuse_held
from mailer.publishing.people import require
from mailer.sending.feed import Domains
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender
from mailer.sending.settings import RelayAccess, SendingSettings
from mailer.sending.standing import read_standing
from mailer.store import audit, pace
from mailer.store.database import Connection, Store
from mailer.store.house import is_alive, try_sender_lock

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer

log = logging.getLogger(__name__)

TURN_S = 0.5  # how often a sender that waits for its turn looks
BEAT_S = 60.0  # how often a sender that works counts the house on
HELD_LOOK_S = 5.0  # how often a sender of a held house looks whether a person has confirmed it


class Relays:
    """The way out of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def access(self, lists: Sequence[str] = ()) -> dict[str, RelayAccess]:
        """Return every relay with its credentials.

        Raises ConfigError when there is none, when the password of one is not to be had, or when one of these lists has
        no relay that takes it.
        """
        found = {name: self._access(name, relay) for name, relay in self._ground.config.relays.items()}
        if not found:
            raise ConfigError(
                _("there is no relay to send through"),
                file=self._ground.home / "config.toml",
                field="relays",
                cure=_("add a [relays.main] table with host, port and security"),
            )
        for one in lists:
            if not any(not access.config.lists or one in access.config.lists for access in found.values()):
                raise ConfigError(
                    _("no relay takes the list {name}").format(name=one),
                    file=self._ground.home / "config.toml",
                    field="relays",
                    cure=_("add it to the `lists` of a relay, or leave `lists` of one empty"),
                )
        return found

    def access_one(self, name: str) -> RelayAccess:
        """Return one relay with its credentials. Raises NotFoundError, ConfigError as `access`."""
        relay = self._ground.config.relays.get(name)
        if relay is None:
            known = _(", ").join(self._ground.config.relays) or "–"
            raise NotFoundError(
                _("there is no relay {name}").format(name=name[:40] or "–"),
                cure=_("config.toml has: {names}").format(names=known),
            )
        return self._access(name, relay)

    def _access(self, name: str, relay: RelayConfig) -> RelayAccess:
        try:
            password = read_password(relay, self._ground.home, os.environ)
        except ConfigError as error:
            error.field = f"relays.{name}.{error.field}"
            raise
        here = str(self._ground.home / relay.ca_file) if relay.ca_file else ""
        credentials = Credentials(password, relay.token_command if relay.auth == "xoauth2" else "")
        return RelayAccess(relay.model_copy(update={"ca_file": here}), credentials)

    def settings(self, relays: Mapping[str, RelayAccess] | None = None) -> SendingSettings:
        """Return what a sender needs; relays: only these (none: all)."""
        config = self._ground.config
        retry = config.retry
        return SendingSettings(
            secret=self._ground.secret,
            relays=self.access() if relays is None else relays,
            policy=RetryPolicy(retry.give_up_after, retry.scale, retry.on_uncertain == "resend"),
            letterheads={one: make_letterhead(config, one, self._ground.secret) for one in config.lists},
            now=self._ground.now,
            domains=config.domains,
            signers=self._signers(),
            rules=self._ground.reply_rules,
        )

    def lift_stops(self, connection: Connection) -> int:
        """Let relays that asked to stop be tried again, as a person has looked; return how many."""
        lifted = pace.lift_stops(connection)
        if lifted:
            log.info("%d relays that had asked to stop are tried again", lifted)
        return lifted

    def lift(self, by: str) -> int:
        """Let relays that asked to stop be tried again, by a person's word; return how many. Raises StateError."""
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.RELEASE)
            lifted = self.lift_stops(connection)
            if lifted:
                audit.record(connection, actor, Act.RESUME, Subject("house", ""), self._ground.now(), relays=lifted)
            return lifted

    def standing(self, lists: Sequence[str] = (), remaining: int = 0) -> Standing:
        """Return how the relays that take these lists (none: all relays) stand, and which domains are slowed down.

        remaining: how many copies still wait. It is read from the database, whoever sends; nothing is changed.
        """
        with self._ground.store.read() as connection:
            return self.read_standing(connection, lists, remaining)

    def read_standing(self, connection: Connection, lists: Sequence[str] = (), remaining: int = 0) -> Standing:
        """Return the same within a view that is open already."""
        config = self._ground.config
        relays = {
            name: one
            for name, one in config.relays.items()
            if not lists or not one.lists or any(wanted in one.lists for wanted in lists)
        }
        now = self._ground.now()
        return read_standing(connection, relays, Domains(config.domains), now, config.retry.scale, remaining)

    def _signers(self) -> "Sequence[Signer]":
        if not self._ground.config.dkim:
            return ()
        from mailer.mail.dkim import load_signers  # cryptography is slow to load

        return load_signers(self._ground.config, self._ground.home)

    async def deliver(self, stop: asyncio.Event, only: int | None = None) -> None:
        """Run the sender: one mailing to its end, or all that run until stopped.

        Only one sender works on a folder and on a database: with `only` this one waits for its turn, else it raises
        StateError. A house that was restored, cloned or moved sends nothing: with `only` that is a HouseHeldError, else
        it is waited for; where it is found in the middle, what is on the wire ends and nothing more is begun.
        """
        settings = self.settings()
        while not stop.is_set():
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
                hold = await self._deliver_alone(settings, stop, only)
            finally:
                lock.free()
            if hold is None:
                return
            if only is not None:
                raise refuse_held(hold)
            await _wait(stop, HELD_LOOK_S)

    async def _deliver_alone(self, settings: SendingSettings, stop: asyncio.Event, only: int | None) -> Hold | None:
        """Run the sender, which has the folder's lock; return why the house is held, where that kept or ended it."""
        if hold := await asyncio.to_thread(self._ground.identity.beat):
            return hold
        store = self._ground.store
        halt, lost = asyncio.Event(), asyncio.Event()
        with ExitStack() as kept:
            # for SQLite the lock on var/ says it all
            connection = None if store.is_sqlite else kept.enter_context(store.hold())
            if connection is not None and not try_sender_lock(connection):
                raise _another_sender()
            beating = asyncio.create_task(self._keep_beating(halt))
            watching = [beating, *(asyncio.create_task(_forward(cause, halt)) for cause in (stop, lost))]
            if connection is not None:
                watching.append(asyncio.create_task(_keep_lock(store, connection, kept, lost)))
            try:
                await run_sender(settings, store, halt, only=only)
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
        if lost.is_set():
            raise _another_sender()
        return None if beating.cancelled() else beating.result()

    async def _keep_beating(self, halt: asyncio.Event) -> Hold:
        """Count the house on each minute until it may no longer send; then halt, and return why."""
        while True:
            await asyncio.sleep(BEAT_S)
            with contextlib.suppress(StoreError):  # the sender itself says so, and begins nothing that it cannot record
                if hold := await asyncio.to_thread(self._ground.identity.beat):
                    halt.set()
                    return hold


def _another_sender() -> StateError:
    return StateError(_("another sender works on this database"), cure=_("only one machine may send; stop the other"))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _forward(cause: asyncio.Event, effect: asyncio.Event) -> None:
    await cause.wait()
    effect.set()


async def _keep_lock(store: Store, connection: Connection, held: ExitStack, lost: asyncio.Event) -> None:
    """Take the sender lock anew when the server has ended the connection that held it; lost: another was first."""
    while not lost.is_set():
        await asyncio.sleep(TURN_S)
        if await asyncio.to_thread(is_alive, connection):
            continue
        with contextlib.suppress(StoreError):  # the server is not back yet
            connection = held.enter_context(store.hold())
            if not await asyncio.to_thread(try_sender_lock, connection):
                lost.set()
