"""Reads a text file people made, whatever office program wrote it: one size cap and one order of encodings."""

import codecs
from pathlib import Path

from mailer.errors import InputError, IssueError
from mailer.i18n import _

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
    raise error(
        _("is not a text file in UTF-8 or GB18030"), file=file, cure=_("save it anew as text, with encoding UTF-8")
    )


def read_text_file(file: Path, *, error: type[InputError] = IssueError) -> str:
    """Return a file's text, decoded as decode_text says. Raises `error` when it is missing, unreadable or too big."""
    return decode_text(read_file_bytes(file, limit=MAX_BYTES, error=error), file=file, error=error)


def read_file_bytes(file: Path, *, limit: int, error: type[InputError] = IssueError) -> bytes:
    """Return a file's bytes. Raises `error` when it is missing, unreadable or larger than the limit."""
    try:
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except FileNotFoundError:
        raise error(_("there is no such file"), file=file, cure=_("check the path and its spelling")) from None
    except (OSError, ValueError) as problem:  # ValueError: a path that holds a NUL
        why = _("it is a folder") if file.is_dir() else getattr(problem, "strerror", None) or str(problem)
        cure = _("check that it is a file and that you may read it")
        raise error(_("cannot be read: {why}").format(why=why), file=file, cure=cure) from None
    if len(content) > limit:
        raise error(
            _("is larger than {n} MB").format(n=limit // 1_000_000),
            file=file,
            cure=_("check that it is the right one"),
        )
    return content
