"""A stranger asks for a list on the public page, confirms by the mail, gets the issue, and chooses lists by its link."""

import asyncio
import email
import email.policy
import re
from datetime import timedelta
from pathlib import Path

from tests.relay import Relay
from tests.web.site import PUBLIC_URL, PublicSite

READER = "newcomer@firm9.example"


def texts_of(raw: bytes) -> dict[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def test_from_the_form_to_the_preferences_in_a_copy(tmp_path: Path, relay: Relay) -> None:
    site = PublicSite.open(tmp_path / "news", port=relay.port)
    try:
        with site.reader() as client:
            (form,) = re.findall(r'name="form" value="([a-z2-7]+)"', client.get("/subscribe").text)
            site.skew[0] += timedelta(seconds=5)
            client.post("/subscribe", data={"form": form, "address": READER, "list": "friends"})
            asyncio.run(site.house.notices.deliver())
            asked = texts_of(relay.messages.pop(READER))["text/plain"]
            (link,) = re.findall(rf"{PUBLIC_URL}(/s/[a-z2-7]{{40}})", asked)
            assert client.post(link).status_code == 200
            site.newsletter.approve()
            assert site.newsletter.json("send", "2020-07", "--wait")["accepted"] == 11
            mine, sheet = texts_of(relay.messages[READER]), texts_of(relay.messages["reader@firm3.example"])
            (link,) = re.findall(rf"{PUBLIC_URL}(/preferences/[a-z2-7]{{40}})", mine["text/plain"])
            assert f"{PUBLIC_URL}{link}" in mine["text/html"]
            assert "/preferences/" not in sheet["text/html"] + sheet["text/plain"], "a list with a sheet has none"
            assert "You are on 1 list." in client.get(link).text
            assert "You are on 2 lists." in client.post(link, data={"act": "keep", "list": ["friends", "weekly"]}).text
    finally:
        site.close()
    lists = {one["name"]: one["active"] for one in site.newsletter.json("lists")}
    assert (lists["friends"], lists["weekly"]) == (1, 1)
