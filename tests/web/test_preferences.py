"""Preferences, leaving with a second thought, and why: by the links in a copy, against a real house (S07, S08, S22)."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from mailer.audience.leaving import leave_by_staff
from mailer.model.address import parse_address
from mailer.model.consent import ConsentAct
from mailer.model.people import Actor
from mailer.store import audience
from mailer.store.consents import list_consents
from mailer.store.schema import event, subscription
from mailer.tokens import Purpose, hash_address
from tests.web.site import PublicSite, make_page
from tests.world import make_contact

READER = "reader@firm1.example"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicSite]:
    """A reader on the members' list, which has a sheet, and on one of those that readers choose."""
    made = PublicSite.open(tmp_path_factory.mktemp("preferences") / "news")
    house = made.house
    with house.store.write() as connection:
        ids = house.lists.declare(connection)
        contacts = audience.save_contacts(connection, [make_contact(READER)], house.now(), keep={READER})
        audience.subscribe_contacts(connection, ids["friends"], [(contacts[READER], 1)], "consent", "test", house.now())
    yield made
    made.close()


@pytest.fixture
def client(site: PublicSite) -> Iterator[httpx.Client]:
    with site.reader() as client:
        yield client


def delivery_to(site: PublicSite, name: str) -> int:
    """Publish to a list, and return the first delivery's number."""
    return site.publish("2020-07", make_page("简报"), lists=(name,))


def on_lists(site: PublicSite) -> set[str]:
    found = site.house.store
    with found.read() as connection:
        return {
            one.list_name for one in audience.find_subscriptions(connection, READER) or () if one.status == "active"
        }


def offered(html: str) -> dict[str, bool]:
    return {
        name: bool(mark) for name, mark in re.findall(r'type="checkbox" name="list" value="(\w+)"( checked)?', html)
    }


def test_the_page_shows_what_a_reader_is_on_and_may_join(site: PublicSite, client: httpx.Client) -> None:
    token = site.token(Purpose.PREFERENCES, delivery_to(site, "friends"))
    page = client.get(f"/preferences/{token}")
    assert page.status_code == 200
    assert offered(page.text) == {"members": True, "friends": True, "weekly": False}
    assert "You are on 2 lists." in page.text
    assert "reader@" not in page.text, "the address is masked"
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_choice_is_kept_with_consent_and_nothing_else_is_joined(site: PublicSite, client: httpx.Client) -> None:
    token = site.token(Purpose.PREFERENCES, delivery_to(site, "friends"))
    page = client.post(f"/preferences/{token}", data={"act": "keep", "list": "weekly"})
    assert "You are on 1 list." in page.text
    assert on_lists(site) == {"weekly"}
    with site.house.store.read() as connection:
        log = [(one.list_name, one.what) for one in list_consents(connection, READER)][-3:]
    assert sorted(log) == [
        ("friends", ConsentAct.LEFT), ("members", ConsentAct.LEFT), ("weekly", ConsentAct.CONFIRMED),
    ]  # fmt: skip
    assert "none of our lists" in client.post(f"/preferences/{token}", data={"act": "keep"}).text
    assert on_lists(site) == set()


@pytest.mark.parametrize("more", [[], ["weekly"]])
@pytest.mark.parametrize("name", ["board", "government", "no-such", ""])
def test_a_list_that_is_not_offered_changes_nothing(
    site: PublicSite, client: httpx.Client, name: str, more: list[str]
) -> None:  # S22
    token = site.token(Purpose.PREFERENCES, delivery_to(site, "friends"))
    page = client.post(f"/preferences/{token}", data={"act": "keep", "list": [name, *more]})
    assert page.status_code == 422
    assert "not offered here" in page.text
    assert offered(page.text) == {"members": True, "friends": True, "weekly": False}, "to be chosen from again"
    assert on_lists(site) == {"members", "friends"}


def test_no_get_and_no_post_of_something_else_changes_anything(site: PublicSite, client: httpx.Client) -> None:  # S08
    number = delivery_to(site, "friends")
    preferences, leave = site.token(Purpose.PREFERENCES, number), site.token(Purpose.UNSUBSCRIBE, number)
    before = on_lists(site)
    for path in (f"/preferences/{preferences}", f"/u/{leave}", f"/u/{leave}/back", f"/u/{leave}/why"):
        for method in ("GET", "HEAD"):
            assert client.request(method, path).status_code in (200, 405)
    for body in (b"", b"List-Unsubscribe=One-Click", b"list=weekly", b"act=other&list=weekly"):
        assert "Opening this page has changed nothing." in client.post(f"/preferences/{preferences}", content=body).text
    assert on_lists(site) == before == {"members", "friends"}


