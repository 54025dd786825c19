"""Returned mail in the console and at the command line: done, tied to a copy, taken back, without JavaScript."""

import json
import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mailer.model.kept_mail import HandMeaning, KeptState, Saying
from mailer.model.people import UserRole
from mailer.model.report import ReturnedMail
from tests.relay import Relay, in_a_thread
from tests.web.console.office import NAMES, PASSWORD, Office, text_of

READER = "reader@firm3.example"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose issue has gone out to its readers."""
    with in_a_thread(Relay()) as relay:
        opened = Office.open(tmp_path_factory.mktemp("office") / "newsletter", relay.port)
        opened.newsletter.run("submit", "2020-07", "--as", NAMES[UserRole.EDITOR])
        opened.newsletter.run("approve", "2020-07", "--as", NAMES[UserRole.APPROVER])
        opened.newsletter.run("send", "2020-07", "--wait", "--as", NAMES[UserRole.SENDER])
        yield opened
        opened.close()


def keep(office: Office, subject: str) -> int:
    """Have a mail kept that nobody understood; return its number."""
    raw = f"From: Post <postmaster@firm3.example>\nSubject: {subject}\n\nThere is nobody.\n".encode()
    taken: ReturnedMail = office.house.returned.read(raw, subject)
    assert not taken.understood
    return office.house.kept_mail.list(KeptState.OTHERS, 1)[0].id


def waiting(office: Office) -> list[int]:
    return [one.id for one in office.house.kept_mail.list(KeptState.OTHERS, 99)]


def test_mails_are_dealt_with_together_and_wait_again_by_a_button(office: Office) -> None:
    first, second, third = keep(office, "one <b>"), keep(office, "two"), keep(office, "three")
    page = office.sender.get("/returned", kind="others")
    assert "one &lt;b&gt;" in page
    done = office.sender.act("/returned/done", mail=[str(first), str(third)], kind="others")
    assert waiting(office) == [second]
    page = office.sender.get(done.headers["location"])
    assert "2 mails are dealt with." in text_of(page)
    undo = re.findall(r'<input type="hidden" name="mail" value="(\d+)">', page)
    assert undo == [str(first), str(third)]
    assert "three" in office.sender.get("/returned", kind="done")
    office.sender.act("/returned/undo", mail=undo, kind="others")
    assert sorted(waiting(office)) == [first, second, third]
    assert "no mail was chosen" in text_of(office.sender.act("/returned/done", 422, kind="others").text)
    office.sender.act("/returned/undo", 422, mail=str(first))
    assert "dealt with" in text_of(office.sender.get("/trail"))


def test_who_may_not_suppress_sees_mail_and_deals_with_none(office: Office) -> None:
    mail = keep(office, "editor")
    page = office.editor.get(f"/returned/{mail}")
    assert "There is nobody." not in page, "of mail that nothing ties to us only who and what about is kept"
    assert "/tie" not in page
    assert "<input" not in re.sub(r'<input type="hidden"[^>]*>', "", office.editor.get("/returned").split("<main")[1])
    office.editor.act(f"/returned/{mail}/tie", 403, meaning="hard")
    assert mail in waiting(office)
    for number in ("9" * 30, "9" * 18, "-1", "x", ""):
        for path in ("/returned", f"/returned/{mail}"):
            assert office.sender.client.get(path, params={"before": number, "mailing": number}).status_code == 200
        for act in ("/returned/done", "/returned/undo"):
            office.sender.act(act, 422, mail=number)
        office.sender.act(f"/returned/{mail}/tie", 422, copy=number, meaning="hard", reason="x")


def test_a_copy_is_searched_chosen_and_what_follows_is_taken_back(office: Office) -> None:
    mail = keep(office, "gone")
    assert "No copy was found." in text_of(office.sender.get(f"/returned/{mail}", q="nobody@nowhere.example"))
    for words in (READER, "会员3"):
        page = office.sender.get(f"/returned/{mail}", q=words)
        copies = re.findall(r'name="copy" value="(\d+)"', page)
        assert len(copies) == 1, words
    mailing = str(office.house.mailings.newest()[0].id)
    assert READER in office.sender.get(f"/returned/{mail}", q="会员3", mailing=mailing)
    refused = office.sender.act(f"/returned/{mail}/tie", 422, copy=copies[0], reason="phoned")
    assert "no meaning was chosen" in text_of(refused.text)
    office.sender.act(f"/returned/{mail}/tie", 422, copy=copies[0], meaning="hard", reason="")
    page = office.sender.act_and_look(f"/returned/{mail}/tie", copy=copies[0], meaning="hard", reason="phoned")
    assert f"{READER} gets nothing from now on" in text_of(page)
    assert "phoned" in page
    assert READER in office.sender.get("/suppressions", q=READER)
    assert "said by hand" in text_of(office.sender.get(f"/mailings/{mailing}/why", address=READER))
    assert office.house.reports.read(mailing).figures.bounced == 1
    office.sender.act("/returned/undo", mail=str(mail))
    assert READER not in office.sender.get("/suppressions")
    assert office.house.reports.read(mailing).figures.bounced == 0
    assert "taken back" in text_of(office.sender.get(f"/mailings/{mailing}/why", address=READER))
    assert "tied to a copy by hand" in text_of(office.sender.get("/trail"))
    assert mail in waiting(office)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mail_that_is_tied_can_be_read_by_everybody(
    office: Office, browser: Browser, scheme: Literal["light", "dark"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    mail = keep(office, f"tied, {scheme}")
    copy = office.house.kept_mail.find_copies(READER)[0].id
    office.house.kept_mail.tie(mail, Saying(HandMeaning.SOFT, copy, "phoned"), NAMES[UserRole.SENDER])
    context = browser.new_context(viewport={"width": 375, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{office.url}/login")
    page.fill("#name", NAMES[UserRole.SENDER])
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    for path in ("/returned?kind=done", f"/returned/{mail}", f"/returned?undo={mail}"):
        page.goto(f"{office.url}{path}")
        assert [one["id"] for one in Axe().run(page).response["violations"]] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    assert "phoned" in page.goto(f"{office.url}/returned/{mail}").text()  # type: ignore[union-attr]
    context.close()


def test_the_same_is_done_at_the_command_line(office: Office) -> None:
    mail, news, by = keep(office, "left"), office.newsletter, ["--as", NAMES[UserRole.SENDER]]
    assert str(mail) in news.run("bounces", "list", "--unknown").stdout
    assert "mailer bounces tie 12 --copy last" in " ".join(news.run("bounces", "tie", "--help").stdout.split())
    words = ["bounces", "tie", str(mail), "--copy", "last", READER, "--means", "left", "--reason", "asked by mail"]
    assert "may not" in news.run(*words, "--as", NAMES[UserRole.EDITOR], code=1).stderr
    assert "has left the list" in news.run(*words, *by).stdout
    shown = json.loads(news.run("bounces", "show", str(mail), "--json").stdout)
    assert (shown["meaning"], shown["address"], shown["note"]) == ("left", READER, "asked by mail")
    assert "asked by mail" in news.run("bounces", "show", str(mail)).stdout
    assert "said already" in news.run(*words, *by, code=1).stderr
    assert "1 mail waits again" in news.run("bounces", "undo", str(mail), *by).stdout
    assert json.loads(news.run("bounces", "done", str(mail), *by, "--json").stdout) == {"done": [mail]}
    assert "left" in news.run("bounces", "list", "--done").stdout
    assert "is kept" in news.run("bounces", "show", "9999", code=1).stderr
    assert (
        "about no copy"
        in news.run(
            "bounces", "tie", str(mail), "--copy", "last", READER, "--means", "nothing", "--reason", "x", *by, code=2
        ).stderr
    )
