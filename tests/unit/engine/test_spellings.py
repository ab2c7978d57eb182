"""The engine and the reference read what is written in the same way: places, addresses, paths, times, durations."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.reference import judging
from tests.reference.cases import given
from tests.reference.generator.written import written
from tests.reference.triples import Example
from tests.unit.engine.agreement import compiled, engine_ruling, told


def asking(question: dict[str, Any]) -> Example:
    """A policy that allows what one question holds of."""
    rules = [{"id": "only", "match": {"parameters": {"it": question}}, "action": "ALLOW"}]
    ours = {"domains": ["corp.example"], "networks": ["10.0.0.0/8", "fd00::/8"]}
    return Example({"policy": {"id": "asking", "version": "1"}, "organisation": ours, "rules": rules}, {}, {})


@pytest.mark.case("POL-22")
def test_both_read_20_000_random_spellings_alike() -> None:
    rng = Random("spellings")
    read = cache(lambda text: (compiled(asking(json.loads(text))), asking(json.loads(text)).loaded()))
    seen: Counter[str] = Counter()
    for _ in range(20_000):
        question, text = written(rng)
        policy, reference = read(json.dumps(question))
        asked = given({"action": {"tool": "a.b", "parameters": {"it": text}}})
        decision = engine_ruling(policy, *asked)["decision"]
        assert decision == judging.evaluate(reference, *asked)["decision"], (question, text)
        seen[decision] += 1
    assert min(seen["ALLOW"], seen["DENY"], seen["DEFER"]) > 1000


LONG = [
    ({"path_within": "/"}, "/" + 4095 * "a", "ALLOW"),
    ({"path_within": "/"}, "/" + 4096 * "a", "DEFER"),
    ({"external": False}, "https://corp.example/" + 2027 * "a", "ALLOW"),
    ({"external": False}, "https://corp.example/" + 2028 * "a", "DENY"),
    ({"external": False}, 2035 * "a" + "@corp.example", "ALLOW"),
    ({"external": False}, 2036 * "a" + "@corp.example", "DENY"),
    ({"email_in": "a@corp.example"}, 2036 * "a" + "@corp.example", "DEFER"),
]


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(("asked", "value", "decision"), LONG, ids=range(len(LONG)))
def test_both_read_values_up_to_the_same_length(asked: dict[str, Any], value: str, decision: str) -> None:
    case = {"action": {"tool": "a.b", "parameters": {"it": value}}}
    found = told(0, replace(asking(asked), case=case))
    assert found.engine["decision"] == found.reference["decision"] == decision
