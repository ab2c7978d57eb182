"""A busy session in which everything happens that leaves a receipt, through the product's own services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import AdminChange, ApprovalRequest, Vote
from approvals.services.confirmations import Confirmation
from approvals.services.expiry import expire_due
from approvals.services.votes import CastBallot, cast_vote
from decisions.models import Claim, Decision, Deferral, Outcome, PolicyProposal, PolicyVersion
from decisions.services.cancellation import cancel_decision
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence
from decisions.services.outcomes import Report, report_outcome
from decisions.services.packs import PolicyFiles
from decisions.services.proposals import propose_policy
from receipts.clock import database_now
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType
from tests.factories import Cast, StepUp, begin_session, decide, open_step_up, vote

REFUSED_CLAIMS = 2
CARD = "4111 1111 1111 1111"
POLICY = 'policy: {id: proposed, version: "1"}\nrules: [{id: one, match: any, action: DENY, reason: No.}]\n'


@dataclass(frozen=True, slots=True)
class Busy:
    """The session, and two of its decisions: one that a person approved, and one that needed nobody."""

    session: str
    approved: StepUp
    allowed: Mapping[str, Any]


def claim(cast: Cast, answer: Mapping[str, Any], *, digest: str = "") -> None:
    wanted = ClaimRequest(action_digest=digest or str(answer["action_digest"]))
    claim_decision(caller=cast.agent, decision_id=str(answer["decision_id"]), wanted=wanted, key="")


def report(cast: Cast, answer: Mapping[str, Any], status: str, **values: JSON) -> None:
    said = Report(status=status, values=values)
    report_outcome(caller=cast.agent, decision_id=str(answer["decision_id"]), report=said, key="")


def _expire(step: StepUp, column: str) -> None:
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(**{column: database_now()})
    expire_due()


def _deferrals(cast: Cast, session: str) -> None:
    open_, closed, withdrawn = (
        decide(cast, session, "credentials.rotate", parameters={"name": name}) for name in ("a", "b", "c")
    )
    cancel_decision(caller=cast.agent, decision_id=withdrawn["decision_id"])
    add_evidence(
        caller=cast.host,
        deferral_id=open_["deferral"]["id"],
        field="maintenance_window",
        value="open",
        source="calendar",
    )
    claim(cast, open_)
    report(cast, open_, "succeeded")
    assert Deferral.objects.get(pk=closed["deferral"]["id"]).state == "ALLOWED"


def mistaken(step: StepUp) -> CastBallot:
    """An approval that confirms another target than the action's."""
    row = step.approval
    given = Confirmation(target="somebody@else.example")
    return CastBallot(verdict=Verdict.APPROVE, view_digest=row.view_digest, version=row.version, confirmation=given)


def busy_session(cast: Cast) -> Busy:
    """Allowed, modified, denied, approved, refused, withdrawn and expired actions, with votes, claims and outcomes."""
    session = begin_session(cast)
    allowed = decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    report(cast, allowed, "succeeded", output={"sent": True})
    query = decide(cast, session, "database.query", parameters={"table": "orders", "limit": 5000})
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    approved, denied, withdrawn, late, unused = (
        open_step_up(cast, parameters={"to": "ana@partner.example", "subject": name}, session_id=session)
        for name in ("approved", "denied", "withdrawn", "late", "unused")
    )
    with pytest.raises(ProblemError, match="target"):
        cast_vote(approval_id=late.approval.pk, person=cast.carol, ballot=mistaken(late))
    for step in (approved, unused):
        vote(step, cast.bob)
    vote(denied, cast.carol, verdict=Verdict.DENY, reason="Not now.", private_note="Odd.")
    cancel_decision(caller=cast.agent, decision_id=str(withdrawn.answer["decision_id"]))
    with pytest.raises(ProblemError, match="not the action"):
        claim(cast, approved.answer, digest="sha256:" + "0" * 64)
    with pytest.raises(ProblemError, match="denied"):
        claim(cast, denied.answer)
    claim(cast, approved.answer)
    for status in ("succeeded", "failed"):
        report(cast, approved.answer, status, output={"said": status})
    _expire(late, "expires_at")
    _expire(unused, "claim_expires_at")
    _deferrals(cast, session)
    report(cast, query, "succeeded", output={"rows": [{"card": CARD}]})
    decide(cast, session, "email.send", parameters={"to": "ana@partner.example"})
    propose_policy(PolicyFiles(text=POLICY, source="policy.yaml"), author=cast.peggy)
    return Busy(session=session, approved=approved, allowed=allowed)


def owed_receipts() -> Counter[str]:
    """How many receipts of each type the facts in the database call for. Refused claims leave no other fact."""
    requests = ApprovalRequest.objects.exclude(state="PENDING")
    # One that was approved and then expired has ended twice: with the votes, and with the time to use them.
    used_up = requests.filter(state="EXPIRED", claim_expires_at__isnull=False)
    owed = {
        ReceiptType.DECISION: Decision.objects.count(),
        ReceiptType.VOTE: Vote.objects.count(),
        ReceiptType.APPROVAL_TERMINAL: requests.count() + used_up.count(),
        ReceiptType.DEFERRAL_TERMINAL: Deferral.objects.exclude(state="PENDING").count(),
        ReceiptType.CLAIM: Claim.objects.count(),
        ReceiptType.CLAIM_REFUSED: REFUSED_CLAIMS,
        ReceiptType.OUTCOME: Outcome.objects.count(),
        ReceiptType.POLICY_PUBLISHED: PolicyVersion.objects.count(),
        ReceiptType.ADMINISTRATION: PolicyProposal.objects.count() + AdminChange.objects.count(),
    }
    return Counter({kind.value: count for kind, count in owed.items()})
