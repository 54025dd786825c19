"""What has the system keep `mailer serve` running."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class UnitKind(StrEnum):
    """Whose file it is."""

    SYSTEMD = "systemd"  # a unit of Linux's systemd
    LAUNCHD = "launchd"  # a property list of macOS's launchd


@dataclass(frozen=True, slots=True)
class Unit:
    """One `serve` as the system is told of it. per_user: it belongs to the account, not to the machine."""

    name: str
    program: Path  # the Python of this install
    folder: Path
    state: Path
    account: str
    per_user: bool
    secrets: tuple[str, ...] = ()  # environment variables that hold the relays' passwords
