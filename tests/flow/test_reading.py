"""A bulletin whose reading is counted: links, picture and receipt as the mail has them, on the real pages."""

import email
import email.policy
import json
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from mailer.app import House
from mailer.store import schema
from tests.flow.newsletter import Newsletter, end
from tests.mail.line_server import free_port
from tests.relay import Relay

BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"}
TEXT = "见[通知全文](https://a.example/notice?n=1&m=2#top)和[附表](https://b.example/表)。"


def parts_of(raw: bytes) -> dict[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def events(news: Newsletter) -> list[Any]:
    house = House(news.folder)
    with house.store.read() as connection:
        found = connection.execute(select(schema.reading_event).order_by(schema.reading_event.c.id)).all()
    house.close()
    return list(found)


def make(tmp_path: Path, relay: Relay, extra: str = "") -> tuple[Newsletter, int]:
    port = free_port()
    news = Newsletter.make(tmp_path / "news", relay.port, f"[web]\nport = {port}\n{extra}")
    news.set_config('public_url = ""', f'public_url = "http://127.0.0.1:{port}"')
    news.set_config('role = "报"', 'role = "报"\nreceived = true')
    news.write_issue(text=TEXT)
    news.approve()
    return news, port


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def test_reading_is_counted_as_the_lists_want_it(tmp_path: Path, relay: Relay) -> None:
    news, port = make(tmp_path, relay)
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    above = parts_of(relay.messages["office@jxt.example"])
    beside = parts_of(relay.messages["reader@firm3.example"])
    assert "/c/" not in above["text/html"] + above["text/plain"], "officials are not counted"
    assert "/o/" not in above["text/html"]
    receipt = re.search(rf"http://127\.0\.0\.1:{port}/r/[a-z2-7]{{40}}", above["text/plain"])
    assert receipt is not None
    assert receipt[0] in above["text/html"]
    assert "/r/" not in beside["text/html"]
    links = re.findall(rf"http://127\.0\.0\.1:{port}/c/[a-z2-7]{{40}}/\d+", beside["text/html"])
    (pixel,) = re.findall(rf"http://127\.0\.0\.1:{port}/o/[a-z2-7]{{40}}\.gif", beside["text/html"])
    serving = news.start_serve()
    with httpx.Client(headers=BROWSER, transport=httpx.HTTPTransport(retries=5)) as client:
        targets = [client.get(link).headers["location"] for link in links]
        assert client.get(pixel).headers["content-type"] == "image/gif"
        client.get(pixel, headers={"User-Agent": "GoogleImageProxy"})
        for _n in range(3):
            assert client.get(receipt[0]).status_code == 200
        assert news.json("status", "last")["received"] == 0
        for _n in range(2):
            assert client.post(receipt[0]).status_code == 200
    assert end(serving) == 0
    assert targets == ["https://a.example/notice?n=1&m=2#top", "https://b.example/%E8%A1%A8"]
    found = events(news)
    assert [(row.kind, row.link) for row in found] == [("click", 1), ("click", 2), ("open", 0), ("open", 0)]
    assert {row.verdict for row in found} == {"machine"}, "a test is no person: it comes within seconds of the dot"
    assert {row.network for row in found} == {""}
    status = news.json("status", "last")
    assert (status["received"], status["lists"]["government"]["received"]) == (1, 1)
    assert "confirmed receipt" in news.run("status", "last").stdout
    assert news.json("tracking", "judge", "--mailing", "last") == {"requests": 4, "changed": 0}
    assert "looked at 4 requests" in news.run("tracking", "judge").stdout


def test_a_house_that_counts_by_mailing_only_has_one_link_for_all_and_keeps_nobody(
    tmp_path: Path, relay: Relay
) -> None:
    news, port = make(tmp_path, relay, "[tracking]\naggregate = true\n")
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    one, two = (parts_of(relay.messages[f"reader@firm{n}.example"])["text/html"] for n in (3, 4))
    links = re.findall(rf"http://127\.0\.0\.1:{port}/[co]/[^\"]+", one)
    assert links == re.findall(rf"http://127\.0\.0\.1:{port}/[co]/[^\"]+", two)
    assert len(links) == 3
    serving = news.start_serve()
    with httpx.Client(headers=BROWSER, transport=httpx.HTTPTransport(retries=5)) as client:
        assert [client.get(link).status_code for link in links] == [302, 302, 200]
    assert end(serving) == 0
    assert {(row.delivery_id, row.agent, row.network, row.verdict) for row in events(news)} == {(None, "", "", "human")}


def test_a_reader_leaves_by_the_mailto_link_or_by_an_answer(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    by_link, by_answer = (
        email.message_from_bytes(relay.messages[f"reader@firm{n}.example"], policy=email.policy.default) for n in (3, 4)
    )
    subject = re.search(r"\?subject=(unsubscribe%20[a-z2-7]{40})", str(by_link["List-Unsubscribe"]))
    assert subject is not None
    request = EmailMessage()
    request["From"], request["Subject"] = "somebody@else.example", subject[1].replace("%20", " ")
    answer = EmailMessage()
    answer["From"], answer["Subject"] = "办公室 <reader@firm4.example>", "回复：简报"
    answer["In-Reply-To"] = str(by_answer["Message-ID"])
    answer.set_content("退订\n\n> 简报", charset="gb18030")
    stranger = EmailMessage()
    stranger["From"], stranger["In-Reply-To"] = "other@firm5.example", str(by_answer["Message-ID"])
    stranger.set_content("退订")
    files = []
    for name, message in (("request", request), ("answer", answer), ("stranger", stranger)):
        (tmp_path / f"{name}.eml").write_bytes(message.as_bytes())
        files.append(str(tmp_path / f"{name}.eml"))
    said = [json.loads(line) for line in news.run("bounces", "read", *files, "--json").stdout.splitlines()]
    assert [(one["kind"], one["recorded"], one["delivery"] is None) for one in said] == [
        ("unsubscribe", True, False), ("unsubscribe", True, False), ("other", False, False),
    ]  # fmt: skip
    again = news.run("bounces", "read", files[0], "--json").stdout
    assert '"recorded": false' in again.replace('":false', '": false')
    kept_out = news.json("lists", "sync")["members"]["kept_out"]
    assert sorted(kept_out) == ["reader@firm3.example", "reader@firm4.example"]
    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    assert news.json("send", "2020-08", "--wait")["planned"] == 8
