"""The page to confirm: GET shows, POST subscribes, and a wrong link says nothing."""

import httpx

from mailer.tokens import Purpose
from tests.web.conftest import Desk


def test_a_get_shows_a_button_and_subscribes_nobody(client: httpx.Client, desk: Desk) -> None:
    page = client.get(f"/s/{desk.token(1, Purpose.CONFIRM)}")
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "reader@grey1.example" not in page.text, "it is masked"
    assert client.head(f"/s/{desk.token(1, Purpose.CONFIRM)}").status_code == 200
    assert desk.joined == []


def test_a_post_subscribes(client: httpx.Client, desk: Desk) -> None:
    page = client.post(f"/s/{desk.token(1, Purpose.CONFIRM)}")
    assert page.status_code == 200
    assert "You are subscribed" in page.text
    assert desk.joined == ["reader@grey1.example"]


def test_a_link_for_something_else_or_none_is_not_valid(client: httpx.Client, desk: Desk) -> None:
    for token in (desk.token(1), desk.token(9, Purpose.CONFIRM), "x", "x" * 300):
        for answer in (client.get(f"/s/{token}"), client.post(f"/s/{token}")):
            assert answer.status_code == 404
            assert "not valid" in answer.text
    assert desk.joined == []
