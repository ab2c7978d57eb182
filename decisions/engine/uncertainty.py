"""The outcomes that no rule states: what happens when the policy gives no certain answer, or a threshold decides.

None of them permits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decisions.engine.baseline import Baseline, highest_risk
from decisions.engine.thresholds import Limits
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Route

DEFERRAL_SECONDS = 300


def conflict(deciding: Sequence[Baseline]) -> Baseline:
    """Rules of one standing disagree."""
    why = f"Rules of equal priority disagree: {_names(deciding)}."
    return replace(
        _deferral(why, code=ReasonCode.RULE_CONFLICT, about=deciding),
        standing=deciding[0].standing,
        grounds=tuple(grounds for each in deciding for grounds in each.grounds),
        disputed=frozenset[Decision]().union(*(each.disputed or {each.decision} for each in deciding)),
    )


def missing_context(baseline: Baseline, *, blocking: Sequence[Baseline], missing: tuple[str, ...]) -> Baseline:
    """What could change `baseline` is not known. A baseline that waits anyway goes on waiting, for more."""
    if baseline.decision is Decision.DEFER:
        return replace(baseline, missing=missing)
    about = f"apply {_names(blocking)}" if blocking else "judge this"
    verb = "is" if len(missing) == 1 else "are"
    why = f"Not enough is known to {about}: {', '.join(missing)} {verb} missing or can't be relied on."
    waiting = _deferral(why, code=ReasonCode.MISSING_CONTEXT, about=[baseline, *blocking])
    return replace(waiting, missing=missing)


def low_confidence(baseline: Baseline, *, confidence: int, wanted: float, missing: tuple[str, ...]) -> Baseline:
    """The rules hold, but too little of what they rest on is known. `confidence` is in hundredths."""
    why = f"The confidence of {baseline.rule_id} is {confidence / 100}, and {wanted} is wanted."
    waiting = _deferral(why, code=ReasonCode.LOW_CONFIDENCE, about=[baseline])
    return replace(waiting, missing=missing)


def unchangeable(baseline: Baseline, *, missing: tuple[str, ...]) -> Baseline:
    """A MODIFY rule holds, but what stands in the parameters is nothing that it could change."""
    why = f"Not enough is known to apply {baseline.rule_id}: {', '.join(missing)} is not what it can change."
    waiting = _deferral(why, code=ReasonCode.MISSING_CONTEXT, about=[baseline])
    return replace(waiting, missing=missing)


def unstable(baseline: Baseline, *, rounds: int) -> Baseline:
    """MODIFY rules go on changing the parameters, so nobody could say what would run (APR-46)."""
    return Baseline(
        decision=Decision.DENY,
        reason=f"The policy's modifications did not settle in {rounds} rounds.",
        reason_code=ReasonCode.MODIFICATION_NOT_STABLE,
        risk_level=baseline.risk_level,
        rule_id=baseline.rule_id,
    )


def too_risky(limits: Limits) -> Baseline:
    """The session as a whole has become too risky for anything."""
    return Baseline(
        decision=Decision.DENY,
        reason=f"The risk of the whole session is above {limits.thresholds.session_risk}.",
        reason_code=ReasonCode.SESSION_RISK,
        risk_level=RiskLevel.HIGH,
        classification=Classification.CONTEXT_DEPENDENT_DENY,
    )


def misaligned(limits: Limits) -> Baseline:
    """The rules permit what doesn't fit the session's intent."""
    return Baseline(
        decision=Decision.DENY,
        reason=f"This fits what the session is for by less than {limits.thresholds.alignment}.",
        reason_code=ReasonCode.MISALIGNED,
        risk_level=RiskLevel.HIGH,
        classification=Classification.CONTEXT_DEPENDENT_DENY,
    )


def aligned(limits: Limits, *, route: Route) -> Baseline:
    """No rule covers what fits the session's intent, so people are asked."""
    return Baseline(
        decision=Decision.STEP_UP,
        reason=f"No rule covers this, but it fits what the session is for by at least {limits.thresholds.alignment}.",
        reason_code=ReasonCode.ALIGNED,
        risk_level=route.risk_level,
        classification=Classification.CONTEXT_DEPENDENT_ALLOW,
        stages=route.stages,
        timeout_seconds=route.timeout_seconds,
    )


def exhausted() -> Baseline:
    """The evaluation looked at more than it may, so nothing certain came of it."""
    return Baseline(
        decision=Decision.DENY,
        reason="Judging this action takes more steps than an evaluation may take.",
        reason_code=ReasonCode.POLICY_BUDGET,
        risk_level=RiskLevel.HIGH,
    )


def _names(baselines: Sequence[Baseline]) -> str:
    return ", ".join(sorted(each.rule_id for each in baselines if each.rule_id is not None))


def _deferral(reason: str, *, code: ReasonCode, about: Sequence[Baseline]) -> Baseline:
    return Baseline(
        decision=Decision.DEFER,
        reason=reason,
        reason_code=code,
        risk_level=highest_risk(about),
        classification=Classification.CONTEXT_DEPENDENT_DEFER,
        timeout_seconds=DEFERRAL_SECONDS,
    )
