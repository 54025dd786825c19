"""A real server for the public pages, and a desk behind it that keeps its subscriptions in memory."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from mailer.config import Config
from mailer.model.consent import JoinState, LeaveReason
from mailer.model.publication import Publication, Shelf
from mailer.model.reading import Visit
from mailer.tokens import HouseSecret, Purpose, read_token, sign_token
from mailer.web.actions import (
    Asked,
    HookStatus,
    JoinView,
    OpenList,
    PictureView,
    PreferencesView,
    ReceiptView,
    UnsubscribeView,
)
from mailer.web.public import create_public_app
from tests.browser import browser as browser
from tests.web.serving import serving

SECRET = HouseSecret(1, {1: b"k" * 32})
CONFIRMED_AT = datetime(2020, 7, 31, 2, 5, tzinfo=UTC)
PUBLISHER = "浙江省软件行业协会"


def make_config(language: str = "", publisher: str = PUBLISHER, **tracking: object) -> Config:
    return Config.model_validate(
        {
            "language": language,
            "public_url": "https://news.bulletin.example",
            "sender": {"name": publisher, "address": "office@bulletin.example"},
            "tracking": tracking,
            "lists": {"members": {"title": "Members", "role": "送", "file": "m.csv"}},
        }
    )


@dataclass
class Desk:
    """Implements PublicActions: real tokens, subscriptions by number, and a record of what was asked where."""

    addresses: dict[int, str]
    list_title: str = "各市主管部门与会员单位"
    left: set[int] = field(default_factory=set)
    acted: list[int] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    broken: bool = False
    pages: dict[int, str] = field(default_factory=dict)
    issues: dict[str, str] = field(default_factory=dict)
    corrections: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, PictureView] = field(default_factory=dict)
    targets: dict[int, str] = field(default_factory=dict)
    visits: list[tuple[str, int, Visit]] = field(default_factory=list)
    confirmed: dict[int, datetime] = field(default_factory=dict)
    hooks: dict[str, HookStatus] = field(default_factory=dict)
    brought: list[bytes] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    gone_for_good: set[int] = field(default_factory=set)
    asked: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)
    reasons: list[tuple[str, LeaveReason]] = field(default_factory=list)
    chosen: dict[str, bool] = field(default_factory=lambda: {"members": True, "friends": False})

    def take_hook(self, name: str, body: bytes) -> HookStatus:
        self.threads.add(threading.current_thread().name)
        self.brought.append(body)
        return self.hooks.get(name, HookStatus.UNKNOWN)

    def token(self, number: int, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
        return sign_token(SECRET, purpose, number)

    def describe_unsubscribe(self, token: str) -> UnsubscribeView | None:
        self.threads.add(threading.current_thread().name)
        if self.broken:
            raise RuntimeError("the database is at /srv/secret-place")
        number = read_token(SECRET, Purpose.UNSUBSCRIBE, token)
        if number is None or number not in self.addresses:
            return None
        return UnsubscribeView(self.addresses[number], self.list_title)

    def follow_link(self, token: str, number: int, visit: Visit) -> str | None:
        self.threads.add(threading.current_thread().name)
        reader = read_token(SECRET, Purpose.CLICK, token)
        target = self.targets.get(number)
        if reader not in self.addresses or target is None:
            return None
        self.visits.append(("click", number, visit))
        return target

    def note_open(self, token: str, visit: Visit) -> None:
        if read_token(SECRET, Purpose.OPEN, token) in self.addresses:
            self.visits.append(("open", 0, visit))

    def describe_receipt(self, token: str) -> ReceiptView | None:
        self.threads.add(threading.current_thread().name)
        number = read_token(SECRET, Purpose.RECEIVED, token)
        if number is None or number not in self.addresses:
            return None
        return ReceiptView("简报 2020年第7期", self.addresses[number], self.list_title, self.confirmed.get(number))

    def confirm_receipt(self, token: str) -> ReceiptView | None:
        if self.describe_receipt(token) is not None:
            self.confirmed.setdefault(read_token(SECRET, Purpose.RECEIVED, token) or 0, CONFIRMED_AT)
        return self.describe_receipt(token)

    def describe_join(self, token: str) -> JoinView | None:
        self.threads.add(threading.current_thread().name)
        number = read_token(SECRET, Purpose.CONFIRM, token)
        if number is None or number not in self.addresses:
            return None
        address = self.addresses[number]
        return JoinView(address, (self.list_title,), JoinState.ON if address in self.joined else JoinState.OFFERED)

    def confirm_join(self, token: str) -> JoinView | None:
        found = self.describe_join(token)
        if found is not None:
            self.joined.append(found.address)
        return self.describe_join(token)

    def come_back(self, token: str) -> tuple[UnsubscribeView, bool] | None:
        view = self.describe_unsubscribe(token)
        number = read_token(SECRET, Purpose.UNSUBSCRIBE, token) or 0
        if view is None:
            return None
        self.left.discard(number)
        return view, number not in self.gone_for_good

    def say_why(self, token: str, reason: LeaveReason) -> None:
        self.reasons.append((token, reason))

    def describe_preferences(self, token: str) -> PreferencesView | None:
        self.threads.add(threading.current_thread().name)
        number = read_token(SECRET, Purpose.PREFERENCES, token)
        if number is None or number not in self.addresses:
            return None
        return PreferencesView(
            self.addresses[number], tuple(OpenList(name, f"名单 {name}", on) for name, on in self.chosen.items())
        )

    def set_preferences(self, token: str, wanted: Collection[str]) -> PreferencesView | None:
        if self.describe_preferences(token) is not None:
            self.chosen = {name: name in wanted for name in self.chosen}
        return self.describe_preferences(token)

    def show_form(self) -> str:
        return sign_token(SECRET, Purpose.FORM, 1)

    def ask_to_join(self, form: str, address: str, lists: Sequence[str], network: str) -> Asked:
        self.threads.add(threading.current_thread().name)
        self.asked.append((address, tuple(lists), network))
        return Asked.TAKEN if read_token(SECRET, Purpose.FORM, form) else Asked.AGAIN

    def list_issues(self, query: str, year: int | None, page: int) -> Shelf:
        self.threads.add(threading.current_thread().name)
        return Shelf((), 0, page, 1, ())

    def list_newest(self, most: int) -> tuple[Publication, ...]:
        return ()

    def view_pdf(self, slug: str) -> bytes | None:
        return None

    def privacy_words(self, language: str) -> tuple[str, ...]:
        return ()

    def view_page(self, token: str) -> str | None:
        self.threads.add(threading.current_thread().name)
        return self.pages.get(read_token(SECRET, Purpose.VIEW, token) or 0)

    def view_issue(self, slug: str) -> str | None:
        return self.issues.get(slug)

    def find_correction(self, slug: str) -> str | None:
        return self.corrections.get(slug)

    def view_picture(self, sha256: str) -> PictureView | None:
        return self.pictures.get(sha256)

    def unsubscribe(self, token: str) -> bool:
        if self.describe_unsubscribe(token) is None:
            return False
        number = read_token(SECRET, Purpose.UNSUBSCRIBE, token)
        assert number is not None
        self.left.add(number)
        self.acted.append(number)
        return True


@pytest.fixture
def desk() -> Desk:
    return Desk({1: "reader@grey1.example", 2: "office@city2.example"})


@dataclass(frozen=True)
class Running:
    """A server of the public pages that answers."""

    url: str

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0


@pytest.fixture
def serve(desk: Desk) -> Iterator[Callable[[Config], Running]]:
    """Starts servers for the desk by their config; they are stopped afterwards."""
    with ExitStack() as started:
        yield lambda config: Running(started.enter_context(serving(create_public_app(desk, config))))


@pytest.fixture
def server(serve: Callable[[Config], Running]) -> Running:
    return serve(make_config("en"))


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as client:
        yield client
