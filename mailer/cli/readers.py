"""What the public pages may ask of a house; loaded only where they are served."""

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mailer.app.archive import BusyError
from mailer.errors import AddressError, MailerError, NotFoundError, StateError
from mailer.model.consent import LeaveReason
from mailer.model.publication import Publication, Shelf
from mailer.web.actions import (
    Asked,
    HookStatus,
    JoinView,
    NotOfferedError,
    OpenList,
    PdfBusyError,
    PictureView,
    PreferencesView,
    ReceiptView,
    UnsubscribeView,
)
from mailer.web.public import create_public_app as create_public_app
from mailer.web.server import serve_public as serve_public

if TYPE_CHECKING:
    from mailer.app import House
    from mailer.app.joining import JoinStanding, Preferences
    from mailer.app.lists import Membership
    from mailer.model.reading import Receipt, Visit

log = logging.getLogger(__name__)


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
        return self._show_membership(token, found) if found is not None else None

    def _show_membership(self, token: str, found: "Membership") -> UnsubscribeView:
        preferences = self._house.joining.preferences_token(token, found.list_name)
        return UnsubscribeView(found.address, found.list_title, preferences)

    def come_back(self, token: str) -> tuple[UnsubscribeView, bool] | None:
        """Take back what an unsubscribe token has just ended."""
        found = self._house.lists.come_back(token)
        return (self._show_membership(token, found), found.active) if found is not None else None

    def say_why(self, token: str, reason: LeaveReason) -> None:
        """Keep why a reader left."""
        self._house.lists.say_why(token, reason)

    def describe_preferences(self, token: str) -> PreferencesView | None:
        """Return what the page of a reader's preferences shows, or None."""
        return self._show_preferences(self._house.joining.read_preferences(token))

    def set_preferences(self, token: str, wanted: Collection[str]) -> PreferencesView | None:
        """Have a reader be on these lists, of those that are offered."""
        try:
            return self._show_preferences(self._house.joining.set_preferences(token, wanted))
        except StateError:
            raise NotOfferedError from None

    def _show_preferences(self, found: "Preferences | None") -> PreferencesView | None:
        if found is None:
            return None
        lists = self._house.config.lists
        shown = tuple(OpenList(name, lists[name].title, is_on) for name, is_on in found.active.items())
        return PreferencesView(found.address, shown)

    def show_form(self) -> str:
        """Return a fresh token for the form by which a stranger asks for lists."""
        return self._house.joining.show_form()

    def ask_to_join(self, form: str, address: str, lists: Sequence[str], network: str) -> Asked:
        """Take a stranger's wish to join open lists."""
        joining = self._house.joining
        if not joining.is_form_good(form):
            return Asked.AGAIN
        try:
            joining.ask(address, lists, network)
        except AddressError:
            return Asked.NO_ADDRESS
        except (StateError, NotFoundError):
            return Asked.CLOSED
        return Asked.TAKEN

    def list_issues(self, query: str, year: int | None, page: int) -> Shelf:
        """Return a page of the archive."""
        return self._house.archive.shelf(query, year, page)

    def list_newest(self, most: int) -> tuple[Publication, ...]:
        """Return the issues that everybody may read, the one mailed last first."""
        return self._house.archive.newest(most)

    def view_pdf(self, slug: str) -> bytes | None:
        """Return an issue that everybody may read as PDF."""
        try:
            return self._house.archive.public_pdf(slug)
        except BusyError:
            raise PdfBusyError from None
        except MailerError as error:  # the Pango library is missing, or the page is too large to be laid out
            log.warning("there is no PDF of issue %s: %s", slug, error)
            return None

    def unsubscribe(self, token: str) -> bool:
        """End the subscription a token names."""
        return self._house.lists.leave(token, "web")

    def privacy_words(self, language: str) -> tuple[str, ...]:
        """Return what the office itself says of privacy, by paragraphs."""
        return self._house.archive.privacy_words(language)

    def describe_join(self, token: str) -> JoinView | None:
        """Return what a link to confirm shows, or None."""
        return self._show_join(self._house.joining.read(token))

    def confirm_join(self, token: str) -> JoinView | None:
        """Subscribe whoever follows a link to confirm."""
        return self._show_join(self._house.joining.confirm(token))

    def _show_join(self, found: "JoinStanding | None") -> JoinView | None:
        lists, openly = self._house.config.lists, self._house.joining.open_lists
        if found is None:
            return None
        titles = tuple(lists[name].title for name in found.lists if name in lists)
        may_ask = any(name in openly for name in found.request.lists)
        return JoinView(found.request.address, titles, found.state, may_ask=may_ask)

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
