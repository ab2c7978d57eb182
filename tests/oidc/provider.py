"""A small OpenID provider that runs: discovery, keys that rotate, a token endpoint with exchange, introspection."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

AUDIENCE = "aarm"
SECRET = "of the client"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
Signer = RSAKey | ECKey


@dataclass(slots=True)
class Provider:
    """`asked` counts requests by path. `answers` replaces the answer at a path by (status, headers, body)."""

    url: str = ""
    signers: list[tuple[str, Signer]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    logins: list[str] = field(default_factory=list)
    minted: int = 0

    def rotate(self, *, alg: str = "RS256", keeping: int = 0) -> None:
        """A new key that signs from now on; the last `keeping` stay published."""
        made: Signer = RSAKey.generate_key(2048) if alg.startswith(("RS", "PS")) else ECKey.generate_key("P-256")
        kept = self.signers[-keeping:] if keeping else []
        self.signers = [*kept, (alg, made)]

    def mint(self, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A signed access token; claims of None are left out."""
        alg, signer = self.signers[-1]
        self.minted += 1
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": self.url, "aud": AUDIENCE, "azp": "worker", "sub": "u-1", "scope": "mail:send mail:read",
            "iat": now, "exp": now + 300, "jti": f"t-{self.minted}",
        }  # fmt: skip
        said = {name: value for name, value in (said | claims).items() if value is not None}
        named = {"alg": alg, "kid": signer.thumbprint(), "typ": "at+jwt"} | dict(header or {})
        return jwt.encode(named, said, signer, algorithms=[alg])

    def sign_in(self, person: str, *, client: str = "worker", **claims: Any) -> str:
        """What the token endpoint gives `client` for a person who has signed in there."""
        return self._ask({"grant_type": "password", "username": person} | claims, client=client)

    def exchange(self, token: str, *, client: str, scope: str = "") -> str:
        """RFC 8693: a token with which `client` acts for whom `token` is about, through whom it was given to."""
        form = {"grant_type": EXCHANGE, "subject_token": token} | ({"scope": scope} if scope else {})
        return self._ask(form, client=client)

    def _ask(self, form: Mapping[str, str], *, client: str) -> str:
        answer = httpx.post(f"{self.url}/token", data=dict(form), auth=(client, SECRET))
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def issue(self, form: Mapping[str, str], *, client: str) -> str:
        """What `/token` answers."""
        if form["grant_type"] != EXCHANGE:
            return self.mint(azp=client, sub=form["username"])
        given = claims_in(form["subject_token"])
        before = given.get("act") or {"sub": given["azp"]}
        scope = form.get("scope") or given["scope"]
        return self.mint(azp=client, sub=given["sub"], scope=scope, act={"sub": client, "act": before})


def claims_in(token: str) -> dict[str, Any]:
    """What a token says, taken on trust."""
    middle = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def _documents(provider: Provider) -> dict[str, Any]:
    keys = [signer.as_dict(private=False) | {"kid": signer.thumbprint()} for _, signer in provider.signers]
    return {
        "/.well-known/openid-configuration": {"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"},
        "/keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}, {"kty": "RSA"}, 7, *keys]},
    }


def _endpoint(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(_documents(provider).get(self.path))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            provider.logins.append(login)
            if self.path == "/introspect":
                self._send({"active": form["token"] not in provider.ended})
            else:
                self._send({"access_token": provider.issue(form, client=login.partition(":")[0])})

        def _send(self, value: Any) -> None:
            provider.asked[self.path] += 1
            status, headers, body = provider.answers.get(
                self.path, (200 if value else 404, {"Content-Type": "application/json"}, json.dumps(value).encode())
            )
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Endpoint


@contextmanager
def running_provider() -> Iterator[Provider]:
    """On a free port of this machine, until the block ends."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _endpoint(provider))
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.rotate()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
