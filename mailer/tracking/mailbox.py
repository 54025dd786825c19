"""A folder of an IMAP mailbox (RFC 3501): what came since it was last read, and setting aside what was understood.

Made for the mailboxes of 163 and QQ as well: ID is said after the login (else 163 answers NO to SELECT), searches are
ASCII only (Coremail answers BAD to a CHARSET), names of folders may be Chinese, and mail is read by BODY.PEEK.
"""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from mailer import __version__
from mailer.config import BouncesConfig
from mailer.errors import MailboxError
from mailer.i18n import _
from mailer.mail.reports import MAX_READ
from mailer.mail.tls import make_tls_context

log = logging.getLogger(__name__)

CONNECT_S, READ_S = 20.0, 60.0
FIRST_ROUND_S, LONGEST_ROUND_S = 1.0, 60.0
BATCH_MAILS, BATCH_OCTETS = 50, 8 * 1024 * 1024
_DELETED = rb"\Deleted"
_FAULTS = (IMAPClientError, OSError, ValueError, KeyError, IndexError)  # the last three: answers that are none


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail's UID and its first MAX_READ octets; whole: there is no more of it."""

    uid: int
    raw: bytes
    whole: bool


@contextlib.contextmanager
def open_mailbox(config: BouncesConfig, password: str) -> Iterator["Mailbox"]:
    """Log in, select the folder, and log out at the end; nothing is read or changed yet. Raises MailboxError."""
    with _said_plainly(config):
        client = _connect(config)
    try:
        with _said_plainly(config):
            mailbox = _log_in(client, config, password)
        yield mailbox
    finally:
        with contextlib.suppress(Exception):
            client.logout()
        with contextlib.suppress(Exception):
            client.shutdown()


@contextlib.contextmanager
def _said_plainly(config: BouncesConfig) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise MailboxError(
            _("the certificate of {host} is not to be trusted: {why}").format(host=config.imap_host, why=error),
            cure=_("see imap_host and imap_ca_file; it is never read without verification"),
        ) from error
    except LoginError as error:
        raise MailboxError(
            _("{host} refuses the login of {name}: {why}").format(
                host=config.imap_host, name=config.imap_username, why=_words(error)
            ),
            cure=_("turn IMAP on in the mailbox's settings, and use the password it gives for programs (授权码)"),
        ) from error
    except _FAULTS as error:
        raise MailboxError(
            _("the mailbox at {host} cannot be read: {why}").format(host=config.imap_host, why=_words(error)),
            cure=_("it is tried again; see the tables of [bounces] in config.toml if it stays so"),
        ) from error


def _words(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())[:300]


def _connect(config: BouncesConfig) -> IMAPClient:
    try:
        context = make_tls_context(config.imap_ca_file)
    except OSError as error:
        why = getattr(error, "strerror", None) or str(error)
        raise MailboxError(_("{file} cannot be read: {why}").format(file=config.imap_ca_file, why=why)) from error
    return IMAPClient(
        config.imap_host,
        config.imap_port,
        ssl=config.imap_security == "tls",
        ssl_context=context,
        timeout=SocketTimeout(connect=CONNECT_S, read=READ_S),
    )


def _log_in(client: IMAPClient, config: BouncesConfig, password: str) -> "Mailbox":
    if config.imap_security == "starttls":
        client.starttls(make_tls_context(config.imap_ca_file))  # raises where it is not offered: no login in the clear
    if f"{config.imap_username}{password}".isascii():
        client.login(config.imap_username, password)
    else:  # LOGIN is ASCII; SASL PLAIN is UTF-8 (RFC 4616)
        client.plain_login(config.imap_username, password)
    if client.has_capability("ID"):
        client.id_({"name": "jianbao", "version": __version__, "vendor": "jianbao", "support-email": ""})
    return Mailbox(client, config)


