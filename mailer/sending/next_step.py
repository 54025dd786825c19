"""What happens next to a delivery: a pure decision, told to those who ask; the sender makes its own."""

from collections.abc import Sequence
from datetime import datetime

from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.history import DeliveryRecord, NextKind, NextStep
from mailer.model.standing import PaceStanding, Standing

_ENDED = (DeliveryStatus.ACCEPTED, DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED)


def tell_next(
    delivery: DeliveryRecord,
    mailing: MailingRecord,
    tiers: Sequence[Sequence[str]],
    standing: Standing,
    domain: str,
    now: datetime,
    *,
    is_due: bool = True,
) -> NextStep:
    """Return what happens next; tiers are the relays that may take it, domain the name under which its pace is kept.

    is_due: False where the tempo of the mailing keeps its first try back.
    """
    status = delivery.status
    if status in _ENDED:
        return NextStep(NextKind.NOTHING)
    if status is DeliveryStatus.SENDING:
        return NextStep(NextKind.WIRE)
    due = delivery.next_attempt_at
    if status is not DeliveryStatus.PENDING and due is None:
        return NextStep(NextKind.PERSON)
    if mailing.status is not MailingStatus.RUNNING:
        return NextStep(NextKind.MAILING)
    if status is not DeliveryStatus.PENDING:
        return NextStep(NextKind.RESEND, due)
    if due is not None and due > now:
        return NextStep(NextKind.TRY, due)
    if due is None and not is_due:
        opens_at = mailing.openings.get(delivery.list_name) if mailing.tempo.pause else None
        return NextStep(NextKind.TEMPO, opens_at if opens_at is not None and opens_at > now else None)
    if (until := mailing.tempo.quiet_until(now)) is not None:
        return NextStep(NextKind.QUIET, until)
    return _tell_due(tiers, standing, domain)


def _tell_due(tiers: Sequence[Sequence[str]], standing: Standing, domain: str) -> NextStep:
    """Return what one that is due waits for: a relay that works and has room, then its domain, then its turn."""
    if not tiers:
        return NextStep(NextKind.NO_RELAY)
    relays = {one.name: one for one in standing.relays}
    working = next((tier for tier in tiers if any(not _is_held(relays[name]) for name in tier)), None)
    may_take = [relays[name] for name in working or [name for tier in tiers for name in tier]]
    if all(one.waits for one in may_take):
        first = min(may_take, key=lambda one: (one.stopped, _free_at(one, standing.at)))
        return NextStep(NextKind.RELAY, None if first.stopped else _free_at(first, standing.at), first)
    for one in standing.domains:
        if one.name == domain and one.waits:
            return NextStep(NextKind.DOMAIN, _free_at(one, standing.at), one)
    return NextStep(NextKind.TURN)


def _is_held(one: PaceStanding) -> bool:
    return one.stopped or one.held_until is not None


def _free_at(one: PaceStanding, now: datetime) -> datetime:
    return max([now, *(limit.free_at for limit in one.limits), *([one.held_until] if one.held_until else [])])
