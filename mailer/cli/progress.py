"""A mailing's live progress in the terminal; a line now and then where there is none."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mailer.cli.drawing import STATUS_WORDS, err, plain
from mailer.cli.tempo import say_waiting
from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.standing import Glance, MailingProgress
from mailer.model.standing_words import domain_line, relay_lines, say_span, say_until

REFRESH_S = 0.25
LINE_EVERY_S = 5.0
RATE_OVER_S = 10.0
SHARE = 0.05  # of the time, at most, is spent on reading figures
MOST_RELAYS = 4
ENDED = (
    DeliveryStatus.REFUSED,
    DeliveryStatus.EXPIRED,
    DeliveryStatus.UNCERTAIN,
    DeliveryStatus.SUPPRESSED,
    DeliveryStatus.CANCELLED,
)


@dataclass
class Speed:
    """Copies that came to an end a second, over the last ten seconds or so."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def see(self, at: float, settled: int) -> None:
        """Note how many were settled at a moment (seconds of any clock that goes on)."""
        if self._seen and settled < self._seen[-1][1]:  # sent again: what came before tells nothing
            self._seen.clear()
        self._seen.append((at, settled))
        while len(self._seen) > 2 and self._seen[1][0] <= at - RATE_OVER_S:
            self._seen.popleft()

    @property
    def per_s(self) -> float | None:
        """The rate; None before there are two looks."""
        if len(self._seen) < 2:
            return None
        (first, before), (last, now) = self._seen[0], self._seen[-1]
        return (now - before) / (last - first) if last > first else None


def show_rate(per_s: float | None) -> str:
    """Return a rate by the second, a slow one by the minute; a dash where none is known."""
    if per_s is None:
        return _("{n}/s").format(n="–")
    if per_s >= 1:
        return _("{n}/s").format(n=f"{per_s:.0f}" if per_s >= 10 else f"{per_s:.1f}")
    return _("{n}/min").format(n=f"{per_s * 60:.0f}")


def show_time_left(glance: Glance, per_s: float | None) -> str:
    """Return how long the rest takes: by the limits where these hold it up, else by the rate; a dash if unknown."""
    progress, wait_s = glance.progress, glance.standing.wait_s
    if progress.mailing.status is not MailingStatus.RUNNING or not progress.remaining or wait_s is None:
        return "–"
    if wait_s > 0:
        return _("at least {span}").format(span=say_span(wait_s))
    if not per_s or not progress.fresh + progress.count(DeliveryStatus.SENDING):
        return "–"
    return say_span(progress.remaining / per_s)


def show_figures(progress: MailingProgress) -> str:
    """Return the counts that tell: accepted always, the others when there are any."""
    figures = [(_(STATUS_WORDS[DeliveryStatus.ACCEPTED]), progress.count(DeliveryStatus.ACCEPTED))]
    figures += [(_("deferred"), progress.deferred)]
    figures += [(_(STATUS_WORDS[status]), progress.count(status)) for status in ENDED]
    return "  ".join(f"{word} {count}" for number, (word, count) in enumerate(figures) if count or not number)


def _settled(progress: MailingProgress) -> int:
    return progress.planned - progress.remaining


def _pace_words(glance: Glance, per_s: float | None, zone: ZoneInfo) -> list[str]:
    if waiting := say_waiting(glance.progress.mailing, glance.standing.at, zone):
        return waiting
    words = [show_rate(per_s), _("time left: {span}").format(span=show_time_left(glance, per_s))]
    progress = glance.progress
    if progress.next_attempt_at is not None and progress.next_attempt_at > glance.standing.at and not progress.fresh:
        when = say_until(progress.next_attempt_at, glance.standing.at, zone)
        words.append(_("next try: {when}").format(when=when))
    return words


def draw_glance(glance: Glance, per_s: float | None, elapsed_s: float, zone: ZoneInfo) -> RenderableType:
    """Return the live view: how far, how fast, what became of copies, and what holds the others."""
    progress, standing = glance.progress, glance.standing
    settled = _settled(progress)
    share = 100 * settled // progress.planned if progress.planned else 0
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(no_wrap=True)
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True)
    bar.add_row(
        Text(f"{settled}/{progress.planned}"),
        ProgressBar(total=max(progress.planned, 1), completed=settled),
        Text(f"{share} %  {int(elapsed_s) // 3600}:{int(elapsed_s) // 60 % 60:02}:{int(elapsed_s) % 60:02}"),
    )
    rows: list[RenderableType] = [bar, Text("  ".join(_pace_words(glance, per_s, zone))), Text(show_figures(progress))]
    lines = relay_lines(standing.relays, standing.at, zone)
    lines.sort(key=lambda line: line[1] == "dim")  # those that hold something first
    for line, style in lines[:MOST_RELAYS]:
        rows.append(_one_line(line, style))
    if line := domain_line(standing, zone):
        rows.append(_one_line(line, "yellow"))
    return Group(*rows)


def _one_line(line: str, style: str) -> Text:
    text = plain(line, style)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def write_line(glance: Glance, per_s: float | None, zone: ZoneInfo) -> str:
    """Return the same in one line, for a log."""
    progress, standing = glance.progress, glance.standing
    parts = [f"{_settled(progress)}/{progress.planned}", *_pace_words(glance, per_s, zone), show_figures(progress)]
    parts += [line for line, _style in relay_lines(standing.waiting_relays, standing.at, zone)]
    parts.append(domain_line(standing, zone))
    return "  ".join(part for part in parts if part)


async def watch(
    look: Callable[[], Glance],
    done: Callable[[Glance], bool],
    zone: ZoneInfo,
    *,
    quiet: bool = False,
    wake: asyncio.Future[None] | None = None,
) -> None:
    """Draw a mailing's progress until `done`; `look` reads its figures and is called in a thread.

    It is asked again so that reading takes a small share of the time, however many rows there are. wake: when this is
    done a look is due at once. quiet: nothing is drawn, only `done` is asked.
    """
    started = next_line = time.monotonic()
    speed = Speed()
    live = Live(console=err, transient=True, auto_refresh=False) if err.is_terminal and not quiet else None
    with live or contextlib.nullcontext():
        while True:
            before = time.monotonic()
            glance = await asyncio.to_thread(look)
            now = time.monotonic()
            speed.see(now, _settled(glance.progress))
            if live is not None:
                live.update(draw_glance(glance, speed.per_s, now - started, zone), refresh=True)
            if done(glance):
                return
            if live is None and not quiet and now >= next_line + LINE_EVERY_S:
                next_line = now
                err.print(plain(write_line(glance, speed.per_s, zone)), soft_wrap=True)
            pause = max(REFRESH_S, (now - before) * (1 / SHARE - 1))
            if wake is None or wake.done():
                await asyncio.sleep(pause)
            else:
                await asyncio.wait([wake], timeout=pause)
