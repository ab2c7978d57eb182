"""The conversations with the server, written once for both clients.

A flow is a generator that yields what it wants done (a `Call` to send, a `Pause` to take) and is sent what came of it.
It does no I/O itself: `Client` drives it with blocking sockets, `AsyncClient` with asyncio.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from aarm import answers, calls
from aarm.answers import Lost, Reply
from aarm.calls import Call
from aarm.canonical import request_digest as digest_of
from aarm.canonical import split_tool
from aarm.errors import RefusedError, Unavailable
from aarm.records import Claim, Effective, OutcomeStatus, Question, Session, Verdict

HOLD_SECONDS = 30.0
BACKOFF_SECONDS = (0.1, 0.4)
MAX_RETRY_PAUSE_SECONDS = 5.0
MIN_POLL_INTERVAL_SECONDS = 0.5
OUTAGE_PAUSE_SECONDS = 1.0
RETRIED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this long before going on."""

    seconds: float


T = TypeVar("T")
Flow: TypeAlias = Generator[Call | Pause, Reply | Lost | None, T]
OnQuestion: TypeAlias = Callable[[Question], str | None]


def new_key() -> str:
    """A fresh Idempotency-Key: 128 random bits."""
    return "idk_" + secrets.token_hex(16)


def exchange(call: Call) -> Flow[Reply]:
    """Sends a call and returns an accepted reply. Repeats it a few times where that is safe, under the same key."""
    result = cast("Reply | Lost", (yield call))
    for delay in BACKOFF_SECONDS:
        pause = _pause_before_repeat(call, result=result, delay_seconds=delay)
        if pause is None:
            break
        yield Pause(pause)
        result = cast("Reply | Lost", (yield call))
    return answers.accepted(result, call=call)


def open_session(
    original_request: str,
    *,
    human: str | None = None,
    agent: str | None = None,
    service: str | None = None,
    scope: Sequence[str] = (),
    expected_scope: Sequence[str] = (),
    intent: str | None = None,
    profile: str | None = None,
    max_data_classification: str | None = None,
    parent_session_id: str | None = None,
    delegation: Sequence[object] = (),
) -> Flow[Session]:
    """Opens a session for what the human asked. Only a host key may name `human`, `agent`, `service` and scope."""
    body = {
        "original_request": original_request,
        "human": human,
        "agent": agent,
        "service": service,
        "scope": list(scope) or None,
        "expected_scope": list(expected_scope) or None,
        "intent": intent,
        "profile": profile,
        "max_data_classification": max_data_classification,
        "parent_session_id": parent_session_id,
        "delegation": list(delegation) or None,
    }
    reply = yield from exchange(calls.post("sessions", body=_present(body), accepts=calls.OPENED))
    return answers.session(reply)


def add_message(session_id: str, *, role: str, text: str) -> Flow[Mapping[str, object]]:
    """Adds a later turn: `user` (host key only) or `model` (always untrusted)."""
    call = calls.post("sessions", session_id, "messages", body={"role": role, "text": text})
    return answers.body_of((yield from exchange(call)))


def end_session(session_id: str) -> Flow[Mapping[str, object]]:
    """Ends a session (host key)."""
    return answers.body_of((yield from exchange(calls.post("sessions", session_id, "end", body={}))))


def register_tools(tools: Sequence[Mapping[str, object]]) -> Flow[Mapping[str, object]]:
    """Tells the catalogue what tools do (host key).

    Each tool is `{"name", "description", "parameters" (a JSON Schema), "effect": "read" | "write" | "egress"}`.
    """
    call = calls.post("tools", body={"tools": [dict(tool) for tool in tools]})
    return answers.body_of((yield from exchange(call)))


def decide(
    tool: str,
    *,
    session_id: str,
    parameters: Mapping[str, object],
    operation: str | None = None,
    action_id: str | None = None,
    depends_on: Sequence[str] = (),
    facts: Mapping[str, object] | None = None,
    explanation: str | None = None,
    idempotency_key: str | None = None,
) -> Flow[Verdict]:
    """Asks whether an action may run. Without `operation`, a name such as `email.send` is split at its last dot.

    Raises NotJsonError before anything is sent, ProtocolError if the answer is not the answer to this very action.
    """
    name, verb = (tool, operation) if operation is not None else split_tool(tool)
    body = {
        "session_id": session_id,
        "action_id": action_id,
        "tool": name,
        "operation": verb,
        "parameters": dict(parameters),
        "depends_on": list(depends_on) or None,
        "facts": dict(facts) if facts is not None else None,
        "explanation": explanation,
    }
    own = digest_of(session_id=session_id, tool=name, operation=verb, parameters=parameters)
    reply = yield from exchange(calls.decide(_present(body), idempotency_key=idempotency_key or new_key()))
    return answers.verdict(reply, request_digest=own)


def get_decision(decision_id: str, *, request_digest: str, hold_seconds: float = 0.0) -> Flow[Verdict]:
    """The decision as it stands now, or as soon as it changes within `hold_seconds` (at most 60)."""
    call = calls.get("decisions", decision_id, accepts=calls.DECIDED, hold_seconds=hold_seconds)
    reply = yield from exchange(call)
    return answers.verdict(reply, request_digest=request_digest, decision_id=decision_id)


