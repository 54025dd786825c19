"""What readers of a house may look at: web pages of issues, and hosted pictures."""

from mailer.app.ground import Ground
from mailer.store import archive
from mailer.store.archive import HostedPicture
from mailer.tokens import Purpose, read_token


class PublicArchive:
    """The pages and pictures of a house that its readers may fetch."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

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

    def picture(self, sha256: str) -> HostedPicture | None:
        """Return a hosted picture by the hash of its content, else None."""
        with self._ground.store.read() as connection:
            return archive.hosted_picture(connection, sha256)
