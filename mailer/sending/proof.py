"""Carries proofs to their relays: each copy once, with a permit like any other, and nothing learnt from the answer.

A proof is no delivery. It takes the way a copy of its list to that domain would take, and its permit is counted where
theirs are, so that a relay never sees more than its limits say, whoever sends meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from mailer.errors import InputError
from mailer.i18n import _
from mailer.mail.envelope import Envelope
from mailer.mail.message import Composer, envelope_sender
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.delivery import Delivery
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Meaning,
    Refused,
    RelayFailure,
    Reply,
    SendResult,
    Uncertain,
    Withheld,
)
from mailer.model.proof import ProofCopy, ProofOutcome
from mailer.model.standing import PaceStanding
from mailer.sending.feed import Claim, Domains, Feed
from mailer.sending.settings import SendingSettings
from mailer.sending.standing import read_standing
from mailer.store import pace
from mailer.store.database import Store


@dataclass(frozen=True, slots=True)
class ProofDraft:
    """A copy to be mailed: a delivery that is none of the ledger's, and what composes it."""

    delivery: Delivery
    composer: Composer


@dataclass(frozen=True, slots=True)
class _Route:
    """The relay a copy goes through; empty where none takes it now, and then why, and until when if that is known."""

    relay: str
    why: str = ""
    until: datetime | None = None


async def send_proofs(settings: SendingSettings, store: Store, drafts: Sequence[ProofDraft]) -> list[ProofCopy]:
    """Mail these copies, one after the other, and return what became of each, in the same order.

    None is tried again or waits for a permit. Raises StoreError; what a relay says is an outcome.
    """
    carrier = _Carrier(settings, store)
    try:
        return [await carrier.carry(one) for one in drafts]
    finally:
        await carrier.leave()


