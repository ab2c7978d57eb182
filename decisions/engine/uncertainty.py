"""The outcomes that no rule states: what happens when the policy gives no certain answer. None of them permits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from decisions.engine.baseline import Baseline
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel

DEFERRAL_SECONDS = 300


def conflict(rule_ids: Iterable[str], *, risk_level: RiskLevel) -> Baseline:
    """Rules of one standing disagree."""
    names = ", ".join(sorted(rule_ids))
    return _deferral(f"Rules of equal priority disagree: {names}.", code=ReasonCode.RULE_CONFLICT, risk_level=risk_level)


def missing_context(baseline: Baseline, *, rule_ids: Iterable[str], missing: tuple[str, ...]) -> Baseline:
    """Rules that could change `baseline` can't be judged. A baseline that waits anyway goes on waiting, for more."""
    if baseline.decision is Decision.DEFER:
        return replace(baseline, missing=missing)
    names = ", ".join(sorted(rule_ids))
    why = f"Not enough is known to apply {names}: {', '.join(missing)} is missing or can't be relied on."
    waiting = _deferral(why, code=ReasonCode.MISSING_CONTEXT, risk_level=baseline.risk_level)
    return replace(waiting, missing=missing)


def unchangeable(baseline: Baseline, *, missing: tuple[str, ...]) -> Baseline:
    """A MODIFY rule holds, but the parameters aren't such that it could change them."""
    why = f"{baseline.rule_id} can't change {', '.join(missing)}, because what stands there is not what it expects."
    waiting = _deferral(why, code=ReasonCode.MISSING_CONTEXT, risk_level=baseline.risk_level)
    return replace(waiting, rule_id=baseline.rule_id, missing=missing)


def unstable(baseline: Baseline, *, rounds: int) -> Baseline:
    """MODIFY rules go on changing the parameters, so nobody can say what would run (APR-46)."""
    return replace(
        baseline,
        decision=Decision.DENY,
        reason=f"The policy's modifications did not settle in {rounds} rounds.",
        reason_code=ReasonCode.MODIFICATION_NOT_STABLE,
        classification=None,
        steps=(),
    )


def _deferral(reason: str, *, code: ReasonCode, risk_level: RiskLevel) -> Baseline:
    return Baseline(
        decision=Decision.DEFER,
        reason=reason,
        reason_code=code,
        risk_level=risk_level,
        classification=Classification.CONTEXT_DEPENDENT_DEFER,
        timeout_seconds=DEFERRAL_SECONDS,
    )
