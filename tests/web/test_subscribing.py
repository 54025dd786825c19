"""Asking for lists on the page that anybody may open: nobody is flooded, nobody learns who is known (S18, S22-S24)."""

import asyncio
import re
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from mailer.model.address import parse_address
from mailer.store import audience
from mailer.tokens import Purpose, hash_address
from tests.web.site import PublicSite
from tests.world import active_contacts

KNOWN, UNKNOWN = "reader@firm3.example", "newcomer@firm9.example"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[PublicSite]:
    monkeypatch.setattr("mailer.web.subscribing.ANSWER_SECONDS", 0.02)
    made = PublicSite.open(tmp_path_factory.mktemp("subscribing") / "news")
    yield made
    made.close()


@pytest.fixture
def client(site: PublicSite) -> Iterator[httpx.Client]:
    with site.reader() as client:
        yield client


def open_form(site: PublicSite, client: httpx.Client, seconds: float = 10) -> str:
    """Fetch the form, and let some time go by."""
    (token,) = re.findall(r'name="form" value="([a-z2-7]+)"', client.get("/subscribe").text)
    site.skew[0] += timedelta(seconds=seconds)
    return str(token)


def ask(site: PublicSite, client: httpx.Client, address: str, *lists: str, **fields: str) -> httpx.Response:
    wanted = {"form": open_form(site, client), "address": address, "list": list(lists or ("friends",)), **fields}
    return client.post("/subscribe", data=wanted)


def test_a_stranger_asks_confirms_and_is_on_the_list(site: PublicSite, client: httpx.Client) -> None:
    page = client.get("/subscribe")
    assert page.status_code == 200
    assert (page.headers["cache-control"], "set-cookie" in page.headers) == ("no-store", False)
    assert re.findall(r'type="checkbox" name="list" value="(\w+)"', page.text) == ["friends", "weekly"]
    assert "理事名单" not in page.text, "nobody learns of a list that is not open"
    answer = ask(site, client, UNKNOWN, "friends", "weekly")
    assert answer.status_code == 200
    assert "look into your mailbox" in answer.text
    assert "newcomer" not in answer.text
    (mail,) = site.mails()
    (link,) = re.findall(r"https://news\.bulletin\.example(/s/[a-z2-7]+)", mail)
    with site.house.store.read() as connection:
        ids = audience.find_lists(connection, ["friends", "weekly"])
        assert [active_contacts(connection, number) for number in ids.values()] == [[]] * len(ids)
    assert "You are subscribed" in client.post(link).text
    with site.house.store.read() as connection:
        ids = audience.find_lists(connection, ["friends", "weekly"])
        on = [[one.address for one in active_contacts(connection, number)] for number in ids.values()]
    assert on == [[UNKNOWN], [UNKNOWN]]
    again = client.get(link)
    assert (again.status_code, "<form" in again.text) == (200, False), "there is nothing to confirm any more"
    with site.house.store.write() as connection:
        number = audience.contact_id(connection, UNKNOWN)
        assert number is not None
        audience.end_subscription(connection, number, ids["friends"], "left", site.house.now())
        audience.end_subscription(connection, number, ids["weekly"], "left", site.house.now())
    for answer in (client.get(link), client.post(link)):
        assert (answer.status_code, "<form" in answer.text) == (410, False)
        assert "since then you have left the list" in answer.text
        assert 'href="/subscribe">ask for it anew</a>' in answer.text


@pytest.mark.parametrize("name", ["board", "members", "government", "no-such-list", "", "friends' OR 1=1"])
def test_a_list_that_is_not_open_is_refused_whether_it_is_there_or_not(
    site: PublicSite, client: httpx.Client, name: str
) -> None:  # S22
    answer = ask(site, client, UNKNOWN, name)
    assert answer.status_code == 403
    assert answer.text == ask(site, client, UNKNOWN, "certainly-not").text
    assert ask(site, client, UNKNOWN, "friends", name).status_code == 403, "nor beside one that is open"
    assert site.mails() == []


def test_a_form_without_its_token_too_young_or_too_old_does_nothing(
    site: PublicSite, client: httpx.Client
) -> None:  # S18
    good = {"address": UNKNOWN, "list": "friends"}
    wrong = ["", "x" * 300, site.token(Purpose.CONFIRM, 1), site.token(Purpose.FORM, 1)]
    wrong += [open_form(site, client, 0), open_form(site, client, 3 * 3600), open_form(site, client)[:-1] + "a"]
    for form in wrong:
        answer = client.post("/subscribe", data={**good, "form": form})
        assert answer.status_code == 422
        assert "very fast, or long after the page was opened: please press the button again" in answer.text
        assert f'value="{UNKNOWN}"' in answer.text, "what was written stays"
        assert answer.text.count(" checked") == 1
    assert site.mails() == []
    assert client.post("/subscribe", data={**good, "form": open_form(site, client)}).status_code == 200
    assert len(site.mails()) == 1


