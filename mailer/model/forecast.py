"""What a mailing's run will be: when it ends at the limits there are, and what makes it last."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.pace import Limit


class WaitKind(StrEnum):
    """What copies wait for."""

    START = "start"  # the time the mailing is planned for
    LIMIT = "limit"  # a relay's limit is used up
    DOMAIN = "domain"  # the limit of a recipient domain, or of a group of them
    REST = "rest"  # a relay rests, as it failed or said we are too fast
    SPEED = "speed"  # a relay is as fast as it is
    SPREAD = "spread"  # the mailing is spread over a time
    LISTS = "lists"  # the pause between two lists
    QUIET = "quiet"  # quiet hours
    TRY = "try"  # copies that were deferred wait for their next try
    STOPPED = "stopped"  # a person must look at a relay first


@dataclass(frozen=True, slots=True)
class Wait:
    """What a run waits for, and how long in all. name: of the relay or domains; limit: the one that is used up."""

    kind: WaitKind
    name: str = ""
    limit: Limit | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ListForecast:
    """One list of a mailing. ends_at None: nothing of it is to be sent, or it does not end."""

    name: str
    copies: int
    begins_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class RelayForecast:
    """What goes through a relay; per_second is its speed where no limit keeps it, measured of late or assumed."""

    name: str
    copies: int
    begins_at: datetime | None
    ends_at: datetime | None
    limits: tuple[Limit, ...]
    per_second: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The run as it will be if every server takes every copy at the first try.

    ends_at None: it does not end by itself; `waits` then has a relay that is stopped, or `stuck` says how many copies
    no relay takes. waits: the longest first, so the first of them binds. approximate: so long that its end was taken
    from the speed of its first part.
    """

    made_at: datetime
    begins_at: datetime
    ends_at: datetime | None
    copies: int
    lists: tuple[ListForecast, ...]
    relays: tuple[RelayForecast, ...]
    waits: tuple[Wait, ...]
    stuck: int = 0
    approximate: bool = False

    @property
    def binds(self) -> Wait | None:
        """What makes it last: the longest wait but that for its start."""
        return next((one for one in self.waits if one.kind is not WaitKind.START), None)

    @property
    def seconds(self) -> float | None:
        """From its begin to its end."""
        return max((self.ends_at - self.begins_at).total_seconds(), 0.0) if self.ends_at is not None else None
