"""What the public pages may ask of the house; app implements it, so that no page reaches the database."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from mailer.model.reading import Visit


@dataclass(frozen=True, slots=True)
class UnsubscribeView:
    """What the unsubscribe page shows: the reader's whole address (the page masks it) and the title of the list.

    It does not say whether the reader has left already: the page is the same, so that a link tells nobody.
    """

    address: str
    list_title: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture that a mail names by its address."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What the receipt page shows; confirmed_at is None before the reader has confirmed."""

    subject: str
    address: str
    list_title: str
    confirmed_at: datetime | None


class HookStatus(Enum):
    """What became of a provider's call."""

    TAKEN = "taken"
    UNKNOWN = "unknown"  # there is no such webhook
    REFUSED = "refused"  # it is not the provider's
    LATER = "later"  # it cannot be taken just now; the provider calls again


@dataclass(frozen=True, slots=True)
class JoinView:
    """What the page to confirm shows: the whole address (the page masks it) and the titles of the lists."""

    address: str
    list_titles: tuple[str, ...]


class PublicActions(Protocol):
    """The acts of a reader. Called in worker threads, several at once, never in the event loop; but for `note_open`.

    A token is whatever stood in the URL, at most MAX_TOKEN characters: the implementation checks it.
    """

    def describe_unsubscribe(self, token: str) -> UnsubscribeView | None:
        """Return what a token's page shows, changing nothing; None for one that is forged, cut or unknown."""

    def unsubscribe(self, token: str) -> bool:
        """End the subscription a token names; True also when it had ended before, False for an unknown token."""

    def describe_join(self, token: str) -> JoinView | None:
        """Return what a link to confirm shows, changing nothing; None for one that is not ours or no longer good."""

    def confirm_join(self, token: str) -> JoinView | None:
        """Subscribe whoever follows a link to confirm; the same again changes nothing. None as for `describe_join`."""

    def follow_link(self, token: str, number: int, visit: Visit) -> str | None:
        """Return where a link leads and take down that it was followed; None for an unknown token or number."""

    def note_open(self, token: str, visit: Visit) -> None:
        """Take down that a copy was shown, if the token is ours. Called in the event loop: it must never wait."""

    def describe_receipt(self, token: str) -> ReceiptView | None:
        """Return what a receipt's page shows, changing nothing; None for a token that is forged, cut or unknown."""

    def confirm_receipt(self, token: str) -> ReceiptView | None:
        """Take down that the reader confirms receipt, once; None for an unknown token."""

    def view_page(self, token: str) -> str | None:
        """Return the web page of the issue a delivery's token names; None for an unknown one, or without an archive."""

    def view_issue(self, slug: str) -> str | None:
        """Return the web page of an issue everybody may read, else None."""

    def find_correction(self, slug: str) -> str | None:
        """Return the newest correction of an issue that everybody may read, by its slug, else None."""

    def view_picture(self, sha256: str) -> PictureView | None:
        """Return a picture that mails name by its address, else None."""

    def take_hook(self, name: str, body: bytes) -> HookStatus:
        """Check the signature of what a provider reports, and record it."""


MAX_TOKEN = 200