def test_a_program_that_fills_in_every_field_is_told_the_same_and_does_nothing(
    site: PublicSite, client: httpx.Client
) -> None:
    trapped = ask(site, client, UNKNOWN, website="https://spam.example")
    assert site.mails() == []
    honest = ask(site, client, UNKNOWN)
    assert (trapped.status_code, trapped.text) == (honest.status_code, honest.text)
    assert len(site.mails()) == 1


def test_what_is_no_address_is_said_and_shown_escaped(site: PublicSite, client: httpx.Client) -> None:
    for text in ("", "nobody", '"><script>alert(1)</script>@x', "a@b\r\nBcc: c@d.example", "a@b.example, c@d.example"):
        answer = ask(site, client, text)
        assert answer.status_code == 422
        assert "write an address" in answer.text
        assert "<script" not in answer.text
    assert client.post("/subscribe", data={"form": open_form(site, client), "address": UNKNOWN}).status_code == 422
    for body in (b"\xff\xfe=1", b"&".join(b"a%d=1" % n for n in range(100))):
        assert client.post("/subscribe", content=body).status_code == 400
    assert client.post("/subscribe", content=b"a" * 5000).status_code == 413
    assert site.mails() == []


def test_five_hundred_posts_for_one_victim_are_one_mail(site: PublicSite) -> None:  # S23
    form = ""

    async def flood() -> set[tuple[int, str]]:
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(base_url=site.url, trust_env=False, timeout=60, limits=limits) as client:

            async def post(number: int) -> tuple[int, str]:
                headers = {"X-Forwarded-For": f"203.{number // 200}.{number % 200}.9", "Accept-Language": "en"}
                victim = f"{'Victim' if number % 2 else 'victim'}@firm7.example"
                data = {"form": form, "address": victim, "list": "friends", "message": "buy now http://spam.example"}
                answer = await client.post("/subscribe", data=data, headers=headers)
                return answer.status_code, answer.text

            return set(await asyncio.gather(*(post(number) for number in range(500))))

    with site.reader() as client:
        form = open_form(site, client)
    answers = asyncio.run(flood())
    assert len(answers) == 1, "every one is told the same"
    assert next(iter(answers))[0] == 200
    (mail,) = site.mails()
    assert "spam" not in mail, "nothing of the form is in the mail"


def test_a_network_has_its_fill_and_what_a_client_says_of_itself_does_not_help(site: PublicSite) -> None:  # S23
    with site.reader() as client:
        form = open_form(site, client)
        texts = set()
        for number in range(30):
            data = {"form": form, "address": f"a{number}@d{number}.example", "list": "friends"}
            mine = f"10.{number}.0.1, 198.51.100.{number}"  # the last word is the proxy's
            texts.add(client.post("/subscribe", data=data, headers={"X-Forwarded-For": mine}).text)
    assert len(texts) == 1
    assert len(site.mails()) == site.house.config.joining.per_network == 20


def test_known_unknown_and_suppressed_addresses_are_answered_alike(site: PublicSite) -> None:  # S24
    hashed = hash_address(site.house.secret, parse_address("stopped@firm8.example").key)
    with site.house.store.write() as connection:
        audience.suppress_address(connection, hashed, "complaint", "test", site.house.now())
    with site.reader() as client:
        answers = [ask(site, client, one) for one in (KNOWN, UNKNOWN, "stopped@firm8.example", KNOWN, UNKNOWN)]
    said = {(one.status_code, one.text, str(sorted(set(one.headers) - {"date"}))) for one in answers}
    assert len(said) == 1
    assert len(site.mails()) == 2


def test_the_time_of_an_answer_does_not_tell_who_is_known(
    site: PublicSite, monkeypatch: pytest.MonkeyPatch
) -> None:  # S24
    monkeypatch.setattr("mailer.web.subscribing.ANSWER_SECONDS", 0.05)
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    with site.reader() as client:
        form = open_form(site, client)
        for number in range(60):
            for address in (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN):
                began = time.perf_counter()
                where = {"X-Forwarded-For": f"203.0.{number}.9"}  # one network would have its fill
                client.post("/subscribe", data={"form": form, "address": address, "list": "friends"}, headers=where)
                took[address].append(time.perf_counter() - began)
    known, unknown = took.values()
    spread = (statistics.variance(known) / len(known) + statistics.variance(unknown) / len(unknown)) ** 0.5
    difference = statistics.mean(known) - statistics.mean(unknown)
    assert abs(difference) < 4 * spread, "Welch's t over 4 would be seen once in 15,000 by chance"
    assert min(*known, *unknown) >= 0.045


def test_where_no_list_is_open_the_page_says_so_and_nothing_leads_to_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = PublicSite.open(tmp_path_factory.mktemp("closed") / "news", lists="")
    try:
        with site.reader() as client:
            page = client.get("/subscribe")
            assert page.status_code == 404
            assert "put on it by the office" in page.text
            assert 'href="/subscribe"' not in page.text
            assert client.post("/subscribe", data={"list": "members"}).status_code in (403, 404, 422)
            assert site.mails() == []
    finally:
        site.close()
