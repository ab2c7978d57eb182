"""A reviewer at a running server, over HTTP only: signs in through the page's form and votes through the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tests.authenticators import next_count, signed
from tests.e2e.servers import Servers

SECONDS = 30.0
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class SignedIn:
    """One person's browser session. Cookies are kept by hand, since those of production are `Secure` and the tests play
    the proxy that ends TLS."""

    def __init__(self, servers: Servers) -> None:
        self.host = urlsplit(servers.base_url).netloc
        self.scheme = "https" if servers.variables.get("AARM_BASE_URL", "").startswith("https") else "http"
        self.http = httpx.Client(base_url=servers.base_url, timeout=SECONDS)
        self.cookies: dict[str, str] = {}
        self.passkey: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        """A page or an API object."""
        return self._send("GET", path)

    def reads(self, approval_id: str) -> dict[str, Any]:
        """The request for approval as this person is shown it."""
        seen = self.get(f"/api/v1/approvals/{approval_id}")
        assert seen.status_code == 200, seen.text
        found: dict[str, Any] = seen.json()
        return found

    def vote(self, approval_id: str, *, verdict: str = "approve", **more: Any) -> httpx.Response:
        """Reads the request, as a person has to, and decides on what was read."""
        shown = self.reads(approval_id)
        body = {"verdict": verdict, "view_digest": shown["view_digest"], "version": shown["version"]}
        if verdict == "approve" and shown["confirm_field"]:
            body["confirm_target"] = shown["snapshot"]["parameters"][shown["confirm_field"]]
        if verdict == "approve" and shown["needs_reason"]:
            body["reason"] = "I have asked."
        if verdict == "approve" and shown["needs_passkey"]:
            body["assertion"] = self._signs(approval_id)
        return self._posts(f"/api/v1/approvals/{approval_id}/votes", body | more)

    def _signs(self, approval_id: str) -> dict[str, Any]:
        asked = self._posts(f"/api/v1/approvals/{approval_id}/votes/challenge", {})
        assert asked.status_code == 200, asked.text
        return signed(self.passkey, asked.json()["challenge"], counter=next_count())

    def _posts(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return self._send("POST", path, json=body, headers={"X-CSRFToken": self._token()})

    def post_form(self, path: str, **fields: str) -> httpx.Response:
        """Reads the page at `path` and sends its form back, filled in."""
        found = _FIELD.search(self.get(path).text)
        assert found is not None, f"{path} has no form."
        return self._send("POST", path, data=fields | {"csrfmiddlewaretoken": found[1]})

    def _token(self) -> str:
        return next(value for name, value in self.cookies.items() if name.startswith("csrftoken"))

    def _send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        sent = {"Origin": f"{self.scheme}://{self.host}", "X-Forwarded-Proto": self.scheme}
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.http.request(method, path, headers=sent | dict(headers or {}), **more)
        self.cookies |= dict(answer.cookies)
        self.http.cookies.clear()
        return answer


def sign_in(servers: Servers, username: str) -> SignedIn:
    """Somebody whom `seed_demo` made, by their password."""
    user = next(user for user in servers.seed["users"] if user["username"] == username)
    person = SignedIn(servers)
    person.passkey = user.get("passkey", {})
    answer = person.post_form("/accounts/login/", username=username, password=user["password"])
    assert answer.status_code == 302, f"{username} could not sign in: {answer.status_code} {answer.text[:500]}"
    return person


def sign_in_by_link(servers: Servers, link: str) -> SignedIn:
    """The first admin, by the link that a start or the demo prints."""
    person = SignedIn(servers)
    answer = person.post_form(urlsplit(link).path)
    assert answer.status_code in {302, 303}, f"The link doesn't sign in: {answer.status_code} {answer.text[:500]}"
    return person