def wait_for(
    decision_id: str,
    *,
    request_digest: str,
    timeout_seconds: float | None = None,
    outage_seconds: float = 60.0,
    on_question: OnQuestion | None = None,
) -> Flow[Verdict]:
    """Long-polls until the decision is final or `timeout_seconds` are over; the last answer may thus still be PENDING.

    An unreachable server is tried again for `outage_seconds`, so that its restart strands no work; then Unavailable.
    `on_question` is called once with each question of a reviewer; the text that it returns is the answer, None is none.
    """
    heard: set[str] = set()
    asked_at = heard_at = time.monotonic()
    deadline = asked_at + timeout_seconds if timeout_seconds is not None else math.inf
    while True:
        asked_at = time.monotonic()
        hold = max(0.0, min(HOLD_SECONDS, deadline - asked_at))
        try:
            found = yield from get_decision(decision_id, request_digest=request_digest, hold_seconds=hold)
        except Unavailable as error:
            if time.monotonic() >= min(deadline, heard_at + outage_seconds):
                raise
            pause = max(OUTAGE_PAUSE_SECONDS, error.retry_after_seconds or 0.0)
        else:
            heard_at = time.monotonic()
            if found.effective is not Effective.PENDING or heard_at >= deadline:
                return found
            if on_question is not None:
                yield from _answered(found, on_question=on_question, heard=heard)
            # A server that cannot hold the request answers at once; it is not asked in a tight loop.
            pause = max(asked_at + MIN_POLL_INTERVAL_SECONDS - heard_at, found.retry_after_seconds or 0.0)
        yield Pause(max(0.0, min(pause, deadline - time.monotonic())))


def _answered(found: Verdict, *, on_question: OnQuestion, heard: set[str]) -> Flow[None]:
    for question in found.questions:
        if question.is_answered or question.id in heard:
            continue
        heard.add(question.id)
        text = on_question(question)
        if text:
            # Refused where the request ended meanwhile or somebody answered: the next look says what holds.
            with contextlib.suppress(RefusedError, Unavailable):
                yield from answer(found.decision_id, question_id=question.id, text=text)


def claim(
    decision_id: str,
    *,
    action_digest: str,
    action: Mapping[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Flow[Claim]:
    """Takes the single use of an approved action. A lost answer is fetched again under the same key: no second use."""
    body = {"action_digest": action_digest, "action": action}
    key = idempotency_key or new_key()
    call = calls.post(
        "decisions", decision_id, "claim", body=_present(body), accepts=frozenset({200}), idempotency_key=key
    )
    return answers.claim((yield from exchange(call)))


def report_outcome(
    decision_id: str,
    *,
    status: OutcomeStatus,
    details: Mapping[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Flow[Mapping[str, object]]:
    """Says what came of an action. `details` are the contract's other fields, such as `output` or `error`.

    Reports are appended, never overwritten; a lost one is sent again under the same key, so that it counts once.
    """
    body = {"status": status.value, **(details or {})}
    key = idempotency_key or new_key()
    call = calls.post("decisions", decision_id, "outcome", body=body, idempotency_key=key)
    return answers.body_of((yield from exchange(call)))


def answer(decision_id: str, *, question_id: str, text: str) -> Flow[Mapping[str, object]]:
    """Answers one of a verdict's `questions`, once. It decides nothing; the reviewer reads it as the agent's words."""
    call = calls.post("decisions", decision_id, "answers", body={"question_id": question_id, "answer": text})
    return answers.body_of((yield from exchange(call)))


def cancel(decision_id: str) -> Flow[Mapping[str, object]]:
    """Withdraws an action that still waits."""
    return answers.body_of((yield from exchange(calls.post("decisions", decision_id, "cancel", body={}))))


def add_evidence(deferral_id: str, *, field: str, value: object, source: str) -> Flow[Mapping[str, object]]:
    """Supplies a fact that a deferred action waits for; from a host it is attested, from an agent asserted."""
    call = calls.post("deferrals", deferral_id, "evidence", body={"field": field, "value": value, "source": source})
    return answers.body_of((yield from exchange(call)))


def receipt(receipt_id: str) -> Flow[Mapping[str, object]]:
    """The signed envelope of a receipt, as the server keeps it."""
    return answers.body_of((yield from exchange(calls.get("receipts", receipt_id))))


def _present(body: Mapping[str, object]) -> dict[str, object]:
    """The contract omits what has no value."""
    return {name: value for name, value in body.items() if value is not None}


def _pause_before_repeat(call: Call, *, result: Reply | Lost, delay_seconds: float) -> float | None:
    """Seconds to wait before sending the call again, or None if it must not or need not be sent again."""
    if isinstance(result, Lost):
        return delay_seconds if call.is_repeatable or result.is_unsent else None
    if result.status not in RETRIED_STATUSES or not call.is_repeatable:
        return None
    pause = max(delay_seconds, result.retry_after_seconds or 0.0)
    return pause if pause <= MAX_RETRY_PAUSE_SECONDS else None
