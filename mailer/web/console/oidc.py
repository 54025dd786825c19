"""Logging in at a provider of OpenID Connect: authorization code flow with PKCE, state and nonce (Core 1.0 §3.1).

The network is httpx's; authlib makes and checks what goes over it. What the browser must bring back when it returns is
in a cookie that the house has signed: nothing is kept here.
"""

import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from mailer.config import OidcConfig
from mailer.i18n import _
from mailer.tokens import HouseSecret, KeyUse, read_text, sign_text

log = logging.getLogger(__name__)

KEPT_S = 600  # as long as a user may take at the provider; the cookie's Max-Age
METADATA_S = 3600
TIMEOUT_S = 10.0
MAX_ANSWER = 256 * 1024  # octets
LEEWAY_S = 120
# those that need the provider's private key: a secret that both know would let us sign as the provider
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
SCOPE = "openid email"


class ProviderError(Exception):
    """The provider vouches for nobody; `text` says it to the user, the reason is in the log and tells no secret."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent, and what it keeps meanwhile: as a cookie, HttpOnly, SameSite=Lax, for KEPT_S seconds."""

    url: str
    kept: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider has let in. email: empty unless the provider says that it is verified."""

    issuer: str
    subject: str
    email: str


class Provider:
    """The provider of `[console.oidc]`. What it says of itself is kept for an hour. Use it in one event loop."""

    def __init__(
        self,
        settings: OidcConfig,
        client_secret: str,
        redirect_uri: str,
        house_secret: HouseSecret,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._house_secret = house_secret
        self._now = now
        self._metadata: dict[str, Any] = {}
        self._metadata_until: datetime | None = None
        self._keys: dict[str, Any] = {}

    async def begin(self) -> Departure:
        """Send a browser to the provider. Raises ProviderError where that cannot be reached."""
        async with _client() as client:
            metadata = await self._discover(client)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _number in range(3))
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        until = int(self._now().timestamp()) + KEPT_S
        kept = sign_text(self._house_secret, KeyUse.OUTSIDE, json.dumps([state, nonce, verifier, until]))
        return Departure(str(url), kept)

    async def finish(self, query: Mapping[str, str], kept: str) -> Vouched:
        """Return whom the provider has let in. query: as the browser comes back with; kept: its cookie.

        Raises ProviderError for an answer to no question of this browser, one that is late, and one that is not whole.
        """
        state, nonce, verifier = self._read_kept(kept)
        if not hmac.compare_digest(state.encode(), query.get("state", "").encode("utf-8", "replace")):
            raise _refusal("the state is not this browser's")
        if query.get("iss", self._settings.issuer) != self._settings.issuer:  # RFC 9207 §2.4
            raise _refusal("the answer is another provider's")
        code = query.get("code", "")
        if "error" in query or not code:
            raise _refusal(f"the provider says {_word(query.get('error', 'nothing'))}")
        try:
            async with _client() as client:
                metadata = await self._discover(client)
                token = await self._redeem(client, metadata, code, verifier)
                claims = await self._check(client, metadata, token, nonce)
                subject = str(claims["sub"])
                person = dict(claims)
                if "email" not in person and "userinfo_endpoint" in metadata:
                    person = await self._ask_more(client, metadata, token, subject)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            # what a claim holds is not logged
            raise _refusal(f"the answer is not whole: {type(error).__name__}") from None
        verified = person.get("email_verified") in (True, "true")  # some providers write it as text
        email = person.get("email")
        return Vouched(self._settings.issuer, subject, email if verified and isinstance(email, str) else "")

    def _read_kept(self, kept: str) -> tuple[str, str, str]:
        text = read_text(self._house_secret, KeyUse.OUTSIDE, kept)
        if text is None:
            raise _refusal("the browser has kept nothing of ours")
        state, nonce, verifier, until = json.loads(text)
        if self._now().timestamp() >= until:
            raise ProviderError(_("it took too long; please log in again"))
        return state, nonce, verifier

    async def _discover(self, client: httpx.AsyncClient) -> dict[str, Any]:
        """Return what the provider says of itself (Discovery 1.0 §4), which is only taken from the issuer itself."""
        now = self._now()
        if self._metadata_until is None or now >= self._metadata_until:
            found = await _fetch(client, "GET", get_well_known_url(self._settings.issuer, external=True))
            if found.get("issuer") != self._settings.issuer:
                raise _refusal("its discovery document is of another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
                address = found.get(name, "" if name != "userinfo_endpoint" else self._settings.issuer)
                if not isinstance(address, str) or not _is_safe(address):
                    raise _refusal(f"its {name} is no https address")
            self._metadata, self._keys = found, {}
            self._metadata_until = now + timedelta(seconds=METADATA_S)
        return self._metadata

    async def _redeem(
        self, client: httpx.AsyncClient, metadata: Mapping[str, Any], code: str, verifier: str
    ) -> dict[str, Any]:
        """Exchange the code (RFC 6749 §4.1.3), with what proves that it was asked for by us (RFC 7636 §4.5)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        known = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if self._client_secret and "client_secret_basic" in known:
            # RFC 6749 §2.3.1: both are encoded as a form is before they are put together
            auth = httpx.BasicAuth(quote(self._settings.client_id, safe=""), quote(self._client_secret, safe=""))
        else:
            form["client_id"] = self._settings.client_id
            if self._client_secret:
                form["client_secret"] = self._client_secret
        return await _fetch(client, "POST", metadata["token_endpoint"], data=form, auth=auth)

    async def _check(
        self, client: httpx.AsyncClient, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        """Return the claims of an ID token, checked as Core 1.0 §3.1.3.7 says."""
        named = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(algorithms=[one for one in named if one in ALGORITHMS], strict_check_header=False)
        try:
            read = jwt.decode(token["id_token"], await self._key_set(client, metadata), registry=registry)
        except InvalidKeyIdError:  # the provider may have new keys
            self._keys = {}
            read = jwt.decode(token["id_token"], await self._key_set(client, metadata), registry=registry)
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        about = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, wanted, about)
        claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_S)
        return dict(claims)

    async def _key_set(self, client: httpx.AsyncClient, metadata: Mapping[str, Any]) -> KeySet:
        if not self._keys:
            self._keys = await _fetch(client, "GET", metadata["jwks_uri"])
        return KeySet.import_key_set(self._keys)  # type: ignore[arg-type]

    async def _ask_more(
        self, client: httpx.AsyncClient, metadata: Mapping[str, Any], token: Mapping[str, Any], subject: str
    ) -> dict[str, Any]:
        """Return what is known of the person, where the ID token does not say it (Core 1.0 §5.3)."""
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        found = await _fetch(client, "GET", metadata["userinfo_endpoint"], headers=headers)
        if found.get("sub") != subject:
            raise _refusal("it speaks of two persons")
        return found


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, headers={"Accept": "application/json"})


