"""Text encoded but for its inserts says what whole-text encoding would say."""

import base64
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.mail.encoding import EncodedText, Piece, encode_lines, write_octets

FIXED = {0: 40, 1: 1, 2: 2}  # numbers of values that have a known length; others have any
TEXTS = st.one_of(st.text(max_size=8), st.text("正a\r\n", max_size=90), st.text(min_size=14, max_size=250))
PIECES = st.lists(st.one_of(TEXTS, st.integers(0, 5)), max_size=14)
VALUES = st.tuples(
    *(st.binary(min_size=length, max_size=length) for length in FIXED.values()),
    *(st.binary(max_size=130) for _number in range(3)),
)


def encode(pieces: Sequence[Piece], values: Sequence[bytes]) -> bytes:
    text = EncodedText(pieces, FIXED)
    lines = [text.opening]
    text.fill(values, lines)
    return b"".join(lines)


def expect(pieces: Sequence[Piece], values: Sequence[bytes]) -> bytes:
    """The octets meant; texts that stand side by side are one."""
    octets, text = b"", ""
    for piece in (*pieces, None):
        if isinstance(piece, str):
            text += piece
            continue
        octets += write_octets(text)
        text = ""
        octets += values[piece] if piece is not None else b""
    return octets


@given(PIECES, VALUES)
@example([], (b"a" * 40, b"b", b"cc", b"", b"", b""))
@example([3], (b"a" * 40, b"b", b"cc", b"", b"", b""))
@example([3, 4, 0, "x", 5, "\r", 3, "\n"], (b"a" * 40, b"b", b"cc", b"", "读者".encode(), b"d"))
@example([0, "正文" * 20, 0, "正文" * 21, 3, "正文" * 20, 0], (b"a" * 40, b"b", b"cc", b"", b"", b""))
def test_decoded_it_is_what_the_pieces_say_in_order(pieces: list[Piece], values: tuple[bytes, ...]) -> None:
    encoded = encode(pieces, values)
    assert base64.b64decode(encoded, validate=False) == expect(pieces, values)
    assert base64.b64decode(encoded.replace(b"\r\n", b""), validate=True) == expect(pieces, values)
    assert not encoded or encoded.endswith(b"\r\n")
    lines = encoded.split(b"\r\n")[:-1]
    # quoted by RFC 2045: 76 columns; whole groups of four, so that a reader may decode line by line
    assert all(0 < len(line) <= 76 and len(line) % 4 == 0 for line in lines)
    assert not any(b"=" in line for line in lines[:-1])


@pytest.mark.parametrize("before", range(20))
@pytest.mark.parametrize("length", range(5))
def test_each_number_of_octets_left_over_is_met(before: int, length: int) -> None:
    values = (b"t" * 40, b"b", b"cc", b"v" * length, b"", b"")
    cases: list[list[Piece]] = [
        ["x" * before, 3, "y" * 30, 0, "z" * before],
        ["x" * before, 0, "y" * 31, 3, 4, "z" * before, 0],
    ]
    for pieces in cases:
        assert base64.b64decode(encode(pieces, values)) == expect(pieces, values)


def test_text_without_inserts_is_encoded_once_in_full_lines() -> None:
    text = EncodedText(["简报\n" * 100], {})
    assert text.opening == encode_lines(("简报\r\n" * 100).encode())
    lines: list[bytes] = []
    text.fill([], lines)
    assert lines == []


def test_what_is_the_same_for_all_readers_is_not_made_anew() -> None:
    text = EncodedText(["简报" * 1000, 3, "正文" * 1000, 0, "正文" * 1000], FIXED)
    first: list[bytes] = []
    second: list[bytes] = []
    text.fill((b"a" * 40, b"", b"", b"x"), first)
    text.fill((b"b" * 40, b"", b"", b"yyyy"), second)
    shared = {id(piece) for piece in first} & {id(piece) for piece in second}
    assert sum(len(piece) for piece in first if id(piece) in shared) > 15000


def test_lone_surrogates_and_every_kind_of_line_end_are_written_as_text_parts_have_them() -> None:
    assert write_octets("a\rb\nc\r\nd\n\r\ud800") == b"a\r\nb\r\nc\r\nd\r\n\r\n?"
