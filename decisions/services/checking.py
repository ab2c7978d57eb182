"""Is a policy in order? Everything that stands against publishing it, all at once, for every door alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from decisions.engine.cases import CaseResult, run_cases
from decisions.engine.document import PolicyDocument
from decisions.engine.errors import PolicyError, Problem
from decisions.engine.examples import Case
from decisions.engine.findings import Severity
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.policy import Policy
from decisions.intake.judging import judge
from decisions.services.packs import PolicyFiles

# What the columns of decisions and receipts hold, also of `POLICY-ID/rule` and `intent_boundaries/INTENT/LIMIT`.
LONGEST_RULE_ID = 128


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is to be said of a policy text, `line` and `column` counted from 1."""

    source: str
    line: int
    column: int
    code: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """As compilers write it."""
        return f"{self.source}:{self.line}:{self.column}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self) | {"place": self.place}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `document` and `policy` are there if the text is in order, whatever its cases say.

    `faults` and `failures` stand against publishing, `warnings` do not. `passed` counts cases.
    """

    document: PolicyDocument | None = None
    policy: Policy | None = None
    faults: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    failures: tuple[Finding, ...] = ()
    passed: int = 0

    @property
    def has_mistakes(self) -> bool:
        """Whether it says something that is never meant, though it could be published."""
        return any(each.severity is Severity.ERROR for each in self.warnings)

    @property
    def is_publishable(self) -> bool:
        """Whether nothing stands against it."""
        return self.policy is not None and not self.failures

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        policy = self.policy
        return {
            "is_publishable": self.is_publishable,
            "policy": policy and {"id": policy.id, "version": policy.version, "hash": policy.hash},
            "rules": len(policy.rules) if policy else 0,
            "faults": [each.as_json() for each in self.faults],
            "warnings": [each.as_json() for each in self.warnings],
            "cases": {"passed": self.passed, "failed": [each.as_json() for each in self.failures]},
        }


def check_files(files: PolicyFiles, *, runs_cases: bool = True) -> Report:
    """Reads, compiles and tries out a policy with everything that it includes. Needs no database."""
    try:
        document = parse_policy(files.text, source=files.source, included=files.included)
    except PolicyError as error:
        return Report(faults=tuple(_finding(found, source=files.source) for found in error.problems))
    long = tuple(rule.id for rule in document.rules if len(rule.id) > LONGEST_RULE_ID)
    if long:
        return Report(faults=tuple(_too_long(name, source=files.source) for name in long))
    results = [*_results(document, source=files.source)] if runs_cases else []
    failures = tuple(found for _, found in results if found is not None)
    policy = compile_policy(document)
    return Report(document=document, policy=policy, failures=failures, passed=len(results) - len(failures))


def _results(document: PolicyDocument, *, source: str) -> Iterator[tuple[Case, Finding | None]]:
    """Every case of the policy and of what it includes, each part as it is when it stands alone."""
    for part in (document, *document.tested_parts):
        name = source if part is document else part.id
        for result in run_cases(part.cases, policy=compile_policy(part), judge=judge) if part.cases else ():
            yield result.case, None if result.has_passed else _failure(result, source=name)


def _finding(problem: Problem, *, source: str) -> Finding:
    return Finding(problem.source or source, problem.line, problem.column, problem.code, problem.why, problem.fix)


def _too_long(name: str, *, source: str) -> Finding:
    why = f"The rule {name} has a name of {len(name)} characters; decisions and receipts keep {LONGEST_RULE_ID}."
    return Finding(source, 1, 1, "too_long", why, "Shorten it, the id of the policy that brings it, or the intent.")


def _failure(result: CaseResult, *, source: str) -> Finding:
    why = f"{result.case.name} fails. {'; '.join(map(str, result.differences))}."
    return Finding(source, result.case.line, 1, "failing_case", why, "Correct the rules, or the case.")
