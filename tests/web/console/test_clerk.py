"""What a clerk meets first: one word for one thing, figures that agree, and a way on from every page."""

import re
from collections.abc import Iterator

import pytest

from mailer.model.kept_mail import KeptState
from mailer.model.people import UserRole
from tests.relay import Relay, in_a_thread
from tests.web.console.office import NAMES, Office, text_of

READER = "reader@firm3.example"
DEAD = "reader@firm5.example"
BY = NAMES[UserRole.SENDER]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office of two lists that follow sheets; one reader is suppressed, and the issue has gone out to the rest."""
    with in_a_thread(Relay()) as relay:
        opened = Office.open(tmp_path_factory.mktemp("office") / "newsletter", relay.port)
        opened.house.lists.sync()
        opened.house.suppressions.add(DEAD, "phoned", BY)
        opened.newsletter.run("submit", "2020-07", "--as", NAMES[UserRole.EDITOR])
        opened.newsletter.run("approve", "2020-07", "--as", NAMES[UserRole.APPROVER])
        yield opened
        opened.close()


def mailing_of(office: Office) -> int:
    if not office.house.mailings.newest():
        office.newsletter.run("send", "2020-07", "--wait", "--as", BY)
    return office.house.mailings.newest()[0].id


def test_who_is_left_out_is_named_before_it_is_sent(office: Office) -> None:
    shown = text_of(office.sender.get("/mailings/check", issue="2020-07", list=["government", "members"]))
    assert "10 are on these lists. Not counted here: 1 suppressed, who get nothing." in shown
    assert "type the number of copies, 9," in shown.lower()


def test_the_table_by_list_has_the_words_and_figures_of_the_line(office: Office) -> None:
    number = mailing_of(office)
    page = office.sender.get(f"/mailings/{number}")
    line = dict(re.findall(r'copies\?status=(\w+)" class="me-3">\w+ <strong>(\d+)', page))
    assert line == {"accepted": "9", "suppressed": "1"}
    for word, count in line.items():
        cells = re.findall(rf'data-label="{word}">(\d+)<', page)
        assert sum(map(int, cells)) == int(count), word
    assert "Of those planned 1 are suppressed and get nothing." in text_of(page)


def test_a_part_of_a_name_finds_the_copy_and_an_unknown_one_leads_on(office: Office) -> None:
    number = mailing_of(office)
    answer = office.sender.client.get(f"/mailings/{number}/why", params={"address": "会员3"}, follow_redirects=True)
    assert READER in answer.text
    assert "reader@firm4.example" not in answer.text
    answer = office.sender.client.get(f"/mailings/{number}/why", params={"address": "nobody"}, follow_redirects=True)
    assert 'href="/contacts?q=nobody"' in answer.text
    told = text_of(office.sender.get(f"/mailings/{number}/why", address=READER))
    assert "planned for list 会员" in told or "edition" not in told


def test_a_contact_of_a_sheet_says_where_it_is_corrected(office: Office) -> None:
    page = office.sender.get("/contacts/show", address=READER)
    assert "/contacts/change" not in page
    assert "the sheet members.csv" in text_of(page)
    assert "All lists are kept in sheets" in text_of(office.sender.get("/contacts"))


def test_the_trail_speaks_of_lists_by_their_titles(office: Office) -> None:
    mailing_of(office)
    titles = [one.title for one in office.house.config.lists.values()]
    trail = text_of(office.sender.get("/trail"))
    assert all(title in trail for title in titles)
    assert not re.search(r"\b(government|members|taken_off|stays_suppressed)\b", trail)


def test_versions_name_who_saved_them_and_which_is_the_present_text(office: Office) -> None:
    draft = office.house.drafts.open("2020-07")
    office.house.drafts.save("2020-07", f"{draft.text}\n又一段。\n", draft.digest, NAMES[UserRole.EDITOR])
    page = office.editor.get("/issues/2020-07/versions")
    entries = re.findall(r'href="\?version=\d[^>]*>(.*?)</a>', page, re.DOTALL)
    assert re.search(r"\d\d:\d\d:\d\d", entries[0])
    assert NAMES[UserRole.EDITOR] in entries[0]
    assert "the present text" in entries[0]
    assert all(NAMES[UserRole.EDITOR] not in one and "the present text" not in one for one in entries[1:])


def test_an_empty_time_is_asked_for(office: Office) -> None:
    answer = office.sender.client.get(
        "/mailings/check", params={"issue": "2020-07", "list": "members", "when": "later", "at": ""}
    )
    assert "no time was given" in text_of(answer.text)


def test_a_letter_leads_to_the_contact_of_its_writer(office: Office) -> None:
    mailing_of(office)
    office.house.returned.read(f"From: {READER}\nSubject: moved\n\nPlease write to another.\n".encode(), "a letter")
    newest = max(one.id for state in KeptState for one in office.house.kept_mail.list(state, 9))
    page = office.sender.get(f"/returned/{newest}")
    assert "Correct the contact" in page
    assert f"/contacts/show?address={READER.replace('@', '%40')}#change" in page
    assert page.split("<main")[1].count("btn-primary") == 1
