"""What the demo agent and its host say to a running server, over HTTP only."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.servers import Servers

HUMAN = "alice@corp.example"
SECONDS = 30.0


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def open_session(servers: Servers, *, request: str = "Tell Bob about the delivery.") -> str:
    """A session of the first demo agent, attested by the demo host; its id."""
    body = {"human": HUMAN, "agent": servers.seed["agents"][0]["id"], "original_request": request}
    answer = httpx.post(
        f"{servers.base_url}/api/v1/sessions", json=body, headers=_bearer(servers.seed["host_key"]), timeout=SECONDS
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session_id"])


def decide(servers: Servers, *, session: str, key: str, **action: Any) -> httpx.Response:
    """`POST /decide` with an idempotency key."""
    headers = _bearer(servers.seed["agents"][0]["key"]) | {"Idempotency-Key": key}
    body = {"session_id": session} | action
    return httpx.post(f"{servers.decide_url}/decide", json=body, headers=headers, timeout=SECONDS)


def ask_for_mail(servers: Servers, *, session: str, key: str, subject: str = "Hello") -> dict[str, Any]:
    """An action that a person has to approve; the answer."""
    mail = {"to": "bob@partner.example", "subject": subject}
    answer = decide(servers, session=session, key=key, tool="email", operation="send", parameters=mail)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def read_decision(servers: Servers, *, decision_id: str, wait_seconds: int = 0) -> httpx.Response:
    """`GET /api/v1/decisions/{id}`, waiting where asked."""
    return httpx.get(
        f"{servers.base_url}/api/v1/decisions/{decision_id}",
        params={"wait": wait_seconds} if wait_seconds else {},
        headers=_bearer(servers.seed["agents"][0]["key"]),
        timeout=SECONDS + wait_seconds,
    )
