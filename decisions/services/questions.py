"""What a decision was made from, as one JSON value, so that the same question can be put again (G9).

The canonical bytes of a question are what `evaluation_digest` is taken of; they are kept with the decision's values and
erased with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from decisions.engine.action import Action
from decisions.engine.context import Context, Fact, Identity, Trust
from decisions.engine.verdict import ReasonCode
from decisions.selectors.values import QUESTION, erased
from receipts.signing.canonical import JSON, canonical_bytes, load_strict

# The engine's own version: a question that another one answered may have another answer now.
ENGINE_VERSION = "5"
# A question holds an action and a session's facts, each of which was read within the limits of a body.
_MAX_DEPTH, _MAX_MEMBERS = 80, 1_000_000


class Standing(StrEnum):
    """How the actions stand that another depends on."""

    SETTLED = "settled"
    PENDING = "pending"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Bar:
    """Something outside of policy that forbids an action: the code that it is denied with, and why in a sentence."""

    code: ReasonCode
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that a ruling follows from. `policy` is the hash of the version that answers.

    `depends_on` are earlier actions, and `standing` how they stand. `has_reviewers` says whether those who would have
    to be asked were there; None where nobody was to be asked. `is_intact` is false where the session's record had been
    altered, `bar` what forbade the action whatever policy said. `nonce` is the decision's, and keeps the digest from
    giving away what can be guessed.
    """

    policy: str
    nonce: str
    action: Action
    context: Context
    standing: Standing = Standing.SETTLED
    depends_on: tuple[str, ...] = ()
    has_reviewers: bool | None = None
    is_intact: bool = True
    bar: Bar | None = None
    engine: str = ENGINE_VERSION


def question_bytes(question: Question) -> bytes:
    """The question in RFC 8785 form."""
    action = question.action
    return canonical_bytes(
        {
            "engine": question.engine,
            "policy": question.policy,
            "nonce": question.nonce,
            "action": {"tool": action.tool, "operation": action.operation, "parameters": dict(action.parameters)},
            "context": _context_record(question.context),
            "standing": question.standing.value,
            "depends_on": list(question.depends_on),
            "has_reviewers": question.has_reviewers,
            "intact": question.is_intact,
            "bar": question.bar and {"code": question.bar.code.value, "reason": question.bar.reason},
        }
    )


def question_from(data: bytes) -> Question:
    """What `question_bytes` wrote. Raises KeyError or StrictJSONError for what it didn't write."""
    record: Any = load_strict(data, max_depth=_MAX_DEPTH, max_members=_MAX_MEMBERS)
    return Question(
        engine=record["engine"],
        policy=record["policy"],
        nonce=record["nonce"],
        action=Action(**record["action"]),
        context=_context_from(record["context"]),
        standing=Standing(record["standing"]),
        depends_on=tuple(record["depends_on"]),
        has_reviewers=record["has_reviewers"],
        is_intact=record["intact"],
        bar=record["bar"] and Bar(ReasonCode(record["bar"]["code"]), record["bar"]["reason"]),
    )


def nonce_in(values: Mapping[str, JSON]) -> bytes:
    """The nonce of a decision's digests, among its opened values: it is kept nowhere else, and erased with them.

    Raises `erased`.
    """
    text = values.get(QUESTION)
    if not isinstance(text, str):
        raise erased()
    record: Any = load_strict(text.encode(), max_depth=_MAX_DEPTH, max_members=_MAX_MEMBERS)
    return bytes.fromhex(record["nonce"])


def _context_record(context: Context) -> dict[str, Any]:
    return {
        "request": context.original_request,
        "request_trust": context.request_trust.value,
        "facts": {name: _fact_record(fact) for name, fact in context.facts.items()},
        "kinds": sorted(context.data_kinds),
        "tools": sorted(context.tools_used),
        "entities": sorted(context.entities),
        "taint": sorted(context.taint),
        "count": context.action_count,
        "effect": context.registered_effect,
        "at": context.at.isoformat(timespec="microseconds"),
        "intent": context.intent,
        "profile": context.profile,
        "age": context.session_age,
        "identity": _identity_record(context.identity),
        "signals": dict(context.risk_signals),
        "counted": dict(context.counted),
        "inner_effects": dict(context.inner_effects),
    }


def _context_from(record: Mapping[str, Any]) -> Context:
    return Context(
        original_request=record["request"],
        request_trust=Trust(record["request_trust"]),
        facts={name: _fact_from(fact) for name, fact in record["facts"].items()},
        data_kinds=frozenset(record["kinds"]),
        tools_used=frozenset(record["tools"]),
        entities=frozenset(record["entities"]),
        taint=frozenset(record["taint"]),
        action_count=record["count"],
        registered_effect=record["effect"],
        at=datetime.fromisoformat(record["at"]),
        intent=record["intent"],
        profile=record["profile"],
        session_age=record["age"],
        identity=_identity_from(record["identity"]),
        risk_signals=record["signals"],
        counted=record["counted"],
        inner_effects=record["inner_effects"],
    )


def _fact_record(fact: Fact) -> dict[str, JSON]:
    return {
        "value": fact.value,
        "trust": fact.trust.value,
        "source": fact.source,
        "at": fact.recorded_at.isoformat(timespec="microseconds"),
        "count": fact.recorded_count,
        "conflicting": fact.is_conflicting,
    }


def _fact_from(record: Mapping[str, Any]) -> Fact:
    return Fact(
        value=record["value"],
        trust=Trust(record["trust"]),
        source=record["source"],
        recorded_at=datetime.fromisoformat(record["at"]),
        recorded_count=record["count"],
        is_conflicting=record["conflicting"],
    )


def _identity_record(identity: Identity) -> dict[str, JSON]:
    return {
        "agent": identity.agent,
        "human": identity.human,
        "service": identity.service,
        "host": identity.host,
        "scope": list[JSON](sorted(identity.effective_scope)),
        "depth": identity.delegation_depth,
        "verified": identity.human_verified,
        "environment": identity.environment,
    }


def _identity_from(record: Mapping[str, Any]) -> Identity:
    return Identity(
        agent=record["agent"],
        human=record["human"],
        service=record["service"],
        host=record["host"],
        effective_scope=frozenset(record["scope"]),
        delegation_depth=record["depth"],
        human_verified=record["verified"],
        environment=record["environment"],
    )
