"""The file that has the system keep a house's `serve` running, for this install, folder and account."""

import os
import pwd
import re
import sys
from pathlib import Path

from mailer.app.ground import Ground
from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.os_words import say_os_error
from mailer.model.unit import Unit, UnitKind
from mailer.ops.unit import write_unit


def write_house_unit(ground: Ground, kind: UnitKind | None = None, *, per_user: bool = False) -> str:
    """Return the file for systemd or launchd; for none of them, of the system this runs on.

    It makes the folder of what this machine remembers, which the unit may write to only where it is there. Raises
    UsageError where it must be printed by the folder's owner, and StateError where that folder cannot be made.
    """
    folder = ground.home.resolve()
    account = pwd.getpwuid(os.getuid()).pw_name
    owner = folder.stat().st_uid
    if os.getuid() == 0 != owner:
        raise UsageError(
            _("the folder belongs to another account, which must print its unit"),
            cure=_("run it as {account}, without sudo").format(account=_name_of(owner)),
        )
    try:
        ground.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            _("{folder} cannot be made: {why}").format(folder=ground.state_folder, why=say_os_error(error))
        ) from None
    unit = Unit(
        name=_unit_name(folder),
        program=Path(sys.executable).absolute(),  # not resolved: the link is what makes it this install's
        folder=folder,
        state=ground.state_folder,
        account=account,
        per_user=per_user,
        secrets=_secrets(ground),
    )
    return write_unit(unit, kind or (UnitKind.LAUNCHD if sys.platform == "darwin" else UnitKind.SYSTEMD))


def _secrets(ground: Ground) -> tuple[str, ...]:
    """Return the environment variables that `serve` needs."""
    names = {one.password_env for one in ground.config.relays.values() if one.password_env and one.username}
    if ground.config.notices.urls_env:
        names.add(ground.config.notices.urls_env)
    return tuple(sorted(names))


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _unit_name(folder: Path) -> str:
    return "-".join(["jianbao", *re.findall(r"[a-z0-9]+", folder.name.lower())])
