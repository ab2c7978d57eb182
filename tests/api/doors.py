"""The product's doors as its callers use them: JSON in and out, a key in the header or a signed-in browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.db import connections
from django.test import Client
from django.test.client import ClientHandler

from approvals.models import User
from tests.factories import MAIL

# The test client's answer has members that no class names.
Reply = Any
FACTS = ("receipts", "approvals", "decisions")


@lru_cache(maxsize=2)
def _handler(*, enforce_csrf_checks: bool) -> ClientHandler:
    return ClientHandler(enforce_csrf_checks=enforce_csrf_checks)


def new_client(*, enforce_csrf_checks: bool = False) -> Client:
    """A browser without cookies. All share one chain of middleware, because the static files' is slow to make."""
    client = Client(raise_request_exception=False)
    client.handler = _handler(enforce_csrf_checks=enforce_csrf_checks)
    return client


def as_bytes(body: object) -> bytes:
    """`body` as it goes over the wire: bytes as they are, anything else as JSON."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Door:
    """One caller. `key` is what goes into the `Authorization` header, if anything does."""

    key: str = ""
    client: Client = field(default_factory=new_client)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | dict(more)

    def get(self, path: str, **headers: str) -> Reply:
        return self.client.get(path, headers=self._headers(_named(headers)))

    def post(self, path: str, body: object = b"", *, type: str = "application/json", **headers: str) -> Reply:
        return self.client.post(path, as_bytes(body), content_type=type, headers=self._headers(_named(headers)))

    def decide(self, session: str, name: str = "email.send", /, *, key: str = "", **body: Any) -> Reply:
        """`POST /decide` for `tool.operation`; the parameters are those of the cast's mail unless given."""
        tool, _, operation = name.rpartition(".")
        asked = {"session_id": session, "tool": tool, "operation": operation, "parameters": dict(MAIL)} | body
        return self.post("/decide", asked, **({"Idempotency_Key": key} if key else {}))

    def claim(self, answer: Mapping[str, Any], *, key: str = "", **body: Any) -> Reply:
        """Claims a decision by what it was answered with."""
        asked = {"action_digest": answer["action_digest"]} | body
        path = f"/api/v1/decisions/{answer['decision_id']}/claim"
        return self.post(path, asked, **({"Idempotency_Key": key} if key else {}))

    def report(self, answer: Mapping[str, Any], status: str = "succeeded", *, key: str = "", **body: Any) -> Reply:
        """Reports an outcome."""
        path = f"/api/v1/decisions/{answer['decision_id']}/outcome"
        return self.post(path, {"status": status} | body, **({"Idempotency_Key": key} if key else {}))

    def read(self, answer: Mapping[str, Any]) -> Any:
        """The decision as it is now."""
        return self.get(f"/api/v1/decisions/{answer['decision_id']}").json()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def open_transaction_kept() -> Iterator[None]:
    """For applications that are called without the test client, which does this by itself: they would take the test's
    open transaction for one that was left behind, and close its connection."""
    with patch.object(connections["default"], "close_if_unusable_or_obsolete"):
        yield


def door_of(person: User) -> Door:
    """A browser in which this person has signed in."""
    door = Door()
    door.client.force_login(person)
    return door


def row_counts() -> dict[str, int]:
    """How many rows every table of the product has: two equal ones say that nothing was written in between."""
    models = [model for app in FACTS for model in apps.get_app_config(app).get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}


def problem_of(reply: Reply, *, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, which has the whole form that the contract gives it."""
    assert (reply.status_code, reply["Content-Type"]) == (status, "application/problem+json"), reply.content[:500]
    found: dict[str, Any] = json.loads(reply.content)
    assert found["code"] == code, found
    assert set(found) - {"param"} == {"type", "title", "status", "code", "why", "fix", "request_id"}
    assert (found["type"], found["status"]) == (f"urn:aarm:problem:{code}", status)
    assert all(isinstance(found[name], str) and found[name] for name in ("title", "why", "fix"))
    assert found["request_id"] == reply["X-Request-Id"]
    assert reply["Cache-Control"] == "no-store"
    return found
