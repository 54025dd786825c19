"""Looks at what a finished mail points to, as a template may name addresses of its own."""

import re
from collections.abc import Iterator

from mailer.config import Config
from mailer.i18n import _
from mailer.model.edition import Edition
from mailer.model.report import Finding, Severity
from mailer.rendering.markup import Kind, read_attributes, scan_markup
from mailer.rendering.preflight.places import list_place

_TARGET = re.compile(r"(?:https?://|mailto:|tel:).|#", re.IGNORECASE)
_SLOT = "https://slot.invalid/"  # a reader's link, which is never of the template


def check_addresses(edition: Edition, config: Config) -> list[Finding]:
    """Return the links and pictures of the HTML that no reader can reach, and those that tell others who reads."""
    html = "".join(part if isinstance(part, str) else _SLOT for part in edition.html)
    carried = {f"cid:{asset.cid}" for asset in edition.inline}
    own = f"{config.public_url}/"
    place = list_place("HTML", edition.list_name)
    found: dict[str, Finding] = {}
    for kind, address in _addresses(html):
        if address.startswith(_SLOT):
            continue
        shown = address[:100]
        if kind == "href" and not _TARGET.match(address):
            text = _("a link of the template leads nowhere: {target}").format(target=shown)
            cure = _("begin it with https://, http://, mailto: or tel:")
            found[text] = Finding(Severity.ERROR, place, text, cure)
        elif kind != "href" and address not in carried and not address.lower().startswith(("http://", "https://")):
            text = _("a picture of the template is not in the mail: {target}").format(target=shown)
            cure = _("name pictures in issue.md, or give the whole address of one on the web")
            found[text] = Finding(Severity.ERROR, place, text, cure)
        elif kind != "href" and address not in carried and not (config.public_url and address.startswith(own)):
            text = _("a picture is fetched from elsewhere, and its server learns who reads: {target}").format(
                target=shown
            )
            found[text] = Finding(Severity.WARNING, place, text, _("put it into the folder of the issue"))
    return list(found.values())


def _addresses(html: str) -> Iterator[tuple[str, str]]:
    for piece in scan_markup(html):
        if piece.kind is not Kind.OPEN:
            continue
        for each in read_attributes(html, piece):
            name = each.name.lower()
            if name in ("src", "background") or (name == "href" and piece.name in ("a", "area")):
                yield name, each.value.strip()
