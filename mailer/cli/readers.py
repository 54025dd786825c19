"""What the public pages may ask of a house; loaded only where they are served."""

from typing import TYPE_CHECKING

from mailer.web.actions import HookStatus, JoinView, PictureView, ReceiptView, UnsubscribeView
from mailer.web.public import create_public_app as create_public_app
from mailer.web.server import serve_public as serve_public

if TYPE_CHECKING:
    from mailer.app import House
    from mailer.app.joining import JoinRequest
    from mailer.model.reading import Receipt, Visit


class ReaderActions:
    """What the public pages may ask of a house."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._desk = house.readings.open_desk()

    def close(self) -> None:
        """Write what was fetched; ask nothing afterwards."""
        self._desk.close()

    def describe_unsubscribe(self, token: str) -> UnsubscribeView | None:
        """Return what a token's page shows, or None."""
        found = self._house.lists.read_membership(token)
        return UnsubscribeView(address=found.address, list_title=found.list_title) if found is not None else None

    def unsubscribe(self, token: str) -> bool:
        """End the subscription a token names."""
        return self._house.lists.leave(token, "web")

    def describe_join(self, token: str) -> JoinView | None:
        """Return what a link to confirm shows, or None."""
        return self._show_join(self._house.joining.read(token))

    def confirm_join(self, token: str) -> JoinView | None:
        """Subscribe whoever follows a link to confirm."""
        return self._show_join(self._house.joining.confirm(token))

    def _show_join(self, found: "JoinRequest | None") -> JoinView | None:
        lists = self._house.config.lists
        if found is None:
            return None
        return JoinView(found.address, tuple(lists[name].title for name in found.lists if name in lists))

    def follow_link(self, token: str, number: int, visit: "Visit") -> str | None:
        """Return where a link leads, or None."""
        return self._desk.follow(token, number, visit)

    def note_open(self, token: str, visit: "Visit") -> None:
        """Take down that a copy was shown."""
        self._desk.open(token, visit)

    def describe_receipt(self, token: str) -> ReceiptView | None:
        """Return what a receipt's page shows, or None."""
        return _show_receipt(self._house.readings.find_receipt(token))

    def confirm_receipt(self, token: str) -> ReceiptView | None:
        """Take down that the reader confirms receipt."""
        return _show_receipt(self._house.readings.confirm_receipt(token))

    def view_page(self, token: str) -> str | None:
        """Return the web page of what a delivery carried, or None."""
        return self._house.archive.page_of(token)

    def view_issue(self, slug: str) -> str | None:
        """Return the web page of an issue in the public archive, or None."""
        return self._house.archive.public_page(slug)

    def find_correction(self, slug: str) -> str | None:
        """Return the newest correction of an issue that everybody may read, by its slug, else None."""
        return self._house.archive.public_correction(slug)

    def view_picture(self, sha256: str) -> PictureView | None:
        """Return a hosted picture, or None."""
        found = self._house.archive.picture(sha256)
        return PictureView(found.media_type, found.content) if found is not None else None

    def take_hook(self, name: str, body: bytes) -> HookStatus:
        """Check and record what a provider reports."""
        return HookStatus(self._house.hooks.take(name, body).value)


def _show_receipt(found: "Receipt | None") -> ReceiptView | None:
    if found is None:
        return None
    return ReceiptView(found.subject, found.address, found.list_title, found.confirmed_at)
