"""An edition: one frozen rendering of an issue for one list, split into fixed text and the slots a reader fills."""

import base64
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from mailer.model.issue import Archive
from mailer.model.reading import TrackedLink, Tracking

FORMAT = 3  # of the stored form; raise it when `edition_to_json` changes
EMPTY_PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="  # 43 octets


class SlotContext(StrEnum):
    """Where a slot stands, which decides how its value is escaped."""

    TEXT = "text"  # HTML text
    ATTRIBUTE = "attribute"  # a quoted HTML attribute
    URL = "url"  # a whole URL in a quoted HTML attribute
    SUBJECT = "subject"  # the Subject header
    PLAIN = "plain"  # the text/plain part


_UNESCAPED = (SlotContext.SUBJECT, SlotContext.PLAIN)


# What a template may ask of a reader. A value is a string; an empty one gives the slot's fallback.
RECIPIENT_FIELDS = ("name", "title", "organisation", "city", "address")
# `unsubscribe` is an https link where public_url is set, else a mailto one; `unsubscribe_mail` always a mailto one;
# `view` is the reader's link to the web page, `received` where the reader confirms receipt, `preferences` where they
# choose lists: all three empty where public_url is.
LINK_FIELDS = ("unsubscribe", "unsubscribe_mail", "view", "received", "preferences")
# What the program itself puts into a tracked edition, no template author: `click` is where a click is counted, the
# link's number follows it as fixed text (“/17”); `open` is the picture's address, “.gif” follows. The `tally` ones name
# no reader: all copies of a mailing to one list have the same. All are empty where public_url is.
TRACKING_FIELDS = ("click", "open", "tally_click", "tally_open")
CLICK_SLOTS = ("links.click", "links.tally_click")
OPEN_SLOTS = ("links.open", "links.tally_open")
SLOT_NAMES = (
    *(f"recipient.{name}" for name in RECIPIENT_FIELDS),
    *(f"links.{name}" for name in (*LINK_FIELDS, *TRACKING_FIELDS)),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place filled per recipient: its name (one of SLOT_NAMES), context, and what stands there when it is empty."""

    name: str
    context: SlotContext
    fallback: str = ""


Segment = str | Slot


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that goes with an edition: a picture, or an attachment with the name readers see."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.content).hexdigest())

    @property
    def cid(self) -> str:
        """The Content-ID under which HTML names it (RFC 2392), without brackets."""
        return f"{self.sha256[:32]}@jianbao"

    @property
    def data_address(self) -> str:
        """The address that holds the file itself (RFC 2397), for a browser."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True, slots=True)
class Edition:
    """A frozen rendering for one list. `sha256` is of its stored form without itself: what is approved is this.

    `inline` are the pictures the HTML names by cid:, `hosted` those it names by their address under public_url,
    `attachments` the files a copy carries. `page` is the web page for readers' browsers, empty where the issue's
    archive is off; it names no other file. `tracking` says what of this list's reading is counted, `links` where its
    counted links lead, by number from 1.
    """

    issue: str
    list_name: str
    language: str
    subject: tuple[Segment, ...]
    html: tuple[Segment, ...]
    text: tuple[Segment, ...]
    inline: tuple[Asset, ...] = ()
    hosted: tuple[Asset, ...] = ()
    attachments: tuple[Asset, ...] = ()
    page: str = ""
    archive: Archive = Archive.OFF
    tracking: Tracking = Tracking.OFF
    links: tuple[TrackedLink, ...] = ()
    sha256: str = ""

    @property
    def assets(self) -> tuple[Asset, ...]:
        """All files of the edition."""
        return (*self.inline, *self.hosted, *self.attachments)


def freeze_edition(draft: Edition) -> Edition:
    """Return the edition with its sha256; the same input gives the same hash on every machine."""
    return replace(draft, sha256=hash_stored(edition_to_json(draft)))


def lead_straight(edition: Edition) -> Edition:
    """Return the edition with every link leading to its target itself, and without the picture that is counted.

    For people who look at it, and for where there is no public_url. Its sha256 stays that of the frozen one.
    """
    straight: list[Segment] = []
    pending: Slot | None = None
    for part in edition.html:
        if isinstance(part, Slot) and part.name in (*CLICK_SLOTS, *OPEN_SLOTS):
            pending = part
        elif pending is not None and isinstance(part, str):
            straight.append(_lead_on(pending, part, edition.links))
            pending = None
        else:
            straight.append(part)
    return replace(edition, html=tuple(straight))


def _lead_on(slot: Slot, after: str, links: tuple[TrackedLink, ...]) -> str:
    """Return the text after a tracking slot, with what the slot stood for before it."""
    if slot.name in CLICK_SLOTS and (number := re.match(r"/(\d{1,9})", after)) and 1 <= int(number[1]) <= len(links):
        return html.escape(links[int(number[1]) - 1].target, quote=True) + after[number.end() :]
    if slot.name in OPEN_SLOTS:
        return EMPTY_PICTURE + after.removeprefix(".gif")
    return after


def fill_segments(segments: tuple[Segment, ...], values: Mapping[str, str]) -> str:
    """Return the text with every slot filled as `fill_slot` does it.

    `values` names every slot used (KeyError otherwise: a missing value is a fault of the caller, never an empty one).
    """
    return "".join(part if isinstance(part, str) else fill_slot(part, values[part.name]) for part in segments)


def fill_slot(slot: Slot, value: str) -> str:
    """Return what stands in a slot: the value, or the slot's fallback where it is empty, escaped for its context.

    A control character, a line break or a lone surrogate in a value becomes a blank, so no value can start a new
    header or line.
    """
    text = _one_line(value).strip() or slot.fallback
    return text if slot.context in _UNESCAPED else html.escape(text, quote=True)


def _one_line(value: str) -> str:
    if value.isprintable():
        return value
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in value)


