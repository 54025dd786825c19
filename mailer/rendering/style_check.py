"""Checks the style sheets of a template: one missing } would take every rule after it away, without a word."""

import re

from mailer.i18n import _
from mailer.rendering.markup import Piece
from mailer.rendering.tag_check import MjmlFault

# premailer drops these where styles are written into elements, and does not survive an @media inside another
_LOST_RULES = re.compile(r"@(import|font-face|supports|namespace)\b", re.IGNORECASE)
_MARK = re.compile(r"@media\b|[{}]", re.IGNORECASE)
_SILENT = re.compile(r"/\*.*?\*/|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_FULL_WIDTH = dict(zip("：；｛｝（），", ":;{}(),", strict=True))
_FULL_WIDTH_SIGN = re.compile(f"[{''.join(_FULL_WIDTH)}]")


def check_style(source: str, piece: Piece, *, kept: bool) -> None:
    """Raise MjmlFault for a style sheet that loses rules, or would break, on its way into the mail.

    `piece` is its text within `source`. `kept` says that it stays a <style> as it is; other sheets are written into
    the elements.
    """
    bare = source.find("<", piece.start, piece.end)
    if bare >= 0:
        raise MjmlFault(_("a < stands in a style"), bare, _("take it out, or close the style before it"))
    css = _SILENT.sub(lambda part: " " * len(part[0]), source[piece.start : piece.end])
    if sign := _FULL_WIDTH_SIGN.search(css):
        message = _("a full-width sign stands in a style: {sign}").format(sign=sign[0])
        raise MjmlFault(message, piece.start + sign.start(), _("write {sign}").format(sign=_FULL_WIDTH[sign[0]]))
    keep = _('put it into <mj-raw><style data-premailer="ignore"> in mj-head, where it stays as it is')
    if (lost := _LOST_RULES.search(css)) and not kept:
        message = _("{rule} is lost when styles are written into the elements").format(rule=lost[0])
        raise MjmlFault(message, piece.start + lost.start(), keep)
    opened: list[int] = []
    media: list[int] = []  # how many braces are open around each @media
    for mark in _MARK.finditer(css):
        offset = piece.start + mark.start()
        if mark[0] == "{":
            opened.append(offset)
        elif mark[0] == "}":
            if not opened:
                raise MjmlFault(_("a } closes nothing in a style"), offset, _("take it out"))
            opened.pop()
            media = [depth for depth in media if depth < len(opened)]
        elif media and not kept:
            raise MjmlFault(_("an @media stands inside another"), offset, keep)
        else:
            media.append(len(opened))
    if opened:
        raise MjmlFault(_("a { is not closed in a style"), opened[-1], _("write } after its last declaration"))
