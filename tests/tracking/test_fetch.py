"""Certificates of providers: fetched once, asked for again after a failure, and no fetch holds up another."""

import socket
import threading
import time

import pytest

from mailer.tracking.webhooks.fetch import AGAIN_AFTER_S, MOST_FAILED, CertificateStore, fetch_https


class Network:
    """What fetches of these tests get: errors first, then octets; and which addresses were asked for."""

    def __init__(self, failures: int) -> None:
        self.left = failures
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.left:
            self.left -= 1
            raise OSError("temporary failure in name resolution")
        return b"certificate"


def test_a_certificate_that_could_not_be_had_is_asked_for_again_after_a_minute() -> None:
    now, network = [1000.0], Network(failures=1)
    store = CertificateStore(network.fetch, lambda: now[0])
    for wait in (0.0, AGAIN_AFTER_S - 1):
        now[0] = 1000.0 + wait
        with pytest.raises(OSError, match=r"resolution|just now"):
            store.get("https://a.test/c.pem")
    assert len(network.asked) == 1, "a stranger cannot have it fetched all the time"
    now[0] = 1000.0 + AGAIN_AFTER_S
    assert [store.get("https://a.test/c.pem") for _time in range(3)] == [b"certificate"] * 3
    assert len(network.asked) == 2


def test_so_many_failures_are_remembered_and_no_more() -> None:
    network = Network(failures=MOST_FAILED + 1)
    store = CertificateStore(network.fetch, lambda: 0.0)
    for number in range(MOST_FAILED + 1):
        with pytest.raises(OSError, match="resolution"):
            store.get(f"https://a.test/{number}")
    assert store.get("https://a.test/0") == b"certificate", "the oldest was forgotten"
    with pytest.raises(OSError, match="just now"):
        store.get("https://a.test/1")


def test_a_slow_fetch_holds_up_no_other() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def fetch(url: str) -> bytes:
        if "slow" in url:
            begun.set()
            assert go_on.wait(20)
        return url.encode()

    store, got = CertificateStore(fetch), []
    slow = threading.Thread(target=lambda: got.append(store.get("slow")))
    quick = threading.Thread(target=lambda: got.append(store.get("quick")))
    slow.start()
    assert begun.wait(20)
    quick.start()
    quick.join(20)
    assert got == [b"quick"]
    go_on.set()
    slow.join(20)
    assert got == [b"quick", b"slow"]


def test_a_server_that_answers_letter_by_letter_is_not_waited_for() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
                while not stop.wait(0.05):
                    connection.sendall(b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        began = time.monotonic()
        with pytest.raises(OSError, match="too slow"):
            fetch_https(f"http://127.0.0.1:{server.getsockname()[1]}/", most_s=0.5)
        assert time.monotonic() - began < 5
        stop.set()
        dripping.join(20)
