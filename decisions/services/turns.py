"""One turn of a session: its lock, the ruling on each action that waits for it, and what that leaves, in one statement.

lock the session and load its state → lock what rates and budgets have counted → of each action: evaluate (pure), chain
the context entry, open what a human or evidence must resolve, record decision and receipt → write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

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
from decisions.services.idempotency import Answer, Attempt, remember
from decisions.services.parties import Section, identity_section
from decisions.services.past import folded
from decisions.services.preparation import Prepared
from decisions.services.records import committed_values, decision_row, decision_sections
from decisions.services.sessions import locked_with_chain, now_of
from decisions.services.state import with_action, with_distance, with_labels
from decisions.services.tools import effect_of
from decisions.shared_turns import Gather
from receipts.access import Caller
from receipts.rows import Batch
from receipts.services import Chain, Committed, issue_receipt
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

_FOLLOWED = {Verdict.STEP_UP, Verdict.DEFER}


@dataclass(frozen=True, slots=True)
class Submission:
    """An action that is submitted, with what follows from it alone."""

    caller: Caller
    body: DecideBody
    attempt: Attempt
    ready: Prepared


@dataclass(frozen=True, slots=True)
class _Turn:
    """A locked session, what actions in it are judged on, and the rows that they leave.

    `chain` is that of the session's receipts, where it was read along; `effects` are what tools are registered for.
    """

    session: Session
    chain: Chain | None
    basis: Basis
    at: datetime
    is_shared: bool
    effects: dict[tuple[str, str], str | None]
    batch: Batch = field(default_factory=Batch)

    def effect(self, action: Action) -> str | None:
        """What the tool is registered for; the first one's was read along with the session."""
        name = (action.tool, action.operation)
        if name not in self.effects:
            self.effects[name] = effect_of(tool=action.tool, operation=action.operation)
        return self.effects[name]


def decide(first: Submission, gathered: Gather[Submission], *, is_sole: bool = False) -> list[Answer | None]:
    """The answers, written, to new actions of one caller in one session; None for what has to be decided by itself.

    They are `gathered` when the session is locked, which it is for the `first`. `is_sole` locks the chain of receipts
    before it is read, as everybody does who adds to it beside decisions.
    """
    session, seen = _read(first)
    submissions = gathered()
    if len(submissions) > 1:
        # Some may have come after that reading, and have to see whatever was acknowledged before they came.
        session, seen = _read(first)
    turn = _begun(session, submissions=submissions, chain=None if is_sole else seen)
    # The first receipt of a session makes its chain, and so isn't written along with others.
    is_shareable = turn.chain is not None or not turn.is_shared
    answers: list[Answer | None] = []
    for each in submissions:
        is_next = is_shareable and None not in answers
        # What comes behind something that is left out is left out as well: it came later.
        answers.append(_answer(each, turn=turn) if is_next else None)
    turn.batch.updates.extend(turn.basis.ledger.updates())
    if any(answers):
        # What people are asked about or evidence is waited for goes on in other processes: it commits as usual.
        decisions = (row for row in turn.batch.inserts if isinstance(row, Decision))
        turn.batch.write(is_last=not any(each.decision in _FOLLOWED for each in decisions))
    return answers


def _read(first: Submission) -> tuple[Session, Chain | None]:
    body = first.body
    return locked_with_chain(caller=first.caller, session_id=body.session_id, tool=body.tool, operation=body.operation)


def _begun(session: Session, *, submissions: Sequence[Submission], chain: Chain | None) -> _Turn:
    # Both were read along with the row, the effect for the first one; the model's type doesn't know them.
    policy_id, effect = getattr(session, "active_policy_id"), getattr(session, "tool_effect")  # noqa: B009
    actions = [each.ready.action for each in submissions]
    return _Turn(
        session=session,
        chain=chain,
        basis=basis_for(actions, session=session, policy_id=policy_id, is_counting=True),
        at=now_of(session),
        is_shared=len(submissions) > 1,
        effects={(actions[0].tool, actions[0].operation): effect},
    )


def _answer(submission: Submission, *, turn: _Turn) -> Answer | None:
    """None where people or evidence are to be asked, which leaves rows of its own, in a turn that others share."""
    caller, body, ready, session = submission.caller, submission.body, submission.ready, turn.session
    identity = identity_section(session, credential_id=caller.key_id, authority=caller.authority, at=turn.at)
    judged = _judge(submission, turn=turn, identity=identity)
    if turn.is_shared and judged.ruling.decision in _FOLLOWED:
        return None
    turn.basis.ledger.count(judged.ruling.counted, action=ready.action, at=turn.at)
    values = committed_values(
        judged, asked=body.parameters, explanation=body.explanation, at=turn.at, session=session, promise=ready.promise
    )
    turn.batch.inserts.append(values.row)
    _chain(submission, turn=turn, judged=judged, values=values)
    decision = decision_row(
        session,
        body=body,
        caller=caller,
        identity=identity,
        judged=judged,
        digest=ready.digest_of(judged.ruling.parameters),
        values=values,
        at=turn.at,
    )
    return _record(decision, turn=turn, judged=judged, values=values, attempt=submission.attempt)


def _judge(submission: Submission, *, turn: _Turn, identity: Section) -> Judged:
    body, ready, session = submission.body, submission.ready, turn.session
    asked = Asked(
        action=ready.action,
        nonce=ready.nonce,
        identity=identity,
        tool_effect=turn.effect(ready.action),
        asserted=body.facts,
        depends_on=body.depends_on,
        standing=standing_of(session, depends_on=body.depends_on),
        is_new=True,
        said=ready.said,
    )
    return judge_action(asked, session=session, basis=turn.basis, at=turn.at)


def _chain(submission: Submission, *, turn: _Turn, judged: Judged, values: Committed) -> None:
    body, session = submission.body, turn.session
    ruling = judged.ruling
    steps = [f"{step.tool}.{step.operation}" for step in ruling.steps]
    named = (entities_in(dict(step.parameters)) for step in ruling.steps)
    state = with_action(
        session.state,
        name=f"{body.tool}.{body.operation}",
        decision=ruling.decision.value,
        entities=submission.ready.entities.union(*named),
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
        at=turn.at,
        payload=values,
        batch=turn.batch,
    )


def _record(decision: Decision, *, turn: _Turn, judged: Judged, values: Committed, attempt: Attempt) -> Answer:
    session, at, batch, chain = turn.session, turn.at, turn.batch, turn.chain
    verdict = judged.ruling.decision
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
    return remember(attempt, status=status, content=content, at=at, batch=batch)


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
