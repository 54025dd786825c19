"""A document as numbered lines, freed of characters that are no text."""

import unicodedata
from dataclasses import dataclass

from mailer.i18n import _
from mailer.model.issue import ImportRemark

_SEPARATORS = dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029), " ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank. number counts from 1; text keeps its tabs, as they make tables."""

    number: int
    text: str

    @property
    def plain(self) -> str:
        """The text without blanks around it, tabs as blanks."""
        return " ".join(part for part in (piece.strip() for piece in self.text.split("\t")) if part)


def split_lines(text: str) -> tuple[list[Line], list[ImportRemark]]:
    """Return the lines of a text that are not blank, and a remark for each from which control characters were taken."""
    lines, remarks = [], []
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        spaced = raw.translate(_SEPARATORS).replace("\ufeff", "")
        kept = "".join(char for char in spaced if char == "\t" or unicodedata.category(char) not in ("Cc", "Cs"))
        if kept != spaced:
            remarks.append(
                ImportRemark(
                    number,
                    _("the line holds control characters; they were left out"),
                    _("compare the line with the source"),
                )
            )
        if kept.strip():
            lines.append(Line(number, kept))
    return lines, remarks
