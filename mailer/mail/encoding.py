"""Base64 (RFC 2045 §6.8) of text with inserts: the fixed text is encoded once, per reader only what is inserted.

Base64 takes three octets at a time, so an insert is encoded together with the octets that share a group with it, on a
line of its own: a decoder joins lines, and they may be shorter than 76 columns. The fixed text after an insert whose
length differs from reader to reader is kept in three ways, one for each number of octets the insert leaves over; what
follows inserts of a known length (tokens) always lies in the same way, so that a whole stretch of such inserts is
encoded at once.
"""

import base64
import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

_COLUMNS = 76
_OCTETS = 57  # that fill such a line
_SHORT = 16  # octets of fixed text that are cheaper to encode with their neighbours than apart
_LINE_END = re.compile(r"\r\n|\r|\n")

Piece = str | int  # fixed text, or the number of the value that is inserted
_Run = tuple[bytes | int, ...]  # inserts, and the short texts between them


def encode_lines(octets: bytes) -> bytes:
    """Return octets in base64, in lines of 76 columns, each ended by CRLF; nothing for none."""
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def write_octets(text: str) -> bytes:
    """Return text as a text part has it: UTF-8, lines ended by CRLF (RFC 2046 §4.1.1), ? for a lone surrogate."""
    return _LINE_END.sub("\r\n", text).encode("utf-8", "replace")


class EncodedText:
    """Text with inserts, encoded but for these.

    `lengths` says how many octets the value of a number has; one that is not there may have any. Line ends are made
    CRLF piece by piece: a CR before an insert and a LF after it are two line ends.
    """

    __slots__ = ("_first", "_rest", "opening")

    def __init__(self, pieces: Sequence[Piece], lengths: Mapping[int, int]) -> None:
        texts, runs = _gather(pieces)
        # stretches begin after a run of unknown length
        starts = [number for number, run in enumerate(runs, 1) if _length_of(run, lengths) is None]
        ends = [*starts, len(texts)]
        first = ends[0]
        self._first = _make_stretch(texts[:first], runs[: first - 1], lengths, 0, last=not starts)
        self.opening = self._first.lines[2:]  # no line comes before it
        self._rest = tuple(
            (runs[start - 1], tuple(
                _make_stretch(texts[start:end], runs[start : end - 1], lengths, missing, last=end == len(texts))
                for missing in (0, 2, 1)
            ))
            for start, end in zip(starts, ends[1:], strict=True)
        )  # fmt: skip

    def fill(self, values: Sequence[bytes], lines: list[bytes]) -> None:
        """Add to `lines` what follows `opening`, with these values as inserts, the octets of each as they stand."""
        tail = self._first.fill(values, lines)
        for run, stretches in self._rest:
            octets = b"".join([tail, *[piece if isinstance(piece, bytes) else values[piece] for piece in run]])
            stretch = stretches[len(octets) % 3]
            octets += stretch.head
            lines.append(_encode_run(octets))
            lines.append(stretch.lines if octets else stretch.lines[2:])
            tail = stretch.fill(values, lines)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Fixed text with inserts of known length, as it is encoded after an insert that lacks so many octets of a group.

    head is these octets, lines the encoded text up to the first insert, beginning with the end of the line before.
    octets holds what is encoded with the inserts, whose numbers stand at its odd places; `cut` cuts the result into
    lines, and `between` follows each of them. tail is the octets left over at the end.
    """

    head: bytes
    lines: bytes
    numbers: tuple[int, ...]
    octets: tuple[bytes, ...]
    cut: Callable[[bytes], tuple[bytes, ...]]
    between: tuple[bytes, ...]
    tail: bytes

    def fill(self, values: Sequence[bytes], lines: list[bytes]) -> bytes:
        """Add to `lines` all after the first fixed text; return the octets left over."""
        if self.numbers:
            octets = list(self.octets)
            octets[1::2] = [values[number] for number in self.numbers]
            filled = [b""] * (2 * len(self.between))
            filled[::2] = self.cut(b2a_base64(b"".join(octets), newline=False))
            filled[1::2] = self.between
            lines += filled
        return self.tail


def _make_stretch(
    texts: Sequence[bytes], runs: Sequence[_Run], lengths: Mapping[int, int], missing: int, *, last: bool
) -> _Stretch:
    """Return the stretch of fixed texts and the runs between them; with `last` its end is the end of the whole."""
    head, lines, tail = _encode_text(texts[0], missing, last=last and not runs)
    numbers: list[int] = []
    octets: list[bytes] = [b""]
    widths: list[int] = []
    between: list[bytes] = []
    for number, run in enumerate(runs, 1):
        length = _length_of(run, lengths)
        assert length is not None
        length += len(tail)
        for piece in (tail, *run):
            if isinstance(piece, bytes):
                octets[-1] += piece
            else:
                numbers.append(piece)
                octets += [b"", b""]
        filling, after, tail = _encode_text(texts[number], -length % 3, last=last and number == len(runs))
        octets[-1] += filling
        encoded = (length + len(filling) + 2) // 3 * 4
        cuts = [min(_COLUMNS, encoded - at) for at in range(0, encoded, _COLUMNS)]
        widths += cuts
        between += [*[b"\r\n"] * (len(cuts) - 1), after]
    cut = Struct("".join(f"{width}s" for width in widths)).unpack
    return _Stretch(head, lines, tuple(numbers), tuple(octets), cut, tuple(between), tail)


def _encode_text(text: bytes, missing: int, *, last: bool) -> tuple[bytes, bytes, bytes]:
    """Return the octets that fill up the group before a fixed text, its lines, and the octets left over.

    The last text leaves none; where it is too short to fill the group, base64 pads it.
    """
    rest = text[missing:]
    whole = len(rest) if last else len(rest) - len(rest) % 3
    return text[:missing], b"\r\n" + encode_lines(rest[:whole]), rest[whole:]


def _encode_run(octets: bytes) -> bytes:
    encoded = b2a_base64(octets, newline=False)
    if len(octets) <= _OCTETS:
        return encoded
    return b"\r\n".join([encoded[at : at + _COLUMNS] for at in range(0, len(encoded), _COLUMNS)])


def _gather(pieces: Sequence[Piece]) -> tuple[list[bytes], list[_Run]]:
    """Return the fixed texts, and the runs between each two of them; only the first and last text may be short."""
    texts: list[bytes] = []
    runs: list[list[bytes | int]] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        octets, text = write_octets(text), ""
        if runs and len(octets) < _SHORT:
            runs[-1] += [octets, piece]
        else:
            texts.append(octets)
            runs.append([piece])
    return [*texts, write_octets(text)], [tuple(run) for run in runs]


def _length_of(run: _Run, lengths: Mapping[int, int]) -> int | None:
    """Return how many octets a run has, or None where that differs from reader to reader."""
    total = 0
    for piece in run:
        if isinstance(piece, bytes):
            total += len(piece)
        elif piece in lengths:
            total += lengths[piece]
        else:
            return None
    return total
