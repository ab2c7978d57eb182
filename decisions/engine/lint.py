"""The linter: what a policy says and hardly means. `document` is in order already, so nothing here stops it.

`unreachable`, `shadowed` and `contradictory` are proved: a rule that is called so never holds, never decides, or makes
the policy defer for the action that the finding names. What is not found is not thereby proved to be right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias

from decisions.engine.document import PolicyDocument
from decisions.engine.findings import Finding, Gaps, Known, Severity
from decisions.engine.lint_people import check_gaps, check_groups, check_timeouts, check_trust, check_unused_groups
from decisions.engine.lint_reach import check_reach
from decisions.engine.lint_words import check_categories, check_reasons, check_tools

__all__ = ["CHECKS", "Finding", "Severity", "lint"]

_Check: TypeAlias = Callable[[Known], Iterable[Finding]]

# Each check with the codes that it gives.
CHECKS: Mapping[tuple[str, ...], _Check] = {
    ("unreachable", "shadowed", "contradictory", "too_many_rules"): check_reach,
    ("unknown_group", "unreachable_quorum"): check_groups,
    ("unattended",): check_gaps,
    ("unused_group",): check_unused_groups,
    ("short_timeout",): check_timeouts,
    ("agents_word_permits",): check_trust,
    ("no_reason",): check_reasons,
    ("unknown_tool",): check_tools,
    ("unused_category",): check_categories,
}


def lint(
    document: PolicyDocument,
    *,
    groups: Mapping[str, int] | None = None,
    known_tools: Collection[str] | None = None,
    gaps: Gaps | None = None,
) -> tuple[Finding, ...]:
    """Every finding, those of the policy itself first, in reading order.

    `groups` says how many people may approve in each group of approvers, `known_tools` which tools (`email.send`, or
    `email` for all of its operations) exist beside those of the policy's catalogue, `gaps` when nobody stands behind
    a group. What depends on one of them is not asked where it is None.
    """
    known = Known(document, groups, known_tools, gaps)
    found = (finding for check in CHECKS.values() for finding in check(known))
    return tuple(sorted(found, key=lambda each: (each.source, each.line, each.column, each.code, each.why)))
