"""A real HTTP server in a thread that speaks the agents' part of the contract, and breaks it on demand.

It shares no code with the SDK: digests and bodies are made here from the contract's own words. A *fault* receives the
true answer, after the state has changed, and decides what goes over the wire instead.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, repeat
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import rfc8785

AGENT_KEY = "aak_alice"
HOST_KEY = "ahk_corp"
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in. `name` is the door: decide, poll, claim, outcome, …"""

    name: str
    method: str
    path: str
    key: str
    idempotency_key: str | None
    body: Body


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What happens to a tool; `changes` are merged into its parameters."""

    decision: str
    changes: Body = field(default_factory=dict)


Fault = Callable[["Wire", Answer], None]


class ContractServer:
    """`rulings` by tool name (default ALLOW); `received` in order; `fail` puts faults in front of a door."""

    def __init__(self) -> None:
        self.rulings: dict[str, Ruling] = {}
        self.received: list[Received] = []
        self.closing = threading.Event()
        self.on_poll: Callable[[str], None] = lambda _decision_id: None
        self.retry_after: str | None = None
        self.known_effects: dict[str, str] = {}
        self._faults: dict[str, Iterator[Fault]] = defaultdict(lambda: iter(()))
        self._changed = threading.Condition()
        self._numbers = count(1)
        self._decisions: dict[str, Body] = {}
        self._hidden: dict[str, Body] = {}
        self._claims: dict[str, tuple[str | None, Answer]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Wire,), {"server_of_contract": self}))
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def fail(self, door: str, fault: Fault, *, times: int | None = None) -> None:
        """The next `times` answers of a door (all, by default) go through `fault`."""
        self._faults[door] = repeat(fault) if times is None else iter(deque([fault] * times))

    def requests(self, door: str) -> list[Received]:
        """What came to one door."""
        return [one for one in self.received if one.name == door]

    def resolve(self, decision_id: str, *, effective: str, state: str, changes: Body | None = None) -> None:
        """Somebody answers: a pending decision becomes final and every long poll wakes."""
        with self._changed:
            answer = self._decisions[decision_id]
            answer["effective"] = effective
            answer["approval"] = {**answer["approval"], "state": state}
            if effective == "ALLOW":
                answer["parameters"] = {**self._hidden[decision_id], **(changes or {})}
            self._changed.notify_all()

    def ask(self, decision_id: str) -> None:
        """A reviewer asks once, and says yes at the next poll."""
        answer = self._decisions[decision_id]
        if "questions" in answer:
            del answer["questions"]
            self.approve(decision_id)
        else:
            asked_at = "2030-01-02T03:04:05Z"
            answer["questions"] = [{"id": "qst_1", "text": "Why her?", "asked_at": asked_at, "answered": False}]

    def approve(self, decision_id: str, **changes: Any) -> None:
        """A reviewer says yes, perhaps with changes."""
        self.resolve(decision_id, effective="ALLOW", state="APPROVED", changes=changes)

    @property
    def pending_id(self) -> str:
        """The newest decision."""
        return list(self._decisions)[-1]

    def answer(self, received: Received) -> Answer:
        """The true answer; changes state."""
        if received.key not in (AGENT_KEY, HOST_KEY):
            return problem_answer(401, code="bad_credential")
        action: Callable[[Received], Answer] = getattr(self, f"_{received.name}", self._noted)
        return action(received)

    def fault_for(self, door: str) -> Fault:
        """The next fault, or none."""
        return next(self._faults[door], honest)

    def serve(self) -> None:
        """Runs until `close`."""
        self._http.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        """Stops listening and lets silent answers go."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def _noted(self, _received: Received) -> Answer:
        return Answer(200, {})

    def _sessions(self, _received: Received) -> Answer:
        provenance = "attested" if _received.key == HOST_KEY else "asserted"
        return Answer(201, {"session_id": f"ses_{next(self._numbers)}", "request_provenance": provenance})

    def _tools(self, received: Received) -> Answer:
        for tool in received.body["tools"]:
            known = self.known_effects.get(tool["name"], tool["effect"])
            if known != tool["effect"]:
                return problem_answer(409, code="tool_differs", why=f"{tool['name']} is registered as {known}.")
        return Answer(201, {"results": []})

    def _decide(self, received: Received) -> Answer:
        asked = received.body
        name = asked["tool"] if asked["operation"] == "call" else f"{asked['tool']}.{asked['operation']}"
        ruling = self.rulings.get(name, Ruling("ALLOW"))
        number = next(self._numbers)
        final = {**asked["parameters"], **ruling.changes}
        effective = {"ALLOW": "ALLOW", "MODIFY": "ALLOW", "DENY": "DENY"}.get(ruling.decision, "PENDING")
        decision_id = f"dec_{number}"
        answer: Body = {
            "decision_id": decision_id,
            "action_id": f"act_{number}",
            "session_id": asked["session_id"],
            "decision": ruling.decision,
            "effective": effective,
            "reason": f"The rule for {name} says {ruling.decision}",
            "reason_code": "rule_matched",
            "request_digest": digest_of(asked),
            "action_digest": "sha256:" + "a" * 64,
            "receipt": {"id": f"rct_{number}", "digest": "sha256:" + "b" * 64, "url": f"{self.url}/r/rct_{number}"},
        }
        if effective == "ALLOW":
            answer["parameters"] = final
        if effective == "PENDING":
            kind, prefix = ("approval", "apr") if ruling.decision == "STEP_UP" else ("deferral", "dfr")
            answer[kind] = {
                "id": f"{prefix}_{number}",
                "state": "PENDING",
                "expires_at": "2030-01-02T03:04:05.678Z",
                **({"url": f"{self.url}/a/apr_{number}", "code": "K7QF-2M9D-X4TB"} if kind == "approval" else {}),
            }
        self._decisions[decision_id] = answer
        self._hidden[decision_id] = final
        return Answer(202 if effective == "PENDING" else 200, dict(answer))

    def _poll(self, received: Received) -> Answer:
        decision_id = urlsplit(received.path).path.split("/")[-1]
        wait = float(parse_qs(urlsplit(received.path).query).get("wait", ["0"])[0])
        self.on_poll(decision_id)
        with self._changed:
            answer = self._decisions[decision_id]
            self._changed.wait_for(lambda: answer["effective"] != "PENDING" or "questions" in answer, timeout=wait)
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return Answer(200, dict(answer), headers)

    def _claim(self, received: Received) -> Answer:
        decision_id = received.path.split("/")[-2]
        earlier = self._claims.get(decision_id)
        if earlier is not None:
            return (
                earlier[1] if earlier[0] == received.idempotency_key else problem_answer(409, code="already_consumed")
            )
        decision = self._decisions[decision_id]
        if decision["effective"] != "ALLOW":
            return problem_answer(409, code="not_approved")
        body = {"claim_id": "clm_1", "parameters": decision["parameters"], "lease_expires_at": "2030-01-02T03:04:05Z"}
        self._claims[decision_id] = (received.idempotency_key, Answer(200, body))
        return Answer(200, body)