class Mailbox:
    """A selected folder. Its methods raise MailboxError; `interrupt` may be called by another thread at any time."""

    def __init__(self, client: IMAPClient, config: BouncesConfig) -> None:
        self._client = client
        self._config = config
        self._state = self._select()

    def _select(self) -> tuple[int, int, int]:
        selected = self._client.select_folder(self._config.folder)
        return int(selected[b"UIDVALIDITY"]), int(selected.get(b"UIDNEXT", 0)), int(selected[b"EXISTS"])

    @property
    def uid_validity(self) -> int:
        """What the UIDs of this folder are good for."""
        return self._state[0]

    @property
    def name(self) -> str:
        """What tells this folder from every other."""
        config = self._config
        return f"imap://{config.imap_username}@{config.imap_host}:{config.imap_port}/{config.folder}"

    def interrupt(self) -> None:
        """End what is waited for."""
        with contextlib.suppress(OSError, AttributeError):
            self._client.socket().shutdown(socket.SHUT_RDWR)

    def find_after(self, last_uid: int, since: date) -> list[int]:
        """Return the UIDs above `last_uid` of mail that came on `since` or later, in their order."""
        with _said_plainly(self._config):
            # `n:*` means the newest mail also where n is above it (RFC 3501 §6.4.8)
            found = self._client.search(["UID", f"{last_uid + 1}:*", "SINCE", since])
            return sorted(int(uid) for uid in found if uid > last_uid)

    def fetch(self, uids: Sequence[int]) -> Iterator[list[FetchedMail]]:
        """Yield these mails in batches, marking none; those that are gone meanwhile are left out."""
        for batch in self._batches(uids):
            with _said_plainly(self._config):
                wanted = f"BODY.PEEK[]<0.{MAX_READ}>"
                found = self._client.fetch(list(batch), [wanted])
            mails = []
            for uid, size in batch.items():
                raw = found.get(uid, {}).get(b"BODY[]<0>")
                if isinstance(raw, bytes):
                    mails.append(FetchedMail(uid, raw[:MAX_READ], size <= MAX_READ))
            yield mails

    def _batches(self, uids: Sequence[int]) -> Iterator[dict[int, int]]:
        batch: dict[int, int] = {}
        for start in range(0, len(uids), BATCH_MAILS):
            with _said_plainly(self._config):
                sizes = self._client.fetch(uids[start : start + BATCH_MAILS], ["RFC822.SIZE"])
                known = {uid: int(one[b"RFC822.SIZE"]) for uid, one in sizes.items() if b"RFC822.SIZE" in one}
            for uid in sorted(known):
                if batch and sum(min(size, MAX_READ) for size in batch.values()) + known[uid] > BATCH_OCTETS:
                    yield batch
                    batch = {}
                batch[uid] = known[uid]
            if batch:
                yield batch
                batch = {}

    def set_aside(self, uids: Sequence[int]) -> None:
        """Move these mails to the folder for what is done, else mark them as seen.

        Where the folder cannot be made or takes nothing they are marked, so that a full mailbox stops no reading.
        """
        if not uids:
            return
        with _said_plainly(self._config):
            if self._config.done_folder and self._client.has_capability("UIDPLUS"):
                try:
                    self._move(uids, self._config.done_folder)
                except IMAPClientError as error:
                    log.warning("read mail cannot be moved to %s: %s", self._config.done_folder, error)
                else:
                    return
            self._client.add_flags(list(uids), [SEEN], silent=True)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        client = self._client
        if not client.folder_exists(folder):
            client.create_folder(folder)
        if client.has_capability("MOVE"):
            client.add_flags(list(uids), [SEEN], silent=True)
            client.move(list(uids), folder)
            return
        client.copy(list(uids), folder)
        client.add_flags(list(uids), [SEEN, _DELETED], silent=True)
        client.uid_expunge(list(uids))  # RFC 4315: what others have marked as deleted stays

    @property
    def tells(self) -> bool:
        """Whether the server says by itself when mail comes (RFC 2177)."""
        return self._config.idle and bool(self._client.has_capability("IDLE"))

    def wait_for_mail(self, seconds: float, stop: threading.Event) -> bool:
        """Wait until the server tells of mail, so long at most, or until `stop`; True when it told of some.

        What came during the last command was told with that command's answer and is not told again: so the folder is
        selected anew first, and looked at whether it is another. What is told in the moment IDLE begins lies in the
        client's buffer, which no waiting at the socket sees: so the first rounds are short, and none is long.
        """
        ends_at, round_s = time.monotonic() + seconds, FIRST_ROUND_S
        with _said_plainly(self._config):
            before, self._state = self._state, self._select()
            told = self._state != before
            while not told and not stop.is_set() and (left := ends_at - time.monotonic()) > 0:
                told = self._idle(min(round_s, left), stop)
                round_s = min(2 * round_s, LONGEST_ROUND_S)
        return told

    def _idle(self, seconds: float, stop: threading.Event) -> bool:
        """One IDLE from its beginning to its end; True when the server told of mail anywhere in it."""
        self._client.idle()
        told: list[tuple[object, ...]] = []
        ends_at = time.monotonic() + seconds
        while not _of_mail(told) and not stop.is_set() and (left := ends_at - time.monotonic()) > 0:
            wait_s, began = min(left, 1.0), time.monotonic()
            answers = self._client.idle_check(timeout=wait_s)
            if not answers and time.monotonic() - began < wait_s / 2:
                break  # woken by nothing: the connection is cut, which the end of IDLE raises
            told += answers
        if not stop.is_set():
            told += self._client.idle_done()[1]
        return _of_mail(told)


def _of_mail(told: Sequence[tuple[object, ...]]) -> bool:
    return any(len(one) > 1 and one[1] == b"EXISTS" for one in told)
