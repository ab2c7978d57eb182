"""An authorization server that is not ours: Authlib's grants, access tokens (RFC 9068) and introspection (RFC 7662).

What a token says and how it is signed is the library's; here are only its clients, its people and its addresses.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant, ResourceOwnerPasswordCredentialsGrant
from authlib.oauth2.rfc6749.models import ClientMixin
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator, JWTIntrospectionEndpoint
from flask import Flask, jsonify
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

AUDIENCE, SECRET = "https://approve.corp.example", "of the client"
Person = str


@dataclass(slots=True)
class Foreign:
    """`keys` are published, and the last of them signs; `ended` are the tokens that were revoked."""

    url: str = ""
    keys: list[RSAKey] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    seconds: int = 300

    def rotate(self) -> None:
        """Another key signs from now on, and the one before is forgotten."""
        self.keys = [RSAKey.generate_key(2048, auto_kid=True)]

    def published(self) -> dict[str, Any]:
        """The keys as anybody may read them."""
        return dict(KeySet([*self.keys]).as_dict(private=False))

    def token(self, *, person: str = "", client: str = "worker") -> str:
        """What it gives a client, for a person who has told it their password, or for itself."""
        form = {"grant_type": "password", "username": person, "password": "x"} if person else {}
        asked = {"grant_type": "client_credentials", "scope": "mail:send mail:read"} | form
        answer = httpx.post(f"{self.url}/token", data=asked, auth=(client, SECRET)).raise_for_status()
        found: str = answer.json()["access_token"]
        return found


@dataclass(frozen=True, slots=True)
class _Client(ClientMixin):  # type: ignore[misc]  # the library has no types
    id: str

    def get_client_id(self) -> str:
        return self.id

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_grant_type(self, grant_type: str) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class _User:
    name: str

    def get_user_id(self) -> str:
        return self.name


class _Password(ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    def authenticate_user(self, username: str, password: str) -> _User:
        return _User(username)


def _application(foreign: Foreign) -> Flask:
    class Tokens(JWTBearerTokenGenerator):  # type: ignore[misc]
        def get_jwks(self) -> RSAKey:
            return foreign.keys[-1]

        def get_audiences(self, client: Any, user: Any, scope: str) -> list[str]:
            return ["https://other.corp.example", AUDIENCE]

        def get_jti(self, client: Any, grant_type: str, user: Any, scope: str) -> str:
            return f"t-{super().get_jti(client, grant_type, user, scope)}"

    class Introspection(JWTIntrospectionEndpoint):  # type: ignore[misc]
        CLIENT_AUTH_METHODS = ("client_secret_basic",)

        def get_jwks(self) -> KeySet:
            return KeySet([*foreign.keys])

        def check_permission(self, token: Any, client: Any, request: Any) -> bool:
            return request.form["token"] not in foreign.ended

    app = Flask("authorization server")
    server = AuthorizationServer(app, query_client=_Client, save_token=lambda token, request: None)
    tokens = Tokens(issuer=foreign.url, expires_generator=lambda client, grant: foreign.seconds)
    server.register_token_generator("default", tokens)
    server.register_grant(ClientCredentialsGrant)
    server.register_grant(_Password)
    server.register_endpoint(Introspection(issuer=foreign.url))
    app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
    app.add_url_rule(
        "/introspect", "introspect", lambda: server.create_endpoint_response("introspection"), methods=["POST"]
    )
    app.add_url_rule("/keys", "keys", lambda: jsonify(foreign.published()))
    about = {"issuer": foreign.url, "jwks_uri": f"{foreign.url}/keys", "token_endpoint": f"{foreign.url}/token"}
    app.add_url_rule("/.well-known/openid-configuration", "about", lambda: json.dumps(about))
    return app


@contextmanager
def running_foreign() -> Iterator[Foreign]:
    """On a free port of this machine, until the block ends."""
    foreign = Foreign()
    server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
    foreign.url = f"http://127.0.0.1:{server.server_port}"
    foreign.rotate()
    server.app = _application(foreign)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield foreign
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
