"""Whether an approval still holds for exactly this action: what a claim asks before it takes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.selectors.parties import by_ids
from approvals.services.claims import lock_for_claim
from approvals.services.requests import Request
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import ReasonCode
from decisions.models import Decision, Deferral, Session
from decisions.selectors import deferral_state_at
from decisions.selectors.pauses import was_paused_since
from decisions.selectors.settled import SettledAction
from decisions.services.evaluation import Judged, approval_route
from decisions.services.integrity import require_intact
from decisions.services.judging_again import judge_again
from decisions.services.parties import recorded_section, speaks_again
from decisions.services.revalidation import identity_problem
from receipts.access import Caller
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, action_digest


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """`action_digest` names what was approved; `action`, if sent, is what the agent is about to run."""

    action_digest: str
    action: Mapping[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """A decision that may be claimed, with its session locked, the action that it ended with, and its request."""

    decision: Decision
    session: Session
    deferral: Deferral | None
    action: SettledAction
    request: Request | None
    nonce: bytes

    @property
    def parameters(self) -> dict[str, JSON]:
        return self.action.parameters


def require_claimable(approved: Approved, *, wanted: ClaimRequest, caller: Caller, at: datetime) -> Request | None:
    """3 state · 4 pauses · 5 action · 6 identity · 7 policy; the locked approval that the claim will use up, if any.

    Raises a problem that says what no longer holds.
    """
    request = _check_state(approved, at=at)
    _check_pause(approved, request=request)
    _check_action(approved, wanted=wanted)
    _check_identity(approved, caller=caller, at=at)
    _check_policy(approved, at=at)
    return request


_NOT_APPROVED: dict[str, tuple[str, int, str]] = {
    "EXPIRED": ("expired", 410, "The approval's time is over."),
    "CLAIMED": ("already_consumed", 409, "This approval has been claimed."),
}


def _refused(state: str) -> ProblemError:
    code, status, why = _NOT_APPROVED.get(
        state, ("not_approved", 409, f"The request is {state.lower()}, not approved.")
    )
    return ProblemError(code, status=status, why=why, fix="Submit the action again for a new decision.")


def _check_state(approved: Approved, *, at: datetime) -> Request | None:
    """The locked approval that this claim will use up, or nothing where evidence alone resolved a deferral."""
    decision, deferral = approved.decision, approved.deferral
    if decision.decision not in {Verdict.STEP_UP.value, Verdict.DEFER.value}:
        raise ProblemError(
            "not_approved", status=409, why="Only a stepped-up or deferred action is claimed.", fix="Read the decision."
        )
    if deferral is not None:
        state = deferral_state_at(deferral, at)
        if state not in {"ALLOWED", "ESCALATED"}:
            raise _refused(state)
        window = timedelta(seconds=settings.AARM_CLAIM_WINDOW_SECONDS)
        if state == "ALLOWED" and (deferral.resolved_at is None or at >= deferral.resolved_at + window):
            raise _refused("EXPIRED")
    if approved.request is None:
        return None
    request, state_now = lock_for_claim(approval_id=approved.request.pk, at=at)
    if state_now is not State.APPROVED:
        raise _refused(state_now.value)
    return request


def _check_pause(approved: Approved, *, request: Request | None) -> None:
    """A pause ends what was approved before it, also when it is over (APR-31)."""
    given = request or approved.deferral
    assert given is not None, "only what was asked about or waited is claimed"
    if was_paused_since(approved.session, since=given.resolved_at or approved.decision.decided_at):
        why = "People have stopped this since it was approved."
        raise ProblemError("paused", status=409, why=why, fix="Submit the action again once they let it go on.")


def _check_action(approved: Approved, *, wanted: ClaimRequest) -> None:
    decision, nonce = approved.decision, approved.nonce
    # What is to be handed out is held against the digest too: its table can be written to, and its rows erased.
    held: dict[str, JSON] = {"tool": decision.tool, "operation": decision.operation, "parameters": approved.parameters}
    named = [wanted.action_digest, _digest_of(held, nonce=nonce)]
    if wanted.action is not None:
        named.append(_digest_of(wanted.action, nonce=nonce))
    if any(item != approved.action.digest for item in named):
        raise ProblemError(
            "action_mismatch",
            status=409,
            why="This is not the action that was approved.",
            fix="Claim with the action_digest of the decision, and run the parameters that the claim returns.",
        )


def _digest_of(action: Mapping[str, JSON], *, nonce: bytes) -> str:
    parameters = action.get("parameters")
    tool, operation = str(action.get("tool", "")), str(action.get("operation", ""))
    if not isinstance(parameters, dict):
        parameters = {}
    return action_digest(nonce=nonce, tool=tool, operation=operation, parameters=parameters)


def _check_identity(approved: Approved, *, caller: Caller, at: datetime) -> None:
    session = approved.session
    require_intact(session)
    problem = identity_problem(approved.decision, session=session, at=at)
    section = recorded_section(approved.decision, session=session)
    if problem is None and not speaks_again(section, session=session, authority=caller.authority):
        problem = "No token says any more what was said of the human when this was asked."
    if problem is None and session.ended_at is not None:
        problem = "The session has ended."
    if problem:
        raise ProblemError("stale_identity", status=409, why=problem, fix="Submit the action again.")


def _check_policy(approved: Approved, *, at: datetime) -> None:
    """A policy newer than the one that was applied has to permit the same thing (APR-16, APR-17).

    Where evidence alone resolved a deferral nobody vouches for it but the policy, which so must say the same again: the
    evidence may have changed since.
    """
    decision = approved.decision
    assert decision.policy is not None
    judged = judge_again(decision, session=approved.session, at=at, parameters=_changed_parameters(approved))
    if judged.bar is not None:
        raise ProblemError("stale_identity", status=409, why=judged.bar.reason, fix="Submit the action again.")
    resolution = (approved.deferral.resolution if approved.deferral else None) or {}
    ruled = resolution.get("policy", decision.policy.digest)
    applied = approved.request.policy_hash if approved.request else ruled
    # What can't be judged now is not permitted on the word of before.
    is_other = judged.policy.digest != applied or judged.ruling.reason_code is ReasonCode.EVALUATION_ERROR
    if (is_other or approved.request is None) and not _is_same_permission(approved, judged=judged):
        raise ProblemError(
            "policy_changed",
            status=409,
            why="The policy, or what it goes by, has changed since, and no longer permits this on the same terms.",
            fix="Submit the action again.",
        )


def _changed_parameters(approved: Approved) -> Mapping[str, JSON] | None:
    """Those of the action as reviewers have changed it; policy is asked about that one."""
    is_changed = approved.request is not None and approved.request.shown.get("changes")
    return approved.parameters if is_changed else None


def _is_same_permission(approved: Approved, *, judged: Judged) -> bool:
    ruling = judged.ruling
    if dict(ruling.parameters) != approved.parameters:
        return False
    if ruling.route is not None:
        request = approved.request
        return request is not None and _is_route_of(request, route=approval_route(ruling.route))
    return ruling.decision is Verdict.ALLOW or ruling.decision is Verdict.MODIFY


def _is_route_of(request: Request, *, route: Route) -> bool:
    """Whether the people who were asked are those whom the route asks; requests of before knew accounts by name."""
    return by_ids(route).stages == by_ids(Route.from_dict(request.route)).stages
