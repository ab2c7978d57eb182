"""Actions that were seen to have run: recorded, and evaluated to say what would have been decided.

An observation is no decision. There is no row that could become effective, be claimed or be waited for; what it leaves
is an entry in its session's chain, and a session that knows what happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from decisions.engine.context import Taint
from decisions.engine.entities import entities_in
from decisions.engine.verdict import Decision as Verdict
from decisions.intake.bodies import ObservationBody
from decisions.intake.observed import Observed
from decisions.models import Decision, Session
from decisions.services.context import append_entry
from decisions.services.evaluation import Asked, Basis, Judged, basis_for, judge_action
from decisions.services.idempotency import Answer, Attempt, earlier_answer, mismatch, remember
from decisions.services.parties import identity_section
from decisions.services.records import committed_values
from decisions.services.sessions import locked_session, now_of
from decisions.services.state import with_action, with_distance, with_labels, with_taint
from receipts.access import Caller
from receipts.identifiers import new_seed
from receipts.rows import Batch
from receipts.signing.canonical import JSON, digest

log = structlog.get_logger(__name__)

_PERMITTED = frozenset({Verdict.ALLOW, Verdict.MODIFY})


def observe(*, caller: Caller, body: ObservationBody) -> Answer:
    """Records one observation; the same span again gets the same answer.

    Raises `not_found`, `session_ended`, `idempotency_mismatch`, `no_policy`, `too_many_tools`.
    """
    attempt = Attempt(
        caller=caller.id,
        purpose="observe",
        key=f"{body.session_id[:40]}/{body.observed.key}",
        body_digest=digest(body.model_dump(mode="json")),
    )
    try:
        with transaction.atomic():
            return earlier_answer(attempt) or _observe(caller, body, attempt=attempt)
    except IntegrityError:
        # The same span came twice at the same time; the first has committed.
        answer = earlier_answer(attempt)
        if answer is None:
            raise mismatch("The span was reported before.") from None
        return answer


def _observe(caller: Caller, body: ObservationBody, *, attempt: Attempt) -> Answer:
    observed = body.observed
    action = observed.action
    session = locked_session(caller=caller, session_id=body.session_id, tool=action.tool, operation=action.operation)
    at, nonce = now_of(session), new_seed()
    policy_id = getattr(session, "active_policy_id")  # noqa: B009 - annotated by the locking query
    basis = basis_for([action], session=session, policy_id=policy_id, is_counting=True)
    effect = getattr(session, "tool_effect")  # noqa: B009 - annotated by the locking query
    identity = identity_section(session, credential_id=caller.key_id, authority=caller.authority, at=at)
    asked = Asked(action, nonce=nonce, identity=identity, tool_effect=effect)
    judged = judge_action(asked, session=session, basis=basis, at=at)
    decided = _decision_of(session, observed=observed)
    if decided is None:
        _take_note(session, observed=observed, judged=judged, basis=basis, at=at)
    batch = Batch(updates=basis.ledger.updates())
    content = _recorded(session, observed=observed, judged=judged, decided=decided, at=at, batch=batch)
    answer = remember(attempt, status=201, content=content, at=at, batch=batch)
    batch.write()
    return answer


def _decision_of(session: Session, *, observed: Observed) -> str | None:
    """The decision that was asked for before this action ran, if the agent named both alike."""
    action = observed.action
    found = Decision.objects.filter(
        session=session, action_id=observed.call or "", tool__iexact=action.tool, operation__iexact=action.operation
    )
    return found.values_list("id", flat=True).first()


def _take_note(session: Session, *, observed: Observed, judged: Judged, basis: Basis, at: datetime) -> None:
    """What ran unasked counts like what was asked, and what came of it nobody has seen."""
    action, ruling = observed.action, judged.ruling
    basis.ledger.count(ruling.counted, action=action, at=at)
    state = with_action(
        session.state,
        name=f"{action.tool}.{action.operation}",
        entities=entities_in(dict(action.parameters)),
        inner=[f"{step.tool}.{step.operation}" for step in ruling.steps],
    )
    state = with_distance(with_labels(state, kinds=ruling.labels), judged.drift.cumulative)
    session.state = with_taint(state, Taint.TOOL_OUTPUT)
    if ruling.decision not in _PERMITTED:
        log.warning("security_event", event_kind="ran_unasked", code=ruling.decision.value, session_id=session.pk)


def _recorded(
    session: Session, *, observed: Observed, judged: Judged, decided: str | None, at: datetime, batch: Batch
) -> dict[str, Any]:
    action, ruling = observed.action, judged.ruling
    values = committed_values(judged, asked=action.parameters, explanation=None, at=at, session=session)
    said: dict[str, JSON] = {
        "tool": action.tool,
        "operation": action.operation,
        "would_be": ruling.decision.value,
        "decision_id": decided,
    }
    entry = append_entry(
        session,
        kind="observation",
        body={
            **said,
            "signals": dict(judged.signals),
            "evaluation": judged.evaluation_digest,
            "commitments": dict(values.commitments),
        },
        at=at,
        payload=values,
        batch=batch,
    )
    batch.inserts.insert(0, values.row)
    return {
        "observed": True,
        "session_id": session.pk,
        "position": entry.position,
        "reason": ruling.reason,
        "reason_code": ruling.reason_code.value,
        "rule_id": ruling.rule_id,
        "risk_level": ruling.risk_level.value,
        "policy": {"id": judged.policy.policy_id, "version": judged.policy.version, "hash": judged.policy.digest},
        **said,
    }
