"""One trial: a fresh process with one fault in the engine, which has to agree with the reference and pass the tests.

Each mutant runs in a fork of a process that has loaded everything but the engine, so that a trial costs a second and a
fault can't reach another trial. A mutant that never ends is killed by a timer and counts as found.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
CPU_SECONDS = 60
# A trial that waits for ever uses no processor.
SECONDS = 900
SEEDS = range(80)


class Verdict(IntEnum):
    """What became of a mutant, as its process's exit status."""

    SURVIVED = 0
    DISAGREED = 10
    FAILED = 11
    CRASHED = 12
    HUNG = 13


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the engine's one module its faulty source."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = fullname == self.mutant.module
        return importlib.util.spec_from_loader(fullname, self) if found else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, self.mutant.module, "exec"), vars(module))  # noqa: S102 - what is on trial


def tried(mutant: Mutant, *, unit_tests: Sequence[str]) -> Verdict:
    """The verdict on a mutant, found in a process of its own."""
    child = os.fork()
    if child == 0:
        os._exit(_child(mutant, unit_tests=unit_tests))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Verdict.HUNG if os.WTERMSIG(status) in {signal.SIGPROF, signal.SIGALRM} else Verdict.CRASHED
    return Verdict(os.WEXITSTATUS(status))


def _child(mutant: Mutant, *, unit_tests: Sequence[str]) -> Verdict:
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.alarm(SECONDS)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, _Faulty(mutant))
    try:
        from tests.unit.engine.agreement import disagreement

        if any(disagreement(seed, is_shrunk=False) for seed in SEEDS):
            return Verdict.DISAGREED
    except BaseException:  # noqa: BLE001 - whatever a fault leads to, it has been noticed
        return Verdict.CRASHED
    options = ["-x", "-q", "--noconftest", "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib"]
    options += ["-p", "no:cacheprovider", "-p", "no:django", "-p", "no:xdist", "-W", "ignore", "-k", "not cost"]
    # What is on trial is the answer, not how long a loaded machine takes for it.
    calm = list(hypothesis.HealthCheck)
    hypothesis.settings.register_profile("trial", deadline=None, derandomize=True, suppress_health_check=calm)
    hypothesis.settings.load_profile("trial")
    has_passed = pytest.main([*options, *unit_tests]) == pytest.ExitCode.OK
    return Verdict.SURVIVED if has_passed else Verdict.FAILED
