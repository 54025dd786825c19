"""A provider's calls reach a newsletter: confirmed for its topic, refused when forged, and recorded."""

import json
from datetime import UTC, datetime
from pathlib import Path

from mailer.app import House
from mailer.app.hooks import HookOutcome, Hooks
from tests.flow.newsletter import Newsletter
from tests.tracking.hooked import CERTIFICATE_URL, CONFIRM_URL, TOPIC, Signer, notification, sendcloud_form, ses_bounce


def test_calls_are_confirmed_refused_or_taken_by_what_the_settings_say(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    news = Newsletter.make(
        tmp_path / "news",
        2525,
        f'[webhooks.ses]\nprovider = "amazon_ses"\ntopics = ["{TOPIC}"]\n'
        '[webhooks.cloud]\nprovider = "sendcloud"\nkey_file = "key"\n',
    )
    signer, asked = Signer.make(now), list[str]()

    def fetch(url: str) -> bytes:
        asked.append(url)
        return signer.pem if url == CERTIFICATE_URL else b"<xml/>"

    house = House(news.folder)
    house.open()
    hooks = Hooks(house, house.returned, fetch)
    wanted = notification("You have chosen", now, Token="2336", SubscribeURL=CONFIRM_URL)
    assert hooks.take("ses", signer.sign(wanted | {"Type": "SubscriptionConfirmation"})) is HookOutcome.TAKEN
    assert asked == [CERTIFICATE_URL, CONFIRM_URL]
    body = signer.sign(notification(ses_bounce("a@b.example", "a" * 40), now, "id-2"))
    assert [hooks.take("ses", body) for _time in range(2)] == [HookOutcome.TAKEN] * 2
    assert hooks.take("ses", json.dumps(json.loads(body) | {"Message": "{}"}).encode()) is HookOutcome.REFUSED
    assert hooks.take("other", body) is HookOutcome.UNKNOWN
    form = sendcloud_form(now, event="deliver", recipient="a@b.example")
    assert hooks.take("cloud", form) is HookOutcome.LATER, "its key is not there"
    (news.folder / "key").write_text("an APP KEY of the tests\n")
    (news.folder / "key").chmod(0o600)
    assert hooks.take("cloud", form) is HookOutcome.TAKEN
    assert hooks.take("cloud", form + b"&event=report_spam") is HookOutcome.REFUSED, "its token was for another form"
    assert len(asked) == 2, "a certificate is fetched once"
    house.close()
