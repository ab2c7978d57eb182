"""Whatever an agent sends, an evaluation ends, in bounded time, with a ruling that permits nothing by accident."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from decisions.engine.action import Action
from decisions.engine.context import Trust
from decisions.engine.explain import explanation_of
from decisions.engine.pdp import evaluate
from decisions.engine.verdict import Decision, ReasonCode, RiskLevel, Truth
from receipts.signing.canonical import JSON, canonical_bytes
from tests.reference.generator.documents import document, included
from tests.reference.generator.sessions import aim_at, case
from tests.reference.triples import Example
from tests.unit.engine.agreement import compiled
from tests.unit.engine.scenes import context, facts, policy_in, policy_of, ruling


def nested(depth: int, *, as_list: bool) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if as_list else {"to": value}
    return value


HOSTILE: tuple[Any, ...] = (
    None, True, "", "\ud800", "\x00",
    "a" * 100_000, "İı" * 999, "1" * 5000, 10**400, -(10**400), math.nan, math.inf, -0.0,
    5e-324, [], {}, [[]], {"": {}}, [None] * 1000, list(range(5000)), {"$gt": 0}, nested(60, as_list=True),
    nested(20_000, as_list=True), nested(20_000, as_list=False), {"a": [{"to": ["x@y", None, {}]}]},
    {str(number): number for number in range(3000)}, "9999-12-31T23:59:60Z", "P999999999D", "::ffff:1.2.3.4",
    "/../" * 999,
)  # fmt: skip


@pytest.mark.case("POL-07")
@pytest.mark.parametrize("seed", range(12))
def test_no_value_makes_an_evaluation_raise(seed: int) -> None:
    rng = Random(f"hostile {seed}")
    whole, part = document(rng), included(rng)
    named = case(rng, whole, aim_at(whole))["action"]
    policy = compiled(Example(whole, part, {}))
    names = ["to", "amount", "env", "items", "options", *named.get("parameters", {})]
    for value in HOSTILE:
        parameters = {name: value for name in names if rng.random() < 0.8}
        about = context(
            facts=facts(rng.choice(list(Trust)), ticket=value, window=value),
            risk_signals={"session_risk": value, "alignment": value, "injection_score": value},
        )
        tool, _, operation = named["tool"].rpartition(".")
        found = evaluate(Action(tool or "mail", operation or "send", parameters), context=about, policy=policy)
        assert found.decision in Decision
        assert canonical_bytes(explanation_of(found))


EVERY = "{parameters: {to: {every: {external: false}}}}"


@pytest.mark.case("POL-06")
def test_an_evaluation_that_looks_at_too_much_denies() -> None:
    policy = policy_of(f"- {{id: all-ours, match: {EVERY}, action: ALLOW}}", default="ALLOW")
    few, many = (list[JSON](["a@corp.example"] * number) for number in (1000, 60_000))
    assert ruling(policy, "t.o", {"to": few}).decision is Decision.ALLOW
    denied = ruling(policy, "t.o", {"to": many})
    assert (denied.decision, denied.reason_code, denied.rule_id) == (Decision.DENY, ReasonCode.POLICY_BUDGET, None)
    assert (denied.confidence, denied.risk_level, denied.labels) == (0.0, RiskLevel.HIGH, frozenset())
    assert (denied.parameters, denied.conditions) == ({"to": many}, ())


@pytest.mark.case("POL-06")
def test_a_rule_in_shadow_spends_nothing_of_the_budget_of_those_that_are_enforced() -> None:
    rules = f"- {{id: tried, match: {EVERY}, action: DENY, mode: shadow}}"
    answer = ruling(policy_of(rules, default="ALLOW"), "t.o", {"to": ["a@corp.example"] * 60_000})
    assert answer.decision is Decision.ALLOW
    assert answer.shadow is not None
    assert (answer.shadow.decision, answer.shadow.reason_code) == (Decision.DENY, ReasonCode.POLICY_BUDGET)


def test_a_trace_shows_what_the_ruling_did_not_have_to_look_at() -> None:
    rules = f"- {{id: a, match: {{any: [{{parameters: {{x: 1}}}}, {EVERY}]}}, action: DENY}}"
    policy = policy_in("thresholds: {session_risk: 0.5}", rules=rules)
    many: list[JSON] = ["a@corp.example"] * 60_000
    answer = ruling(policy, "t.o", {"x": 1, "to": many}, risk_signals={"session_risk": 1})
    assert (answer.decision, answer.reason_code) == (Decision.DENY, ReasonCode.SESSION_RISK)
    assert [each.result for each in answer.conditions] == [Truth.TRUE, Truth.UNKNOWN]


@pytest.mark.case("POL-06")
def test_many_rules_that_nothing_is_known_about_are_weighed_one_by_one() -> None:
    """Three thousand rules of one priority, half of which hold: each unknown one is weighed against all at once."""
    rules = "\n".join(
        f"- {{id: k{n}, match: any, action: STEP_UP, approvers: [g{n % 50}]}}\n"
        f"- {{id: u{n}, match: {{parameters: {{x{n}: 1}}}}, action: STEP_UP, approvers: [g{n % 50}]}}"
        for n in range(1500)
    )
    answer = ruling(policy_of(rules), "t.o")
    assert (answer.decision, answer.rule_id) == (Decision.STEP_UP, "k0")
    assert answer.route is not None
    assert len(answer.route.stages) == 50
