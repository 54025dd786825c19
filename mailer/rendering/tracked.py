"""Makes the links of an edition's HTML count: each leads over our page to its target, by its number.

Only what a reader sees as words is counted. A link that shows its own address keeps it: one that shows an address and
leads to another is what phishing looks like, and mail programs warn of it. The text edition keeps its addresses too.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mailer.config import Config, ListConfig
from mailer.config.tracking import UtmConfig
from mailer.model.reading import MOST_LINKS, TrackedLink, Tracking
from mailer.rendering.markup import Attribute, Kind, Piece, read_attributes, scan_markup
from mailer.rendering.sentinels import URL_PREFIX, Manifest, Place

_ANCHOR = re.compile(r"[as]\d+")
_PIXEL = '<img src="{token}.gif" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'


@dataclass(frozen=True, slots=True)
class TrackingPlan:
    """What is done to the links of an edition.

    counted: whether anything is counted, which wants a public_url. own is what our own pages' addresses begin with
    (empty: we have none), utm the parameters that are added, by name.
    """

    tracking: Tracking
    counted: bool
    aggregate: bool
    own: str
    utm: Mapping[str, str]


def plan_tracking(settings: ListConfig, config: Config, issue: str, list_name: str) -> TrackingPlan:
    """Return what the settings want done to the links of an issue's edition for a list."""
    wanted = settings.tracks is not Tracking.OFF
    return TrackingPlan(
        settings.tracks,
        counted=wanted and bool(config.public_url),
        aggregate=config.tracking.aggregate,
        own=f"{config.public_url}/" if config.public_url else "",
        utm=utm_parameters(config.tracking.utm, issue, list_name) if wanted else {},
    )


def utm_parameters(utm: UtmConfig, issue: str, list_name: str) -> dict[str, str]:
    """Return the UTM parameters by name, those that are empty left out."""
    texts: dict[str, str] = utm.model_dump()
    filled = {name: text.replace("{issue}", issue).replace("{list}", list_name) for name, text in texts.items()}
    return {f"utm_{name}": text for name, text in filled.items() if text}


def add_parameters(target: str, parameters: Mapping[str, str]) -> str:
    """Return an http or https address with query parameters added, those it has already kept as they are.

    The rest of the address does not change, its fragment stays at the end; another kind of address is returned as it
    is (RFC 3986 §3.4).
    """
    if not target.lower().startswith(("http://", "https://")):
        return target
    address, mark, fragment = target.partition("#")
    query = address.partition("?")[2]
    present = {part.partition("=")[0] for part in query.split("&")}
    added = "&".join(f"{name}={quote(text, safe='')}" for name, text in parameters.items() if name not in present)
    if not added:
        return target
    joint = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    return f"{address}{joint}{added}{mark}{fragment}"


def track_links(
    page: str, manifest: Manifest, plan: TrackingPlan, sections: Sequence[Mapping[str, Any]]
) -> tuple[str, tuple[TrackedLink, ...]]:
    """Return the HTML with its links counted as the plan says, and where they lead by number from 1.

    `sections` are the issue's values (values.issue_values), by which links are told to articles. The manifest gets a
    token for each place that is filled per copy.
    """
    parts = _Parts.read(sections)
    pieces: list[str] = []
    links: list[TrackedLink] = []
    position = 0
    for part, href, text in _links(page):
        target = html.unescape(href.value).strip()
        if not target.lower().startswith(("http://", "https://")) or target.startswith(URL_PREFIX):
            continue
        own = bool(plan.own) and target.startswith(plan.own)
        final = target if own else add_parameters(target, plan.utm)
        shown = html.escape(final, quote=True)
        if plan.counted and len(links) < MOST_LINKS and href.quoted and not _shows_address(text, target):
            anchor = parts.find(part, target)
            links.append(TrackedLink(final, text[:200], anchor, parts.titles.get(anchor, "")))
            shown = f"{_token(manifest, 'click', plan)}/{len(links)}"
        elif final == target:
            continue
        pieces += [page[position : href.start], shown]
        position = href.end
    page = "".join([*pieces, page[position:]])
    if plan.counted and plan.tracking is Tracking.FULL:
        head, end, tail = page.rpartition("</body>")
        page = f"{head}{_PIXEL.format(token=_token(manifest, 'open', plan))}{end}{tail}"
    return page, tuple(links)


def _token(manifest: Manifest, what: str, plan: TrackingPlan) -> str:
    return manifest.issue_token(f"links.{'tally_' if plan.aggregate else ''}{what}", "", Place(None, None))


def _links(page: str) -> Iterator[tuple[str, Attribute, str]]:
    """Yield each link with a quoted href: the last anchor of a part before it, the href, and the text it shows."""
    part = ""
    pieces = list(scan_markup(page))
    for at, piece in enumerate(pieces):
        if piece.kind is not Kind.OPEN:
            continue
        attributes = {one.name.lower(): one for one in read_attributes(page, piece)}
        anchor = attributes.get("id") or attributes.get("name")
        if anchor is not None and _ANCHOR.fullmatch(anchor.value):
            part = anchor.value
        if piece.name == "a" and (href := attributes.get("href")) is not None and href.quoted:
            yield part, href, _text_within(page, pieces, at)


def _text_within(page: str, pieces: Sequence[Piece], at: int) -> str:
    words: list[str] = []
    for piece in pieces[at + 1 :]:
        if piece.kind is Kind.CLOSE and piece.name == "a":
            break
        if piece.kind is Kind.TEXT:
            words.append(page[piece.start : piece.end])
        elif piece.kind is Kind.OPEN and piece.name == "img":
            words += [one.value for one in read_attributes(page, piece) if one.name.lower() == "alt"]
    return " ".join(html.unescape("".join(words)).split())


def _shows_address(text: str, target: str) -> bool:
    shown = text.lower()
    if shown.startswith(("http://", "https://", "www.")):
        return True
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        return False
    return bool(host) and shown.startswith((host, host.removeprefix("www.")))


@dataclass(slots=True)
class _Parts:
    """Sections and articles by their anchors: their titles, and the links the issue has in them."""

    titles: dict[str, str] = field(default_factory=dict)
    targets: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, sections: Sequence[Mapping[str, Any]]) -> "_Parts":
        parts = cls()
        for section in sections:
            for one in (section, *section["articles"]):
                parts.titles[one["id"]] = one["title"]
                parts.targets[one["id"]] = {unquote(link["target"]) for link in one["links"]}
        return parts

    def find(self, part: str, target: str) -> str:
        """Return the anchor of the part a link belongs to: the one it stands in where the issue has it there, else the
        only one that has it, else the one it leads to (“read on”); empty for a link of the template or imprint."""
        bare = unquote(target)
        if bare in self.targets.get(part, ()):
            return part
        having = [name for name, targets in self.targets.items() if bare in targets]
        if len(having) == 1:
            return having[0]
        fragment = target.partition("#")[2]
        return fragment if fragment in self.titles else ""