class Wire(BaseHTTPRequestHandler):
    """One connection. `send` is the honest way to answer; faults may write what they like."""

    server_of_contract: ClassVar[ContractServer]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def send(
        self, status: int, content: bytes, *, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        """Writes a response; `length` may lie."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Tests read `received` instead."""

    def _serve(self) -> None:
        server = self.server_of_contract
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received = Received(
            name=door_of(self.command, path=urlsplit(self.path).path),
            method=self.command,
            path=self.path,
            key=self.headers.get("Authorization", "").removeprefix("Bearer "),
            idempotency_key=self.headers.get("Idempotency-Key"),
            body=json.loads(content) if content else {},
        )
        server.received.append(received)
        fault = server.fault_for(received.name)
        fault(self, server.answer(received))


def door_of(method: str, *, path: str) -> str:
    """decide, poll, receipt, or the last word of a path."""
    if method == "GET":
        return "poll" if "/decisions/" in path else "receipt"
    return path.rsplit("/", 1)[-1]


def digest_of(asked: Body) -> str:
    """As the contract says it: SHA-256 over the JCS form of operation, parameters, session_id, tool."""
    named = {name: asked[name] for name in ("operation", "parameters", "session_id", "tool")}
    return "sha256:" + hashlib.sha256(rfc8785.dumps(named)).hexdigest()


def problem_answer(status: int, *, code: str, why: str = "It is so.") -> Answer:
    """RFC 9457."""
    return Answer(
        status, {"type": "about:blank", "title": "No", "status": status, "code": code, "why": why, "fix": "Mend it."}
    )


def honest(wire: Wire, answer: Answer) -> None:
    """No fault."""
    wire.send(answer.status, json.dumps(answer.body).encode(), headers=answer.headers)


@contextmanager
def running_server() -> Iterator[ContractServer]:
    """A server for the length of a test."""
    server = ContractServer()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
