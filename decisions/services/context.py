"""A session's accumulated state and its chain of entries.

The state is what a decision reads; its size doesn't grow with the session. The entries are what happened; each names
the digest of the one before it and of the state after it, so that altering either is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decisions.engine.context import Context, Fact, Trust
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
    """The state after a fact was supplied. An asserted fact never displaces an attested one, nor keeps it out."""
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
    facts = {**state["facts"], field: dict(fact)}
    if len(facts) > MAX_FACTS and fact["trust"] == Trust.ATTESTED:
        facts = _without_oldest_asserted(facts)
    if len(facts) > MAX_FACTS:
        raise ProblemError(
            "too_many_facts",
            status=409,
            why=f"A session holds {MAX_FACTS} facts.",
            fix="Open a new session.",
            param="field",
        )
    return {**state, "facts": facts}


def _without_oldest_asserted(facts: Mapping[str, Any]) -> dict[str, Any]:
    asserted = [name for name, fact in facts.items() if fact["trust"] != Trust.ATTESTED]
    oldest = min(asserted, key=lambda name: (facts[name]["at"], name), default=None)
    return {name: fact for name, fact in facts.items() if name != oldest}


def context_of(session: Session, *, tool_effect: str | None, asserted: Mapping[str, JSON], at: datetime) -> Context:
    """What the engine may know of a session. Facts sent along with an action are the agent's word and no more."""
    facts = {
        name: Fact(
            value=fact["value"],
            trust=Trust(fact["trust"]),
            source=fact["source"],
            recorded_at=datetime.fromisoformat(fact["at"]),
        )
        for name, fact in session.state["facts"].items()
    }
    for name, value in asserted.items():
        facts.setdefault(name, Fact(value=value, trust=Trust.ASSERTED, source="agent", recorded_at=at))
    request = opened_values(session.request).get("text")
    return Context(
        original_request=request if isinstance(request, str) else None,
        request_trust=Trust(session.request_provenance),
        facts=facts,
        data_kinds=frozenset(session.state["kinds"]),
        tools_used=frozenset(session.state["tools"]),
        action_count=session.state["count"],
        tool_effect=tool_effect,
    )
