"""The pictures of a web page: embedded ones and those in its own folder become files, those elsewhere stay there."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from mailer.i18n import _
from mailer.model.issue import Picture
from mailer.sources.drafts import Draft, Say
from mailer.sources.left_out import picture_fault, put_linked_picture, put_unusable
from mailer.sources.picture_files import MAX_PICTURE, PictureFiles, picture_kind
from mailer.sources.pieces import Piece
from mailer.sources.web_page.markup import Element


class WebPictures:
    """Reads the pictures of one page; `folder` is the page's own, None when it has none. `files` is what it found."""

    def __init__(self, folder: Path | None, embedded: Sequence[bytes], say: Say) -> None:
        self._folder, self._embedded, self._say = folder, embedded, say
        self._files = PictureFiles()

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes of the pictures by their path in the issue's folder."""
        return self._files.files

    def read(self, element: Element, line: int) -> Draft | None:
        """Return the draft of an <img>: a picture, a link to one elsewhere, or a line that says what is missing.

        None for a picture of one dot, which counts readers. Says all but the first.
        """
        source = " ".join((element.get("src") or element.get("data-src") or "").split())  # a script would load it
        alt = " ".join((element.get("alt") or element.get("title") or "").split())
        if any(re.fullmatch(r"[01](?:px)?", (element.get(name) or "").strip()) for name in ("width", "height")):
            self._say(_("a picture of one dot was left out"), _("it only counts readers; the house counts its own"))
            return None
        if match := re.fullmatch(r"data:(\d{1,6})", source):
            number = int(match[1])
            return self._keep(self._embedded[number] if number < len(self._embedded) else b"", alt, line)
        if re.match(r"https?://|//", source, re.IGNORECASE):
            target = f"https:{source}" if source.startswith("//") else source
            return put_linked_picture(target, alt, line, self._say)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", source) or not source:
            return put_unusable(_("a picture that the page does not hold"), line, self._say)
        content = self._read_beside(source)
        if content is None:
            what = _("a picture that is not in the page's folder ({name})").format(name=source[:60])
            return put_unusable(what, line, self._say)
        return self._keep(content, alt, line)

    def _keep(self, content: bytes, alt: str, line: int) -> Draft:
        name = self._files.add(content)
        if name is None:
            return put_unusable(picture_fault(*picture_kind(content)), line, self._say)
        return Draft(Piece(line, block=Picture(name, alt)))

    def _read_beside(self, source: str) -> bytes | None:
        """Return a file below the page's own folder, wherever links in it lead; None for all others."""
        if self._folder is None:
            return None
        try:
            folder = os.path.realpath(self._folder)
            path = os.path.realpath(
                os.path.join(folder, unquote(source.split("?")[0].split("#")[0]).replace("\\", "/"))
            )
            if os.path.commonpath([folder, path]) != folder or not os.path.isfile(path):
                return None
            with open(path, "rb") as stream:
                content = stream.read(MAX_PICTURE + 1)
        except (OSError, ValueError):
            return None
        return content if picture_kind(content)[0] and len(content) <= MAX_PICTURE else None
