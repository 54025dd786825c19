"""Logging in at a provider: what is whole lets its user in, whatever else is answered lets in nobody."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt

from mailer.config import OidcConfig
from mailer.model.access import LogInOutcome
from mailer.web.console.oidc import KEPT_S, Departure, Provider, ProviderError, Vouched
from tests.access.conftest import AGENT, NETWORK, Clock, Office
from tests.access.oidc_provider import CLIENT, METHODS, SECRET, OidcProvider, make_key
from tests.world import SECRET as HOUSE_SECRET

BACK = "https://console.zsia.example/login/oidc"


@dataclass
class Visit:
    """A browser between the console and the provider."""

    there: OidcProvider
    clock: Clock
    console: Provider

    def settings(self, secret: str = SECRET) -> Provider:
        known = OidcConfig(issuer=self.there.issuer, client_id=CLIENT)
        return Provider(known, secret, BACK, HOUSE_SECRET, self.clock)

    async def go(self) -> tuple[Departure, dict[str, str]]:
        """Go to the provider, and return what the browser comes back with."""
        left = await self.console.begin()
        async with httpx.AsyncClient() as browser:
            answer = await browser.get(left.url)
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        assert address.startswith(f"{BACK}?")
        return left, {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    async def come(self) -> Vouched:
        left, query = await self.go()
        return await self.console.finish(query, left.kept)


@pytest.fixture(scope="module")
def serving() -> Iterator[OidcProvider]:
    with OidcProvider().serve() as there:
        yield there


@pytest.fixture
def visit(serving: OidcProvider) -> Visit:
    fresh = OidcProvider(key=serving.key)
    for name in ("shown", "user", "claims", "metadata", "userinfo", "sign", "codes", "tokens", "asked", "padding"):
        setattr(serving, name, getattr(fresh, name))
    clock = Clock(datetime.now(UTC))
    serving.clock = lambda: clock.now.timestamp()
    made = Visit(serving, clock, None)  # type: ignore[arg-type]
    made.console = made.settings()
    return made


async def test_who_is_let_in_there_is_let_in_here(visit: Visit, office: Office) -> None:
    found = await visit.come()
    assert found == Vouched(visit.there.issuer, "248289761001", "li@zsia.example")
    answer = office.access.log_in_outside(found.issuer, found.subject, found.email, NETWORK, AGENT)
    session = office.access.find_session(answer.token)
    assert answer.outcome is LogInOutcome.DONE
    assert session is not None
    assert session.user.name == "李四"
    assert visit.there.asked == ["metadata", "keys"], "an ID token that has the address is enough"


async def test_what_is_sent_along_is_new_each_time_and_not_the_proof(visit: Visit) -> None:
    first, second = await visit.console.begin(), await visit.console.begin()
    asked = [{name: value[0] for name, value in parse_qs(urlsplit(one.url).query).items()} for one in (first, second)]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name]) >= 43
    assert asked[0]["code_challenge_method"] == "S256"
    assert asked[0]["redirect_uri"] == BACK
    assert first.kept not in repr(first)
    assert visit.there.asked == ["metadata"], "asked once an hour"
    visit.clock.go_on(hours=1)
    await visit.console.begin()
    assert visit.there.asked == ["metadata"] * 2


async def test_the_answer_counts_in_the_browser_that_asked_and_soon(visit: Visit) -> None:
    left, query = await visit.go()
    other, _query = await visit.go()
    for wrong in ({}, {**query, "state": "x"}, {**query, "state": "\ud800"}, {"code": query["code"]}):
        with pytest.raises(ProviderError):
            await visit.console.finish(wrong, left.kept)
    number, text, mac = left.kept.split(".")
    forged = (
        other.kept,
        "",
        "x",
        f"{number}.{text}",
        f"2.{text}.{mac}",
        f"{number}.{text[::-1]}.{mac}",
        "é.é.é",
        "1.x.x",
    )
    for kept in forged:
        with pytest.raises(ProviderError):
            await visit.console.finish(query, kept)
    with pytest.raises(ProviderError):
        await visit.console.finish({**query, "iss": "https://other.example"}, left.kept)
    visit.clock.go_on(seconds=KEPT_S)
    with pytest.raises(ProviderError, match="too long"):
        await visit.console.finish(query, left.kept)
    visit.clock.go_on(seconds=-1)
    assert (await visit.console.finish({**query, "iss": visit.there.issuer}, left.kept)).subject == "248289761001"
    with pytest.raises(ProviderError):
        await visit.console.finish(query, left.kept)


async def test_a_user_who_was_not_let_in_there_is_told_so(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    left, query = await visit.go()
    caplog.set_level(logging.WARNING)
    with pytest.raises(ProviderError, match="does not say who you are"):
        await visit.console.finish({"state": query["state"], "error": "access_denied"}, left.kept)
    assert "access_denied" in caplog.text
    caplog.clear()
    with pytest.raises(ProviderError):
        await visit.console.finish({"state": query["state"], "error": "a\nforged line"}, left.kept)
    assert "forged" not in caplog.text


def case_of(claims: object) -> str:
    return "its time" if callable(claims) else str(claims)


def ago(seconds: int) -> Callable[[Visit], dict[str, Any]]:
    return lambda visit: {"exp": int(visit.there.clock()) - seconds, "iat": int(visit.there.clock()) - seconds - 300}


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"iss": "https://other.example"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        ago(121),
        lambda visit: {"iat": int(visit.there.clock()) + 600},
        lambda visit: {"nbf": int(visit.there.clock()) + 600},
    ],
    ids=case_of,
)
async def test_an_id_token_that_is_not_ours_lets_nobody_in(visit: Visit, claims: Any) -> None:
    visit.there.claims = claims(visit) if callable(claims) else claims
    with pytest.raises(ProviderError):
        await visit.come()


@pytest.mark.parametrize("claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}, ago(100)], ids=case_of)
async def test_one_that_says_the_same_in_other_words_is_taken(visit: Visit, claims: Any) -> None:
    visit.there.claims = claims(visit) if callable(claims) else claims
    assert (await visit.come()).subject == "248289761001"


async def test_only_the_provider_s_own_key_signs(visit: Visit) -> None:
    there, other = visit.there, make_key("first")

    def unsigned(claims: dict[str, Any]) -> str:
        _head, body, _mac = jwt.encode({"alg": "RS256"}, claims, other).split(".")
        return f"eyJhbGciOiJub25lIn0.{body}."

    signs: tuple[Callable[[dict[str, Any]], str], ...] = (
        lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, other),
        lambda claims: jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, other),
        there.sign_with_the_public_key,
        unsigned,
        lambda _claims: "no.token.at all",
        lambda _claims: "",
    )
    for sign in signs:
        there.sign = sign
        with pytest.raises(ProviderError):
            await visit.come()


async def test_a_provider_may_change_its_keys(visit: Visit) -> None:
    there, former = visit.there, visit.there.key
    await visit.come()
    there.key = make_key("second")
    there.shown = [former, there.key]
    assert (await visit.come()).subject == "248289761001"
    assert there.asked == ["metadata", "keys", "keys"]
    there.key = former


@pytest.mark.parametrize(
    ("email", "verified", "found"),
    [
        ("li@zsia.example", True, "li@zsia.example"),
        ("li@zsia.example", "true", "li@zsia.example"),
        ("li@zsia.example", False, ""),
        ("li@zsia.example", "false", ""),
        ("li@zsia.example", None, ""),
        ("li@zsia.example", 1, "li@zsia.example"),
        ([], True, ""),
    ],
)
async def test_an_address_counts_where_it_is_verified(visit: Visit, email: Any, verified: object, found: str) -> None:
    visit.there.user.email, visit.there.user.verified = email, verified
    assert (await visit.come()).email == found


async def test_the_address_is_asked_for_where_the_id_token_has_none(visit: Visit) -> None:
    there = visit.there
    there.user.email = None
    there.userinfo = {"email": "li@zsia.example", "email_verified": True}
    assert (await visit.come()).email == "li@zsia.example"
    there.userinfo["sub"] = "another"
    with pytest.raises(ProviderError):
        await visit.come()


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], METHODS])
async def test_the_console_says_who_it_is_as_the_provider_wants_it(visit: Visit, methods: list[str]) -> None:
    visit.there.metadata = {"token_endpoint_auth_methods_supported": methods}
    assert (await visit.come()).subject == "248289761001"
    visit.console = visit.settings(secret="wrong")
    with pytest.raises(ProviderError):
        await visit.come()


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "file:///etc/passwd"},
    ],
    ids=str,
)
async def test_what_it_says_of_itself_must_be_its_own_and_safe(visit: Visit, metadata: dict[str, Any]) -> None:
    visit.there.metadata = metadata
    with pytest.raises(ProviderError):
        await visit.console.begin()


async def test_an_answer_without_end_is_not_read(visit: Visit) -> None:
    visit.there.padding = 300_000
    with pytest.raises(ProviderError):
        await visit.console.begin()


async def test_a_provider_that_is_not_there_is_said_and_no_secret_is(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    """S33: neither the log nor the message has the client's secret, a code or a verifier."""
    left, query = await visit.go()
    caplog.set_level(logging.DEBUG, "mailer")
    gone = Provider(
        OidcConfig(issuer="http://127.0.0.1:9/x", client_id=CLIENT), SECRET, BACK, HOUSE_SECRET, visit.clock
    )
    with pytest.raises(ProviderError, match="cannot be reached"):
        await gone.begin()
    visit.there.codes.clear()
    with pytest.raises(ProviderError) as caught:
        await visit.console.finish(query, left.kept)
    said = caplog.text + str(caught.value) + repr(caught.value)
    assert "invalid_grant" in said
    assert not any(secret in said for secret in (SECRET, query["code"], query["state"]))
