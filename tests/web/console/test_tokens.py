"""Tokens of the API in the console: made, shown once, seen by their user and by administrators, revoked."""

import re

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Clerk, Office, text_of

EDITOR = NAMES[UserRole.EDITOR]


def make(clerk: Clerk, status: int = 200, **fields: object) -> str:
    form = {"purpose": "membership <system>", "scope": "issues:read", "days": "30", "current": PASSWORD, **fields}
    return clerk.act("/account/tokens/add", status, **form).text


def test_a_token_is_shown_once_works_and_ends_when_it_is_revoked(office: Office) -> None:
    page = make(office.editor, scope=["issues:read", "contacts:write"])
    (token,) = re.findall(r"jb_[\w-]{40,}", page)
    found = office.house.api_tokens.find(token)
    assert found is not None
    assert (found.user.name, found.name) == (EDITOR, "membership <system>")
    assert found.expires_at is not None
    again = office.editor.get("/account/tokens")
    assert token not in again
    assert "membership &lt;system&gt;" in again
    assert "issues:read" in again
    assert token not in office.admin.get("/trail")
    office.editor.act("/account/tokens/revoke", number=str(found.id))
    assert office.house.api_tokens.find(token) is None
    assert "revoked" in text_of(office.editor.get("/account/tokens"))
    office.editor.act("/account/tokens/revoke", 422, number=str(found.id))


def test_a_session_alone_makes_no_token_and_no_scope_goes_beyond_the_user(office: Office) -> None:
    before = len(office.house.api_tokens.list())
    assert "not right" in text_of(make(office.approver, 422, current="wrong"))
    assert "mailings:write" in text_of(make(office.approver, 422, scope=["issues:read", "mailings:write"]))
    assert "scope" in text_of(make(office.approver, 422, scope=[]))
    make(office.approver, 422, purpose=" ")
    make(office.approver, 422, days="36500")
    assert len(office.house.api_tokens.list()) == before
    assert "mailings:write" not in office.approver.get("/account/tokens")
    assert 'value="mailings:write"' in office.sender.get("/account/tokens")


def test_users_see_their_own_and_administrators_all(office: Office) -> None:
    make(office.sender, days="0", purpose="of the sender")
    (mine,) = (one for one in office.house.api_tokens.list() if one.name == "of the sender")
    assert mine.expires_at is None
    assert "of the sender" not in office.editor.get("/account/tokens")
    assert "may not" in text_of(office.editor.act("/account/tokens/revoke", 422, number=str(mine.id)).text)
    office.editor.get("/users/tokens", 403)
    office.editor.act("/users/tokens/revoke", 403, number=str(mine.id))
    assert "of the sender" in office.admin.get("/users/tokens")
    office.admin.act("/users/tokens/revoke", number=str(mine.id))
    assert not any(one.is_good(office.house.now()) for one in office.house.api_tokens.list(NAMES[UserRole.SENDER]))
    for number in ("", "x", "9" * 40, "99"):
        office.admin.act("/users/tokens/revoke", 422, number=number)
