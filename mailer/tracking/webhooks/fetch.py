"""Gets what a provider publishes: its certificates, kept once got, and the answer that confirms a subscription."""

import queue
import threading
import time
from collections.abc import Callable

from mailer.tracking.webhooks.provider import Fetch

MAX_OCTETS = 64 * 1024
TIMEOUT_S = 10.0  # for one step
MOST_S = 20.0  # for the whole
AGAIN_AFTER_S = 60.0
MOST_KEPT = 16  # a provider changes its certificate once a year
MOST_FAILED = 64  # addresses that a stranger may have made up


def fetch_https(url: str, most_s: float = MOST_S) -> bytes:
    """Return what lies at an address whose host was checked: TLS verified, no redirect, no proxy. Raises OSError.

    It takes most_s seconds at most. httpx has no limit for the whole: who sends a letter every nine seconds is waited
    for in a thread of its own, which is left behind.
    """
    answers: queue.SimpleQueue[bytes | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_fetch(url, time.monotonic() + most_s))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="fetch", daemon=True).start()
    try:
        answer = answers.get(timeout=most_s)
    except queue.Empty:
        raise OSError(_TOO_SLOW) from None
    if isinstance(answer, OSError):
        raise answer
    return answer


_TOO_SLOW = "too slow"


def _fetch(url: str, until: float) -> bytes:
    import httpx  # slow to load

    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            got = b""
            for piece in answer.iter_bytes():
                got += piece
                if len(got) > MAX_OCTETS:
                    raise OSError("too large")
                if time.monotonic() > until:
                    raise OSError(_TOO_SLOW)
            return got
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


class CertificateStore:
    """Certificates by their address, each kept once it was fetched.

    One that could not be had is asked for again after a minute: a stranger may name any, and a network fails for a
    moment. No fetch waits for another.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, bytes] = {}
        self._failed: dict[str, float] = {}  # when, in seconds of the clock
        self._lock = threading.Lock()

    def get(self, url: str) -> bytes:
        """Return a certificate. Raises OSError."""
        with self._lock:
            if url in self._kept:
                return self._kept[url]
            if self._clock() - self._failed.get(url, float("-inf")) < AGAIN_AFTER_S:
                raise OSError("it could not be fetched just now")
        try:
            got = self._fetch(url)
        except OSError:
            with self._lock:
                self._failed.pop(url, None)
                self._failed[url] = self._clock()
                if len(self._failed) > MOST_FAILED:
                    self._failed.pop(next(iter(self._failed)))
            raise
        with self._lock:
            self._failed.pop(url, None)
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = got
        return got
