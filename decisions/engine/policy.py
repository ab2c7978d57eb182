"""A compiled policy: closures behind an index by tool and operation.

A rule is filed under the tools and operations that its condition can possibly hold for; a rule that names neither is
filed under "any". An evaluation looks only at the rules filed under its own tool and operation, so its cost doesn't
grow with the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.baseline import Baseline, Need, baseline_of_rule, default_posture
from decisions.engine.conditions import (
    AllOf,
    AnyOf,
    Anything,
    Comparison,
    Compiled,
    Condition,
    Scope,
    Test,
    compile_comparison,
    compile_condition,
)
from decisions.engine.destinations import own_domains
from decisions.engine.document import Consequence, PolicyDocument, Rule, canonical_form
from decisions.engine.fields import Field, FieldKind
from decisions.engine.folding import fold
from receipts.signing.canonical import digest

Place: TypeAlias = tuple[str | None, str | None]
Places: TypeAlias = frozenset[Place]

_EVERYWHERE: Places = frozenset({(None, None)})


@dataclass(frozen=True, slots=True)
class Probe:
    """One comparison of a rule, ready to be traced by itself."""

    field: str
    operator: str
    test: Test


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to evaluate.

    `baseline` is None for a rule that only sets labels. `test` leaves out what the index has settled; `condition` is
    the whole, and `probes` are its comparisons in reading order.
    """

    id: str
    priority: int
    baseline: Baseline | None
    labels: frozenset[str]
    test: Test
    condition: Compiled
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that can be evaluated any number of times. `hash` is the digest of its canonical form."""

    id: str
    version: str
    hash: str
    default: Consequence
    organisation_domains: tuple[str, ...]
    posture: Baseline
    rules: tuple[CompiledRule, ...]
    index: Mapping[Place, tuple[CompiledRule, ...]]

    def candidates(self, *, tool: str, operation: str) -> tuple[CompiledRule, ...]:
        """Every rule that could hold for a folded tool and operation."""
        filed = self.index.get
        exact, everywhere = filed((tool, operation), ()), filed((None, None), ())
        return exact + filed((tool, None), ()) + filed((None, operation), ()) + everywhere


def compile_policy(document: PolicyDocument) -> Policy:
    """The evaluable form of a checked document. Compile once, evaluate many times."""
    domains = own_domains(document.organisation_domains)
    index: dict[Place, list[CompiledRule]] = {}
    rules = []
    for rule in document.rules:
        compiled, places = _compile_rule(rule, scope=Scope(trust=rule.trust, domains=domains))
        rules.append(compiled)
        for place in places:
            index.setdefault(place, []).append(compiled)
    return Policy(
        id=document.id,
        version=document.version,
        hash=digest(canonical_form(document)),
        default=document.default,
        organisation_domains=document.organisation_domains,
        posture=default_posture(document.default),
        rules=tuple(rules),
        index={place: tuple(filed) for place, filed in index.items()},
    )


def _compile_rule(rule: Rule, *, scope: Scope) -> tuple[CompiledRule, Places]:
    condition = _while_needed(rule)
    places = _distinct(_places(condition))
    whole = compile_condition(condition, scope=scope)
    compiled = CompiledRule(
        id=rule.id,
        priority=rule.priority,
        baseline=_baseline(rule, scope=scope),
        labels=rule.labels,
        test=compile_condition(_unsettled(condition, places=places), scope=scope).test,
        condition=whole,
        probes=tuple(Probe(each.field.name, each.operator, test) for each, test in whole.leaves()),
    )
    return compiled, places


def _baseline(rule: Rule, *, scope: Scope) -> Baseline | None:
    if rule.consequence is None:
        return None
    needs = tuple(
        Need(evidence=field.evidence, is_missing=compile_comparison(_is_missing(field), scope=scope))
        for field in rule.consequence.context_needed
    )
    return baseline_of_rule(rule.consequence, rule_id=rule.id, priority=rule.priority, needs=needs)


def _while_needed(rule: Rule) -> Condition:
    """The rule's condition; a DEFER rule that waits for context holds only while some of it is missing."""
    if rule.consequence is None or not rule.consequence.context_needed:
        return rule.condition
    missing = tuple(_is_missing(field) for field in rule.consequence.context_needed)
    own = rule.condition.items if isinstance(rule.condition, AllOf) else (rule.condition,)
    return AllOf((*own, AnyOf(missing)))


def _is_missing(field: Field) -> Comparison:
    return Comparison(field, "absent", True)


def _is_filed(condition: Condition) -> bool:
    """Whether the index alone settles `condition`."""
    return (
        isinstance(condition, Comparison)
        and condition.field.kind in (FieldKind.TOOL, FieldKind.OPERATION)
        and condition.operator in ("eq", "in")
    )


def _places(condition: Condition) -> Places:
    """Where to file a rule: every tool and operation that `condition` can be other than False for."""
    match condition:
        case Comparison(field, _, operand) if _is_filed(condition):
            names = operand if isinstance(operand, tuple) else (operand,)
            words = [fold(str(name)) for name in names]
            is_tool = field.kind is FieldKind.TOOL
            return frozenset((word, None) if is_tool else (None, word) for word in words)
        case AllOf(items):
            places = _EVERYWHERE
            for item in items:
                places = _common(places, _places(item))
            return places
        case AnyOf(items):
            return frozenset[Place]().union(*map(_places, items))
        case _:
            return _EVERYWHERE


def _common(some: Places, others: Places) -> Places:
    """The places that lie in both."""
    return frozenset(
        (one[0] or other[0], one[1] or other[1])
        for one in some
        for other in others
        if (one[0] is None or other[0] is None or one[0] == other[0])
        and (one[1] is None or other[1] is None or one[1] == other[1])
    )


def _distinct(places: Places) -> Places:
    """The same, so that no action finds a rule in two places."""
    tools = {tool for tool, operation in places if operation is None}
    operations = {operation for tool, operation in places if tool is None}
    if None in tools or (tools and operations):
        return _EVERYWHERE
    return frozenset(
        place for place in places if None in place or (place[0] not in tools and place[1] not in operations)
    )


def _unsettled(condition: Condition, *, places: Places) -> Condition:
    """What is left to test once a rule was found where it is filed."""
    if places == _EVERYWHERE:
        return condition
    if _is_filed(condition):
        return Anything()
    if not isinstance(condition, AllOf):
        return condition
    left = tuple(item for item in condition.items if not _is_filed(item))
    return AllOf(left) if left else Anything()
