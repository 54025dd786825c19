"""Writes the feed of new issues: Atom (RFC 4287), its addresses from the settings alone."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime

from mailer.config import Config
from mailer.i18n import _
from mailer.model.publication import Publication
from mailer.web.drawing import HTML_LANGUAGE

ATOM = "http://www.w3.org/2005/Atom"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # `updated` of a feed that has nothing yet: it must have one


def write_feed(issues: Sequence[Publication], config: Config, language: str) -> bytes:
    """Return the feed, the issue mailed last first."""
    url = config.public_url
    feed = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": HTML_LANGUAGE[language]})
    _add(feed, "id", f"tag:{config.sender.domain},2026:issues")  # RFC 4151: the same wherever the pages move to
    _add(feed, "title", _("{sender}: issues").format(sender=config.sender.name))
    _add(feed, "updated", _time(max((one.updated_at for one in issues), default=NEVER)))
    _link(feed, "self", f"{url}/feed.xml", "application/atom+xml")
    _link(feed, "alternate", f"{url}/archive", "text/html")
    _add(ET.SubElement(feed, f"{{{ATOM}}}author"), "name", config.sender.name)
    for one in issues:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", make_id(one, config.sender.domain))
        _add(entry, "title", one.title or one.slug)
        _add(entry, "updated", _time(one.updated_at))
        _add(entry, "published", _time(one.published_at))
        _link(entry, "alternate", f"{url}/i/{one.slug}", "text/html")
        _add(entry, "summary", "\n".join(one.headings) or one.title or one.slug)
    ET.register_namespace("", ATOM)
    made: bytes = ET.tostring(feed, "utf-8", xml_declaration=True)
    return made


def make_id(issue: Publication, domain: str) -> str:
    """Return the id of an issue (RFC 4151): the same wherever the pages move to, and when it is approved anew."""
    return f"tag:{domain},{issue.published_at.astimezone(UTC):%Y-%m-%d}:issue/{issue.slug}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    # XML 1.0 §2.2 knows no other control characters, surrogates or the last two of the plane
    kept = "".join(char for char in text if char in "\t\n" or (char >= " " and not 0xD7FF < ord(char) < 0xE000))
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = kept.replace("\ufffe", "").replace("\uffff", "")


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": relation, "type": media_type, "href": address})


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
