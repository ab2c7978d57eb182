"""A compiled policy: closures behind an index by tool and operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from decisions.engine.baseline import Baseline, Need, baseline_of_rule, default_posture
from decisions.engine.catalogue import EMPTY_CATALOGUE, Catalogue
from decisions.engine.closures import Compiled, Test, compile_comparison, compile_condition
from decisions.engine.conditions import AllOf, AnyOf, Comparison, Condition
from decisions.engine.confidence import Grounds, grounds_of
from decisions.engine.counters import Per
from decisions.engine.destinations import own_domains
from decisions.engine.document import Consequence, Mode, PolicyDocument, Rule, canonical_form
from decisions.engine.fields import Field, Subject
from decisions.engine.folding import fold
from decisions.engine.index import Index, Places, index_of, places_of, unsettled
from decisions.engine.levels import STANDARD_LEVELS, Levels, levels_of
from decisions.engine.metatools import STANDARD, MetaTools, table_of
from decisions.engine.networks import networks_of
from decisions.engine.pointers import Path, value_at
from decisions.engine.scope import Scope
from decisions.engine.values import is_number
from decisions.engine.verdict import NO_THRESHOLDS, Thresholds
from receipts.signing.canonical import digest


@dataclass(frozen=True, slots=True)
class Probe:
    """One comparison of a rule, ready to be traced by itself."""

    field: str
    operator: str
    test: Test


@dataclass(frozen=True, slots=True)
class Counter:
    """A rate or a budget: whose actions it counts together, and which of them. `amount` is as in `Counting`."""

    rule_id: str
    per: Per
    window_seconds: int
    amount: Path | None
    counts: Test

    def amount_of(self, subject: Subject) -> int | float | None:
        """What an action adds to it; None for one that does not count, or by an amount that is no number from 0."""
        if self.counts(subject) is not True:
            return None
        if self.amount is None:
            return 1
        value = value_at(subject.parameters, path=self.amount)
        return value if is_number(value) and value >= 0 else None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to evaluate.

    `baseline` is None for a rule that only sets labels. `test` leaves out what the index has settled; `condition` is
    the whole, `probes` are its comparisons in reading order, and `grounds` those that confidence is reckoned from.
    `counter` is there for a rule with a rate or a budget, `title` for people.
    """

    id: str
    priority: int
    baseline: Baseline | None
    labels: frozenset[str]
    test: Test
    condition: Compiled
    probes: tuple[Probe, ...]
    grounds: Grounds
    counter: Counter | None
    title: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that can be evaluated any number of times. `hash` is the digest of its canonical form.

    `rules` are all of them; `index` has those that are enforced, `shadow_index` those that are only tried out.
    """

    id: str
    version: str
    hash: str
    default: Consequence
    organisation_domains: tuple[str, ...]
    posture: Baseline
    rules: tuple[CompiledRule, ...]
    index: Index[CompiledRule]
    thresholds: Thresholds = NO_THRESHOLDS
    shadow_index: Index[CompiledRule] = field(default_factory=lambda: index_of(()))
    has_counters: bool = False
    catalogue: Catalogue = EMPTY_CATALOGUE
    meta_tools: MetaTools = STANDARD
    levels: Levels = STANDARD_LEVELS

    def candidates(self, *, tool: str, operation: str) -> tuple[CompiledRule, ...]:
        """Every enforced rule that could hold for a folded tool and operation."""
        return self.index.find(tool=tool, operation=operation)

    def shadows(self, *, tool: str, operation: str) -> tuple[CompiledRule, ...]:
        """Every rule in shadow that could hold for a folded tool and operation."""
        return self.shadow_index.find(tool=tool, operation=operation)

    def counters_for(self, tool: str, operation: str) -> tuple[Counter, ...]:
        """The rates and budgets that an action of this tool and operation may touch, in any spelling."""
        if not self.has_counters:
            return ()
        rules = self.candidates(tool=fold(tool), operation=fold(operation))
        return tuple(rule.counter for rule in rules if rule.counter is not None)


def compile_policy(document: PolicyDocument) -> Policy:
    """The evaluable form of a checked document. Compile once, evaluate many times."""
    world = scope_of(document)
    filed: Mapping[Mode, list[tuple[CompiledRule, Places]]] = {mode: [] for mode in Mode}
    rules = []
    for rule in document.rules:
        compiled, places = _compile_rule(rule, scope=replace(world, trust=rule.trust, rule_id=rule.id))
        rules.append(compiled)
        filed[rule.mode].append((compiled, places))
    return Policy(
        id=document.id,
        version=document.version,
        hash=digest(canonical_form(document)),
        default=document.default,
        organisation_domains=document.organisation_domains,
        posture=default_posture(document.default),
        rules=tuple(rules),
        index=index_of(filed[Mode.ENFORCE]),
        thresholds=document.thresholds,
        shadow_index=index_of(filed[Mode.SHADOW]),
        has_counters=any(rule.counting is not None and rule.mode is Mode.ENFORCE for rule in document.rules),
        catalogue=document.catalogue,
        meta_tools=table_of(document.meta_tools, runners=document.runners),
        levels=world.levels,
    )


def scope_of(document: PolicyDocument) -> Scope:
    """What the comparisons of all its rules have in common."""
    return Scope(
        domains=own_domains(document.organisation_domains),
        networks=networks_of(document.organisation_networks),
        levels=levels_of(document.levels, grading=document.grading),
        catalogue=document.catalogue,
    )


def _compile_rule(rule: Rule, *, scope: Scope) -> tuple[CompiledRule, Places]:
    condition = while_needed(rule)
    places = places_of(condition, catalogue=scope.catalogue)
    whole = compile_condition(condition, scope=scope)
    grounds = grounds_of(whole, condition=condition, trust=rule.trust)
    compiled = CompiledRule(
        id=rule.id,
        priority=rule.priority,
        baseline=_baseline(rule, grounds=grounds, scope=scope),
        labels=rule.labels,
        test=compile_condition(unsettled(condition, catalogue=scope.catalogue), scope=scope).test,
        condition=whole,
        probes=tuple(Probe(each.field.name, each.operator, test) for each, test in whole.leaves()),
        grounds=grounds,
        counter=_counter(rule, scope=scope),
        title=rule.title,
    )
    return compiled, places


def _counter(rule: Rule, *, scope: Scope) -> Counter | None:
    counting = rule.counting
    if counting is None:
        return None
    counts = compile_condition(counting.match, scope=scope).test
    return Counter(rule.id, counting.per, counting.window_seconds, amount=counting.amount, counts=counts)


def _baseline(rule: Rule, *, grounds: Grounds, scope: Scope) -> Baseline | None:
    if rule.consequence is None:
        return None
    awaited = [
        Need(evidence=field.evidence, is_missing=compile_comparison(_is_missing(field), scope=scope))
        for field in rule.consequence.context_needed
    ]
    renewed = [Need(evidence=field.evidence, is_missing=_always) for field in rule.consequence.renews]
    return baseline_of_rule(
        rule.consequence, rule_id=rule.id, priority=rule.priority, needs=(*awaited, *renewed), grounds=grounds
    )


def _always(subject: Subject) -> bool | None:
    return True


def while_needed(rule: Rule) -> Condition:
    """When a rule applies; a DEFER rule that waits for context holds only while some of it is missing."""
    if rule.consequence is None or not rule.consequence.context_needed:
        return rule.condition
    missing = tuple(_is_missing(field) for field in rule.consequence.context_needed)
    own = rule.condition.items if isinstance(rule.condition, AllOf) else (rule.condition,)
    return AllOf((*own, AnyOf(missing)))


def _is_missing(field: Field) -> Comparison:
    return Comparison(field, "absent", True)
