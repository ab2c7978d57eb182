"""What came of an action, as its agent says: appended, classified, and context for everything after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from approvals.services.outbox import record_event
from decisions.engine.classify import detect_kinds
from decisions.engine.context import Taint
from decisions.engine.levels import NOT_CLASSIFIED
from decisions.engine.verdict import Effective
from decisions.models import Claim, Decision, OpenLease, Outcome, Session
from decisions.selectors import approval_of, decision_for, effective_at
from decisions.services.context import append_entry
from decisions.services.idempotency import Answer, Attempt, earlier_answer, remember
from decisions.services.integrity import lock_session
from decisions.services.records import decision_sections, is_labelled
from decisions.services.state import with_labels, with_one_more, with_taint
from receipts.access import Caller
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.services import issue_receipt, store_values
from receipts.signing.canonical import JSON, digest
from receipts.signing.statement import ReceiptType

AT_ONCE = frozenset({"ALLOW", "MODIFY"})


# What of a report comes from the tool. A digest says that there was something which nobody here has seen.
_CONTENT = ("output", "error", "resources")
_SIGNS_OF_CONTENT = (*_CONTENT, "output_digest")


@dataclass(frozen=True, slots=True)
class Report:
    """An agent's report. `values` are output, error, resources and the like, as sent.

    `data_classification` are the agent's own labels. They are added, and make nothing count as classified.
    """

    status: str
    values: dict[str, JSON]
    data_classification: tuple[str, ...] = ()


def report_outcome(*, caller: Caller, decision_id: str, report: Report, key: str) -> Answer:
    """Appends an outcome to an action that was allowed, and labels the session with what its content was found to hold.

    Raises `not_found`, and `not_executable` for an action that was never allowed or was not claimed.
    """
    named = decision_for(caller, decision_id)
    content: dict[str, JSON] = {
        "status": report.status,
        "values": report.values,
        "kinds": list(report.data_classification),
    }
    attempt = Attempt(caller=caller.id, purpose=f"outcome:{named.pk}", key=key, body_digest=digest(content))
    with transaction.atomic():
        session = lock_session(named.session_id)
        assert session is not None
        earlier = earlier_answer(attempt)
        if earlier is not None:
            return earlier
        decision = decision_for(caller, decision_id)
        _check_executable(decision)
        return _append(decision, session=session, report=report, attempt=attempt)


def _check_executable(decision: Decision) -> None:
    is_claimed = decision.decision in AT_ONCE or Claim.objects.filter(decision=decision).exists()
    if not is_claimed or effective_at(decision, at=database_now()) is Effective.DENY:
        raise ProblemError(
            "not_executable",
            status=409,
            why="This action was not allowed, or not claimed, so it can have no outcome.",
            fix="Claim an approved action before running it.",
        )


def _append(decision: Decision, *, session: Session, report: Report, attempt: Attempt) -> Answer:
    at = database_now()
    outcome = record_outcome(decision, session=session, report=report, at=at)
    content: dict[str, Any] = {
        "outcome_id": outcome.pk,
        "data_kinds": outcome.data_kinds,
        "receipt": {"id": outcome.receipt_id, "digest": outcome.receipt.digest},
    }
    return remember(attempt, status=200, content=content, at=at)


def record_outcome(decision: Decision, *, session: Session, report: Report, at: datetime) -> Outcome:
    """Appends an outcome to a locked session. What a tool gave back is untrusted, and so is what it may have."""
    kinds = _labels_of(report, decision=decision)
    stored = store_values(report.values, at=at, subject=session.human_id or "")
    state = with_labels(with_one_more(session.state, "outcomes", report.status), kinds=kinds)
    session.state = with_taint(state, Taint.TOOL_OUTPUT) if _may_carry_content(report) else state
    body: dict[str, Any] = {
        "decision": decision.pk,
        "status": report.status,
        "labels": sorted(kinds),
        "commitments": dict(stored.commitments),
    }
    append_entry(session, kind="outcome", body=body, at=at, payload=stored)
    receipt = issue_receipt(
        type=ReceiptType.OUTCOME,
        stream=f"session/{session.pk}",
        body=decision_sections(decision, session=session)
        | {"outcome": {"status": report.status, "labels": sorted(kinds)}, "commitments": dict(stored.commitments)},
        at=at,
        payload=stored,
    )
    OpenLease.objects.filter(claim__decision=decision).delete()
    _announce(decision)
    return Outcome.objects.create(
        id=new_id("out"),
        decision=decision,
        status=report.status,
        data_kinds=sorted(kinds),
        payload=stored.row,
        receipt=receipt,
        reported_at=at,
    )


def _labels_of(report: Report, *, decision: Decision) -> frozenset[str]:
    """What detectors find and what the report says; where nothing classifies what came back, the label that says so."""
    found = detect_kinds([report.values.get(name) for name in _CONTENT])
    is_classified = found or is_labelled(decision) or not _may_carry_content(report)
    unclassified = frozenset[str]() if is_classified else {NOT_CLASSIFIED}
    return found | frozenset(report.data_classification) | unclassified


def _may_carry_content(report: Report) -> bool:
    """An error text comes from the tool as well. Where nobody knows what came back, anything may have."""
    return report.status == "unknown" or any(report.values.get(name) for name in _SIGNS_OF_CONTENT)


def _announce(decision: Decision) -> None:
    """Whoever approved the action may have its page open."""
    approval = approval_of(decision)
    if approval is not None:
        record_event(topic="outcome_reported", reference=approval.pk)
