"""An OpenID Connect provider as a stranger sees it: it signs in whoever it is told to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT = "aarm-client"


@dataclass(slots=True)
class IdentityProvider:
    """`person` is what it says of whoever signs in next; `info` what its second answer says, where that differs."""

    url: str
    person: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] | None = None
    audience: str = CLIENT
    challenges: dict[str, str] = field(default_factory=dict)

    def sign_in(self, address: str) -> str:
        """Where the browser is sent back to from the provider's page at `address`."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        self.challenges["the-code"] = asked["code_challenge"]
        return f"{asked['redirect_uri']}?{urlencode({'code': 'the-code', 'state': asked['state']})}"

    def answer(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What each of its addresses says."""
        if path == "/token":
            proof = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
            assert proof == self.challenges.pop(form["code"])
            return {"access_token": "at", "token_type": "Bearer", "id_token": self._id_token()}
        known: dict[str, dict[str, Any]] = {
            "/userinfo": self.person if self.info is None else self.info,
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
            },
        }
        return known[path]

    def _id_token(self) -> str:
        key = ECKey.generate_key("P-256")
        claims = {"iss": self.url, "aud": self.audience, "iat": int(time()), "exp": int(time()) + 300, **self.person}
        return jwt.encode({"alg": "ES256"}, claims, key)


@contextmanager
def identity_provider(*, port: int = 0) -> Iterator[IdentityProvider]:
    """On a port of its own, or on one that was kept free for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path != "/authorize":
                self._say({})
                return
            # Whoever comes here by a browser is signed in at once.
            self.send_response(302)
            self.send_header("Location", provider.sign_in(self.path))
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say({name: values[0] for name, values in parse_qs(body).items()})

        def _say(self, form: Mapping[str, str]) -> None:
            said = json.dumps(provider.answer(urlsplit(self.path).path, form)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is written between the lines of a test run."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        provider = IdentityProvider(url=f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()
