"""Channels of notices: a chat group, a mailbox, a web address that Apprise can post to. Their addresses are secrets.

The only room that knows Apprise. Nothing of an address is ever shown or logged but the name of its service.
"""

import asyncio
import contextvars
import logging
import re
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.model.notice import NoticeEvent, Target, Tried

if TYPE_CHECKING:
    from apprise import NotifyBase  # slow to load: only a house with channels waits for it

CONNECT_S, READ_S = 10.0, 20.0
LONGEST_S = 60.0  # for one copy, whatever a service does
MOST_OCTETS = 2000  # WeCom takes 2048 octets of text; what is longer ends in …
_LINE = re.compile(r"(?:([a-z,-]+)=)?((?:[a-z][a-z0-9+.-]{0,30})://\S+)")
_LOCAL_PART = r"[^\s<>()\[\]{}\"'“”‘’,;:：，；。（）《》@]+"
_ADDRESS = re.compile(rf"{_LOCAL_PART}@(?:\[[^\]\s]*\]|{_LOCAL_PART})")
_NOBODY = logging.NullHandler()
_LOUD = ("urllib3", "requests", "httpx", "httpcore")  # they log addresses
_STATUS = re.compile(r"error=(\d{3})\b")


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notices of these events go. name: its service and number, such as dingtalk:1; no two have one."""

    name: str
    events: tuple[NoticeEvent, ...]
    _plugin: "NotifyBase" = field(repr=False)

    @property
    def target(self) -> Target:
        """The channel without its secrets."""
        return Target(self.name, str(self._plugin.service_name), self.events)

    async def post(self, subject: str, body: str, longest_s: float = LONGEST_S) -> Tried:
        """Post one notice, in a thread of its own that nobody waits for longer than this; raises nothing for a service.

        One that was perhaps taken (no answer came in time) is over: a second one is worse than none. Addresses of mail
        in it are left out, as what a server said may hold a reader's.
        """
        text = clip(hide_addresses(body.strip()), MOST_OCTETS - len(subject.encode()))
        try:
            return await _apart(lambda: self._post(hide_addresses(subject), text), longest_s)
        except TimeoutError:
            return Tried(_("no answer in {n} s; it may have arrived").format(n=round(longest_s)), over=True)

    def _post(self, subject: str, body: str) -> Tried:
        from mailer.ops.robots import post_as_robot

        tried = post_as_robot(self._plugin, subject, body, (CONNECT_S, READ_S))
        return tried if tried is not None else _post_by_apprise(self._plugin, subject, body)


def read_channels(text: str, events: Sequence[NoticeEvent], field_name: str) -> tuple[Channel, ...]:
    """Return the channels of a text: addresses between blanks or line ends, `held,relay=ADDRESS` for some events.

    Lines that begin with # are remarks. events: of those that name none. field_name: the setting to name in an error.
    Raises ConfigError for an address that cannot be used, by its number and service, never with the address.
    """
    words = [word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split()]
    seen: Counter[str] = Counter()
    found = []
    for number, word in enumerate(words, 1):
        match = _LINE.fullmatch(word)
        if match is None:
            raise _wrong(_("address {n} of a channel cannot be read").format(n=number), field_name)
        named = _parse_events(match[1], number, field_name) if match[1] else tuple(events)
        scheme = match[2].partition("://")[0]
        plugin = _load(match[2])
        if plugin is None:
            line = _("address {n} of a channel, {scheme}://…, is none that Apprise takes")
            raise _wrong(line.format(n=number, scheme=scheme), field_name)
        service = str(plugin.secure_protocol) if scheme in ("http", "https") else scheme  # a service's own web address
        seen[service] += 1
        found.append(Channel(f"{service}:{seen[service]}", named, plugin))
    return tuple(found)


def _parse_events(names: str, number: int, field_name: str) -> tuple[NoticeEvent, ...]:
    try:
        return tuple(NoticeEvent(name) for name in names.split(","))
    except ValueError:
        wrong = _("address {n} of a channel names an event that there is not").format(n=number)
        raise ConfigError(
            wrong, field=field_name, cure=_("these are: {names}").format(names=", ".join(NoticeEvent))
        ) from None


def _wrong(message: str, field_name: str) -> ConfigError:
    return ConfigError(
        message,
        field=field_name,
        cure=_(
            "write it as Apprise does: wecombot://KEY, dingtalk://SECRET@TOKEN, feishu://TOKEN; see docs/notices.md"
        ),
    )


def _load(address: str) -> "NotifyBase | None":
    for name in _LOUD:  # before they say a word
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    apprises = logging.getLogger("apprise")  # heard by _Clues alone
    apprises.propagate = False
    apprises.addHandler(_NOBODY)
    apprises.setLevel(logging.DEBUG)
    from apprise import Apprise, AppriseAsset, NotifyBase, PersistentStoreMode

    asset = AppriseAsset(app_id="Jianbao", app_desc="Jianbao", storage_mode=PersistentStoreMode.MEMORY)
    with warnings.catch_warnings(action="ignore"):  # its plugins import what else is installed, at the first of all
        made = Apprise.instantiate(address, asset=asset)
    if not isinstance(made, NotifyBase):
        return None
    made.socket_connect_timeout, made.socket_read_timeout = CONNECT_S, READ_S
    return made


class _Clues(logging.Handler):
    """Hears what Apprise says in this thread while it posts, as it tells nobody else why it failed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self.status = ""
        self.late = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return
        said = record.getMessage()
        if match := _STATUS.search(said):
            self.status = match[1]
        self.late = self.late or "Read timed out" in said


def _post_by_apprise(plugin: "NotifyBase", subject: str, body: str) -> Tried:
    logger, clues = logging.getLogger("apprise"), _Clues()
    logger.addHandler(clues)
    try:
        worked = plugin.notify(body=body, title=subject)
    finally:
        logger.removeHandler(clues)
    if worked:
        return Tried(_("posted"), over=True, worked=True)
    if clues.late:
        return Tried(_("no answer in {n} s; it may have arrived").format(n=round(READ_S)), over=True)
    if clues.status:
        return Tried(_("the service answered {status}").format(status=clues.status), over=False)
    return Tried(_("the service was not reached, or refused it"), over=False)


async def _apart(act: Callable[[], Tried], longest_s: float) -> Tried:
    """Run something that may hang in a thread that keeps neither the loop nor the end of the process waiting."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Tried] = loop.create_future()

    def finish(tried: Tried) -> None:
        if not done.done():
            done.set_result(tried)

    def run() -> None:
        try:
            tried = act()
        except Exception as error:  # noqa: BLE001 - a plugin is a stranger; its words may hold the address
            tried = Tried(_("failed: {kind}").format(kind=type(error).__name__), over=False)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(finish, tried)

    # with the language of who asked: what became of it is kept for people
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="notice", daemon=True).start()
    async with asyncio.timeout(longest_s):
        return await done


def hide_addresses(text: str) -> str:
    """Return a text without the mail addresses in it."""
    return _ADDRESS.sub("…@…", text)


def clip(text: str, most_octets: int) -> str:
    """Return the beginning of a text that has at most so many octets in UTF-8, with … where it was cut."""
    octets = text.encode()
    if len(octets) <= most_octets:
        return text
    return octets[: max(most_octets - 3, 0)].decode(errors="ignore") + "…"
