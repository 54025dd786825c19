"""The former texts of issues: kept in var/ each time one is saved in the console."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mailer.app.ground import Ground
from mailer.errors import IssueError, NotFoundError
from mailer.i18n import _
from mailer.model.os_words import say_os_error
from mailer.sources.slug import parse_slug

KEPT = 200  # of an issue
_NAME = re.compile(r"(\d{8}T\d{12})-([0-9a-f]{12})\.md")


@dataclass(frozen=True, slots=True)
class Version:
    """A text that was saved. name: by which it is asked for."""

    name: str
    saved_at: datetime


class Versions:
    """The former texts of a house's issues."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def folder(self, slug: str) -> Path:
        """Return where an issue's versions lie."""
        return self._ground.var / "versions" / parse_slug(slug)

    def list(self, slug: str) -> list[Version]:
        """Return the texts that were kept, the newest first."""
        names = sorted((path.name for path in self.folder(slug).glob("*.md")), reverse=True)
        return [
            Version(name, datetime.strptime(found[1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC))
            for name in names
            if (found := _NAME.fullmatch(name))
        ]

    def read(self, slug: str, name: str) -> str:
        """Return a text that was kept. Raises NotFoundError."""
        if name not in {one.name for one in self.list(slug)}:
            raise NotFoundError(_("there is no such version"))
        return (self.folder(slug) / name).read_text("utf-8")

    def find(self, slug: str, digest: str) -> str | None:
        """Return the newest text of this digest, None where it is not kept."""
        texts = ((self.folder(slug) / one.name).read_text("utf-8") for one in self.list(slug))
        return next((text for text in texts if digest_text(text) == digest), None)

    def keep(self, slug: str, text: str) -> None:
        """Keep a text, once where it is the newest already."""
        known = self.list(slug)
        if known and self.read(slug, known[0].name) == text:
            return
        write_file(self.folder(slug) / f"{self._ground.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(6)}.md", text.encode())
        for old in known[KEPT:]:
            (self.folder(slug) / old.name).unlink(missing_ok=True)


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, its folder too where it is missing. Raises IssueError."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise IssueError(_("cannot be written: {why}").format(why=say_os_error(error)), file=path) from None
