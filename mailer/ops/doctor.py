"""What can be wrong with the machine that a house runs on: folders, permissions, room, fonts, clock."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.i18n import _
from mailer.model.report import Finding, Severity

MIB = 1 << 20
LITTLE, VERY_LITTLE = 1024 * MIB, 200 * MIB  # free room
SET_BACK = timedelta(minutes=2)  # between what is on record and what the clock says


def look_at_folders(folders: Sequence[Path]) -> Iterator[Finding]:
    """Find folders that cannot be written; one that is not there yet is asked of the folder above it."""
    for folder in folders:
        place = folder
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            yield Finding(
                Severity.ERROR,
                str(folder),
                _("This folder cannot be written."),
                _("Let the account that runs the program write to it."),
            )


def look_at_privacy(files: Sequence[Path]) -> Iterator[Finding]:
    """Find files with secrets, or with readers' data, that other accounts of the machine may read."""
    for file in files:
        try:
            exposed = stat.S_IMODE(file.stat().st_mode) & 0o077
        except OSError:
            continue  # what wants it says so
        if exposed:
            yield Finding(
                Severity.ERROR, str(file), _("Other accounts of this machine may read this file."), f"chmod 600 {file}"
            )


def look_at_folder_privacy(folder: Path) -> Iterator[Finding]:
    """Find a folder of secrets into which other accounts may write: they could put a file of theirs in place of one."""
    try:
        exposed = stat.S_IMODE(folder.stat().st_mode) & 0o022
    except OSError:
        return  # what wants it says so
    if exposed:
        yield Finding(
            Severity.ERROR,
            str(folder),
            _("Other accounts of this machine may replace files in this folder."),
            f"chmod go= {folder}",
        )


def look_at_room(folder: Path, little: int = LITTLE, very_little: int = VERY_LITTLE) -> Iterator[Finding]:
    """Find a disk that is nearly full: a database that cannot grow stops everything."""
    place = folder if folder.exists() else folder.parent
    free = shutil.disk_usage(place).free
    if free < little:
        yield Finding(
            Severity.ERROR if free < very_little else Severity.WARNING,
            str(place),
            _("Only {n} MiB of room are left on its disk.").format(n=free // MIB),
            _("Make room: without it nothing can be recorded, and so nothing is sent."),
        )


def look_at_fonts(command: str = "fc-list") -> Iterator[Finding]:
    """Find a machine without a font for Chinese, whose PDFs would show boxes; nothing where that cannot be told."""
    program = shutil.which(command)
    if program is None:
        return
    try:
        words = [program, ":lang=zh-cn", "family"]
        told = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return
    if not told.strip():
        yield Finding(
            Severity.WARNING,
            "PDF",
            _("No font for Chinese is installed: a PDF shows boxes."),
            _("Install one (Debian: apt-get install fonts-noto-cjk)."),
        )


def look_at_clock(on_record: datetime | None, now: datetime) -> Iterator[Finding]:
    """Find a clock that was set back: what is on record happened after now."""
    if on_record is not None and on_record > now + SET_BACK:
        yield Finding(
            Severity.ERROR,
            _("clock"),
            _("This machine’s clock is behind what is on record, by {n} min.").format(
                n=(on_record - now).seconds // 60
            ),
            _("Set it right, by NTP if it can be: times of sending and of signatures come from it."),
        )


def look_at_zone(zone: ZoneInfo, now: datetime) -> Iterator[Finding]:
    """Tell where the machine shows other times than the program does."""
    if now.astimezone(zone).utcoffset() != now.astimezone().utcoffset():
        yield Finding(
            Severity.NOTE,
            "time_zone",
            _("Times here are of {zone}; this machine itself shows others.").format(zone=zone.key),
            _("Nothing is to be done; the system’s own logs differ by that."),
        )
