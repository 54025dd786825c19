"""Keeps a mailbox of returned mail read: by IDLE where it is offered, else every so often; after a failure again."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from mailer.config import BouncesConfig
from mailer.errors import InputError, MailerError
from mailer.tracking.mailbox import Mailbox

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 900.0
LONGEST_IDLE_S = 540.0  # RFC 2177 wants a new IDLE before 29 minutes; providers and routers drop quiet ones after ten
LONGEST_SESSION_S = 3600.0


class MailboxWatch:
    """Reads mailboxes in a thread of its own until it is stopped. Nothing that happens to one ends it.

    settings gives what config.toml says now. open logs in. read takes in what is new in an open mailbox;
    sweep is called as often, for what lies on this machine.
    """

    def __init__(
        self,
        settings: Callable[[], BouncesConfig],
        open_box: Callable[[], AbstractContextManager[Mailbox]],
        read: Callable[[Mailbox], object],
        sweep: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._open = open_box
        self._read = read
        self._sweep = sweep
        self._stop = threading.Event()
        self._box: Mailbox | None = None
        self._unread = ""  # what was said of the folders on this machine

    def stop(self) -> None:
        """End `run` soon, also while it waits for a server."""
        self._stop.set()
        box = self._box
        if box is not None:
            box.interrupt()

    def run(self) -> None:
        """Read again and again until stopped."""
        failures = 0
        while not self._stop.is_set():
            wait = FIRST_WAIT_S
            try:
                config = self._settings()
                wait = config.poll_every.total_seconds()
                self._look_here()
                if config.imap_host:
                    self._stay(config)
                failures = 0
            except Exception as error:
                if self._stop.is_set():
                    return
                wait = min(FIRST_WAIT_S * 2**failures, LONGEST_WAIT_S)
                failures += 1
                expected = isinstance(error, MailerError)
                log.warning("returned mail: %s; again in %.0f s", error, wait, exc_info=None if expected else error)
            self._stop.wait(wait)

    def _look_here(self) -> None:
        """Sweep; a folder that cannot be read is told of once, and keeps nobody from the mailbox."""
        try:
            self._sweep()
            self._unread = ""
        except InputError as error:
            if self._unread != str(error):
                log.warning("returned mail: %s; %s", error, error.cure)
            self._unread = str(error)

    def _stay(self, config: BouncesConfig) -> None:
        """Read a mailbox, and stay in it while the server tells of what comes."""
        began = time.monotonic()
        with self._open() as box:
            self._box = box
            try:
                self._read(box)
                while box.tells and not self._stop.is_set() and time.monotonic() - began < LONGEST_SESSION_S:
                    box.wait_for_mail(min(config.poll_every.total_seconds(), LONGEST_IDLE_S), self._stop)
                    if not self._stop.is_set():
                        self._look_here()
                        self._read(box)
            finally:
                self._box = None
