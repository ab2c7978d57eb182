"""The outcomes that no rule states: what happens when the policy gives no certain answer. None of them permits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decisions.engine.baseline import Baseline, highest_risk
from decisions.engine.verdict import Classification, Decision, ReasonCode

DEFERRAL_SECONDS = 300


def conflict(deciding: Sequence[Baseline]) -> Baseline:
    """Rules of one standing disagree."""
    why = f"Rules of equal priority disagree: {_names(deciding)}."
    return _deferral(why, code=ReasonCode.RULE_CONFLICT, about=deciding)


def missing_context(baseline: Baseline, *, blocking: Sequence[Baseline], missing: tuple[str, ...]) -> Baseline:
    """Rules that could change `baseline` can't be judged. A baseline that waits anyway goes on waiting, for more."""
    if baseline.decision is Decision.DEFER:
        return replace(baseline, missing=missing)
    why = f"Not enough is known to apply {_names(blocking)}: {', '.join(missing)} is missing or can't be relied on."
    waiting = _deferral(why, code=ReasonCode.MISSING_CONTEXT, about=[baseline, *blocking])
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
