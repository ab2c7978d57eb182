"""The decision path: an agent asks, and is answered once what was decided is on the record.

authenticate and parse (the view) → prepare what follows from the action alone → lock the session and load its state →
lock what rates and budgets have counted → evaluate (pure) → chain the context entry → open what a human or evidence
must resolve → record decision and receipt → commit → answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from approvals.services.granting import answer_by_grant
from approvals.services.requests import Request
from decisions.engine.action import Action
from decisions.engine.entities import entities_in
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import Effective
from decisions.intake.bodies import DecideBody
from decisions.models import Decision, Session
from decisions.selectors import decision_answer
from decisions.services.context import append_entry
from decisions.services.deferrals import hold_action
from decisions.services.dependencies import standing_of
from decisions.services.escalation import ask_people
from decisions.services.evaluation import Asked, Basis, Judged, basis_for, judge_action
from decisions.services.idempotency import Answer, Attempt, earlier_answer, mismatch, remember
from decisions.services.parties import Section, identity_section
from decisions.services.past import folded
from decisions.services.preparation import Prepared, prepared
from decisions.services.records import committed_values, decision_row, decision_sections
from decisions.services.sessions import locked_with_chain, now_of
from decisions.services.state import with_action, with_distance, with_labels
from receipts.access import Caller
from receipts.durability import await_disk
from receipts.rows import Batch, LostRowError
from receipts.services import Chain, Committed, issue_receipt
from receipts.signing.canonical import JSON, digest
from receipts.signing.statement import ReceiptType

_FOLLOWED = {Verdict.STEP_UP, Verdict.DEFER}


def submit_action(*, caller: Caller, body: DecideBody, key: str) -> Answer:
    """Decides one action and returns the committed answer.

    `key` is the client's `Idempotency-Key`, or empty; then `action_id`, if there is one, serves as the key. Raises
    `not_found`, `session_ended`, `unknown_dependency`, `idempotency_mismatch`, `no_policy` and `signing_unavailable`.
    """
    attempt = Attempt(
        caller=caller.id,
        purpose="decide",
        key=key or (f"action:{body.action_id}" if body.action_id else ""),
        body_digest=digest(body.model_dump(mode="json", exclude_none=True)),
    )
    try:
        return _submitted(caller, body, attempt=attempt, is_sole=False)
    except (IntegrityError, LostRowError):
        # Somebody else had the next place in the chain of receipts, or it is a retry beside the first.
        pass
    try:
        return _submitted(caller, body, attempt=attempt, is_sole=True)
    except IntegrityError:
        # A retry that ran at the same time has committed first; its answer is the answer.
        answer = earlier_answer(attempt)
        if answer is None:
            raise mismatch("The action_id was used before under another key.") from None
    await_disk()
    return answer


def _submitted(caller: Caller, body: DecideBody, *, attempt: Attempt, is_sole: bool) -> Answer:
    """`is_sole` locks the chain of receipts before it is read, as everybody does who adds to it beside decisions."""
    with transaction.atomic():
        answer = earlier_answer(attempt)
        if answer is None:
            return _decide(caller, body, attempt=attempt, is_sole=is_sole)
    await_disk()
    return answer


def _decide(caller: Caller, body: DecideBody, *, attempt: Attempt, is_sole: bool) -> Answer:
    ready = prepared(Action(tool=body.tool, operation=body.operation, parameters=body.parameters))
    session, seen = locked_with_chain(
        caller=caller, session_id=body.session_id, tool=body.tool, operation=body.operation
    )
    chain = None if is_sole else seen
    at = now_of(session)
    action = ready.action
    policy_id = getattr(session, "active_policy_id")  # noqa: B009 - annotated by the locking query
    basis = basis_for([action], session=session, policy_id=policy_id, is_counting=True)
    identity = identity_section(session, credential_id=caller.key_id, authority=caller.authority, at=at)
    judged = _judge(session, body, ready=ready, identity=identity, basis=basis, at=at)
    basis.ledger.count(judged.ruling.counted, action=action, at=at)
    values = committed_values(
        judged, asked=body.parameters, explanation=body.explanation, at=at, session=session, promise=ready.promise
    )
    batch = Batch(inserts=[values.row], updates=basis.ledger.updates())
    _chain(session, body=body, ready=ready, judged=judged, values=values, at=at, batch=batch)
    final = ready.digest_of(judged.ruling.parameters)
    decision = decision_row(
        session, body=body, caller=caller, identity=identity, judged=judged, digest=final, values=values, at=at
    )
    return _record(decision, session=session, judged=judged, values=values, attempt=attempt, batch=batch, chain=chain)


def _judge(
    session: Session,
    body: DecideBody,
    *,
    ready: Prepared,
    identity: Section,
    basis: Basis,
    at: datetime,
) -> Judged:
    asked = Asked(
        action=ready.action,
        nonce=ready.nonce,
        identity=identity,
        tool_effect=getattr(session, "tool_effect"),  # noqa: B009 - annotated by the locking query
        asserted=body.facts,
        depends_on=body.depends_on,
        standing=standing_of(session, depends_on=body.depends_on),
        is_new=True,
        said=ready.said,
    )
    return judge_action(asked, session=session, basis=basis, at=at)


def _chain(
    session: Session,
    *,
    body: DecideBody,
    ready: Prepared,
    judged: Judged,
    values: Committed,
    at: datetime,
    batch: Batch,
) -> None:
    ruling = judged.ruling
    steps = [f"{step.tool}.{step.operation}" for step in ruling.steps]
    named = (entities_in(dict(step.parameters)) for step in ruling.steps)
    state = with_action(
        session.state,
        name=f"{body.tool}.{body.operation}",
        decision=ruling.decision.value,
        entities=ready.entities.union(*named),
        inner=steps,
    )
    session.state = with_distance(with_labels(state, kinds=ruling.labels), judged.drift.cumulative)
    append_entry(
        session,
        kind="action",
        body={
            "tool": body.tool,
            "operation": body.operation,
            **({"protocol": body.protocol.value} if body.protocol else {}),
            **({"steps": steps} if steps else {}),
            "decision": ruling.decision.value,
            "evaluation": judged.evaluation_digest,
            "labels": sorted(ruling.labels),
            "signals": dict(judged.signals),
            "commitments": dict(values.commitments),
        },
        at=at,
        payload=values,
        batch=batch,
    )


def _record(
    decision: Decision,
    *,
    session: Session,
    judged: Judged,
    values: Committed,
    attempt: Attempt,
    batch: Batch,
    chain: Chain | None,
) -> Answer:
    at, verdict = decision.decided_at, judged.ruling.decision
    sections = decision_sections(decision, session=session)
    if verdict is Verdict.STEP_UP:
        decision.approval = _request(decision, session=session, judged=judged, sections=sections, at=at)
        # The request has a receipt of its own, behind which this one comes.
        chain = None
    deferral = None
    if verdict is Verdict.DEFER:
        deferral = hold_action(decision, session=session, ruling=judged.ruling, at=at)
    waits = {"approval": _asked_about(decision)} if decision.approval else {}
    held = {"deferral": {"id": deferral.pk, "needs": deferral.context_needed}} if deferral else {}
    is_granted = decision.approval is not None and decision.approval.grant_id is not None
    decision.receipt = issue_receipt(
        type=ReceiptType.DECISION,
        stream=f"session/{session.pk}",
        body=sections | waits | held | {"commitments": dict(values.commitments)},
        at=at,
        payload=values,
        # What a grant answers has a second receipt, which follows this one.
        batch=None if is_granted else batch,
        chain=chain,
    )
    if is_granted and decision.approval:
        answer_by_grant(decision.approval, at=at)
    batch.inserts.extend([decision, deferral] if deferral else [decision])
    # The answer would otherwise ask the database for the deferral of a decision that it doesn't know yet.
    Decision._meta.get_field("deferral").set_cached_value(decision, deferral)
    content = decision_answer(decision, at=at, values=values.values)
    status = 202 if content["effective"] == Effective.PENDING else 200
    answer = remember(attempt, status=status, content=content, at=at, batch=batch)
    # What people are asked about or evidence is waited for goes on from here in other processes: it commits as usual.
    batch.write(is_last=verdict not in _FOLLOWED)
    return answer


def _request(
    decision: Decision, *, session: Session, judged: Judged, sections: Mapping[str, JSON], at: datetime
) -> Request:
    """What people answer: a new request, unless a grant of theirs covers it, or one that asks for exactly this."""
    past, ruling = judged.past, judged.ruling
    assert past is not None
    same = folded(past, ruling=ruling, identity=decision.identity, policy=judged.policy.digest, at=at)
    return same or ask_people(decision, session=session, ruling=ruling, sections=sections, at=at, past=past)


def _asked_about(decision: Decision) -> dict[str, JSON]:
    """The request as the decision's receipt names it. One that was asked for before says how often."""
    assert decision.approval is not None
    repeats = decision.approval.repeats
    return {"id": decision.approval.pk, **({"repeats": repeats} if repeats else {})}
