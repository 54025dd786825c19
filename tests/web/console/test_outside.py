"""Logging in at a provider of OpenID Connect, as a browser goes there and comes back."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mailer.model.people import UserRole
from mailer.web.console.desk import COOKIE
from tests.access.oidc_provider import CLIENT, SECRET, OidcProvider
from tests.web.console.office import NAMES, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[Office, OidcProvider]]:
    with OidcProvider().serve() as there:
        (tmp_path / "secret").write_text(SECRET, "utf-8")
        (tmp_path / "secret").chmod(0o600)
        extra = (
            f'url = "http://localhost"\n[console.oidc]\nissuer = "{there.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret_file = "{tmp_path / "secret"}"\nname = "统一认证"\n'
        )
        opened = Office.open(tmp_path / "newsletter", extra=extra)
        opened.house.people.change(NAMES[UserRole.EDITOR], NAMES[UserRole.ADMIN], email="li@zsia.example")
        yield opened, there
        opened.close()


def come_back(client: httpx.Client) -> httpx.Response:
    """Go to the provider and back to this console, whatever name it is known by there."""
    leaving = client.get("/login/oidc")
    assert leaving.status_code == 303
    there = httpx.get(leaving.headers["location"], trust_env=False)
    back = urlsplit(there.headers["location"])
    assert back.path == "/login/oidc/back"
    return client.get(f"{back.path}?{back.query}")


def test_who_the_provider_lets_in_is_logged_in(office: tuple[Office, OidcProvider]) -> None:
    house = office[0].house
    with office[0].visitor() as client:
        assert "统一认证" in client.get("/login").text
        answer = come_back(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        session = house.access.find_session(client.cookies[COOKIE])
        assert session is not None
        assert session.user.name == NAMES[UserRole.EDITOR]


def test_a_stranger_of_the_provider_is_not_let_in(office: tuple[Office, OidcProvider]) -> None:
    office[1].user.subject, office[1].user.email = "another", "stranger@elsewhere.example"
    with office[0].visitor() as client:
        answer = come_back(client)
        assert answer.status_code == 401
        assert COOKIE not in client.cookies


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(office: tuple[Office, OidcProvider]) -> None:
    with office[0].visitor() as client:
        answer = client.get("/login/oidc/back?code=x&state=y")
        assert answer.status_code == 401
        assert COOKIE not in client.cookies
