"""What readers of a house may look at: the archive, web pages of issues, the same on paper, and hosted pictures."""

import hashlib
import logging
import re
import threading

from mailer.app.ground import Ground
from mailer.child import Limits
from mailer.i18n import _
from mailer.model.page_text import read_query
from mailer.model.publication import Publication, Shelf
from mailer.store import archive, publications
from mailer.store.archive import HostedPicture
from mailer.tokens import Purpose, read_token

log = logging.getLogger(__name__)

PAGE = 20  # issues on a page of the archive
PRINT_SECONDS = 60.0


class BusyError(Exception):
    """Another document is being made; the same may be asked for again in some seconds."""


class PublicArchive:
    """The pages and pictures of a house that its readers may fetch."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._printing = threading.Lock()

    def shelf(self, query: str = "", year: int | None = None, page: int = 1) -> Shelf:
        """Return a page of the archive: the issues that everybody may read and that hold all words of a query.

        A page beyond the last is empty.
        """
        words = read_query(query)
        with self._ground.store.read() as connection:
            found = publications.find_published(connection, words, year)
            shown = publications.read_published(connection, found[(page - 1) * PAGE : page * PAGE], words)
            years = publications.count_years(connection)
        return Shelf(shown, len(found), page, max(1, -(-len(found) // PAGE)), years)

    def newest(self, most: int) -> tuple[Publication, ...]:
        """Return the issues that everybody may read, the one mailed last first."""
        with self._ground.store.read() as connection:
            return publications.newest_published(connection, most)

    def public_pdf(self, slug: str) -> bytes | None:
        """Return the page of an issue that everybody may read as a document for paper; None as for `public_page`.

        It is made from the frozen page, once, and kept in var/: what a copy carries may be meant for its list alone.
        Raises BusyError while another one is made, and StateError where the Pango library is missing.
        """
        page = self.public_page(slug)
        if page is None:
            return None
        file = self._ground.var / "pages" / f"{hashlib.sha256(page.encode()).hexdigest()}.pdf"
        if file.exists():
            return file.read_bytes()
        if not self._printing.acquire(blocking=False):
            raise BusyError
        try:
            from mailer.rendering.pdf import print_page

            made = self._ground.child.run(
                Limits(seconds=PRINT_SECONDS, megabytes=1000, doing=_("making the PDF")), print_page, page
            )
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = file.with_suffix(".new")
            new.write_bytes(made)
            new.replace(file)
            return made
        finally:
            self._printing.release()

    def page_of(self, token: str) -> str | None:
        """Return the page of what the delivery of a token carried; None for a token not ours, or without a page."""
        number = read_token(self._ground.secret, Purpose.VIEW, token)
        if number is None:
            return None
        with self._ground.store.read() as connection:
            return archive.page_of_delivery(connection, number)

    def public_page(self, slug: str) -> str | None:
        """Return the page of an issue that everybody may read, else None."""
        with self._ground.store.read() as connection:
            return archive.public_page(connection, slug)

    def public_correction(self, slug: str) -> str | None:
        """Return the newest correction of an issue that everybody may read, by its slug, else None."""
        with self._ground.store.read() as connection:
            return archive.public_correction(connection, slug)

    def privacy_words(self, language: str) -> tuple[str, ...]:
        """Return what the office itself says of privacy, by paragraphs: templates/privacy.LANGUAGE.txt or privacy.txt.

        Empty where there is no such file, or it cannot be read as UTF-8.
        """
        for name in (f"privacy.{language}.txt", "privacy.txt"):
            try:
                text = (self._ground.templates / name).read_text("utf-8-sig")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                log.warning("templates/%s cannot be read: %s", name, error)
                return ()
            return tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip())
        return ()

    def picture(self, sha256: str) -> HostedPicture | None:
        """Return a hosted picture by the hash of its content, else None."""
        with self._ground.store.read() as connection:
            return archive.hosted_picture(connection, sha256)
