"""Returned mail in a Maildir: what was not seen yet, and setting aside what was understood."""

import mailbox
from collections.abc import Iterator
from pathlib import Path

from mailer.errors import InputError
from mailer.i18n import _

SEEN = "S"


def unseen_mail(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (key, bytes) of each mail not marked as seen, oldest name first. Raises InputError for no Maildir."""
    if not folder.exists():
        raise InputError(
            _("there is no such folder"),
            file=folder,
            field="bounces.maildir",
            cure=_("have the mail server deliver into it, or correct the path in config.toml"),
        )
    if not (folder / "new").is_dir():
        raise InputError(
            _("is not a Maildir"), file=folder, field="bounces.maildir", cure=_("it needs the folders new, cur and tmp")
        )
    box = mailbox.Maildir(folder, create=False)
    for key in sorted(box.keys()):
        if SEEN not in box.get_message(key).get_flags():
            yield key, box.get_bytes(key)


def mark_seen(folder: Path, key: str) -> None:
    """Mark a mail as seen; it stays in the Maildir."""
    box = mailbox.Maildir(folder, create=False)
    message = box.get_message(key)
    message.set_subdir("cur")
    message.add_flag(SEEN)
    box[key] = message