def _segments_to_json(segments: tuple[Segment, ...]) -> list[Any]:
    return [part if isinstance(part, str) else [part.name, part.context.value, part.fallback] for part in segments]


def _segments_from_json(parts: list[Any]) -> tuple[Segment, ...]:
    return tuple(part if isinstance(part, str) else Slot(part[0], SlotContext(part[1]), part[2]) for part in parts)


def hash_stored(stored: Mapping[str, Any]) -> str:
    """Return the sha256 of a stored form, which is its edition's."""
    form = json.dumps(stored, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(form.encode()).hexdigest()


def edition_to_json(edition: Edition) -> dict[str, Any]:
    """Return the stored form, without the hash; files stand in it by name, type and sha256, not by content."""
    return {
        "format": FORMAT,
        "issue": edition.issue,
        "list": edition.list_name,
        "language": edition.language,
        "subject": _segments_to_json(edition.subject),
        "html": _segments_to_json(edition.html),
        "text": _segments_to_json(edition.text),
        "inline": _assets_to_json(edition.inline),
        "hosted": _assets_to_json(edition.hosted),
        "attachments": _assets_to_json(edition.attachments),
        "page": edition.page,
        "archive": edition.archive.value,
        "tracking": edition.tracking.value,
        "links": [[link.target, link.text, link.part, link.title] for link in edition.links],
    }


def edition_from_json(stored: Mapping[str, Any], contents: Mapping[str, bytes]) -> Edition:
    """Return the edition of a stored form of any format, given its files by sha256 (KeyError for a missing one).

    Its hash is computed anew from the stored form, so that a changed store shows.
    """
    return Edition(
        issue=stored["issue"],
        list_name=stored["list"],
        language=stored["language"],
        subject=_segments_from_json(stored["subject"]),
        html=_segments_from_json(stored["html"]),
        text=_segments_from_json(stored["text"]),
        # format 1 had no files and no page
        inline=_assets_from_json(stored.get("inline", []), contents),
        hosted=_assets_from_json(stored.get("hosted", []), contents),
        attachments=_assets_from_json(stored.get("attachments", []), contents),
        page=stored.get("page", ""),
        archive=Archive(stored.get("archive", Archive.OFF)),
        tracking=tracking_from_json(stored.get("tracking", False)),
        links=links_from_json(stored),
        sha256=hash_stored(stored),
    )


def links_from_json(stored: Mapping[str, Any]) -> tuple[TrackedLink, ...]:
    """Return the counted links of a stored form; formats 1 and 2 had none."""
    return tuple(TrackedLink(*parts) for parts in stored.get("links", []))


def tracking_from_json(stored: bool | str) -> Tracking:
    """Return what a stored form says is counted."""
    if isinstance(stored, bool):  # until format 2
        return Tracking.FULL if stored else Tracking.OFF
    return Tracking(stored)


def asset_hashes(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sha256 of every file a stored form needs, each once."""
    parts = [part for kind in ("inline", "hosted", "attachments") for part in stored.get(kind, [])]
    return tuple(dict.fromkeys(sha256 for _name, _type, sha256 in parts))


def _assets_to_json(assets: tuple[Asset, ...]) -> list[list[str]]:
    return [[asset.name, asset.media_type, asset.sha256] for asset in assets]


def _assets_from_json(parts: list[list[str]], contents: Mapping[str, bytes]) -> tuple[Asset, ...]:
    return tuple(Asset(name, media_type, contents[sha256]) for name, media_type, sha256 in parts)