class _Carrier:
    """The sessions of one run of proofs. A relay that failed is not tried again: a wrong password is said once."""

    def __init__(self, settings: SendingSettings, store: Store) -> None:
        self._set = settings
        self._store = store
        relays = {name: one.config for name, one in settings.relays.items()}
        self._feed = Feed(relays, Domains(settings.domains), settings.secret, settings.policy.scale, lease="")
        self._sessions: dict[str, SmtpSession] = {}
        self._failed: dict[str, RelayFailure] = {}

    async def carry(self, draft: ProofDraft) -> ProofCopy:
        """Mail one copy."""
        try:
            octets = draft.composer.compose(draft.delivery)
        except InputError as error:
            one = draft.delivery
            return ProofCopy(one.list_name, one.recipient.address, "", ProofOutcome.FAILED, str(error))
        route = await asyncio.to_thread(self._find_route, draft.delivery)
        one = replace(draft.delivery, relay=route.relay)
        if not route.relay:
            return _waiting(one, route)
        failure = self._failed.get(route.relay) or await self._reach(route.relay)
        if failure is not None:
            return self._tell(one, route.relay, failure)
        claim = await asyncio.to_thread(self._take_permit, one)
        if claim is None:
            return _waiting(one, _Route(route.relay, _("the limits leave no room just now")))
        result = await self._send(one, octets)
        if isinstance(result, RelayFailure):
            self._failed[route.relay] = result
        return self._tell(one, route.relay, result)

    async def leave(self) -> None:
        """Close every session."""
        for session in self._sessions.values():
            await session.quit()
        self._sessions.clear()

    async def _reach(self, name: str, *, anew: bool = False) -> RelayFailure | None:
        session = self._sessions.get(name)
        most = self._feed.relays[name].messages_per_connection
        if session is not None and not anew and session.usable and session.sent < most:
            return None
        if session is not None:
            await session.quit()
        access = self._set.relays[name]
        opened = await open_session(access.config, access.credentials, rules=self._set.rules)
        if isinstance(opened, RelayFailure):
            self._failed[name] = opened
            self._sessions.pop(name, None)
            return opened
        self._sessions[name] = opened
        return None

    async def _send(self, one: Delivery, octets: bytes) -> SendResult:
        pattern = self._feed.relays[one.relay].envelope
        sender = envelope_sender(pattern, self._set.letterheads[one.list_name], one.token)
        envelope = Envelope(sender, one.recipient.address, len(octets), one.token)

        async def permit() -> bool:
            return True

        before = self._sessions[one.relay].sent
        result = await self._sessions[one.relay].send(envelope, octets, permit)
        gone = isinstance(result, RelayFailure) and result.meaning.action is Action.RECONNECT
        if before and gone and await self._reach(one.relay, anew=True) is None:  # kept open too long (faults F31-F33)
            result = await self._sessions[one.relay].send(envelope, octets, permit)
        return result

    def _find_route(self, one: Delivery) -> _Route:
        """Return the relay that a copy of this list to this domain would take now."""
        now = self._set.now()
        with self._store.write() as connection:
            paces = pace.read_paces(connection)
            relays = self._feed.relay_gauges(connection, paces, now)
            works = {name: not gauge.pace.is_held(now) for name, gauge in relays.items()}
            room = {name: gauge.room for name, gauge in relays.items()}
            chosen = self._feed.routes.choose(one.list_name, one.domain, "", works, room)
            if chosen is not None:
                return _Route(chosen)
            takers = [name for tier in self._feed.routes.tiers(one.list_name, one.domain) for name in tier]
            standing = read_standing(
                connection, {name: self._feed.relays[name] for name in takers}, self._feed.domains, now,
                self._set.policy.scale,
            )  # fmt: skip
            return _tell_none(standing.relays)

    def _take_permit(self, one: Delivery) -> Claim | None:
        with self._store.write() as connection:
            return self._feed.renew(connection, one, None, self._set.now())

    def _tell(self, one: Delivery, relay: str, result: SendResult) -> ProofCopy:
        address, name = one.recipient.address, one.list_name
        match result:
            case Accepted(reply):
                return ProofCopy(name, address, relay, ProofOutcome.ACCEPTED, str(reply))
            case Deferred(reply, meaning):
                return _judged(one, relay, ProofOutcome.DEFERRED, reply, meaning)
            case Refused(reply, meaning):
                return _judged(one, relay, ProofOutcome.REFUSED, reply, meaning)
            case RelayFailure(reply, meaning):
                return _judged(one, relay, ProofOutcome.FAILED, reply, meaning)
            case Uncertain(reply):
                return ProofCopy(name, address, relay, ProofOutcome.UNCERTAIN, str(reply))
            case Withheld():
                raise AssertionError("a proof's dot is never denied")
            case _:
                assert_never(result)


def _judged(one: Delivery, relay: str, outcome: ProofOutcome, reply: Reply, meaning: Meaning) -> ProofCopy:
    return ProofCopy(
        one.list_name, one.recipient.address, relay, outcome, str(reply), meaning.reply_class, meaning.summary
    )


def _waiting(one: Delivery, route: _Route) -> ProofCopy:
    return ProofCopy(
        one.list_name, one.recipient.address, one.relay, ProofOutcome.WAITS, route.why, free_at=route.until
    )


def _tell_none(relays: Sequence[PaceStanding]) -> _Route:
    """Return why none of the relays that would take a copy does so now, and when the first will."""
    if not relays:
        return _Route("", _("no relay of config.toml takes it"))
    until: list[tuple[datetime, str]] = []
    for one in relays:
        if one.stopped:
            continue
        if one.held_until is not None:
            words = _("the relay {name} rests, as it said: {reply}").format(name=one.name, reply=one.reason or "–")
            until.append((one.held_until, words))
        elif one.used_up is not None:
            words = _("the limit {limit} of relay {name} is used up").format(limit=one.used_up.limit, name=one.name)
            until.append((one.used_up.free_at, words))
    if until:
        moment, words = min(until)
        return _Route("", words, moment)
    words = _("the relay {name} is stopped until a person has looked, as it said: {reply}")
    return _Route("", words.format(name=relays[0].name, reply=relays[0].reason or "–"))
