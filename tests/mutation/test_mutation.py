"""The tests notice at least nine of ten small faults in the evaluator."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.mutation.campaign import EVALUATOR
from tests.mutation.mutants import mutants
from tests.mutation.trial import ROOT


@pytest.mark.nightly
def test_nine_of_ten_faults_are_found() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_the_evaluator_has_mutants_that_are_python() -> None:
    for name in EVALUATOR:
        mutant = next(mutants(ROOT / "decisions" / "engine" / f"{name}.py", f"decisions.engine.{name}"))
        compile(mutant.source, name, "exec")


def test_a_mutant_differs_in_one_place() -> None:
    path = ROOT / "decisions" / "engine" / "levels.py"
    sources = [mutant.source for mutant in mutants(path, "decisions.engine.levels")]
    assert len(set(sources)) == len(sources) > 3
    assert ast.unparse(ast.parse(path.read_text("utf-8"))) not in sources
