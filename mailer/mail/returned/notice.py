"""Recipients named in the words of a notice: near the words that say it failed, before the mail that is sent back.

No layout of one program is known here; what counts is where an address stands (places) and what stands to it (told).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from mailer.mail.returned.phrases import FAILED, GIVEN_UP, LATE, SUBJECT, begins_quotation, find_lines, has_phrase
from mailer.mail.returned.places import HEADS, LABELLED, Lines, choose_places, find_places, places_of_names
from mailer.mail.returned.told import own_words, words_to

MAX_LINES = 1000
MAX_LINE = 1000
# full width to half, kinds of blanks to one; a character for a character, so that places stay the same
_NARROW = {0xFF01 + number: 0x21 + number for number in range(94)} | dict.fromkeys(
    (0x3000, 0xA0, 0x200B, 0x200C, 0x200D, 0xFEFF, 0x202F, 0x2009), " "
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{60,100}={0,2}")


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient that a notice names, and the words that stand to it; perhaps none."""

    address: str
    told: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says.

    weight: how sure the place is where the named stand. prose is all before the quoted mail, quoted the rest; words is
    prose without the lines that only name.
    """

    named: tuple[Named, ...]
    weight: int
    failed: bool
    late: bool
    prose: str
    words: str
    quoted: str

    @property
    def certain(self) -> bool:
        """True where recipients head a line or stand behind a label."""
        return self.weight >= LABELLED


def read_notice(text: str, subject: str, own: Collection[str] = (), domain: str = "") -> Notice:
    """Return what the words of a notice say of which recipients.

    `own` are addresses in small letters that the mail itself is to and from: they count only where nothing else does.
    `domain` is the reporting server's, for names without one.
    """
    all_lines = [line[:MAX_LINE].translate(_NARROW) for line in text.split("\n")[:MAX_LINES]]
    cut = _find_quotation(all_lines)
    kept = all_lines[:cut]
    low = [line.lower() for line in kept]
    whole, about = "\n".join(low), subject.translate(_NARROW).lower()
    failed = _find_failed(low, whole)
    since = -1 if has_phrase(about, SUBJECT) else min(failed, default=MAX_LINES)
    lines = Lines(kept, low, failed, since)
    chosen = choose_places(find_places(lines, own), low) or places_of_names(lines, domain)
    late_subject = has_phrase(about, LATE) and "fail" not in about
    return Notice(
        named=tuple(Named(place.address, words_to(place, chosen, kept)) for place in chosen),
        weight=chosen[0].weight if chosen else 0,
        failed=bool(failed),
        late=late_subject or (has_phrase(whole, LATE) and not has_phrase(f"{about}\n{whole}", GIVEN_UP)),
        prose="\n".join(kept).strip(),
        words=own_words(kept, {place.line for place in chosen if place.weight == HEADS}),
        quoted="\n".join(all_lines[cut:]),
    )


def _find_failed(low: list[str], whole: str) -> set[int]:
    starts = [0]
    for line in low[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return find_lines(whole, starts, FAILED)


def _find_quotation(lines: list[str]) -> int:
    """Return the number of the line that begins the returned mail; something must have been said before it."""
    said, encoded = False, 0
    for number, line in enumerate(lines):
        encoded = encoded + 1 if _ENCODED.fullmatch(line) else 0
        if encoded == 3:
            return number - 2
        if said and not encoded and begins_quotation(line.lower()):
            return number
        said = said or len(line.strip()) > 3
    return len(lines)
