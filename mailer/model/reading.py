"""What readers' programs fetch: tracked links, and hits on them, each with a verdict on who was behind it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_LINKS = 500  # of an edition; those after it lead straight to their targets
MAX_AGENT = 300  # characters of a User-Agent that are kept


class Tracking(StrEnum):
    """What of a list's reading is counted."""

    OFF = "off"
    CLICKS = "clicks"  # links are counted, no picture is in the mail
    FULL = "full"  # clicks, and a picture that says a copy was shown


class HitKind(StrEnum):
    """What was fetched: a fact about a request, not about a person."""

    OPEN = "open"  # the picture
    CLICK = "click"  # a link


class Verdict(StrEnum):
    """Who fetched it, as far as a request shows."""

    HUMAN = "human"  # a browser or mail program acted as people do; not proven
    MACHINE = "machine"  # a scanner, a prefetch, a script
    UNKNOWN = "unknown"  # nothing speaks for either


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """One link of an edition. Its number is its place in `Edition.links`, from 1.

    target is an http or https address, text what the link shows; part is the anchor of the article or section it
    stands in (a3, s1) and title that part's title, both empty for one that stands in none.
    """

    target: str
    text: str = ""
    part: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request for a link or a picture shows of who makes it.

    agent is the User-Agent, at most MAX_AGENT characters; network is empty, or the remote network with its prefix
    length; prefetch: the request says that nobody has asked for it yet (Sec-Purpose, Purpose, X-Moz).
    """

    method: str
    agent: str = ""
    network: str = ""
    prefetch: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for the picture (link 0) or for a link of one copy."""

    kind: HitKind
    link: int
    at: datetime
    method: str
    agent: str
    prefetch: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason in one word, which may be the name of a known program."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A copy whose reader is asked to confirm receipt (收悉), and when that was done."""

    subject: str
    address: str
    list_title: str
    confirmed_at: datetime | None
