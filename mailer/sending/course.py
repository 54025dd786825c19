"""A mailing in a forecast: what of it is due at a moment of a simulated clock, by the tempo it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.model.forecast import Wait, WaitKind
from mailer.model.tempo import EVEN, Tempo
from mailer.sending.tempo import due_by

SPREAD_STEPS = 500  # at least, in which a simulated spread goes on
SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Load:
    """What a list of a mailing still has to send, by recipient domain; later: of copies that wait for another try."""

    list_name: str
    fresh: Mapping[str, int]
    later: Mapping[str, int] = field(default_factory=dict)
    later_at: datetime | None = None
    opens_at: datetime | None = None  # where that is settled already


@dataclass(slots=True)
class Group:
    """Copies that are alike: of one list, for the same relays, under the pace of the same domains ("" for none)."""

    place: int
    tiers: tuple[tuple[str, ...], ...]
    subject: str
    left: int
    due_at: datetime | None = None  # not before; None for a first try, which keeps to the tempo
    count: int = 0
    begins_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(slots=True)
class Course:
    """A mailing whose run is simulated. total: first tries that its spread counts; gone_s: of which so much is gone."""

    loads: tuple[Load, ...]
    starts_at: datetime
    tempo: Tempo = EVEN
    total: int = 0
    gone_s: float = 0.0
    groups: list[Group] = field(default_factory=list)
    _opens_at: dict[int, datetime] = field(default_factory=dict)
    _fresh: int = 0  # first tries left at the begin
    _sent: int = 0
    _seen_at: datetime | None = None

    def begin(self, groups: list[Group]) -> None:
        """Take its copies."""
        self.groups = groups
        self._fresh = sum(one.left for one in groups if one.due_at is None)
        self.total = max(self.total, self._fresh)
        self._opens_at = {place: one.opens_at for place, one in enumerate(self.loads) if one.opens_at is not None}

    @property
    def left(self) -> int:
        """Copies that have not gone yet."""
        return sum(one.left for one in self.groups)

    def look(self, now: datetime, events: list[tuple[datetime, Wait]]) -> tuple[list[Group], int]:
        """Return the groups that are due, in sending order, and how many first tries may go.

        Adds when more will be due, and what for it waits. The clock of the spread goes on since the last look.
        """
        if now < self.starts_at:
            events.append((self.starts_at, Wait(WaitKind.START)))
            return [], 0
        if (until := self.tempo.quiet_until(now)) is not None:
            self._seen_at = None
            events.append((until, Wait(WaitKind.QUIET)))
            return [], 0
        groups = self._open_groups(now, events)
        if not groups:
            self._seen_at = None
            return [], 0
        allowed = self._allowed(now, events) if self.tempo.spread else self._fresh
        return groups, allowed

    def sent(self, group: Group, count: int) -> None:
        """Note that copies have gone."""
        group.left -= count
        self._sent += count if group.due_at is None else 0

    def _open_groups(self, now: datetime, events: list[tuple[datetime, Wait]]) -> list[Group]:
        found = []
        for one in self.groups:
            if one.due_at is None or not one.left:
                continue
            if one.due_at <= now:
                found.append(one)
            else:
                events.append((one.due_at, Wait(WaitKind.TRY)))
        before: datetime | None = None  # when the last copy of the list before this one went; None: it had none
        for place in range(len(self.loads)):
            mine = [one for one in self.groups if one.place == place and one.due_at is None]
            if self.tempo.pause and place:
                opens_at = self._opens_at.get(place)
                if opens_at is None:
                    opens_at = before + self.tempo.pause if before is not None else now
                    self._opens_at[place] = opens_at
                if opens_at > now:
                    events.append((opens_at, Wait(WaitKind.LISTS)))
                    break
            found += [one for one in mine if one.left]
            if self.tempo.pause and any(one.left for one in mine):
                break
            before = max((one.ends_at for one in mine if one.ends_at is not None), default=before)
        return found

    def _allowed(self, now: datetime, events: list[tuple[datetime, Wait]]) -> int:
        spread_s = self.tempo.spread.total_seconds()
        if self._seen_at is not None:
            self.gone_s += (now - self._seen_at).total_seconds()
        self._seen_at = now
        due = due_by(self.total, spread_s, self.gone_s)
        if due < self.total:
            more_at = max(
                due * spread_s / self.total, self.gone_s + spread_s / SPREAD_STEPS if self.total > SPREAD_STEPS else 0.0
            )
            events.append((now + timedelta(seconds=more_at - self.gone_s + SHORTEST_S), Wait(WaitKind.SPREAD)))
        return max(due - (self.total - self._fresh) - self._sent, 0)
