"""What the demo agent and its host say to a running server, over HTTP only."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from tests.e2e.servers import Servers

HUMAN = "alice@corp.example"
SECONDS = 30.0
Answer = dict[str, Any]


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


def new_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return f"test-{secrets.token_hex(8)}"


def send(servers: Servers, path: str, *, as_host: bool = False, **body: Any) -> Answer:
    """An API call of the agent or its host that must be accepted."""
    headers = _bearer(servers.seed["host_key"] if as_host else servers.seed["agents"][0]["key"])
    answer = httpx.post(f"{servers.base_url}/api/v1/{path}", json=body, headers=headers, timeout=SECONDS)
    assert answer.status_code in {200, 201}, answer.text
    found: Answer = answer.json()
    return found


def ask(servers: Servers, name: str, session: str = "", **parameters: Any) -> Answer:
    """What the agent is answered for `tool.operation`, by default in a session of its own."""
    tool, _, operation = name.rpartition(".")
    where = session or open_session(servers)
    answer = decide(servers, session=where, key=new_key(), tool=tool, operation=operation, parameters=parameters)
    assert answer.status_code in {200, 202}, answer.text
    found: Answer = answer.json()
    assert (answer.status_code == 202) is (found["effective"] == "PENDING")
    return found


def asserted_session(servers: Servers, request: str) -> str:
    """A session that the agent opens for itself: nobody vouches for what it says was asked."""
    return str(send(servers, "sessions", original_request=request)["session_id"])


def report(servers: Servers, answer: Answer, **outcome: Any) -> Answer:
    """The agent's word on what came of an action that it ran."""
    return send(servers, f"decisions/{answer['decision_id']}/outcome", status="succeeded", **outcome)


def claim(servers: Servers, answer: Answer) -> httpx.Response:
    """Takes the single use of what was approved."""
    url = f"{servers.base_url}/api/v1/decisions/{answer['decision_id']}/claim"
    headers = _bearer(servers.seed["agents"][0]["key"]) | {"Idempotency-Key": new_key()}
    return httpx.post(url, json={"action_digest": answer["action_digest"]}, headers=headers, timeout=SECONDS)
