"""A session's chain of entries, and what the engine may know of it.

The entries are what happened; each names the digest of the one before it and of the state after it, and the session's
row is sealed together with the last of them, so that altering any of it is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decisions.engine.context import Context, Fact, Identity, Trust
from decisions.models import ContextEntry, Session
from decisions.selectors.integrity import seal_of, sealed_values
from decisions.services.integrity import fault_of
from decisions.services.signals import profile_of
from decisions.services.state import whole
from receipts.rows import Batch, Update
from receipts.services import Committed
from receipts.signing.canonical import JSON, canonical_bytes, digest, sha256_digest

_WRITTEN = ("state", "children", "length", "head", "active_at", "ended_at", "ended_by", "seal")


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
    """Adds an entry to a session whose row the caller has locked, and saves the session's state and end, sealed.

    With a `batch` the rows are left for its caller to write. A record that was altered is left as it was found: nothing
    is added to it, and no new seal makes it look whole.
    """
    if fault_of(session):
        return Recorded(position=session.length, digest=session.head)
    position, state = session.length + 1, digest(session.state)
    chained = canonical_bytes(
        {
            **body,
            "kind": kind,
            "session": session.pk,
            "position": position,
            "previous": session.head or None,
            "state": state,
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
    session.length, session.head, session.active_at = position, entry.digest, at
    session.seal = seal_of(sealed_values(session), state=state)
    rows = batch or Batch()
    rows.inserts.append(entry)
    rows.change(Update(Session, session.pk, {name: getattr(session, name) for name in _WRITTEN}))
    if batch is None:
        rows.write()
    return Recorded(position=position, digest=entry.digest)


def context_of(
    session: Session,
    *,
    request: str | None,
    identity: Identity,
    tool_effect: str | None,
    asserted: Mapping[str, JSON],
    at: datetime,
) -> Context:
    """What the engine may know of a session, but for what rules have counted and for risk signals.

    `request` is the text of the session's request.

    Facts sent along with an action are the agent's word and no more.
    """
    state = whole(session.state)
    facts = {name: _fact(recorded) for name, recorded in state["facts"].items()}
    for name, value in asserted.items():
        said = Fact(value=value, trust=Trust.ASSERTED, source="agent", recorded_at=at, recorded_count=state["count"])
        facts.setdefault(name, said)
    return Context(
        original_request=request,
        request_trust=Trust(session.request_provenance),
        facts=facts,
        data_kinds=frozenset(state["kinds"]),
        tools_used=frozenset(state["tools"]),
        entities=frozenset(state["entities"]),
        taint=frozenset(state["taint"]),
        action_count=state["count"],
        registered_effect=tool_effect,
        at=at,
        intent=session.intent or None,
        profile=profile_of(session),
        session_age=max(int((at - session.opened_at).total_seconds()), 0),
        identity=identity,
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
