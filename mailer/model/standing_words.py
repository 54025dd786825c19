"""Words for how relays and recipient domains stand: what their limits leave, why one rests, what is slowed down."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.i18n import N_, _, ngettext
from mailer.model.standing import LimitStanding, PaceStanding, Standing

FIRST_DOMAINS = 3
SOON = timedelta(minutes=2)
_UNITS = ((86400, N_("{n} d")), (3600, N_("{n} h")), (60, N_("{n} min")), (1, N_("{n} s")))


def say_span(seconds: float) -> str:
    """Return a length of time in its two largest units, rounded up: `2 d 3 h`, `5 min`, `40 s`."""
    whole = max(math.ceil(seconds), 0)
    finest = 3600 if whole >= 2 * 86400 else 60 if whole >= 600 else 1
    whole = math.ceil(whole / finest) * finest
    parts: list[str] = []
    for size, words in _UNITS:
        number, whole = divmod(whole, size)
        if number or (size == 1 and not parts):
            parts.append(_(words).format(n=number))
    return " ".join(parts[:2])


def say_until(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a moment to come as short as it is clear: with seconds when it is near, with its date when it is far."""
    there, here = moment.astimezone(zone), now.astimezone(zone)
    if moment - now < SOON:
        return f"{there:%H:%M:%S}"
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%m-%d %H:%M}"


def say_limit(one: LimitStanding, now: datetime, zone: ZoneInfo) -> str:
    """Return a limit with what it leaves, such as `40/1d (3 left)`."""
    name = _("for now {limit}, as it was too fast").format(limit=one.limit) if one.learnt else one.limit
    if one.left > 0:
        return _("{limit} ({n} left)").format(limit=name, n=one.left)
    return _("{limit} (used up until {when})").format(limit=name, when=say_until(one.free_at, now, zone))


def say_pace(one: PaceStanding, now: datetime, zone: ZoneInfo) -> str:
    """Return how a relay or domain stands in one line, without its name; empty where there is nothing to say."""
    if one.stopped:
        return _("stopped until a person has looked, as it said: {reply}").format(reply=one.reason or "–")
    limits = _(", ").join(say_limit(limit, now, zone) for limit in one.limits)
    if one.held_until is None:
        return limits
    when = say_until(one.held_until, now, zone)
    rests = _("rests until {when}, as it said: {reply}").format(when=when, reply=one.reason or "–")
    return f"{rests}  {limits}" if limits else rests


def relay_lines(relays: Sequence[PaceStanding], now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return (line, style) for each relay of which there is something to say."""
    lines = []
    for one in relays:
        if words := say_pace(one, now, zone):
            style = "bold red" if one.stopped else "yellow" if one.waits else "dim"
            lines.append((_("relay {name}: {standing}").format(name=one.name, standing=words), style))
    return lines


def domain_line(standing: Standing, zone: ZoneInfo) -> str:
    """Return which domains are slowed down: the first few, and how many more; empty where none is."""
    if not standing.domains:
        return ""
    shown = []
    for one in standing.domains[:FIRST_DOMAINS]:
        used_up, learnt = one.used_up, next((limit for limit in one.limits if limit.learnt), None)
        until = one.held_until or (used_up.free_at if used_up is not None else None)
        if until is not None:
            shown.append(_("{name} until {when}").format(name=one.name, when=say_until(until, standing.at, zone)))
        elif learnt is not None:
            shown.append(_("{name} to {limit}").format(name=one.name, limit=learnt.limit))
    line = _("slowed down: {names}").format(names=_(", ").join(shown))
    more = len(standing.domains) - FIRST_DOMAINS
    return line + (ngettext(" and {n} more", " and {n} more", more).format(n=more) if more > 0 else "")