async def _fetch(client: httpx.AsyncClient, method: str, url: str, **request: Any) -> dict[str, Any]:
    """Return the JSON object that the provider answers with. Raises ProviderError."""
    try:
        async with client.stream(method, url, **request) as answer:
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MAX_ANSWER:
                    raise _refusal("its answer is too large")
    except httpx.HTTPError as error:
        log.warning("the provider to log in with cannot be reached: %s", type(error).__name__)
        raise ProviderError(_("the provider cannot be reached just now")) from None
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if answer.status_code != httpx.codes.OK or not isinstance(found, dict):
        said = _word(found.get("error", "")) if isinstance(found, dict) else ""
        raise _refusal(f"it answers {answer.status_code} {said}".strip())
    return found


def _is_safe(address: str) -> bool:
    return re.match(r"https://|http://(127\.0\.0\.1|localhost)[:/]", address) is not None


def _word(text: object) -> str:
    """Return an error code as RFC 6749 §5.2 has them; what is none is not logged."""
    return text if isinstance(text, str) and re.fullmatch(r"[a-z_]{1,40}", text) else "something"


def _refusal(why: str) -> ProviderError:
    log.warning("the provider to log in with lets nobody in: %s", why)
    return ProviderError(_("the provider does not say who you are; please try again, or log in with a password"))
