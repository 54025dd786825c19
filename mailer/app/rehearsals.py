"""Rehearsals of a house: a whole run in a copy of its database, into a sink of our own; nothing leaves."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.app.approvals import Approvals
from mailer.app.forecasts import Forecasts
from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.lists import Lists
from mailer.app.mailings import Mailings
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.errors import ConfigError, StateError
from mailer.i18n import _
from mailer.mail.sink import Sink
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.people import Actor
from mailer.model.rehearsal import Rehearsal
from mailer.model.report import Severity
from mailer.model.standing import Glance
from mailer.ops.identity import Identity
from mailer.publishing.approval import find_approval
from mailer.sending.expected import planned_loads
from mailer.sending.rehearsal import lead_to_sink, tell_lists
from mailer.sending.sender import run_sender
from mailer.store import mailings
from mailer.store.database import Store, open_store
from mailer.store.rehearsal import copy_for_rehearsal, find_untaken

MOST_NAMED = 20  # of those who got no copy
REHEARSER = Actor("rehearsal")  # who approves, in the copy only, what nobody has approved

Follow = Callable[[Callable[[], Glance], "asyncio.Task[None]"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whether the issue is approved: why not (empty where it is), and how many errors the preflight has then."""

    unapproved: str = ""
    errors: int = 0


class _Stage(Ground):
    """The folder of a house with another database, and with settings that lead nowhere but to the sink."""

    def __init__(self, ground: Ground, store: Store, folder: Path, port: int) -> None:
        super().__init__(ground.home, ground.now)
        self.secret = ground.secret
        self.store = store
        self.identity = Identity(lambda: store, lambda: False, ground.home, folder / "state", ground.now)
        self.config = lead_to_sink(ground.config, port)
        self.lists = Lists(self, People(self))
        self.issues = Issues(self, self.lists)
        self.relays = Relays(self)
        self.mailings = Mailings(self, self.issues, self.lists, self.relays)
        self.approvals = Approvals(self, self.issues, self.lists)


class Rehearsals:
    """What a house may try without anyone noticing."""

    def __init__(self, ground: Ground, forecasts: Forecasts) -> None:
        self._ground = ground
        self._forecasts = forecasts

    async def rehearse(self, name: str, lists: Sequence[str], follow: Follow) -> Rehearsal:
        """Run an issue to lists (none: all) as `send` would, in a copy: synced, planned, composed, sent to a sink.

        The copy stands in var/ for as long. One that is not approved is rendered and approved in the copy alone.
        follow is given what watches the run, and its task. Raises what `send` raises before a mailing runs.
        """
        lock = self._ground.lock("rehearsal")
        lock.require(_("another rehearsal runs on this folder"), _("wait until it has ended"))
        folder = self._ground.var / "rehearsal"
        try:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # one that was cut off
            store = await asyncio.to_thread(open_store, "", folder / "mailer.db")
            try:
                async with Sink() as sink:
                    return await self._play(_Stage(self._ground, store, folder, sink.port), sink, name, lists, follow)
            finally:
                store.close()
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            lock.free()

    async def _play(self, stage: _Stage, sink: Sink, name: str, lists: Sequence[str], follow: Follow) -> Rehearsal:
        standing, mailing = await asyncio.to_thread(self._prepare, stage, name, lists)
        settings = stage.relays.settings()
        began = time.monotonic()
        if mailing.status is MailingStatus.RUNNING:
            sending = run_sender(settings, stage.store, asyncio.Event(), only=mailing.id)
            task = asyncio.create_task(sending)
            try:
                await follow(lambda: stage.mailings.glance(str(mailing.id)), task)
            finally:
                if not task.done():
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            await task
        seconds = time.monotonic() - began
        return await asyncio.to_thread(self._tell, stage, sink, mailing.id, standing, seconds)

    def _prepare(self, stage: _Stage, name: str, lists: Sequence[str]) -> tuple[_Standing, MailingRecord]:
        slug = stage.issues.load(name).slug
        if self._ground.has_database:
            with self._ground.store.read() as connection:
                copy_for_rehearsal(connection, stage.store, slug)
        standing = self._approve(stage, name)
        plan = stage.mailings.prepare(name, lists)
        with stage.store.write() as connection:  # nobody's act: whoever may look may rehearse
            planned = stage.mailings.write(connection, plan, None)
        return standing, stage.mailings.start(planned)

    def _approve(self, stage: _Stage, name: str) -> _Standing:
        """See that the copy holds an approval of this very content, and say whether the house does."""
        loaded = stage.issues.read(name)
        with stage.store.write() as connection:
            found = find_approval(connection, loaded.issue, loaded.content, stage.now())
        if not isinstance(found, StateError):
            return _Standing()
        editions = stage.issues.render(loaded)
        errors = [one for one in stage.issues.check(loaded.issue, editions) if one.severity is Severity.ERROR]
        stage.approvals.approve_copy(loaded, editions, REHEARSER)
        return _Standing(found.message, len(errors))

    def _tell(self, stage: _Stage, sink: Sink, mailing_id: int, standing: _Standing, seconds: float) -> Rehearsal:
        summary = stage.mailings.summarise(str(mailing_id))
        with stage.store.read() as connection:
            lists = {number: name for number, name, _edition in mailings.mailing_lists(connection, mailing_id)}
            untaken, missing = find_untaken(connection, mailing_id, MOST_NAMED)
            return Rehearsal(
                issue_slug=summary.mailing.issue_slug,
                status=summary.mailing.status,
                reason=summary.mailing.reason,
                unapproved=standing.unapproved,
                errors=standing.errors,
                lists=tell_lists(connection, summary),
                messages=sink.messages,
                octets=sink.octets,
                largest=sink.largest,
                twice=tuple(sorted(sink.twice)),
                seconds=seconds,
                untaken=untaken,
                missing=missing,
                beyond_ascii=sink.beyond_ascii,
                no_password=self._why_no_password(),
                forecast=self._forecasts.of_loads(planned_loads(connection, mailing_id, lists)),
            )

    def _why_no_password(self) -> str:
        """Return why the real relays could not be logged in to, as far as the settings tell; empty where they could."""
        try:
            Relays(self._ground).access()
        except ConfigError as error:
            return str(error)
        return ""
