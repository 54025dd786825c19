"""Gets what a provider publishes: its certificates, kept once got, and the answer that confirms a subscription."""

import threading

from mailer.tracking.webhooks.provider import Fetch

MAX_OCTETS = 64 * 1024
TIMEOUT_S = 10.0
MOST_KEPT = 16  # a provider changes its certificate once a year
MOST_FAILED = 64  # addresses that a stranger may have made up


def fetch_https(url: str) -> bytes:
    """Return what lies at an address whose host was checked: TLS verified, no redirect, no proxy. Raises OSError."""
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
            return got
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


class CertificateStore:
    """Certificates by their address, each fetched once; one that could not be had is not asked for again and again."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, bytes] = {}
        self._failed: dict[str, None] = {}
        self._lock = threading.Lock()

    def get(self, url: str) -> bytes:
        """Return a certificate. Raises OSError."""
        with self._lock:
            if url in self._kept:
                return self._kept[url]
            if url in self._failed:
                raise OSError("it could not be fetched before")
            try:
                got = self._fetch(url)
            except OSError:
                self._failed[url] = None
                if len(self._failed) > MOST_FAILED:
                    self._failed.pop(next(iter(self._failed)))
                raise
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = got
            return got
