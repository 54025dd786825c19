"""Reads a text file people made, whatever office program wrote it: one size cap and one order of encodings."""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from mailer.errors import InputError, IssueError
from mailer.i18n import _

CHUNK = 1 << 20
MAX_BYTES = 10_000_000  # a bulletin of plain text is a few kilobytes; more is a wrong file

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # Excel's "Unicode text"
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode_text(content: bytes, *, file: Path, error: type[InputError] = IssueError) -> str:
    """Return the text of a whole file: by its byte order mark, else strict UTF-8, else strict GB18030.

    The whole file decides, never a cell or line: the GBK bytes of 1920 common characters are valid UTF-8 too.
    Raises `error` when no encoding fits or the file is no text at all.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", ""))
    for name in (encoding,) if encoding else ("utf-8", "gb18030"):
        try:
            text = content[len(mark) :].decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _no_text(file, error)


def _no_text(file: Path, error: type[InputError]) -> InputError:
    return error(
        _("is not a text file in UTF-8 or GB18030"), file=file, cure=_("save it anew as text, with encoding UTF-8")
    )


@contextmanager
def open_text(file: Path, *, error: type[InputError] = IssueError) -> Iterator[TextIO]:
    """Open a text file of any size, line ends as they are, in the encoding `decode_text` would find.

    It is read through once before, a piece at a time, as the whole file decides. Raises `error` as `read_text_file`.
    """
    with _readable(file, error):
        stream = file.open("rb")
    with stream:
        with _readable(file, error):
            encoding, start = _find_encoding(stream, file, error)
        stream.seek(start)
        with io.TextIOWrapper(stream, encoding, newline="") as text:
            yield text


def _find_encoding(stream: BinaryIO, file: Path, error: type[InputError]) -> tuple[str, int]:
    """Return the encoding of a whole file and where its text begins."""
    head = stream.read(4)
    stream.seek(0)
    mark, marked = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", ""))
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ((marked,) if marked else ("utf-8", "gb18030"))}
    last = False
    while decoders and not last:
        chunk = stream.read(CHUNK)
        last = not chunk
        for name, decoder in list(decoders.items()):
            try:
                if "\0" in decoder.decode(chunk, last):
                    del decoders[name]
            except UnicodeDecodeError:
                del decoders[name]
    if not decoders:
        raise _no_text(file, error)
    return next(iter(decoders)), len(mark)


def read_text_file(file: Path, *, error: type[InputError] = IssueError) -> str:
    """Return a file's text, decoded as decode_text says. Raises `error` when it is missing, unreadable or too big."""
    return decode_text(read_file_bytes(file, limit=MAX_BYTES, error=error), file=file, error=error)


def read_file_bytes(file: Path, *, limit: int, error: type[InputError] = IssueError) -> bytes:
    """Return a file's bytes. Raises `error` when it is missing, unreadable or larger than the limit."""
    with _readable(file, error), file.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise error(
            _("is larger than {n} MB").format(n=limit // 1_000_000),
            file=file,
            cure=_("check that it is the right one"),
        )
    return content


@contextmanager
def _readable(file: Path, error: type[InputError]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise error(_("there is no such file"), file=file, cure=_("check the path and its spelling")) from None
    except (OSError, ValueError) as problem:  # ValueError: a path that holds a NUL
        why = _("it is a folder") if file.is_dir() else getattr(problem, "strerror", None) or str(problem)
        cure = _("check that it is a file and that you may read it")
        raise error(_("cannot be read: {why}").format(why=why), file=file, cure=cure) from None
