"""A session's accumulated state and its chain of entries.

The state is what a decision reads; its size doesn't grow with the session. The entries are what happened; each names
the digest of the one before it and of the state after it, so that altering either is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from decisions.engine.context import Context, Fact, Identity, Trust
from decisions.models import ContextEntry, Session
from receipts.problems import ProblemError
from receipts.rows import Batch, Update
from receipts.selectors import opened_values
from receipts.services import Committed
from receipts.signing.canonical import JSON, canonical_bytes, digest, sha256_digest

MAX_TOOLS = 200
MAX_FACTS = 64
MAX_FACT_BYTES = 16 * 1024
EMPTY_STATE: dict[str, Any] = {"count": 0, "kinds": [], "tools": [], "facts": {}}


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an entry stands in its session."""

    position: int
    digest: str


def append_entry(
    session: Session,
    *,
    kind: str,
    body: Mapping[str, Any],
    at: datetime,
    payload: Committed | None = None,
    batch: Batch | None = None,
) -> Recorded:
    """Adds an entry to a session whose row the caller has locked, and saves the session's state, length and head.

    With a `batch` the rows are left for its caller to write.
    """
    position = session.length + 1
    chained = canonical_bytes(
        {
            **body,
            "kind": kind,
            "session": session.pk,
            "position": position,
            "previous": session.head or None,
            "state": digest(session.state),
            "at": at.isoformat(timespec="microseconds"),
        }
    )
    entry = ContextEntry(
        session=session,
        position=position,
        kind=kind,
        body=chained,
        previous_digest=session.head,
        digest=sha256_digest(chained),
        payload=payload.row if payload else None,
        recorded_at=at,
    )
    session.length, session.head = position, entry.digest
    rows = batch or Batch()
    rows.inserts.append(entry)
    rows.updates.append(Update(Session, session.pk, {"state": session.state, "length": position, "head": entry.digest}))
    if batch is None:
        rows.write()
    return Recorded(position=position, digest=entry.digest)


def with_labels(state: Mapping[str, Any], *, kinds: frozenset[str]) -> dict[str, Any]:
    """The state after data of `kinds` was touched. Labels only rise."""
    return {**state, "kinds": sorted(set(state["kinds"]) | kinds)}


def with_action(state: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """The state after one more action was submitted.

    A session that names ever more operations is refused rather than forgotten: a rule may ask which it has used.
    """
    tools = set(state["tools"]) | {name}
    if len(tools) > MAX_TOOLS:
        raise ProblemError(
            "too_many_tools",
            status=409,
            why=f"A session names at most {MAX_TOOLS} different operations.",
            fix="Open a new session.",
            param="tool",
        )
    return {**state, "count": state["count"] + 1, "tools": sorted(tools)}


def with_fact(state: Mapping[str, Any], *, field: str, fact: Mapping[str, JSON]) -> dict[str, Any]:
    """The state after a fact was supplied. An asserted fact never displaces an attested one, nor keeps it out.

    A source's newer word replaces its older one. What other sources of the same trust have said stays beside it, so
    that a rule can tell that they differ.
    """
    if len(canonical_bytes(fact["value"])) > MAX_FACT_BYTES:
        raise ProblemError(
            "invalid_body",
            status=400,
            why=f"A fact has at most {MAX_FACT_BYTES} bytes.",
            fix="Send what rules compare, not the document that it was read from.",
            param="value",
        )
    known = state["facts"].get(field)
    if known and known["trust"] == Trust.ATTESTED and fact["trust"] != Trust.ATTESTED:
        return dict(state)
    others = _other_words(known, fact=fact) if known and known["trust"] == fact["trust"] else {}
    newest = {**fact, "count": state["count"]} | ({"others": others} if others else {})
    facts = {**state["facts"], field: newest}
    if _words_in(facts) > MAX_FACTS and fact["trust"] == Trust.ATTESTED:
        facts = _without_oldest_asserted(facts)
    if _words_in(facts) > MAX_FACTS:
        raise ProblemError(
            "too_many_facts",
            status=409,
            why=f"A session holds {MAX_FACTS} facts, and what each source says of one counts.",
            fix="Open a new session.",
            param="field",
        )
    return {**state, "facts": facts}


def _other_words(known: Mapping[str, Any], *, fact: Mapping[str, JSON]) -> dict[str, JSON]:
    said = {**known.get("others", {}), known["source"]: known["value"]}
    return {source: value for source, value in said.items() if source != fact["source"]}


def _words_in(facts: Mapping[str, Any]) -> int:
    return sum(1 + len(fact.get("others", ())) for fact in facts.values())


def _without_oldest_asserted(facts: Mapping[str, Any]) -> dict[str, Any]:
    asserted = [name for name, fact in facts.items() if fact["trust"] != Trust.ATTESTED]
    oldest = min(asserted, key=lambda name: (facts[name]["at"], name), default=None)
    return {name: fact for name, fact in facts.items() if name != oldest}


def context_of(
    session: Session,
    *,
    tool_effect: str | None,
    asserted: Mapping[str, JSON],
    at: datetime,
) -> Context:
    """What the engine may know of a session, but for what rules have counted.

    Facts sent along with an action are the agent's word and no more.
    """
    state = session.state
    facts = {name: _fact(recorded) for name, recorded in state["facts"].items()}
    for name, value in asserted.items():
        said = Fact(value=value, trust=Trust.ASSERTED, source="agent", recorded_at=at, recorded_count=state["count"])
        facts.setdefault(name, said)
    request = opened_values(session.request).get("text")
    return Context(
        original_request=request if isinstance(request, str) else None,
        request_trust=Trust(session.request_provenance),
        facts=facts,
        data_kinds=frozenset(state["kinds"]),
        tools_used=frozenset(state["tools"]),
        action_count=state["count"],
        registered_effect=tool_effect,
        at=at,
        intent=session.intent or None,
        profile=session.profile or None,
        session_age=max(int((at - session.opened_at).total_seconds()), 0),
        identity=_identity_of(session),
    )


def _fact(recorded: Mapping[str, Any]) -> Fact:
    # What sessions recorded before they counted is as old as a session can be.
    return Fact(
        value=recorded["value"],
        trust=Trust(recorded["trust"]),
        source=recorded["source"],
        recorded_at=datetime.fromisoformat(recorded["at"]),
        recorded_count=recorded.get("count", 0),
        is_conflicting=_is_conflicting(recorded),
    )


def _is_conflicting(recorded: Mapping[str, Any]) -> bool:
    """Whether another source of the same trust says something else. In JSON, where `true` is not 1."""
    others = recorded.get("others")
    if not others:
        return False
    value = canonical_bytes(recorded["value"])
    return any(canonical_bytes(other) != value for other in others.values())


def _identity_of(session: Session) -> Identity:
    """The session's parties by the names that people and policies know them by. Only a host can name a human."""
    return Identity(
        agent=session.agent.name,
        human=session.human.identifier if session.human else None,
        service=session.service or None,
        host=session.host.name if session.host else None,
        effective_scope=frozenset(session.scope),
        human_verified=session.human is not None,
        environment=settings.AARM_ENVIRONMENT,
    )
