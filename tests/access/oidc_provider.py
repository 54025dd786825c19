"""A provider of OpenID Connect on a real socket: it signs with RS256, checks PKCE, and lies where it is told to."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "jianbao console", "a+secret/of:ours"
METHODS = ["client_secret_basic", "client_secret_post"]


def make_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "alg": "RS256", "use": "sig"})


@dataclass
class FakeUser:
    subject: str = "248289761001"
    email: str | None = "li@zsia.example"
    verified: object = True


@dataclass
class OidcProvider:
    """`claims` and `metadata` replace what an ID token and the discovery document say; None takes a claim out."""

    key: RSAKey = field(default_factory=lambda: make_key("first"))
    shown: list[RSAKey] = field(default_factory=list)
    user: FakeUser = field(default_factory=FakeUser)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    clock: Callable[[], float] = time.time
    port: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    padding: int = 0

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/zsia"

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": METHODS,
            "padding": "x" * self.padding,
            **self.metadata,
        }

    def make_id_token(self, query: dict[str, str], access_token: str) -> str:
        now = int(self.clock())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": self.user.subject,
            "aud": query["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": query["nonce"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            "email": self.user.email,
            "email_verified": self.user.verified,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def sign_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """As if the public key were a secret that both know: an attack on who trusts the header's alg."""
        public = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, public)

    def make_app(self) -> FastAPI:
        app, base = FastAPI(), "/realms/zsia"

        @app.get(f"{base}/.well-known/openid-configuration")
        def discover() -> dict[str, Any]:
            self.asked.append("metadata")
            return self.describe()

        @app.get(f"{base}/keys")
        def keys() -> dict[str, Any]:
            self.asked.append("keys")
            return {"keys": [one.as_dict(private=False) for one in (self.shown or [self.key])]}

        @app.get(f"{base}/authorize")
        def authorize(request: Request) -> Response:
            query = dict(request.query_params)
            wrong = query["client_id"] != CLIENT or query["code_challenge_method"] != "S256"
            if wrong or "openid" not in query["scope"].split() or query["response_type"] != "code":
                return JSONResponse({"error": "invalid_request"}, 400)
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            return RedirectResponse(f"{query['redirect_uri']}?code={code}&state={query['state']}", 303)

        @app.post(f"{base}/token")
        async def token(request: Request) -> Response:
            form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            if self._client_of(request, form) != (CLIENT, SECRET):
                return JSONResponse({"error": "invalid_client"}, 401)
            query = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            proved = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if query is None or query["code_challenge"] != proved or query["redirect_uri"] != form["redirect_uri"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
            access_token = secrets.token_urlsafe(16)
            self.tokens.add(access_token)
            answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
            return JSONResponse({**answer, "id_token": self.make_id_token(query, access_token)})

        @app.get(f"{base}/userinfo")
        def userinfo(request: Request) -> Response:
            self.asked.append("userinfo")
            if request.headers["authorization"].removeprefix("Bearer ") not in self.tokens:
                return JSONResponse({"error": "invalid_token"}, 401)
            return JSONResponse({"sub": self.user.subject, **self.userinfo})

        return app

    def _client_of(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        scheme, _blank, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            name, _colon, secret = base64.b64decode(rest).decode().partition(":")
            return unquote(name), unquote(secret)
        return form.get("client_id", ""), form.get("client_secret", "")

    @contextmanager
    def serve(self) -> Iterator["OidcProvider"]:
        config = uvicorn.Config(self.make_app(), host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            yield self
        finally:
            server.should_exit = True
            thread.join()
