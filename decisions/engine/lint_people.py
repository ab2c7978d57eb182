"""Questions that nobody can answer: groups that don't exist, quorums that can't be reached, words nobody checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from decisions.engine.conditions import comparisons
from decisions.engine.context import Trust
from decisions.engine.document import Consequence, PolicyDocument, Rule
from decisions.engine.findings import Finding, Known, Severity, on_policy, on_rule
from decisions.engine.verdict import Decision, Escalation, Stage

# People need about this long to see a question, to read it and to answer it.
SHORTEST_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class _Question:
    """Who is asked, and by which rule; None for the default and the thresholds."""

    rule: Rule | None
    stages: tuple[Stage, ...]
    escalation: tuple[Escalation, ...]
    timeout_seconds: int | None

    @property
    def asker(self) -> str:
        return "The policy itself" if self.rule is None else f"`{self.rule.id}`"

    @property
    def names(self) -> frozenset[str]:
        """Everybody who is asked, at once or when nobody answers."""
        return frozenset({stage.group for stage in self.stages}.union(*(step.groups for step in self.escalation)))

    def finding(self, *, severity: Severity, code: str, why: str, fix: str) -> Finding:
        if self.rule is None:
            return on_policy(severity=severity, code=code, why=why, fix=fix)
        return on_rule(self.rule, severity=severity, code=code, why=why, fix=fix)


def check_groups(known: Known) -> Iterator[Finding]:
    """`unknown_group` and `unreachable_quorum`."""
    if known.groups is None:
        return
    for question in _questions(known.document):
        for stage in question.stages:
            yield from _stage(stage, question=question, groups=known.groups)
        for name in sorted({name for step in question.escalation for name in step.groups} - known.groups.keys()):
            yield _unknown_group(name, question=question)


def check_gaps(known: Known) -> Iterator[Finding]:
    """`unattended`."""
    # What there is none of is what `check_groups` says.
    gaps = {name: times for name, times in (known.gaps or {}).items() if known.groups is None or name in known.groups}
    for question in _questions(known.document):
        for name in sorted(question.names & gaps.keys()):
            (start, end), *more = gaps[name]
            also = f", and {len(more)} more time{'s' if len(more) > 1 else ''}" if more else ""
            times = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC{also}"
            yield question.finding(
                severity=Severity.WARNING,
                code="unattended",
                why=f"{question.asker} asks `{name}`, behind which there is nobody {times}.",
                fix="Put somebody there for that time, or ask others too.",
            )


def check_unused_groups(known: Known) -> Iterator[Finding]:
    """`unused_group`."""
    for name in sorted((known.groups or {}).keys() - groups_asked(known.document)):
        yield on_policy(
            severity=Severity.WARNING,
            code="unused_group",
            why=f"Nobody is ever asked as a member of `{name}`.",
            fix="Name the group under `approvers` of a rule, or close it.",
        )


def check_timeouts(known: Known) -> Iterator[Finding]:
    """`short_timeout`."""
    for question in _questions(known.document):
        seconds = question.timeout_seconds
        if seconds is not None and seconds < SHORTEST_TIMEOUT:
            yield question.finding(
                severity=Severity.WARNING,
                code="short_timeout",
                why=f"{question.asker} gives people {seconds} seconds, after which silence denies.",
                fix=f"Give them at least {SHORTEST_TIMEOUT} seconds.",
            )


def check_trust(known: Known) -> Iterator[Finding]:
    """`agents_word_permits`."""
    for rule in known.document.rules:
        permits = rule.consequence is not None and rule.consequence.decision in (Decision.ALLOW, Decision.MODIFY)
        reads = any(each.field.may_be_word for each in comparisons(rule.condition))
        if permits and reads and rule.trust is Trust.ASSERTED:
            yield on_rule(
                rule,
                severity=Severity.WARNING,
                code="agents_word_permits",
                why=f"`{rule.id}` permits on the mere word of the agent, which can say what the rule wants to hear.",
                fix="Leave `trust: asserted` out, or ask a person: STEP_UP.",
            )


def groups_asked(document: PolicyDocument) -> frozenset[str]:
    """Every group that somebody is asked in, at once or when nobody answers."""
    return frozenset().union(*(question.names for question in _questions(document)))


def _stage(stage: Stage, *, question: _Question, groups: Mapping[str, int]) -> Iterator[Finding]:
    if stage.group not in groups:
        yield _unknown_group(stage.group, question=question)
    elif groups[stage.group] < stage.count:
        there = groups[stage.group]
        yield question.finding(
            severity=Severity.ERROR,
            code="unreachable_quorum",
            why=f"{question.asker} wants {stage.count} different people of `{stage.group}`, which has {there}.",
            fix="Lower the quorum, or let more people of the group review.",
        )


def _unknown_group(name: str, *, question: _Question) -> Finding:
    return question.finding(
        severity=Severity.ERROR,
        code="unknown_group",
        why=f"{question.asker} asks `{name}`, and there is no such group.",
        fix="Correct the name, or make the group.",
    )


def _questions(document: PolicyDocument) -> Iterator[_Question]:
    for rule in document.rules:
        if rule.consequence is not None:
            yield from _of_consequence(rule.consequence, rule=rule)
    yield from _of_consequence(document.default, rule=None)
    route = document.thresholds.route
    if route is not None:
        yield _Question(None, route.stages, route.escalation, route.timeout_seconds)


def _of_consequence(consequence: Consequence, *, rule: Rule | None) -> Iterator[_Question]:
    if consequence.decision is Decision.STEP_UP:
        yield _Question(rule, consequence.stages, consequence.escalation, consequence.timeout_seconds)
    route = consequence.on_timeout
    if route is not None:
        yield _Question(rule, route.stages, route.escalation, route.timeout_seconds)
