"""Who fetched a link or a picture, a person or a machine: a pure function of everything fetched of one copy.

It looks at a copy's whole history, as what a scanner does shows only in its pattern; so a later request may change what
an earlier one was held for. The same history always gives the same verdicts.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.model.reading import Hit, HitKind, Judgement, Verdict
from mailer.tracking.agents import AgentTable

# after the final dot: a relay must still pass the mail on, and a person must see it come in
TOO_SOON = {HitKind.OPEN: timedelta(seconds=3), HitKind.CLICK: timedelta(seconds=8)}
# so many different links of one copy within so long are not one person's doing
BURSTS = ((2, timedelta(seconds=1)), (4, timedelta(seconds=10)), (8, timedelta(seconds=60)))
AROUND_A_BURST = timedelta(seconds=10)  # a scanner that follows the links fetches the picture too

_METHOD = Judgement(Verdict.MACHINE, "method")
_PREFETCH = Judgement(Verdict.MACHINE, "prefetch")
_BEFORE_SENT = Judgement(Verdict.MACHINE, "before-sent")
_TOO_SOON = Judgement(Verdict.MACHINE, "too-soon")
_ALL_LINKS = Judgement(Verdict.MACHINE, "all-links")


def judge_request(hit: Hit, agents: AgentTable) -> Judgement:
    """Return what a request alone says, where nothing is known of the copy."""
    if hit.method != "GET":
        return _METHOD
    if hit.prefetch:
        return _PREFETCH
    return agents.judge(hit.agent, hit.kind)


def judge_history(hits: Sequence[Hit], dots: Sequence[datetime], agents: AgentTable) -> list[Judgement]:
    """Return a judgement for each request of one copy, in their order.

    `hits` are in the order of their times; `dots` are when the copy was handed to a relay, tries that failed included.
    """
    handed_over = sorted(dots)
    bursts = _find_bursts([hit for hit in hits if hit.kind is HitKind.CLICK])
    return [_judge(hit, handed_over, bursts, agents) for hit in hits]


def _judge(
    hit: Hit, handed_over: Sequence[datetime], bursts: Sequence[tuple[datetime, datetime]], agents: AgentTable
) -> Judgement:
    alone = judge_request(hit, agents)
    if alone.verdict is Verdict.MACHINE:
        return alone
    before = bisect_right(handed_over, hit.at)
    if not before:
        return _BEFORE_SENT
    if hit.at - handed_over[before - 1] < TOO_SOON[hit.kind]:
        return _TOO_SOON
    around = AROUND_A_BURST if hit.kind is HitKind.OPEN else timedelta()
    if any(start - around <= hit.at <= end + around for start, end in bursts):
        return _ALL_LINKS
    return alone


def _find_bursts(clicks: Sequence[Hit]) -> list[tuple[datetime, datetime]]:
    """Return the stretches of time in which more links were followed than a person follows."""
    found: list[tuple[datetime, datetime]] = []
    for links, within in BURSTS:
        first = 0
        for last, click in enumerate(clicks):
            while click.at - clicks[first].at > within:
                first += 1
            if len({one.link for one in clicks[first : last + 1]}) >= links:
                found.append((clicks[first].at, click.at))
    return found
