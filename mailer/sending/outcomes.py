"""What becomes of a copy: its outcome settled, and what follows for its relay, its domain and its mailing."""

from collections import deque
from dataclasses import replace

from mailer.errors import StoreError
from mailer.model.delivery import DeliveryStatus
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Outcome,
    Phase,
    Refused,
    RelayFailure,
    SendResult,
    Uncertain,
    Withheld,
)
from mailer.sending.brakes import Brakes
from mailer.sending.copies import Copy
from mailer.sending.pool import Pool
from mailer.sending.settle import MOST_STOPS, Consequence, as_deferral, decide_outcome, due_again, given_back, released
from mailer.sending.suppression import suppress_failed
from mailer.store import claims, settlements
from mailer.store.database import Connection
from mailer.tokens import hash_address

FEW_DEAD, MANY_DEAD = 5, 20  # dead addresses in a row that are strange before, and after the relay took anything
FEW_DOUBTS = 3  # unanswered dots in a row after which a relay rests
VERDICTS = 30  # of a mailing's newest answers, MOST_STOPS refusals of the message hold it


class Outcomes(Brakes):
    """Settles what lanes bring back."""

    _verdicts: dict[int, deque[int]]

    async def settle_result(self, copy: Copy, pool: Pool, result: SendResult) -> bool:
        """Settle what became of a copy; return True when its connection should be replaced."""
        match result:
            case Withheld():
                await self._settle_withheld(copy)
                return True
            case RelayFailure():
                deferred = as_deferral(result)
                if deferred is None:
                    due = due_again(copy.delivery)
                    self._settle(copy, released(result.reply, result.meaning, due))
                    await self.relay_failed(pool, result)
                    return True
                outcome: Outcome = deferred
            case _:
                outcome = result
        consequence = self._consequence(copy, pool, outcome)
        self._settle(copy, consequence.settlement, consequence.suppress_after)
        self.tally.count(copy.delivery.domain, self.loop.time())
        if isinstance(outcome, Accepted):
            if pool.called_dead:
                await self._suppress_the_dead(pool)
            if pool.failed:
                await self._relay_works(pool)
            self.judge(copy.delivery.mailing_id, 0)
            return False
        await self._follow(copy, pool, outcome, consequence)
        return consequence.reconnect

    def _consequence(self, copy: Copy, pool: Pool, outcome: Outcome) -> Consequence:
        accepted = isinstance(outcome, Accepted)
        if accepted:
            pool.accepted, pool.dead_in_a_row, pool.doubts_in_a_row = True, 0, 0
        consequence = decide_outcome(
            outcome,
            copy.delivery,
            self.set.now(),
            self.set.policy,
            self.set.dice() if not accepted else 0.5,
            others_accepted=pool.accepted or copy.delivery.attempts > 0,
        )
        if isinstance(outcome, Refused) and outcome.meaning.reply_class.hard:
            return self._doubt_the_dead(copy, pool, consequence)
        return consequence

    def _doubt_the_dead(self, copy: Copy, pool: Pool, consequence: Consequence) -> Consequence:
        """A relay that calls one address after another dead may have lost its directory: suppress none, then hold.

        Those it called dead before it took any copy are suppressed when it takes one, unless there were so many. After
        a hold the count begins anew: a person has looked.
        """
        pool.dead_in_a_row += 1
        if pool.accepted and pool.dead_in_a_row <= FEW_DEAD:
            return consequence
        if pool.dead_in_a_row >= (MANY_DEAD if pool.accepted else FEW_DEAD):
            pool.dead_in_a_row = 0
            pool.called_dead.clear()
            return replace(consequence, suppress_after=0, stop=MOST_STOPS)
        if not pool.accepted:
            pool.called_dead.append((copy.delivery, consequence))
        return replace(consequence, suppress_after=0)

    async def _suppress_the_dead(self, pool: Pool) -> None:
        called, pool.called_dead = pool.called_dead, []

        def act(connection: Connection) -> None:
            for one, consequence in called:
                suppress_failed(
                    connection,
                    secret=self.set.secret,
                    failed=one,
                    end=consequence.settlement,
                    issues=consequence.suppress_after,
                    now=self.set.now(),
                )

        await self._record(act)

    async def _follow(self, copy: Copy, pool: Pool, outcome: Outcome, consequence: Consequence) -> None:
        """Slow down what was refused for its speed, and hold a mailing that is refused again and again."""
        if isinstance(outcome, Deferred | Refused):
            meaning = outcome.meaning
            if meaning.action is Action.PAUSE_RELAY:
                await self._slow_relay(pool, outcome.reply, meaning.retry_after_s)
            elif consequence.hold_domain_until is not None:
                wait = consequence.hold_domain_until - self.set.now()
                await self._slow_domain(copy.delivery.domain, outcome.reply, wait)
        if isinstance(outcome, Uncertain):
            pool.doubts_in_a_row += 1
            if pool.doubts_in_a_row >= FEW_DOUBTS:
                await self._rest_relay(pool, outcome.reply, 0)
        if self.judge(copy.delivery.mailing_id, consequence.stop):
            await self._hold([copy.delivery.mailing_id], consequence.settlement.reply)

    async def _settle_withheld(self, copy: Copy) -> None:
        """The dot was denied: the reader has left or is suppressed, or the mailing does not run."""
        one = copy.delivery
        address_hash = hash_address(self.set.secret, one.recipient.address.casefold())

        def look(connection: Connection) -> tuple[bool, bool]:
            stopped = settlements.reader_stopped(connection, one.id, address_hash, self.set.now())
            return stopped, any(run.id == one.mailing_id for run in claims.running_mailings(connection, one.mailing_id))

        try:
            stopped, runs = await self.ledger.write(look)
        except StoreError:
            stopped, runs = False, True
        end = given_back(one, Phase.BODY, "withheld")
        if stopped:
            end = replace(end, status=DeliveryStatus.SUPPRESSED, next_attempt_at=None)
        self._settle(copy, end)
        if not runs:
            self.running.discard(one.mailing_id)

    def judge(self, mailing_id: int, stop: int) -> bool:
        """Count an answer towards holding its mailing; True when it must be held."""
        newest = self._verdicts.setdefault(mailing_id, deque(maxlen=VERDICTS))
        newest.append(stop)
        return stop >= MOST_STOPS or (stop > 0 and sum(newest) >= MOST_STOPS)
