"""Actions that wait for context: held, resolved when the context arrives, denied when it doesn't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from approvals.lifecycle.snapshot import Source
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import ReasonCode, Ruling
from decisions.models import Decision, Deferral, Session
from decisions.selectors import deferral_of
from decisions.selectors.values import action_asked, asked_parameters
from decisions.services.dependencies import standing_of
from decisions.services.escalation import open_approval
from decisions.services.evaluation import Basis, Judged, has_reviewers
from decisions.services.integrity import lock_session
from decisions.services.judging_again import basis_again, counted_for, judged_again
from decisions.services.questions import Standing, nonce_in
from decisions.services.records import committed_values, decision_sections, ruling_record
from decisions.services.revalidation import identity_problem
from decisions.services.sessions import record_fact
from decisions.services.vouching import add_word
from receipts.access import Caller, CallerKind
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError, not_found
from receipts.rows import Batch
from receipts.selectors import opened_values
from receipts.services import Committed, issue_receipt
from receipts.signing.canonical import JSON, action_digest
from receipts.signing.statement import ReceiptType

DEFAULT_TIMEOUT_SECONDS = 300
BATCH = 100


@dataclass(frozen=True, slots=True)
class _End:
    """How a deferral ends: its state, how that came about, and what the later evaluation said, if there was one."""

    state: str
    method: str
    judged: Judged | None = None


_ENDS = {Verdict.DENY: "DENIED", Verdict.STEP_UP: "ESCALATED", Verdict.MODIFY: "ALLOWED"}


def hold_action(decision: Decision, *, session: Session, ruling: Ruling, at: datetime) -> Deferral:
    """A pending deferral, not saved yet: the decision is saved before it."""
    seconds = ruling.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
    return Deferral(
        id=new_id("dfr"),
        decision=decision,
        session=session,
        context_needed=list(ruling.context_needed),
        waits_for_actions=ruling.reason_code is ReasonCode.DEPENDENCY_PENDING,
        asks_on_timeout=ruling.on_timeout is not None,
        opened_at=at,
        expires_at=at + timedelta(seconds=seconds),
    )


def add_evidence(*, caller: Caller, deferral_id: str, field: str, value: JSON, source: str) -> Deferral:
    """Records a fact in the deferral's session and evaluates everything that waits there again.

    A host's word is attested; an agent's is asserted, and satisfies no rule that doesn't say so.
    """
    owned = {"session__agent_id" if caller.kind is CallerKind.AGENT else "session__host_id": caller.id}
    with transaction.atomic():
        named = Deferral.objects.filter(pk=deferral_id, **owned).first()
        if named is None:
            raise not_found("deferral")
        session = _locked(named.session_id)
        at = database_now()
        trust = "attested" if caller.kind is CallerKind.HOST else "asserted"
        add_word(session, caller=caller)
        record_fact(session, field=field, value=value, trust=trust, source=source or caller.name, at=at)
        resume_deferrals(session, at=at)
        return Deferral.objects.select_related("decision", "approval").get(pk=deferral_id)


def _locked(session_id: str) -> Session:
    session = lock_session(session_id)
    assert session is not None
    return session


def _waiting(session: Session) -> list[Deferral]:
    related = ("decision__policy", "decision__payload", "decision__approval")
    return list(
        Deferral.objects.select_related(*related).filter(session=session, state="PENDING").order_by("opened_at", "id")
    )


def resume_deferrals(session: Session, *, at: datetime) -> int:
    """Evaluates what waits in a locked session again, in the order in which it was submitted.

    Returns how many ended.
    """
    waiting = _waiting(session)
    # All counters at once and before any approval is opened, as the lock order demands.
    basis = basis_again(session, [each.decision for each in waiting]) if waiting else None
    ended = 0
    for deferral in waiting:
        assert basis is not None
        end = _ending(deferral, session=session, basis=basis, at=at)
        if end is not None:
            _end(deferral, session=session, end=end, at=at)
            ended += 1
    if basis is not None and basis.ledger.changed:
        Batch(updates=basis.ledger.updates()).write()
    return ended


_EXPIRED = _End(state="EXPIRED", method="timeout")
# Whoever asked is no longer who they were (APR-15).
_STALE = _End(state="DENIED", method="stale_identity")


def _ending(deferral: Deferral, *, session: Session, basis: Basis, at: datetime) -> _End | None:
    """How it ends now; None while it goes on waiting."""
    decision = deferral.decision
    if not opened_values(decision.payload):
        return _End(state="DENIED", method="erased")
    if at >= deferral.expires_at:
        return _timed_out(deferral, session=session, basis=basis, at=at) if deferral.asks_on_timeout else _EXPIRED
    if identity_problem(decision, session=session, at=at):
        return _STALE
    standing = standing_of(session, depends_on=decision.depends_on, at=at)
    if standing is Standing.PENDING:
        return None
    if standing is Standing.DENIED:
        return _End(state="DENIED", method="dependency")
    if session.pause is not None:
        return None
    judged = judged_again(decision, session=session, basis=basis, at=at)
    if judged.ruling.decision is Verdict.DEFER:
        return None
    method = "dependency" if deferral.waits_for_actions else "evidence"
    return _counted(_End(_ENDS.get(judged.ruling.decision, "ALLOWED"), method, judged), deferral, basis=basis, at=at)


def _timed_out(deferral: Deferral, *, session: Session, basis: Basis, at: datetime) -> _End:
    """People are asked, if the policy still says so and they are there. Silence never permits."""
    judged = judged_again(deferral.decision, session=session, basis=basis, at=at)
    route = judged.ruling.on_timeout
    if judged.ruling.decision is not Verdict.DEFER or route is None or not has_reviewers(route, session=session, at=at):
        return _EXPIRED
    if identity_problem(deferral.decision, session=session, at=at):
        return _STALE
    asking = replace(judged, ruling=replace(judged.ruling, decision=Verdict.STEP_UP, route=route))
    return _counted(_End("ESCALATED", "timeout", asking), deferral, basis=basis, at=at)


def _counted(end: _End, deferral: Deferral, *, basis: Basis, at: datetime) -> _End:
    """Counts what the action goes on with and was not counted for when it was submitted."""
    assert end.judged is not None
    decision, ruling = deferral.decision, end.judged.ruling
    added = tuple(each for each in ruling.counted if each.rule_id not in counted_for(decision.ruling))
    basis.ledger.count(added, action=action_asked(decision), at=at)
    return replace(end, judged=replace(end.judged, ruling=replace(ruling, counted=added)))


def _end(deferral: Deferral, *, session: Session, end: _End, at: datetime) -> None:
    """Compare-and-swap out of PENDING, with the second receipt that a deferral owes."""
    decision = deferral.decision
    changes: dict[str, Any] = {"state": end.state, "method": end.method, "resolved_at": at}
    final: Committed | None = None
    sections = decision_sections(decision, session=session)
    if end.judged is not None:
        final, more = _adopted(decision, session=session, judged=end.judged, sections=sections, at=at)
        changes |= more
    if Deferral.objects.filter(pk=deferral.pk, state="PENDING").update(**changes) != 1:
        raise ProblemError(
            "already_resolved", status=409, why="The deferral has ended.", fix="Read the decision again."
        )
    issue_receipt(
        type=ReceiptType.DEFERRAL_TERMINAL,
        stream=f"session/{session.pk}",
        body=sections | _deferral_section(deferral, end=end, changes=changes, final=final),
        at=at,
        payload=final,
    )


def _adopted(
    decision: Decision, *, session: Session, judged: Judged, sections: Mapping[str, JSON], at: datetime
) -> tuple[Committed, dict[str, Any]]:
    """What the later ruling changes: final parameters with a digest of their own, and maybe an approval."""
    ruling = judged.ruling
    values = opened_values(decision.payload)
    asked, nonce = asked_parameters(decision, values=values), nonce_in(values)
    final = committed_values(judged, asked=asked, explanation=None, at=at, session=session)
    final.row.save(force_insert=True)
    parameters = dict(ruling.parameters)
    digest = action_digest(nonce=nonce, tool=decision.tool, operation=decision.operation, parameters=parameters)
    record = ruling_record(judged) | {
        "decision": ruling.decision.value,
        "reason_code": ruling.reason_code.value,
        "rule_id": ruling.rule_id or "",
        "risk_level": ruling.risk_level.value,
        "action_digest": digest,
        "policy": judged.policy.digest,
        "evaluation_digest": judged.evaluation_digest,
    }
    changes: dict[str, Any] = {"resolution": record, "payload": final.row}
    if ruling.decision is Verdict.STEP_UP:
        changes["approval"] = open_approval(
            decision,
            session=session,
            ruling=ruling,
            sections=sections,
            at=at,
            source=Source.DEFER,
            digest=digest,
            policy=judged.policy,
        )
    return final, changes


def _deferral_section(
    deferral: Deferral, *, end: _End, changes: Mapping[str, Any], final: Committed | None
) -> dict[str, JSON]:
    section: dict[str, JSON] = {
        "id": deferral.pk,
        "needs": deferral.context_needed,
        "opened_at": deferral.opened_at.isoformat(timespec="microseconds"),
        "state": end.state,
        "method": end.method,
        "resolution": changes.get("resolution"),
    }
    body: dict[str, JSON] = {"deferral": section, "outcome": {"status": end.state, "why": end.method}}
    approval = changes.get("approval")
    if approval is not None:
        body["approval"] = {"id": approval.pk}
    return body | ({"commitments": dict(final.commitments)} if final else {})


def cancel_deferral(decision: Decision) -> None:
    """Withdraws a deferral that is still pending. One that has ended stays as it is."""
    deferral = deferral_of(decision)
    if deferral is None:
        return
    with transaction.atomic():
        session = _locked(decision.session_id)
        current = Deferral.objects.select_related("decision__policy", "decision__payload").get(pk=deferral.pk)
        at = database_now()
        if current.state == "PENDING":
            end = _EXPIRED if at >= current.expires_at else _End(state="CANCELLED", method="cancelled")
            _end(current, session=session, end=end, at=at)


def expire_due() -> int:
    """Ends deferrals whose time is up, and resumes those whose dependencies have settled. Any number may run."""
    now = database_now()
    due = Deferral.objects.filter(state="PENDING", expires_at__lte=now).values_list("session_id", flat=True)
    waiting = Deferral.objects.filter(state="PENDING", waits_for_actions=True).values_list("session_id", flat=True)
    return sum(resume_session(session_id) for session_id in {*due[:BATCH], *waiting[:BATCH]})


def resume_session(session_id: str) -> int:
    """Evaluates what waits in a session again, unless somebody else has it. Returns how many ended."""
    with transaction.atomic():
        session = lock_session(session_id, skip_locked=True)
        return 0 if session is None else resume_deferrals(session, at=database_now())
