"""Prints how relays and recipient domains stand, and describes it for scripts."""

from zoneinfo import ZoneInfo

from mailer.cli.drawing import say
from mailer.i18n import _
from mailer.model.standing import PaceStanding, Standing
from mailer.model.standing_words import domain_line, relay_lines


def draw_standing(standing: Standing, zone: ZoneInfo) -> None:
    """Print what keeps mail from going: relays that rest, are stopped or used up, and slowed domains; else nothing."""
    for line, style in relay_lines(standing.waiting_relays, standing.at, zone):
        say(line, style)
    if any(one.stopped for one in standing.relays):
        say("  → " + _("mend what it says, then `mailer resume MAILING` has it tried again"))
    if line := domain_line(standing, zone):
        say(line, "yellow")


def describe_pace(one: PaceStanding) -> dict[str, object]:
    """Return how one relay or domain stands for --json."""
    state = "stopped" if one.stopped else "rests" if one.held_until else "used_up" if one.used_up else "ready"
    used_up = one.used_up
    return {
        "name": one.name,
        "state": state,
        "until": one.held_until or (used_up.free_at if used_up is not None and not one.stopped else None),
        "reason": one.reason,
        "limits": [
            {"limit": str(limit.limit), "left": limit.left, "free_at": limit.free_at, "learnt": limit.learnt}
            for limit in one.limits
        ],
    }
