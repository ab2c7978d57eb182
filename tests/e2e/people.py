"""A reviewer at a running server, over HTTP only: signs in through the page's form and votes through the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tests.e2e.servers import Servers

SECONDS = 30.0
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class SignedIn:
    """One person's browser session. Cookies are kept by hand, since those of production are `Secure` and the tests play
    the proxy that ends TLS."""

    def __init__(self, servers: Servers, *, username: str, password: str) -> None:
        self.host = urlsplit(servers.base_url).netloc
        self.scheme = "https" if servers.variables.get("AARM_BASE_URL", "").startswith("https") else "http"
        self.http = httpx.Client(base_url=servers.base_url, timeout=SECONDS)
        self.cookies: dict[str, str] = {}
        self._sign_in(username, password=password)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        """A page or an API object."""
        return self._send("GET", path)

    def vote(self, approval_id: str, *, verdict: str = "approve", **more: Any) -> httpx.Response:
        """Reads the request, as a person has to, and decides on what was read."""
        seen = self.get(f"/api/v1/approvals/{approval_id}")
        assert seen.status_code == 200, seen.text
        shown = seen.json()
        body = {"verdict": verdict, "view_digest": shown["view_digest"], "version": shown["version"]} | more
        headers = {"X-CSRFToken": self._token()}
        return self._send("POST", f"/api/v1/approvals/{approval_id}/votes", json=body, headers=headers)

    def _sign_in(self, username: str, *, password: str) -> None:
        found = _FIELD.search(self.get("/accounts/login/").text)
        assert found is not None, "The sign-in page has no CSRF field."
        fields = {"username": username, "password": password, "csrfmiddlewaretoken": found[1]}
        answer = self._send("POST", "/accounts/login/", data=fields)
        assert answer.status_code == 302, f"{username} could not sign in: {answer.status_code} {answer.text[:500]}"

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
    """Somebody whom `seed_demo` made."""
    user = next(user for user in servers.seed["users"] if user["username"] == username)
    return SignedIn(servers, username=username, password=user["password"])
