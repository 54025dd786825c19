"""An edition: one frozen rendering of an issue for one list, split into fixed text and the slots a reader fills."""

import hashlib
import html
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FORMAT = 1  # of the stored form; raise it when `edition_to_json` changes


class SlotContext(StrEnum):
    """Where a slot stands, which decides how its value is escaped."""

    TEXT = "text"  # HTML text
    ATTRIBUTE = "attribute"  # a quoted HTML attribute
    URL = "url"  # a whole URL in a quoted HTML attribute
    SUBJECT = "subject"  # the Subject header
    PLAIN = "plain"  # the text/plain part


# What a template may ask of a reader. A value is a string; an empty one gives the slot's fallback.
RECIPIENT_FIELDS = ("name", "title", "organisation", "city", "address")
# `unsubscribe` is an https link where public_url is set, else a mailto one.
LINK_FIELDS = ("unsubscribe",)
SLOT_NAMES = tuple(f"recipient.{name}" for name in RECIPIENT_FIELDS) + tuple(f"links.{name}" for name in LINK_FIELDS)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place filled per recipient: its name (one of SLOT_NAMES), context, and what stands there when it is empty."""

    name: str
    context: SlotContext
    fallback: str = ""


Segment = str | Slot


@dataclass(frozen=True, slots=True)
class Edition:
    """A frozen rendering for one list. `sha256` is of its stored form without itself: what is approved is this."""

    issue: str
    list_name: str
    language: str
    subject: tuple[Segment, ...]
    html: tuple[Segment, ...]
    text: tuple[Segment, ...]
    sha256: str


def freeze_edition(
    issue: str,
    list_name: str,
    language: str,
    subject: tuple[Segment, ...],
    html: tuple[Segment, ...],
    text: tuple[Segment, ...],
) -> Edition:
    """Return the edition with its sha256; the same input gives the same hash on every machine."""
    draft = Edition(issue, list_name, language, subject, html, text, "")
    return Edition(issue, list_name, language, subject, html, text, hashlib.sha256(_canonical(draft)).hexdigest())


def fill_segments(segments: tuple[Segment, ...], values: Mapping[str, str]) -> str:
    """Return the text with every slot filled and escaped for its context; an empty value gives the slot's fallback.

    A control character, a line break or a lone surrogate in a value becomes a blank, so no value can start a new
    header or line. `values` names every slot used (KeyError otherwise: a missing value is a fault of the caller, never
    an empty one).
    """
    parts: list[str] = []
    for part in segments:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = _one_line(values[part.name]).strip() or part.fallback
        if part.context in (SlotContext.SUBJECT, SlotContext.PLAIN):
            parts.append(value)
        else:
            parts.append(html.escape(value, quote=True))
    return "".join(parts)


def _one_line(value: str) -> str:
    if value.isprintable():
        return value
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in value)


def _segments_to_json(segments: tuple[Segment, ...]) -> list[Any]:
    return [part if isinstance(part, str) else [part.name, part.context.value, part.fallback] for part in segments]


def _segments_from_json(parts: list[Any]) -> tuple[Segment, ...]:
    return tuple(part if isinstance(part, str) else Slot(part[0], SlotContext(part[1]), part[2]) for part in parts)


def _canonical(edition: Edition) -> bytes:
    return json.dumps(edition_to_json(edition), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def edition_to_json(edition: Edition) -> dict[str, Any]:
    """Return the stored form, without the hash."""
    return {
        "format": FORMAT,
        "issue": edition.issue,
        "list": edition.list_name,
        "language": edition.language,
        "subject": _segments_to_json(edition.subject),
        "html": _segments_to_json(edition.html),
        "text": _segments_to_json(edition.text),
    }


def edition_from_json(stored: Mapping[str, Any]) -> Edition:
    """Return the edition of a stored form; its hash is computed anew, so that a changed store shows."""
    return freeze_edition(
        stored["issue"],
        stored["list"],
        stored["language"],
        _segments_from_json(stored["subject"]),
        _segments_from_json(stored["html"]),
        _segments_from_json(stored["text"]),
    )
