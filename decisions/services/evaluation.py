"""Asking the engine, and writing down exactly what it was asked, so that the same question can be put again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from approvals.lifecycle.quorum import Stage
from approvals.lifecycle.route import Route as ApprovalRoute
from approvals.selectors import has_enough_reviewers
from decisions.engine.action import Action
from decisions.engine.context import Context
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Decision, ReasonCode, RiskLevel, Ruling
from decisions.models import PolicyVersion, Session
from decisions.services.context import context_of
from decisions.services.policies import active_policy
from receipts.signing.canonical import JSON, digest

ENGINE_VERSION = "1"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A ruling, the policy version it was made under, and the digest of the whole question."""

    ruling: Ruling
    policy: PolicyVersion
    evaluation_digest: str


def denial(ruling: Ruling, *, code: ReasonCode, reason: str) -> Ruling:
    """The same ruling, refused for another reason. Nothing is labelled or asked for."""
    return replace(
        ruling,
        decision=Decision.DENY,
        reason_code=code,
        reason=reason,
        route=None,
        modifications=(),
        labels=frozenset(),
        context_needed=(),
    )


def _failed(action: Action) -> Ruling:
    return Ruling(
        decision=Decision.DENY,
        reason="The policy could not be evaluated.",
        reason_code=ReasonCode.EVALUATION_ERROR,
        rule_id=None,
        classification=None,
        risk_level=RiskLevel.HIGH,
        parameters=dict(action.parameters),
        modifications=(),
        matched_rules=(),
        route=None,
        context_needed=(),
        timeout_seconds=None,
        labels=frozenset(),
        conditions=(),
    )


def _ruled(action: Action, *, context: Context, policy: Policy) -> Ruling:
    try:
        return evaluate(action, context=context, policy=policy)
    except Exception as error:  # noqa: BLE001 - the one place: whatever goes wrong in the engine is a recorded refusal
        log.error("evaluation_failed", error=type(error).__name__, policy=policy.hash)
        return _failed(action)


def _input_of(context: Context) -> dict[str, Any]:
    facts: dict[str, JSON] = {
        name: {"value": fact.value, "trust": fact.trust.value, "source": fact.source}
        for name, fact in context.facts.items()
    }
    return {
        "request": context.original_request,
        "request_trust": context.request_trust.value,
        "facts": facts,
        "kinds": sorted(context.data_kinds),
        "tools": sorted(context.tools_used),
        "count": context.action_count,
        "effect": context.tool_effect,
    }


def judge_action(
    action: Action,
    *,
    session: Session,
    policy_id: str | None,
    tool_effect: str | None,
    asserted: Mapping[str, JSON],
    nonce: bytes,
    at: datetime,
) -> Judged:
    """Evaluates an action in its session's present context under the policy that holds."""
    version, policy = active_policy(policy_id)
    context = context_of(session, tool_effect=tool_effect, asserted=asserted, at=at)
    ruling = _ruled(action, context=context, policy=policy)
    if ruling.decision is Decision.STEP_UP and not _can_be_asked(ruling, session=session):
        ruling = denial(
            ruling,
            code=ReasonCode.NO_ELIGIBLE_REVIEWER,
            reason="This needs approval, and nobody who could give it is there.",
        )
    question: dict[str, Any] = {
        "engine": ENGINE_VERSION,
        "policy": version.digest,
        # Facts and requests can be guessed; without the nonce their digest would give them away.
        "nonce": nonce.hex(),
        "action": {"tool": action.tool, "operation": action.operation, "parameters": dict(action.parameters)},
        "input": _input_of(context),
    }
    return Judged(ruling=ruling, policy=version, evaluation_digest=digest(question))


def _can_be_asked(ruling: Ruling, *, session: Session) -> bool:
    requester = session.human.identifier if session.human else ""
    return ruling.route is not None and has_enough_reviewers(route=approval_route(ruling), requester=requester)


def approval_route(ruling: Ruling) -> ApprovalRoute:
    """The route of a STEP_UP ruling as approvals know it."""
    assert ruling.route is not None
    return ApprovalRoute(
        tuple(Stage(group=stage.group, count=stage.count) for stage in ruling.route.stages),
        timeout_seconds=ruling.route.timeout_seconds,
        hold_seconds=0,
        claim_seconds=settings.AARM_CLAIM_WINDOW_SECONDS,
    )
