"""The same question gets the same bytes as an answer: in every process, whatever its hash seed (POL-15)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SEEDS = ("0", "1", "4242", "random")
# `./test --nightly` takes more; the whole million is that of the agreement with the reference.
POLICIES = 5000 if os.environ.get("AARM_NIGHTLY") else 100
PROGRAM = """
import hashlib, sys
from random import Random
from decisions.engine.action import Action
from decisions.engine.explain import explanation_of
from decisions.engine.pdp import evaluate
from receipts.signing.canonical import canonical_bytes
from tests.reference.cases import given
from tests.reference.generator.documents import document, included
from tests.reference.generator.sessions import aim_at, case
from tests.reference.triples import Example
from tests.unit.engine.agreement import compiled, context_of

digest = hashlib.sha256()
for seed in range(int(sys.argv[1])):
    rng = Random(f"determinism {seed}")
    whole, part = document(rng), included(rng)
    aim = aim_at(whole)
    examples = [Example(whole, part, case(rng, whole, aim)) for _ in range(6)]
    policy = compiled(examples[0])
    digest.update(policy.hash.encode())
    for each in examples:
        asked, session = given(each.case)
        action = Action(asked["tool"], asked["operation"], asked["parameters"])
        ruling = evaluate(action, context=context_of(session), policy=policy)
        digest.update(canonical_bytes(explanation_of(ruling)))
        # Hostile parameters have no canonical form: some are no numbers.
        digest.update(repr((ruling.counted, ruling.modifications, ruling.parameters)).encode("utf-8", "replace"))
    print(digest.hexdigest())
"""


def digests_under(seed: str) -> list[str]:
    """The digest after every policy."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'sdk'}"}
    command = [sys.executable, "-c", PROGRAM, str(POLICIES)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.case("POL-15")
def test_rulings_and_their_explanations_are_the_same_in_every_process() -> None:
    first, *others = [digests_under(seed) for seed in SEEDS]
    assert len(set(first)) == POLICIES, "Every ruling leaves its mark."
    assert all(other == first for other in others)
