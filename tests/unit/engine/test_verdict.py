"""The one place where a decision turns into permission."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from decisions.engine.verdict import (
    ConditionResult,
    Decision,
    Effective,
    ReasonCode,
    RiskLevel,
    Ruling,
    Truth,
    effective,
)

APPROVAL_STATES = (
    None, "", "PENDING", "HELD", "APPROVED", "CLAIMED", "DENIED", "EXPIRED", "CANCELLED", "SUPERSEDED", "REVOKED",
    "approved", "ALLOWED", "anything",
)  # fmt: skip
DEFERRAL_STATES = (
    None, "", "PENDING", "ALLOWED", "DENIED", "ESCALATED", "EXPIRED", "CANCELLED", "allowed", "APPROVED", "anything",
)  # fmt: skip
ENDED = [state for state in APPROVAL_STATES if state not in ("PENDING", "HELD", "APPROVED", "CLAIMED")]


def test_permission_needs_exactly_one_of_these_states() -> None:
    allowed = {
        (decision, approval, deferral)
        for decision, approval, deferral in product(Decision, APPROVAL_STATES, DEFERRAL_STATES)
        if effective(decision=decision, approval_state=approval, deferral_state=deferral) is Effective.ALLOW
    }
    expected = set(product((Decision.ALLOW, Decision.MODIFY), APPROVAL_STATES, DEFERRAL_STATES))
    expected |= set(product((Decision.STEP_UP,), ("APPROVED", "CLAIMED"), DEFERRAL_STATES))
    expected |= set(product((Decision.DEFER,), APPROVAL_STATES, ("ALLOWED",)))
    expected |= set(product((Decision.DEFER,), ("APPROVED", "CLAIMED"), ("ESCALATED",)))
    assert allowed == expected


@pytest.mark.parametrize("state", ["PENDING", "HELD"])
def test_an_open_approval_is_pending(state: str) -> None:
    assert effective(decision=Decision.STEP_UP, approval_state=state) is Effective.PENDING
    escalated = effective(decision=Decision.DEFER, approval_state=state, deferral_state="ESCALATED")
    assert escalated is Effective.PENDING


@pytest.mark.parametrize("state", ENDED)
def test_an_approval_that_ended_otherwise_denies(state: str | None) -> None:
    assert effective(decision=Decision.STEP_UP, approval_state="APPROVED") is Effective.ALLOW
    assert effective(decision=Decision.STEP_UP, approval_state=state) is Effective.DENY
    assert effective(decision=Decision.DEFER, approval_state=state, deferral_state="ESCALATED") is Effective.DENY


def test_a_deferral_is_pending_until_it_is_resolved() -> None:
    assert effective(decision=Decision.DEFER, deferral_state="PENDING") is Effective.PENDING
    for state in ("DENIED", "EXPIRED", "CANCELLED", None):
        assert effective(decision=Decision.DEFER, deferral_state=state) is Effective.DENY


def test_a_denial_is_never_anything_else() -> None:
    for approval, deferral in product(APPROVAL_STATES, DEFERRAL_STATES):
        found = effective(decision=Decision.DENY, approval_state=approval, deferral_state=deferral)
        assert found is Effective.DENY


def test_a_ruling_without_a_trace_has_no_conditions() -> None:
    bare = Ruling(
        decision=Decision.DENY, reason="No.", reason_code=ReasonCode.EVALUATION_ERROR, rule_id=None,
        classification=None,
        risk_level=RiskLevel.HIGH, parameters={}, modifications=(), matched_rules=(), route=None, context_needed=(),
        timeout_seconds=None, labels=frozenset(),
    )  # fmt: skip
    assert (bare.conditions, bare.confidence, bare.shadow) == ((), 1.0, None)
    traced = replace(bare, trace=lambda: (ConditionResult("a", "tool", "eq", Truth.TRUE),))
    assert traced == bare
    assert traced.conditions
