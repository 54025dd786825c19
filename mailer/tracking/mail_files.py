"""Mails in files as people have them: one to a file, an mbox, a Maildir; read as they come, never held all at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mailer.i18n import _
from mailer.mail.reports import MAX_READ
from mailer.model.os_words import say_os_error

STANDARD_INPUT = "-"
_LONGEST_LINE = 64 * 1024
# RFC 4155's separator as programs write it: who, and an asctime date with or without a zone
_ENVELOPE = re.compile(rb"From [^\r\n]*?\d{1,2}:\d{2}[^\r\n]*\d{4}")
_HEADER = re.compile(rb"[!-9;-~]{1,200}[ \t]{0,4}:|>?From ")
_QUOTED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail, its octets capped at MAX_READ; number counts from 1 in its file. error says why there is none."""

    file: str
    number: int
    raw: bytes
    error: str = ""


def read_mails(name: str, standard_input: BinaryIO) -> Iterator[FoundMail]:
    """Yield the mails of a file, of an mbox (told by its first line), of a Maildir (new and cur), or of `-`.

    An mbox is read in its mboxrd form; no index is written and no mail is marked. What cannot be read is yielded with
    its error; nothing is raised.
    """
    try:
        if not name:
            yield FoundMail(name, 1, b"", _("no file is named"))
        elif name == STANDARD_INPUT:
            yield from _read_stream(name, standard_input)
        elif Path(name).is_dir():
            yield from _read_folder(name, Path(name))
        else:
            with Path(name).open("rb") as stream:
                yield from _read_stream(name, stream)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        yield FoundMail(name, 1, b"", say_os_error(error))


def _read_folder(name: str, folder: Path) -> Iterator[FoundMail]:
    places = [folder / "new", folder / "cur"]
    if not any(place.is_dir() for place in places):
        yield FoundMail(name, 1, b"", _("is a folder, but no Maildir"))
        return
    for place in places:
        names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
        for file in names:
            path = place / file
            if file.startswith(".") or not path.is_file():
                continue
            try:
                with path.open("rb") as stream:
                    yield _found(str(path), stream.read(MAX_READ))
            except OSError as error:  # another program may have moved it
                yield FoundMail(str(path), 1, b"", say_os_error(error))


def _read_stream(name: str, stream: BinaryIO) -> Iterator[FoundMail]:
    first = stream.readline(_LONGEST_LINE)
    if not first.startswith(b"From "):
        raw = (first + stream.read(MAX_READ))[:MAX_READ]
        while name == STANDARD_INPUT and stream.read(MAX_READ):
            pass  # a mail server that finds its pipe closed early takes the delivery for failed
        yield _found(name, raw)
        return
    for number, raw in enumerate(_split(stream), 1):
        yield FoundMail(name, number, raw)


def _found(name: str, raw: bytes) -> FoundMail:
    return FoundMail(name, 1, raw, "" if raw else _("it is empty"))


def _split(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the mails of an mbox whose first separator was read; each without the blank line that ends it."""
    mail, separator, after_blank = bytearray(), b"", False
    while line := stream.readline(_LONGEST_LINE):
        if separator:
            if _HEADER.match(line):
                yield _ended(mail)
                mail = bytearray()
            else:
                mail += separator  # a line of text that only looks like a separator
            separator = b""
        if after_blank and _ENVELOPE.match(line):
            separator, after_blank = line, False
            continue
        after_blank = line in (b"\n", b"\r\n")
        if len(mail) < MAX_READ:
            mail += line[1:] if _QUOTED.match(line) else line
    yield _ended(mail + separator)


def _ended(mail: bytearray) -> bytes:
    raw = bytes(mail[:MAX_READ])
    return raw[: -2 if raw.endswith(b"\r\n\r\n") else -1] if raw.endswith((b"\n\n", b"\r\n\r\n")) else raw
