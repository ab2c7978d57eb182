"""What the command says of policies, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Protocol

from decisions.services.checking import Report
from decisions.services.differences import Difference, Kind
from decisions.services.replay import Backtest

MOST_SHOWN = 20
_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


class Named(Protocol):
    """A policy as it is stored, published or proposed."""

    policy_id: str
    version: str
    digest: str


def named(policy: Named) -> str:
    """Which policy it is, as receipts name it too."""
    return f"{policy.policy_id} {policy.version} ({policy.digest})"


def good(report: Report) -> str:
    """What there is to say of a policy that is in order."""
    policy = report.policy
    assert policy is not None
    cases = f", {report.passed} cases pass" if report.passed else ""
    return f"Good: {policy.id} {policy.version} ({policy.hash}), {len(policy.rules)} rules{cases}"


def findings(report: Report) -> Iterator[str]:
    """Every fault, failing case and warning, each with its place."""
    for found in (*report.faults, *report.failures):
        yield f"{found.place}: {found.why}\n    {found.fix}"
    for found in report.warnings:
        yield f"{found.place}: {found.severity}: {found.why}\n    {found.fix}"


def changes(found: Iterable[Difference]) -> Iterator[str]:
    """One line for each difference."""
    for each in found:
        yield f"{_SIGNS[each.kind]} {each.rule or 'policy'}: {each.sentence}"


def outcomes(result: Backtest) -> Iterator[str]:
    """What replaying came to: counts, what came out otherwise, and what could not be replayed."""
    yield f"{result.replayed} recorded decisions replayed, {len(result.changes)} come out differently."
    for (before, after), count in sorted(result.outcomes.items()):
        if before is not after:
            yield f"  {before} → {after}: {count}"
    for change in result.changes[:MOST_SHOWN]:
        yield f"  {change.decision_id} {change.action}: {change.before} → {change.after} ({change.reason_after})"
    if len(result.changes) > MOST_SHOWN:
        yield f"  and {len(result.changes) - MOST_SHOWN} more; --json has all"
    for gap, count in sorted(result.gaps.items()):
        yield f"{count} not replayed: {gap}."


def backtest_json(result: Backtest) -> dict[str, Any]:
    """The same for programs, with every change."""
    return {
        "replayed": result.replayed,
        "outcomes": [
            {"before": before, "after": after, "count": count}
            for (before, after), count in sorted(result.outcomes.items())
        ],
        "changes": [asdict(change) for change in result.changes],
        "not_replayed": {gap.name.lower(): count for gap, count in sorted(result.gaps.items())},
    }
