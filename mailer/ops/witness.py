"""The witness: what a machine remembers of a house, in a file that neither a backup of its folder nor a clone holds."""

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from mailer.errors import StateError
from mailer.i18n import _
from mailer.model.identity import Remembered
from mailer.ops.lock import FolderLock

STATE_VARIABLE = "MAILER_STATE_DIR"
_MACHINE_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_PLATFORM_UUID = re.compile(r'"IOPlatformUUID"\s*=\s*"([^"]+)"')
_HEX = re.compile(r"[0-9a-f]{32}")


def state_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where this account keeps what it remembers: $MAILER_STATE_DIR, else jianbao in the folder for states.

    That folder is $XDG_STATE_HOME, else ~/.local/state (XDG Base Directory Specification 0.8), on macOS
    ~/Library/Application Support. Raises StateError for an account without a home.
    """
    if named := environ.get(STATE_VARIABLE):
        return Path(named).expanduser().absolute()
    if (base := environ.get("XDG_STATE_HOME")) and Path(base).is_absolute():  # a relative one is to be ignored
        return Path(base) / "jianbao"
    try:
        home = Path.home()
    except RuntimeError:
        raise StateError(
            _("this account has no home folder to remember the house in"),
            cure=_("name a folder outside of backup and clone in the environment variable {name}").format(
                name=STATE_VARIABLE
            ),
        ) from None
    return home / ("Library/Application Support" if platform == "darwin" else ".local/state") / "jianbao"


def machine_id(folder: Path) -> str:
    """Return what tells this machine from others: machine-id(5), macOS's IOPlatformUUID, else one made up in `folder`.

    The host's name plays no part. Raises OSError when one must be made up and cannot be kept.
    """
    for file in _MACHINE_FILES:
        with suppress(OSError):
            if _HEX.fullmatch(text := file.read_text("ascii", "replace").strip()):
                return text
    if sys.platform == "darwin":
        with suppress(OSError, subprocess.SubprocessError):
            command = ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"]
            told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
            if found := _PLATFORM_UUID.search(told):
                return found[1]
    return _made_up_id(folder / "machine-id")


def _made_up_id(file: Path) -> str:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        if not file.exists():
            _write_synced(temporary, secrets.token_hex(16) + "\n")
            with suppress(FileExistsError):  # another process was first, and its id counts
                os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return file.read_text("ascii").strip()


def _write_synced(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


class Witness:
    """The file of one house on one machine. Methods that touch it raise OSError as the system does."""

    def __init__(self, folder: Path, place: str) -> None:
        """Take the state folder, and what the house's database is told by: its folder, or its server and name."""
        key = hashlib.sha256(f"{machine_id(folder)}\0{place}".encode("utf-8", "surrogateescape")).hexdigest()
        self.path = folder / "houses" / f"{key}.json"

    def read(self) -> Remembered | None:
        """Return what is remembered, None where nothing is. Raises ValueError for a file that is not ours."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            stored = json.loads(raw)
            written_at = datetime.fromisoformat(stored["written_at"])
            if written_at.tzinfo is None:
                raise ValueError(written_at)
            return Remembered(
                str(stored["instance_id"]), int(stored["generation"]), written_at, str(stored.get("audit_head", ""))
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(_("{file} is damaged").format(file=self.path)) from None

    def write(self, remembered: Remembered) -> None:
        """Put what is remembered in the place of what was, durably; a crash leaves the one or the other whole.

        The caller holds the lock.
        """
        stored = {
            "instance_id": remembered.instance_id,
            "generation": remembered.generation,
            "written_at": remembered.written_at.isoformat(),
            **({"audit_head": remembered.audit_head} if remembered.audit_head else {}),
        }
        temporary = self.path.with_suffix(".new")
        temporary.unlink(missing_ok=True)  # of a write that was cut off
        _write_synced(temporary, json.dumps(stored) + "\n")
        temporary.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def locked(self, wait_s: float) -> Iterator[None]:
        """Keep other processes of this machine from counting on. Raises TimeoutError when one does for that long."""
        lock = FolderLock(self.path.with_suffix(".lock"))
        if not lock.take(wait_s):
            raise TimeoutError
        try:
            yield
        finally:
            lock.free()
