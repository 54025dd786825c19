"""What those who run the machine ask, and the API within the console."""

import json

from prometheus_client.parser import text_string_to_metric_families

from mailer.model.api_token import Scope
from mailer.model.people import UserRole
from tests.web.console.office import NAMES, Office


def test_the_console_says_that_it_lives_and_counts(office: Office) -> None:
    with office.visitor() as client:
        assert client.get("/healthz").text == "ok\n"
        assert client.get("/readyz").json()["ready"] is True
        text = client.get("/metrics").text
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert {"mailer_mailings", "mailer_deliveries", "mailer_build_info", "mailer_database_up"} <= set(found)
    assert "@" not in text, "no address"


def test_the_api_stands_in_the_console_and_asks_for_its_own_token(office: Office) -> None:
    assert office.sender.client.get("/api/v1/lists").status_code == 401, "a session is no token"
    _made, token = office.house.api_tokens.add(
        NAMES[UserRole.SENDER], "test", [Scope.CONTACTS_READ], None, NAMES[UserRole.ADMIN]
    )
    with office.visitor() as client:
        answer = client.get("/api/v1/lists", headers={"Authorization": f"Bearer {token}"})
    assert [one["name"] for one in answer.json()] == ["government", "members"]


def test_tokens_are_made_listed_and_revoked_at_the_command_line(office: Office) -> None:
    admin = NAMES[UserRole.ADMIN]
    words = ["user", "token", "add", NAMES[UserRole.EDITOR], "--for", "system", "--scope", "issues:read", "--as", admin]
    made = json.loads(office.newsletter.run(*words, "--json").stdout)
    assert office.house.api_tokens.find(made["token"]) is not None
    useless = office.newsletter.run(*words[:-2], "--scope", "mailings:write", "--as", admin)
    assert "mailings:write" in useless.stderr, "the editor may plan no mailing"
    assert "issues:read" not in useless.stderr
    listed = office.newsletter.run("user", "token", "list").stdout
    assert "issues:read" in listed
    assert made["token"] not in listed
    office.newsletter.run("user", "token", "revoke", str(made["id"]), "--as", admin)
    assert office.house.api_tokens.find(made["token"]) is None
    assert "scope" in office.newsletter.run(*words[:6], "--as", admin, code=2).stderr
