"""Sheets of contacts as files: their digest, and workbooks read in the child into a file of rows."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.app.ground import Ground
from mailer.child import Limits
from mailer.errors import SheetError, UsageError
from mailer.i18n import _
from mailer.sources.workbook import is_workbook, spool_workbook

SECONDS = 300.0
MEGABYTES = 3000  # a workbook is held whole while it is read: 1,000,000 rows take some 800


@contextmanager
def spooled(ground: Ground, file: Path, only: str = "") -> Iterator[Path | None]:
    """Have a workbook read, or one sheet of it, into a spool that is gone afterwards; None for a text file.

    Raises SheetError, LimitError; UsageError where a sheet of a text file is asked for.
    """
    if not is_workbook(file):
        if only:
            raise UsageError(
                _("a CSV file has no sheets"), field="--sheet", cure=_("leave --sheet out, or name a workbook")
            )
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="mailer-sheet-") as folder:
        spool = Path(folder) / "rows"
        limits = Limits(
            seconds=SECONDS,
            megabytes=MEGABYTES,
            doing=_("reading the workbook"),
            file=file,
            cure=_("save the sheet as “CSV UTF-8” and name that file"),
        )
        ground.child.run(limits, spool_workbook, file.absolute(), spool, only)
        yield spool


def hash_sheet(file: Path) -> str:
    """Return the SHA-256 of a sheet, in hex. Raises SheetError."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise SheetError(_("there is no such file"), file=file, cure=_("check the path and its spelling")) from None
    except (OSError, ValueError) as error:
        why = _("it is a folder") if file.is_dir() else str(error)
        cure = _("check that it is a file and that you may read it")
        raise SheetError(_("cannot be read: {why}").format(why=why), file=file, cure=cure) from None
