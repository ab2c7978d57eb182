"""The limits of a deployment against the signals of a session: its risk, and how well an action fits its intent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from decisions.engine.baseline import Baseline
from decisions.engine.context import Context, trusted_signal
from decisions.engine.verdict import NO_THRESHOLDS, Decision, Thresholds

RISK_EVIDENCE = "risk_signals.session_risk"
ALIGNMENT_EVIDENCE = "risk_signals.alignment"

PERMITTING = frozenset({Decision.ALLOW, Decision.MODIFY})
# Where an action does not fit the session's intent, all of these deny in the end.
_CLOSED = PERMITTING | {Decision.DENY}
_NONE: frozenset[Decision] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the thresholds say about one session: both are None where the signal is missing or no number.

    Without a threshold no risk is too high and every action fits.
    """

    thresholds: Thresholds
    is_too_risky: bool | None
    is_aligned: bool | None

    @property
    def alike(self) -> frozenset[Decision]:
        """The decisions that come to the same in this session: where nothing may pass, permitting is denying."""
        return _CLOSED if self.is_aligned is False else _NONE

    def missing_for(self, baseline: Baseline) -> Iterator[str]:
        """The signals that are unknown and could change `baseline`."""
        # What is misaligned is denied all the same, however risky the session is.
        is_denied = baseline.decision is Decision.DENY or baseline.decision in self.alike
        if self.is_too_risky is None and (baseline.is_open or not is_denied):
            yield RISK_EVIDENCE
        if self.is_aligned is None and (baseline.decision in PERMITTING or baseline.is_open):
            yield ALIGNMENT_EVIDENCE


UNLIMITED = Limits(NO_THRESHOLDS, is_too_risky=False, is_aligned=True)


def limits_of(thresholds: Thresholds, *, context: Context) -> Limits:
    """The limits of a session."""
    if thresholds is NO_THRESHOLDS:
        return UNLIMITED
    risk, alignment = _signal(context, name="session_risk"), _signal(context, name="alignment")
    return Limits(
        thresholds,
        is_too_risky=_above(risk, limit=thresholds.session_risk),
        is_aligned=_reaches(alignment, limit=thresholds.alignment),
    )


def _above(value: float | None, *, limit: float | None) -> bool | None:
    if limit is None:
        return False
    return None if value is None else value > limit


def _reaches(value: float | None, *, limit: float | None) -> bool | None:
    if limit is None:
        return True
    return None if value is None else value >= limit


def _signal(context: Context, *, name: str) -> int | float | None:
    value = trusted_signal(context, name=name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    return None
