"""Relays and domains that must go slower or rest, and mailings that a person must look at."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from mailer.i18n import _
from mailer.model.delivery import MailingStatus
from mailer.model.outcome import Action, RelayFailure, Reply, ReplyClass
from mailer.model.pace import NO_PACE, Pace, let_rest, slow_down, works_again
from mailer.sending.desk import Desk
from mailer.sending.feed import relay_subject
from mailer.sending.pool import Pool
from mailer.store import claims, mailings, pace
from mailer.store.database import Connection

PaceChange = Callable[[Pace, datetime], Pace]
SHORTEST_PAUSE_S = 60  # of a relay that says we are too fast, but not for how long

log = logging.getLogger(__name__)


class Brakes(Desk):
    """Lets relays and domains go slower, and holds mailings."""

    async def relay_failed(self, pool: Pool, failure: RelayFailure) -> None:
        """The relay or our settings failed: it rests, or a person must look; no clock runs meanwhile."""
        pool.proven = False
        if failure.meaning.action is Action.STOP_AND_ASK:
            await self._stop_relay(pool, failure.reply)
        elif failure.meaning.reply_class is ReplyClass.RATE_ACCOUNT:
            await self._slow_relay(pool, failure.reply, failure.meaning.retry_after_s)
        else:
            await self._rest_relay(pool, failure.reply, failure.meaning.retry_after_s)

    async def _rest_relay(self, pool: Pool, reply: Reply, asked_s: int) -> None:
        """Let a relay rest, longer each time in a row."""
        scale = self.set.policy.scale
        await self._change_relay(pool, reply, lambda known, now: let_rest(known, now, asked_s, scale, str(reply)))

    async def _slow_relay(self, pool: Pool, reply: Reply, asked_s: int) -> None:
        lately = self.tally.total(self.loop.time())
        wait = timedelta(seconds=max(asked_s, SHORTEST_PAUSE_S)) * self.set.policy.scale
        pool.proven = False
        await self._change_relay(pool, reply, lambda known, now: slow_down(known, now, wait, lately, str(reply)))

    async def _change_relay(self, pool: Pool, reply: Reply, change: PaceChange) -> None:
        """Change a relay's pace so that it rests, say so beside the mailings that run, and give back what waits."""
        first = not pool.resting
        pool.resting = pool.failed = True
        reason = _("the relay {name} rests, as it said: {reply}").format(name=pool.name, reply=reply)

        def act(connection: Connection) -> None:
            now = self.set.now()
            subject = relay_subject(pool.name)
            known = pace.read_paces(connection, [subject]).get(subject, NO_PACE)
            pace.write_pace(connection, subject, change(known, now), now)
            for number in self.running:
                mailings.note_mailing(connection, number, reason)

        pool.changing += 1
        await self._record(act)
        pool.changing -= 1
        if first:
            log.warning("relay %s rests: %s", pool.name, reply, extra={"relay": pool.name})
        while pool.ready:
            self.give_back(pool.ready.popleft())

    async def _relay_works(self, pool: Pool) -> None:
        """A copy got through: the relay's failures are over."""
        pool.failed = False

        def act(connection: Connection) -> None:
            now = self.set.now()
            subject = relay_subject(pool.name)
            known = pace.read_paces(connection, [subject]).get(subject, NO_PACE)
            pace.write_pace(connection, subject, works_again(known), now)
            for number in self.running:
                mailings.note_mailing(connection, number, "")

        await self._record(act)

    async def _stop_relay(self, pool: Pool, reply: Reply) -> None:
        """A person must look at a relay; mailings that no other relay takes are held."""
        pool.resting = pool.failed = True
        log.error("relay %s asks to stop: %s", pool.name, reply, extra={"relay": pool.name})
        reason = _("the relay {name} asks to stop: {reply}").format(name=pool.name, reply=reply)

        def act(connection: Connection) -> list[int]:
            now = self.set.now()
            subject = relay_subject(pool.name)
            known = pace.read_paces(connection).get(subject, NO_PACE)
            if not known.stopped:  # changed_at then says since when
                stopped = replace(known, stopped=True, reason=str(reply), changed_at=now)
                pace.write_pace(connection, subject, stopped, now)
            paces = pace.read_paces(connection)
            stops = {name for name in self.pools if paces.get(relay_subject(name), NO_PACE).stopped}
            running = claims.running_mailings(connection)
            for one in running:
                mailings.note_mailing(connection, one.id, reason)
            return [one.id for one in running if any(self._stuck(name, stops) for name in one.lists.values())]

        while pool.ready:
            self.give_back(pool.ready.popleft())
        pool.changing += 1
        stuck = await self._record(act)
        pool.changing -= 1
        await self._hold(stuck or [], reply)

    def _stuck(self, list_name: str, stopped: set[str]) -> bool:
        """True when every relay that takes this list is stopped; one for some domains only takes the place of none."""
        takes = {name: one for name, one in self.feed.relays.items() if not one.lists or list_name in one.lists}
        any_domain = [name for name, one in takes.items() if not one.domains]
        return all(name in stopped for name in any_domain or takes)

    async def _slow_domain(self, domain: str, reply: Reply, wait: timedelta) -> None:
        subject = self.feed.domains.subject(domain)
        lately = self.tally.of(self.feed.domains.members(subject), self.loop.time())
        log.info("%s is slowed down for %.1f s: %s", subject, wait.total_seconds(), reply)

        def act(connection: Connection) -> None:
            now = self.set.now()
            known = pace.read_paces(connection, [subject]).get(subject, NO_PACE)
            pace.write_pace(connection, subject, slow_down(known, now, wait, lately, str(reply)), now)

        await self._record(act)
        names = set(self.feed.domains.members(subject))
        for pool in self.pools.values():
            waiting = [copy for copy in pool.ready if copy.delivery.domain in names]
            for copy in waiting:
                pool.ready.remove(copy)
                self.give_back(copy)

    async def _hold(self, numbers: list[int], reply: Reply) -> None:
        reason = _("the relay asks to stop: {reply}").format(reply=reply)
        for number in numbers:
            if number in self.halting:
                continue
            self.running.discard(number)  # before the next await: no other connection may try once more
            self.halting.add(number)
            log.error("mailing %d is held: %s", number, reply, extra={"mailing": number})
            await self._record(partial(self._move_held, number=number, reason=reason))
            self.halting.discard(number)

    def _move_held(self, connection: Connection, number: int, reason: str) -> None:
        mailings.move_mailing(connection, number, MailingStatus.HELD, self.set.now(), reason, why="relay")
