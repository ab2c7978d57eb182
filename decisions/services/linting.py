"""What the linter says of a policy that is in order, with the groups, people and tools that there are here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from approvals.selectors import gaps_ahead, reviewers_by_group
from decisions.engine import lint
from decisions.engine.findings import Gaps
from decisions.engine.lint_people import groups_asked
from decisions.models import Tool
from decisions.services.checking import Finding, Report


def linted(report: Report, *, source: str) -> Report:
    """The report with what can be said from the text alone. Needs no database."""
    return _linted(report, source=source, groups=None, known_tools=None)


def linted_here(report: Report, *, source: str) -> Report:
    """The report with what can be said of who may approve here, and of the tools, where hosts registered some."""
    if report.document is None:
        return report
    asked = groups_asked(report.document)
    groups, gaps = reviewers_by_group(asked=asked), gaps_ahead(asked)
    tools = [f"{tool}.{operation}" for tool, operation in Tool.objects.values_list("tool", "operation")]
    return _linted(report, source=source, groups=groups, known_tools=tools or None, gaps=gaps)


def _linted(
    report: Report,
    *,
    source: str,
    groups: Mapping[str, int] | None,
    known_tools: Collection[str] | None,
    gaps: Gaps | None = None,
) -> Report:
    if report.document is None:
        return report
    found = lint.lint(report.document, groups=groups, known_tools=known_tools, gaps=gaps)
    warnings = (
        Finding(each.source or source, each.line, each.column, each.code, each.why, each.fix, each.severity)
        for each in found
    )
    return replace(report, warnings=(*report.warnings, *warnings))
