"""What must not change a ruling, and what may only make it stricter: over random policies of the whole language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from decisions.engine.verdict import Decision
from tests.reference.cases import given
from tests.reference.generator.policies import match
from tests.reference.readings import same
from tests.reference.triples import Example, judged_examples
from tests.unit.engine.agreement import compiled, engine_ruling

# Other seeds than those of the agreement.
SEEDS = range(1_000_000, 1_000_060)
STRICTNESS = {decision.value: rank for rank, decision in enumerate(Decision)}
# Names of tools, and others that every glob and expression of the generator takes for them.
OTHER_NAMES = {r"(?<!em)(?<=[mMｍ])ail": "ain", "AIL": "AIN", "(?<=[dD])b": "z", "shell": "sheol"}

Ruling = dict[str, Any]


def changed(change: Callable[[Example], Example]) -> Iterator[tuple[Ruling, Ruling, Example]]:
    """The rulings on every example as it is and as it has been changed."""
    for seed in SEEDS:
        examples = [judged.example for judged in judged_examples(seed)]
        before, after = compiled(examples[0]), compiled(change(examples[0]))
        for example in examples:
            other = given(change(example).case)
            yield engine_ruling(before, *given(example.case)), engine_ruling(after, *other), example


def renamed(node: Any) -> Any:
    text = json.dumps(node, ensure_ascii=False)
    for name, other in OTHER_NAMES.items():
        text = re.sub(name, other, text)
    return json.loads(text)


def with_rules(example: Example, rules: list[Any]) -> Example:
    return replace(example, policy={**example.policy, "rules": rules})


def with_a_denial(example: Example) -> Example:
    """The same denial for every example of one policy."""
    rng = Random(json.dumps(example.policy))
    denial = {
        "id": "denial",
        "match": match(rng, example.policy),
        "action": "DENY",
        "priority": rng.choice([-5, 0, 10]),
    }
    if rng.random() < 0.2:
        denial["classification"] = "forbidden"
    return with_rules(example, [*example.policy["rules"], denial])


@pytest.mark.case("POL-17")
def test_the_order_of_the_rules_is_no_matter() -> None:
    for before, after, example in changed(lambda each: with_rules(each, each.policy["rules"][::-1])):
        assert same(after, before), example


@pytest.mark.case("POL-17")
def test_consistent_names_for_tools_are_no_matter() -> None:
    others = 0
    for before, after, example in changed(lambda each: Example(*map(renamed, (each.policy, each.included, each.case)))):
        assert same(after, renamed(before)), example
        others += renamed(example.case) != example.case
    assert others > 1000


@pytest.mark.case("POL-17")
def test_adding_a_denial_never_weakens_a_ruling() -> None:
    stricter = 0
    for before, after, example in changed(with_a_denial):
        # Parameters that never settle are denied for want of an answer, and a denial may be that answer or dispute it.
        if before["reason_code"] == "modification_not_stable":
            continue
        assert STRICTNESS[after["decision"]] >= STRICTNESS[before["decision"]], example
        stricter += after["decision"] != before["decision"]
    assert stricter > 100
