"""What the public pages may ask of the house; app implements it, so that no page reaches the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from mailer.model.consent import JoinState, LeaveReason
from mailer.model.publication import Publication, Shelf
from mailer.model.reading import Visit


@dataclass(frozen=True, slots=True)
class UnsubscribeView:
    """What the unsubscribe page shows: the reader's whole address (the page masks it) and the title of the list.

    It does not say whether the reader has left already: the page is the same, so that a link tells nobody.
    """

    address: str
    list_title: str
    preferences: str = ""  # the token of the reader's preferences; empty where the list has none


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
    """What the page to confirm shows: the whole address (the page masks it), titles of lists, and how the link stands.

    may_ask: anybody may ask for one of its lists anew.
    """

    address: str
    list_titles: tuple[str, ...]
    state: JoinState
    may_ask: bool = False


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list that readers may choose: its name, its title, and whether this reader is on it."""

    name: str
    title: str
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class PreferencesView:
    """What the preferences show: the whole address (the page masks it) and the lists that are offered."""

    address: str
    lists: tuple[OpenList, ...]


class Asked(Enum):
    """What became of a wish to join lists; it never says anything of the address (facts S24)."""

    TAKEN = "taken"  # a mail may be on its way, or not
    AGAIN = "again"  # the form is old, or came back too fast: it is to be sent once more
    NO_ADDRESS = "no address"  # what was written is no address
    CLOSED = "closed"  # nobody may join these lists by themselves (facts S22)


class PdfBusyError(Exception):
    """Another PDF is being made; this one may be asked for again in some seconds."""


class NotOfferedError(Exception):
    """A reader wants a list that their preferences do not offer, or not any more; nothing was changed."""


class PublicActions(Protocol):
    """The acts of a reader. Called in worker threads, several at once, never in the event loop; but for `note_open`.

    A token is whatever stood in the URL, at most MAX_TOKEN characters: the implementation checks it.
    """

    def describe_unsubscribe(self, token: str) -> UnsubscribeView | None:
        """Return what a token's page shows, changing nothing; None for one that is forged, cut or unknown."""

    def unsubscribe(self, token: str) -> bool:
        """End the subscription a token names; True also when it had ended before, False for an unknown token."""

    def come_back(self, token: str) -> tuple[UnsubscribeView, bool] | None:
        """Take back what an unsubscribe token has just ended; whether the reader is on the list now. None as above."""

    def say_why(self, token: str, reason: LeaveReason) -> None:
        """Keep why a reader left by a token, if the token is ours."""

    def describe_preferences(self, token: str) -> PreferencesView | None:
        """Return what the page of a reader's preferences shows, changing nothing; None for an unknown token."""

    def set_preferences(self, token: str, wanted: Collection[str]) -> PreferencesView | None:
        """Have a reader be on these lists, by name, of those that are offered; None for an unknown token.

        Raises NotOfferedError.
        """

    def show_form(self) -> str:
        """Return a fresh token for the form by which a stranger asks for lists."""

    def ask_to_join(self, form: str, address: str, lists: Sequence[str], network: str) -> Asked:
        """Take a stranger's wish to join open lists, by a form's token. network: whose wish it is."""

    def list_issues(self, query: str, year: int | None, page: int) -> Shelf:
        """Return a page of the issues that everybody may read and that hold all words of a query."""

    def list_newest(self, most: int) -> tuple[Publication, ...]:
        """Return the issues that everybody may read, the one mailed last first."""

    def view_pdf(self, slug: str) -> bytes | None:
        """Return an issue that everybody may read as PDF; None for another, or where none can be made.

        Raises PdfBusyError.
        """

    def privacy_words(self, language: str) -> tuple[str, ...]:
        """Return what the office itself says of privacy, by paragraphs; mostly nothing."""

    def describe_join(self, token: str) -> JoinView | None:
        """Return what a link to confirm shows, changing nothing; None for one that is not ours or no longer good."""

    def confirm_join(self, token: str) -> JoinView | None:
        """Subscribe whoever follows a link to confirm, and return what came of it. None as for `describe_join`."""

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
