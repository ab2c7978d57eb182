"""The engine agrees with an evaluator that was written independently, from docs/policy-language.md alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decisions.engine.action import Action
from decisions.engine.context import Context
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Decision, ReasonCode, Ruling
from tests.reference.triples import CASES_PER_POLICY, judged_examples
from tests.unit.engine import agreement
from tests.unit.engine.agreement import disagreement

SHARDS = 10
POLICIES_PER_SHARD = 10_000 // CASES_PER_POLICY
NIGHTLY_SHARDS = 100


def seeds_of(shard: int) -> range:
    return range(shard * POLICIES_PER_SHARD, (shard + 1) * POLICIES_PER_SHARD)


def assert_agreement(shard: int) -> None:
    for seed in seeds_of(shard):
        found = disagreement(seed)
        assert found is None, str(found)


def weakened(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """An engine that waits for no more than two fields."""
    ruling = evaluate(action, context=context, policy=policy)
    waits = ruling.reason_code is ReasonCode.MISSING_CONTEXT and len(ruling.context_needed) > 2
    return replace(ruling, decision=Decision.ALLOW) if waits else ruling


def test_a_fault_is_found_and_told_as_a_small_policy_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "evaluate", weakened)
    found = next(told for seed in range(50) if (told := disagreement(seed)))
    small, whole = found.example.policy["rules"], judged_examples(found.seed)[0].example.policy["rules"]
    assert len(str(small)) < len(str(whole))
    assert f"seed {found.seed}: the rulings differ in decision\n" in str(found)
    assert "rules:" in str(found)
    assert "engine:    {'decision': 'ALLOW'" in str(found)
    assert "reference: {'decision': 'DEFER'" in str(found)


@pytest.mark.case("POL-16")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_engine_agrees_with_the_reference_on_10_000_random_triples(shard: int) -> None:
    assert_agreement(shard)


@pytest.mark.nightly
@pytest.mark.case("POL-16")
@pytest.mark.parametrize("shard", range(SHARDS, NIGHTLY_SHARDS))
def test_the_engine_agrees_with_the_reference_on_a_million_random_triples(shard: int) -> None:
    assert_agreement(shard)
