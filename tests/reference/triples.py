"""Random triples with the reference's rulings: everything that follows from a seed without the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from tests.reference.cases import given
from tests.reference.generator.documents import document, included
from tests.reference.generator.sessions import aim_at, case
from tests.reference.judging import evaluate
from tests.reference.loading import loaded

CASES_PER_POLICY = 40
NAMES_OF_INCLUDED = ("base", "base.yaml")


@dataclass(frozen=True, slots=True)
class Example:
    """One policy with the file that it may include, and one case."""

    policy: dict[str, Any]
    included: dict[str, Any]
    case: dict[str, Any]

    def loaded(self) -> dict[str, Any]:
        return loaded(self.policy, dict.fromkeys(NAMES_OF_INCLUDED, self.included))

    def ruling(self) -> dict[str, Any]:
        return evaluate(self.loaded(), *given(self.case))


@dataclass(frozen=True, slots=True)
class Judged:
    """An example, its case as action and session, and the reference's ruling."""

    example: Example
    action: dict[str, Any]
    session: dict[str, Any]
    ruling: dict[str, Any]


# Large enough for all seeds of a mutation trial, whose forks then share them.
@lru_cache(maxsize=200)
def judged_examples(seed: int) -> tuple[Judged, ...]:
    """One policy and its cases."""
    rng = Random(f"agreement {seed}")
    policy, base = document(rng), included(rng)
    aim = aim_at(policy)
    examples = [Example(policy, base, case(rng, policy, aim)) for _ in range(CASES_PER_POLICY)]
    read = examples[0].loaded()
    asked = [(each, *given(each.case)) for each in examples]
    return tuple(Judged(each, action, session, evaluate(read, action, session)) for each, action, session in asked)
