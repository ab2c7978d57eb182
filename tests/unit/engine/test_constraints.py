"""Constraints say what must be so; a rule holds where one of them is violated."""

from __future__ import annotations

import pytest

from decisions.engine.conditions import Comparison, comparisons
from decisions.engine.constraints import read_constraints
from decisions.engine.counters import Per
from decisions.engine.fields import Field, FieldKind
from decisions.engine.limits import Limit
from decisions.engine.scope import Scope
from tests.unit.engine.reading import condition, problems, subject, violated

RULE = Scope(rule_id="r")


@pytest.mark.parametrize(
    ("text", "parameters", "expected"),
    [
        ("parameters.to: {domain_allowlist: [corp.example]}", {"to": "a@corp.example"}, False),
        ("parameters.to: {domain_allowlist: [corp.example]}", {"to": "a@evil.example"}, True),
        ("parameters.to: {domain_allowlist: [corp.example]}", {}, None),
        ("parameters.to: {required: true, domain_allowlist: [corp.example]}", {}, True),
        ("parameters.to: {required: true}", {"to": None}, True),
        ("parameters: {n: {gte: 1, lte: 9}, to: {max_length: 3}}", {"n": 5, "to": "abc"}, False),
        ("parameters: {n: {gte: 1, lte: 9}, to: {max_length: 3}}", {"n": 5}, None),
        # What cannot be judged does not hide what is violated.
        ("parameters: {n: {gte: 1, lte: 9}, to: {max_length: 3}}", {"n": 50}, True),
        ("{parameters.a: 1, parameters.b: 2}", {"a": 1, "b": 3}, True),
        ("parameters: {schema: {properties: {a: true}, additionalProperties: false}, a: {gt: 0}}", {"a": 1}, False),
        (
            "parameters: {schema: {properties: {a: true}, additionalProperties: false}, a: {gt: 0}}",
            {"a": 1, "b": 1},
            True,
        ),
        ("parameters.schema: 5", {"schema": 5}, False),
        ("{context: {action_count: {lt: 5}}, identity.human_verified: true}", {}, True),
        ("tool: mail", {}, True),
        ("tool: tool.call", {}, False),
    ],
)
def test_a_rule_holds_where_a_constraint_is_violated(
    text: str, parameters: dict[str, object], expected: bool | None
) -> None:
    assert violated(text, subject(parameters=parameters)) is expected  # type: ignore[arg-type]


def test_a_rate_counts_this_action_too() -> None:
    text = "rate: {max: 3, window: 1h}"
    counts: tuple[dict[str, int], ...] = ({}, {"r": 2}, {"r": 3}, {"other": 99})
    assert [violated(text, subject(counted=counted), scope=RULE) for counted in counts] == [False, False, True, False]
    (found,) = comparisons(condition(text, read_node=read_constraints))
    assert found == Comparison(Field(FieldKind.COUNTED), "rate", Limit(3, 3600, Per.SESSION))


@pytest.mark.parametrize(
    ("amount", "counted", "expected"),
    [
        (300, 700, False), (301, 700, True), (300.5, 700, True), (0.1, 0.2, False), (0, 1000, False),
        ("300", 0, None), (None, 0, None), (True, 0, None), (-1, 0, None), (float("nan"), 0, None),
        (float("inf"), 0, None),
        ([1], 0, None), (10**400, 0, True),
    ],
)  # fmt: skip
def test_a_budget_adds_exactly_and_does_not_know_what_is_no_amount(
    amount: object, counted: float, expected: bool | None
) -> None:
    most = "0.3" if counted == 0.2 else "1000"
    text = f"budget: {{sum: parameters.order.amount, max: {most}, window: 1d, per: agent}}"
    about = subject(parameters={"order": {"amount": amount}}, counted={"r": counted})  # type: ignore[dict-item]
    assert violated(text, about, scope=RULE) is expected
    (found,) = comparisons(condition(text, read_node=read_constraints))
    assert found.field.evidence == "parameters.order.amount"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{}", (1, 1, "wrong_type")),
        ("[]", (1, 1, "wrong_type")),
        ("any: [{tool: a}]", (1, 1, "unknown_key")),
        ("parmeters.a: 1", (1, 1, "unknown_key")),
        ("parameters: 5", (1, 13, "wrong_type")),
        ("parameters: {}", (1, 13, "wrong_type")),
        ("parameters.a: {required: false}", (1, 26, "wrong_type")),
        ("parameters.a: {every: {required: true}}", (1, 24, "unknown_operator")),
        ("rate: 5", (1, 7, "wrong_type")),
        ("rate: {max: 5}", (1, 7, "missing_key")),
        ("rate: {max: 5, window: 0}", (1, 24, "out_of_range")),
        ("rate: {max: 5, window: a while}", (1, 24, "wrong_type")),
        ("rate: {max: 1.5, window: 1h}", (1, 13, "wrong_type")),
        ("rate: {max: -1, window: 1h}", (1, 13, "wrong_type")),
        ("rate: {max: 5, window: 1h, per: user}", (1, 33, "unknown_value")),
        ("rate: {max: 5, window: 1h, sum: parameters.a}", (1, 28, "unknown_key")),
        ("budget: {max: 5, window: 1h}", (1, 9, "missing_key")),
        ("budget: {sum: amount, max: 5, window: 1h}", (1, 15, "wrong_type")),
        ("budget: {sum: parameters.a, max: x, window: 1h}", (1, 34, "wrong_type")),
        ("budget: 5", (1, 9, "wrong_type")),
        ("{rate: {max: 1, window: 1h}, budget: {sum: parameters.a, max: 1, window: 1h}}", (1, 30, "duplicate_key")),
    ],
)
def test_what_could_constrain_nothing_is_refused(text: str, found: tuple[int, int, str]) -> None:
    assert problems("rate: {max: 5, window: 1h, per: human}", read_node=read_constraints) == []
    assert problems(text, read_node=read_constraints)[0] == found
