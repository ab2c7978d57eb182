"""Trying a policy out on one action, and explaining a decision that is on record. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decisions.engine.cases import run_case
from decisions.engine.errors import PolicyError
from decisions.engine.examples import Case, read_cases
from decisions.engine.explain import explanation_of
from decisions.engine.source import Findings, read_source
from decisions.intake.judging import judge
from decisions.models import Decision
from decisions.services.packs import PolicyFiles
from decisions.services.policies import check_policy
from decisions.services.replay import Gap, reevaluate
from receipts.problems import ProblemError
from receipts.signing.canonical import canonical_bytes


def tried(files: PolicyFiles, *, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the policy says to `given`, which is written as in a case, in the form of `explanation_of`.

    Raises `invalid_policy` and `invalid_body`.
    """
    case = _case_of(given)
    return explanation_of(run_case(case, policy=check_policy(files, allows_empty=True), judge=judge).ruling)


def _case_of(given: Mapping[str, Any]) -> Case:
    findings = Findings()
    # JSON is YAML, so that one reader says what may be given.
    text = canonical_bytes([{"given": dict(given), "expect": {}}]).decode()
    tree = read_source(text, findings=findings)
    cases = () if tree is None else read_cases(tree, findings=findings)
    if findings.all() or not cases:
        found = PolicyError(findings.all(), source="given")
        raise ProblemError(
            "invalid_body",
            status=400,
            why=" ".join(each.why for each in found.problems),
            fix="`given` is written as in a case of a policy.",
            param="given",
        )
    return cases[0]


def explained(decision: Decision) -> dict[str, Any] | Gap:
    """A recorded decision evaluated again, in the form of `explanation_of`."""
    ruling = reevaluate(decision)
    return ruling if isinstance(ruling, Gap) else explanation_of(ruling)
