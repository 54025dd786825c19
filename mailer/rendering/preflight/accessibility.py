"""Looks whether everybody can read an edition: structure for screen readers, sizes and contrasts for eyes.

After WCAG 2.2: headings in order (1.3.1), scopes of table heads (1.3.1), language (3.1.1), contrast (1.4.3).
"""

import re
from collections.abc import Mapping
from itertools import pairwise

from mailer.i18n import _
from mailer.model.edition import Edition
from mailer.model.report import Finding, Severity
from mailer.rendering.markup import Kind, Piece, read_attributes, scan_markup
from mailer.rendering.preflight.places import list_place

MIN_PIXELS = 12
MIN_CONTRAST = 4.5
# text and its ground in theme.toml; what only decorates (line, grid, the red of rules) is free
PAIRS = (
    ("ink", "paper"), ("heading", "paper"), ("link", "paper"), ("red", "paper"), ("quiet", "paper"), ("quiet", "page"),
    ("link", "page"), ("head_ink", "head"), ("ink", "total"), ("ink", "box"), ("heading", "box"), ("link", "box"),
)  # fmt: skip
_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:\s*(\d+(?:\.\d+)?)px", re.IGNORECASE)
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)

Theme = Mapping[str, Mapping[str, str | int]]


def check_accessibility(edition: Edition) -> list[Finding]:
    """Return what a screen reader or weak eyes would stumble over in the HTML and the web page, each kind once."""
    mail = "".join(part if isinstance(part, str) else "x" for part in edition.html)
    found = _check_page(mail, list_place("HTML", edition.list_name))
    return found + (_check_page(edition.page, _("web page")) if edition.page else [])


def _check_page(page: str, place: str) -> list[Finding]:
    tags = [piece for piece in scan_markup(page) if piece.kind is Kind.OPEN]
    said = [*_check_headings(tags), *_check_tags(page, tags)]
    return [Finding(Severity.WARNING, place, text, cure) for text, cure in dict.fromkeys(said)]


def _check_headings(tags: list[Piece]) -> list[tuple[str, str]]:
    levels = [int(piece.name[1]) for piece in tags if re.fullmatch("h[1-6]", piece.name)]
    said: list[tuple[str, str]] = []
    mend = _("use h1 for the bulletin's name, h2 for sections, h3 for articles")
    if levels.count(1) != 1:
        said.append((_("the page has {n} main headings (h1), and should have one").format(n=levels.count(1)), mend))
    for before, after in pairwise(levels):
        if after > before + 1:
            said.append((_("after a heading h{before} comes an h{after}").format(before=before, after=after), mend))
    return said


def _check_tags(page: str, tags: list[Piece]) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for piece in tags:
        attributes = {each.name.lower(): each.value for each in read_attributes(page, piece)}
        match piece.name:
            case "html" if attributes.get("lang", "und") in ("", "und"):
                said.append((_("the page does not say its language"), _('write <mjml lang="{{ lang }}">')))
            case "html" if not attributes.get("dir"):
                said.append((_("the page does not say its direction"), _('write <mjml dir="ltr">')))
            case "img" if "alt" not in attributes:
                said.append((_("a picture has no alt attribute"), _('write alt="…" in the template')))
            case "th" if not attributes.get("scope"):
                said.append((_("a table head does not say what it heads"), _('write scope="col" or scope="row"')))
            case _:
                pass
        size = _SIZE.search(attributes.get("style", ""))
        if size and 1 < float(size[1]) < MIN_PIXELS:  # 0 and 1 px are layout and the hidden preheader
            text = _("text of {size}px is hard to read").format(size=size[1])
            said.append((text, _("use at least {n}px").format(n=MIN_PIXELS)))
    return said


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as #C8161D, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(char * 2 for char in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def check_theme(theme: Theme) -> list[Finding]:
    """Return the colours of the theme that do not stand out enough from their ground, light and dark."""
    found: list[Finding] = []
    for table in ("colour", "dark"):
        colours = theme.get(table, {})
        for text, ground in PAIRS:
            pair = [str(colours.get(name, "")) for name in (text, ground)]
            if not all(map(_HEX.fullmatch, pair)):
                continue
            if (ratio := contrast(*pair)) < MIN_CONTRAST:
                found.append(
                    Finding(
                        Severity.WARNING,
                        f"templates/theme.toml: {table}.{text}",
                        _("{text} on {ground} has a contrast of {ratio}, and should have {least}").format(
                            text=pair[0], ground=f"{ground} {pair[1]}", ratio=f"{ratio:.1f}", least=MIN_CONTRAST
                        ),
                        _("choose a darker or a lighter colour"),
                    )
                )
    return found