def test_a_token_for_something_else_opens_nothing(site: PublicSite, client: httpx.Client) -> None:  # S07
    number = delivery_to(site, "friends")
    good = site.token(Purpose.PREFERENCES, number)
    dice = random.Random(7)
    wrong = [site.token(one, number) for one in Purpose if one is not Purpose.PREFERENCES]
    wrong += [site.token(Purpose.PREFERENCES, number + 99), good[:-1], good + "a", "a" * 300, "%00", "..%2fx"]
    for place in range(0, len(good), 3):
        wrong.append(good[:place] + dice.choice("abcdefgh".replace(good[place], "")) + good[place + 1 :])
    for token in wrong:
        for answer in (
            client.get(f"/preferences/{token}"),
            client.post(f"/preferences/{token}", data={"act": "keep", "list": "weekly"}),
        ):
            assert answer.status_code == 404, token
            assert "firm1" not in answer.text
    for act in ("back", "why"):
        assert client.post(f"/u/{good}/{act}", data={"reason": "other"}).status_code == 404
    assert on_lists(site) == {"members", "friends"}


def test_the_unsubscribe_page_leads_to_preferences_where_readers_choose_the_list(
    site: PublicSite, client: httpx.Client
) -> None:
    page = client.get(f"/u/{site.token(Purpose.UNSUBSCRIBE, delivery_to(site, 'friends'))}").text
    (path,) = re.findall(r'href="(/preferences/[a-z2-7]+)"', page)
    assert client.get(path).status_code == 200
    other = site.publish("2020-08", make_page("简报"), lists=("members",))
    assert "/preferences/" not in client.get(f"/u/{site.token(Purpose.UNSUBSCRIBE, other)}").text


def test_who_left_by_mistake_is_back_by_one_press(site: PublicSite, client: httpx.Client) -> None:
    number = delivery_to(site, "members")
    token = site.token(Purpose.UNSUBSCRIBE, number)
    page = client.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
    assert f'action="/u/{token}/back"' in page.text
    assert not site.standing(number).active
    answer = client.post(f"/u/{token}/back")
    assert (answer.status_code, "You are on the list" in answer.text) == (200, True)
    assert site.standing(number).active
    assert client.post(f"/u/{token}/back").status_code == 200, "twice is fine"
    with site.house.store.read() as connection:
        whats = [one.what for one in list_consents(connection, READER) if one.list_name == "members"]
    assert whats == [ConsentAct.JOINED, ConsentAct.LEFT, ConsentAct.CONFIRMED]


def test_a_day_later_or_where_others_ended_it_nothing_is_undone(site: PublicSite, client: httpx.Client) -> None:
    number = delivery_to(site, "members")
    token = site.token(Purpose.UNSUBSCRIBE, number)
    client.post(f"/u/{token}")
    site.skew[0] += timedelta(hours=25)
    answer = client.post(f"/u/{token}/back")
    assert (answer.status_code, "cannot be undone" in answer.text) == (409, True)
    assert not site.standing(number).active
    friends = site.publish("2020-08", make_page("简报"), lists=("friends",))
    house, address = site.house, parse_address(READER)
    with house.store.write() as connection:
        ids = audience.find_lists(connection, ["friends"])
        leave_by_staff(connection, house.secret, address, ids, "来电要求退订", Actor("经办人"), house.now())
    assert client.post(f"/u/{site.token(Purpose.UNSUBSCRIBE, friends)}/back").status_code == 409


def test_a_suppressed_address_is_not_brought_back(site: PublicSite, client: httpx.Client) -> None:
    number = delivery_to(site, "members")
    token = site.token(Purpose.UNSUBSCRIBE, number)
    client.post(f"/u/{token}")
    hashed = hash_address(site.house.secret, parse_address(READER).key)
    with site.house.store.write() as connection:
        audience.suppress_address(connection, hashed, "complaint", "test", site.house.now())
    assert client.post(f"/u/{token}/back").status_code == 409
    assert not site.standing(number).active


def test_a_reason_is_kept_once_and_is_one_of_ours(site: PublicSite, client: httpx.Client) -> None:
    number = delivery_to(site, "members")
    token = site.token(Purpose.UNSUBSCRIBE, number)

    def kept() -> list[str]:
        with site.house.store.read() as connection:
            return list(connection.execute(select(event.c.detail).where(event.c.kind == "unsubscribe")).scalars())

    assert client.post(f"/u/{token}/why", data={"reason": "often"}).status_code == 200
    assert kept() == [], "who has not left has no reason"
    page = client.post(f"/u/{token}")
    assert re.findall(r'name="reason" value="(\w+)"', page.text) == [
        "often", "content", "unasked", "elsewhere", "other",
    ]  # fmt: skip
    client.post(f"/u/{token}/why", data={"reason": "<b>my own words"})
    assert kept() == [""]
    assert "Thank you" in client.post(f"/u/{token}/why", data={"reason": "often"}).text
    client.post(f"/u/{token}/why", data={"reason": "other"})
    assert kept() == ["it comes too often"]
    with site.house.store.read() as connection:
        assert connection.execute(select(subscription.c.id).where(subscription.c.status == "left")).first() is not None
