"""A reader leaves by the link in the mail, on the real public pages."""

import re
import time
from pathlib import Path

import httpx

from tests.flow.newsletter import Newsletter, end
from tests.mail.line_server import free_port
from tests.relay import Relay


def test_get_shows_post_acts_and_the_next_issue_does_not_come(tmp_path: Path, relay: Relay) -> None:
    port = free_port()
    news = Newsletter.make(tmp_path / "news", relay.port, f"[web]\nport = {port}\n")
    news.set_config('public_url = ""', f'public_url = "http://127.0.0.1:{port}"')
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    news.run("render", "2020-07", "--no-pdf")
    serving = news.start_serve()
    link = _link_of(news, "reader@firm3.example", port)
    deadline = time.monotonic() + 15
    while True:
        try:
            shown = httpx.get(link)
            break
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert shown.status_code == 200
    assert _active(news) == 8, "looking changes nothing"
    assert httpx.post(link, content="List-Unsubscribe=One-Click").status_code == 200
    assert httpx.post(link).status_code == 200, "twice is fine"
    assert _active(news) == 7
    assert httpx.get(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404
    assert end(serving) == 0

    synced = news.json("lists", "sync")
    assert synced["members"]["kept_out"] == ["reader@firm3.example"], "the sheet brings nobody back"
    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    assert news.json("send", "2020-08", "--wait")["planned"] == 9
    assert relay.taken["reader@firm3.example"] == 1


def _active(news: Newsletter) -> int:
    return int(next(one["active"] for one in news.json("lists") if one["name"] == "members"))


def _link_of(news: Newsletter, address: str, port: int) -> str:
    from mailer.app import House
    from mailer.tokens import Purpose, sign_token

    house = House(news.folder)
    with house.store.read() as connection:
        from sqlalchemy import select

        from mailer.store.schema import delivery

        number = connection.execute(select(delivery.c.id).where(delivery.c.address == address)).scalar_one()
    token = sign_token(house.secret, Purpose.UNSUBSCRIBE, number)
    house.close()
    link = f"http://127.0.0.1:{port}/u/{token}"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/u/[a-z2-7]{40}", link)
    return link
