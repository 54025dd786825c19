"""Links lead where they were approved to lead, a picture is always one, and only a POST confirms a receipt."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from mailer.config import Config
from mailer.model.reading import MAX_AGENT
from mailer.tokens import Purpose
from mailer.web.reading import find_network
from tests.web.conftest import CONFIRMED_AT, Desk, Running, make_config

TARGET = "https://a.example/x?p=1&q=%E4%B8%80#part"


@pytest.fixture(autouse=True)
def _targets(desk: Desk) -> None:
    desk.targets = {1: TARGET, 2: "http://例.example/路/径?问=答#片"}


def test_a_link_leads_to_its_stored_target_and_to_nothing_else(client: httpx.Client, desk: Desk) -> None:
    token = desk.token(1, Purpose.CLICK)
    for method in ("GET", "HEAD"):
        answer = client.request(method, f"/c/{token}/1")
        assert (answer.status_code, answer.headers["location"], answer.content) == (302, TARGET, b"")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
    other = client.get(f"/c/{token}/1?url=https://evil.example&1=https://evil.example")
    assert other.headers["location"] == TARGET
    assert [one[2].method for one in desk.visits] == ["GET", "HEAD", "GET"]


def test_a_target_beyond_ascii_is_written_as_an_address(client: httpx.Client, desk: Desk) -> None:
    location = client.get(f"/c/{desk.token(1, Purpose.CLICK)}/2").headers["location"]
    assert location.isascii()
    assert location.endswith("/%E8%B7%AF/%E5%BE%84?%E9%97%AE=%E7%AD%94#%E7%89%87")


def forged(desk: Desk) -> Iterator[str]:
    good = desk.token(1, Purpose.CLICK)
    for purpose in Purpose:
        if purpose is not Purpose.CLICK:
            yield f"{desk.token(1, purpose)}/1"
    yield f"{desk.token(99, Purpose.CLICK)}/1"
    yield f"{good[:-1]}/1"
    yield f"{good}a/1"
    yield f"{'a' * 5000}/1"
    yield from (
        f"{good}/{number}" for number in ("0", "3", "-1", "01", "1e0", "1x", "１", "9999999", "", "%2F", "1/1", "%00")
    )
    yield from (
        f"{good}/{target}" for target in ("//evil.example", "https://evil.example", "javascript:alert(1)", "data:,x")
    )
    yield from (
        f"{good[:place]}{'a' if good[place] != 'a' else 'b'}{good[place + 1 :]}/1" for place in range(len(good))
    )


def test_what_is_no_link_of_ours_is_a_page_that_says_so_and_counts_nothing(client: httpx.Client, desk: Desk) -> None:
    for path in forged(desk):
        answer = client.get(f"/c/{path}")
        assert answer.status_code == 404, path
        assert not answer.has_redirect_location
        assert "There is no such page" in answer.text
    assert desk.visits == []


def test_a_picture_is_one_whatever_the_token_and_a_wrong_one_counts_nothing(client: httpx.Client, desk: Desk) -> None:
    good = desk.token(1, Purpose.OPEN)
    pictures = set()
    for name in (f"{good}.gif", good, f"{desk.token(1, Purpose.CLICK)}.gif", "x.gif", "a" * 3000, "%00", "读者.gif"):
        answer = client.get(f"/o/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        pictures.add(answer.content)
    (picture,) = pictures
    assert (len(picture), picture[:6]) == (43, b"GIF89a")
    head = client.head(f"/o/{good}.gif")
    assert (head.headers["content-length"], head.content) == ("43", b"")
    assert [(kind, visit.method) for kind, _link, visit in desk.visits] == [
        ("open", "GET"),
        ("open", "GET"),
        ("open", "HEAD"),
    ]


def test_a_visit_is_what_a_request_shows_of_itself(client: httpx.Client, desk: Desk) -> None:
    link = f"/c/{desk.token(1, Purpose.CLICK)}/1"
    client.get(link, headers={"User-Agent": "Mozilla/5.0 (X11) \x01" + "x" * 2000, "X-Forwarded-For": "203.0.113.9"})
    for name in ("Sec-Purpose", "Purpose", "X-Moz"):
        client.get(link, headers={name: "prefetch;prerender"})
    first, *prefetched = (visit for _kind, _link, visit in desk.visits)
    assert first.agent.startswith("Mozilla/5.0 (X11)")
    assert len(first.agent) == MAX_AGENT
    assert (first.network, first.prefetch) == ("", False), "a network is kept by choice only"
    assert all(one.prefetch for one in prefetched)


def test_networks_are_kept_truncated_where_the_settings_say_so(serve: Callable[[Config], Running], desk: Desk) -> None:
    url = serve(make_config(network="truncated")).url
    link = f"{url}/o/{desk.token(1, Purpose.OPEN)}.gif"
    httpx.get(link, headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.77"}, trust_env=False)
    httpx.get(link, trust_env=False)
    assert [visit.network for _kind, _link, visit in desk.visits] == ["203.0.113.0/24", "127.0.0.0/24"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.0/24"),  # a stranger's word does not count
        ("127.0.0.1", "198.51.100.1", "198.51.100.0/24"),
        ("::1", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "", "203.0.113.0/24"),
        ("127.0.0.1", "rubbish", ""),
        ("", "", ""),
    ],
)
def test_a_network_is_told_by_what_can_be_trusted(peer: str, forwarded: str, network: str) -> None:
    assert find_network(peer, forwarded) == network


def test_a_receipt_is_confirmed_by_a_post_and_by_no_number_of_gets(client: httpx.Client, desk: Desk) -> None:
    link = f"/r/{desk.token(1, Purpose.RECEIVED)}"
    for _number in range(50):
        page = client.get(link)
        client.head(link)
    assert (page.status_code, desk.confirmed) == (200, {})
    assert '<form method="post">' in page.text
    assert "简报 2020年第7期" in page.text
    assert "reader@grey1.example" not in page.text
    done = client.post(link)
    assert (done.status_code, done.has_redirect_location, "set-cookie" in done.headers) == (200, False, False)
    assert "Receipt is confirmed" in done.text
    assert "2020-07-31 10:05" in done.text, "in the newsletter's zone"
    assert desk.confirmed == {1: CONFIRMED_AT}
    assert client.post(link).text == client.get(link).text == done.text


def test_a_forged_receipt_link_confirms_nothing(client: httpx.Client, desk: Desk) -> None:
    for token in (desk.token(99, Purpose.RECEIVED), desk.token(1), "x", "a" * 5000):
        for method in ("GET", "POST"):
            assert client.request(method, f"/r/{token}").status_code == 404
    assert desk.confirmed == {}


def test_pictures_are_answered_in_the_loop_and_links_in_threads(client: httpx.Client, desk: Desk) -> None:
    client.get(f"/c/{desk.token(1, Purpose.CLICK)}/1")
    client.get(f"/r/{desk.token(1, Purpose.RECEIVED)}")
    assert desk.threads
    assert "loop of the server" not in desk.threads
