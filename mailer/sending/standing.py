"""How relays and recipient domains stand, for those who look on: reads what senders left, changes and locks nothing."""

from collections.abc import Mapping
from datetime import datetime

from mailer.config import RelayConfig
from mailer.model.pace import NO_PACE, Limit, Pace, Use, free_at, learnt_limit, parse_limit, room_left, waiting_time
from mailer.model.standing import LimitStanding, PaceStanding, Standing
from mailer.sending.feed import Domains, relay_subject
from mailer.store import pace
from mailer.store.database import Connection


def read_standing(
    connection: Connection,
    relays: Mapping[str, RelayConfig],
    domains: Domains,
    now: datetime,
    scale: float,
    remaining: int = 0,
) -> Standing:
    """Return how every relay stands, and which domains rest or were learnt of.

    remaining: how many copies still wait, for what the limits mean for them; a sender need not run.
    """
    paces = pace.read_paces(connection)
    groups = {f"domains:{name}" for name in domains.groups}
    slowed = [name for name in paces if name.startswith("domain:") or name in groups]
    subjects = {relay_subject(name): tuple(parse_limit(text) for text in one.limits) for name, one in relays.items()}
    subjects |= {name: domains.limits(name) for name in sorted({*slowed, *groups})}
    uses = pace.look_at_uses(connection, list(subjects))

    def stand(subject: str, count: int) -> PaceStanding:
        known = paces.get(subject, NO_PACE)
        return judge_pace(subject, subjects[subject], known, uses.get(subject, {}), now, scale, count)

    found = [stand(subject, 0) for subject in subjects if not subject.startswith("relay:")]
    return Standing(
        at=now,
        relays=tuple(stand(relay_subject(name), remaining) for name in relays),
        domains=tuple(one for one in found if one.waits or any(limit.learnt for limit in one.limits)),
    )


def judge_pace(
    subject: str,
    configured: tuple[Limit, ...],
    known: Pace,
    uses: Mapping[int, list[Use]],
    now: datetime,
    scale: float,
    remaining: int,
) -> PaceStanding:
    """Return how one subject stands: pure."""
    learnt = learnt_limit(known, now, scale)
    limits = (*configured, learnt) if learnt is not None else configured
    counted = {limit: _until_now(limit, uses.get(limit.window_s, []), now) for limit in limits}
    held = known.held_until if not known.stopped and known.is_held(now) else None
    wait_s = max((waiting_time(remaining, limit, used, now) for limit, used in counted.items()), default=0.0)
    if held is not None:
        wait_s = max(wait_s, (held - now).total_seconds())
    return PaceStanding(
        name=subject.partition(":")[2],
        limits=tuple(
            LimitStanding(limit, room_left(limit, used, now), free_at(limit, used, now), limit is learnt)
            for limit, used in counted.items()
        ),
        held_until=held,
        stopped=known.stopped,
        reason=known.reason if known.stopped or held is not None else "",
        wait_s=wait_s,
    )


def _until_now(limit: Limit, uses: list[Use], now: datetime) -> list[Use]:
    """Return uses as a sender counts them: what stands beyond the newest slice is of a clock that was set back."""
    first, last = limit.first_slice(now), limit.slice_at(now) + 1
    return [Use(min(one.slice, last), one.used) for one in uses if one.slice >= first]
