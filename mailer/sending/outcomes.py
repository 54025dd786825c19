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
from mailer.store import claims, settlements
from mailer.store.database import Connection
from mailer.tokens import hash_address

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
            if pool.failed:
                await self._relay_works(pool)
            self.judge(copy.delivery.mailing_id, 0)
            return False
        await self._follow(copy, pool, outcome, consequence)
        return consequence.reconnect

    def _consequence(self, copy: Copy, pool: Pool, outcome: Outcome) -> Consequence:
        accepted = isinstance(outcome, Accepted | Uncertain)
        pool.accepted = pool.accepted or accepted
        return decide_outcome(
            outcome,
            copy.delivery,
            self.set.now(),
            self.set.policy,
            self.set.dice() if not accepted else 0.5,
            others_accepted=pool.accepted or copy.delivery.attempts > 0,
        )

    async def _follow(self, copy: Copy, pool: Pool, outcome: Outcome, consequence: Consequence) -> None:
        """Slow down what was refused for its speed, and hold a mailing that is refused again and again."""
        if isinstance(outcome, Deferred | Refused):
            meaning = outcome.meaning
            if meaning.action is Action.PAUSE_RELAY:
                await self._slow_relay(pool, outcome.reply, meaning.retry_after_s)
            elif consequence.hold_domain_until is not None:
                wait = consequence.hold_domain_until - self.set.now()
                await self._slow_domain(copy.delivery.domain, outcome.reply, wait)
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
