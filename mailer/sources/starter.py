"""Makes a new newsletter folder from the starter: the repository itself, or the copy a wheel carries."""

import os
import secrets
import shutil
from pathlib import Path

from mailer.errors import NotFoundError, StateError
from mailer.i18n import _
from mailer.model.os_words import say_os_error

_PACKAGE = Path(__file__).resolve().parent.parent


def starter_folder() -> Path:
    """Return the folder that holds config.toml, templates/, subscribers/ and issues/2020-07.

    It is mailer/starter inside an installed wheel, else the repository of an editable install. Raises NotFoundError.
    """
    for folder in (_PACKAGE / "starter", _PACKAGE.parent):
        if (folder / "config.toml").is_file() and (folder / "templates").is_dir():
            return folder
    raise NotFoundError(
        _("the starter (config.toml, templates/) is not beside the program"), cure=_("install the program anew")
    )


def create_newsletter(folder: Path) -> list[Path]:
    """Make a newsletter folder, all or nothing, and return the files made in it.

    config.toml and templates/ are copied, each sheet gets its heading row, issues/ is empty, var/ is kept from git.
    Raises StateError when the folder exists and is not empty, or cannot be made.
    """
    starter = starter_folder()
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise StateError(
            _("{folder} is there already and is not an empty folder").format(folder=folder),
            file=folder,
            cure=_("name a folder that does not exist yet"),
        )
    target = Path(os.path.abspath(folder))
    draft = target.parent / f".{target.name}.{secrets.token_hex(4)}.new"
    try:
        draft.mkdir(parents=True)
        _fill(draft, starter)
        made = sorted(path.relative_to(draft) for path in draft.rglob("*") if path.is_file())
        _put_in_place(draft, target)
    except OSError as error:
        raise StateError(
            _("{folder} cannot be made: {why}").format(folder=folder, why=say_os_error(error)),
            file=folder,
            cure=_("check that you may write there and that the disk is not full"),
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [folder / path for path in made]


def _fill(draft: Path, starter: Path) -> None:
    shutil.copyfile(starter / "config.toml", draft / "config.toml")
    shutil.copytree(starter / "templates", draft / "templates", copy_function=shutil.copyfile)
    (draft / "issues").mkdir()
    (draft / "subscribers").mkdir()
    for sheet in sorted((starter / "subscribers").glob("*.csv")):
        heading = sheet.read_text("utf-8-sig").splitlines()[0]
        # with a byte order mark, by which Excel and WPS know UTF-8
        (draft / "subscribers" / sheet.name).write_text(heading + "\n", "utf-8-sig", newline="\n")
    (draft / ".gitignore").write_text("var/\n", "utf-8")


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the draft; into an empty folder that is there already (often the one we stand in) move its parts."""
    if not target.exists():
        draft.rename(target)
        return
    moved: list[Path] = []
    try:
        for part in sorted(draft.iterdir()):
            part.rename(target / part.name)
            moved.append(target / part.name)
    except OSError:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
