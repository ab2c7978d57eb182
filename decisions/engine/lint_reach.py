"""Rules that can't hold, that never decide, and that contradict each other. All of it is proved, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from decisions.engine.conditions import Condition
from decisions.engine.document import Mode, PolicyDocument, Rule
from decisions.engine.fields import FieldKind
from decisions.engine.findings import Finding, Known, Severity, on_policy, on_rule
from decisions.engine.index import Place, places_of, wider_places
from decisions.engine.literals import Tree, tree_of
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy, compile_policy, scope_of, while_needed
from decisions.engine.proofs import Facts, entails, facts_of, possible_branches
from decisions.engine.verdict import Classification, Decision, ReasonCode
from decisions.engine.witnesses import Witness, witnesses_of

# A policy in which more rules than this meet each other is not compared whole.
MOST_PAIRS = 40_000


@dataclass(frozen=True, slots=True)
class _Taken:
    """A rule taken apart. `ways` are those in which it can hold, as far as nothing proves them impossible."""

    rule: Rule
    tree: Tree
    ways: tuple[Facts, ...]
    places: frozenset[Place]

    @property
    def is_forbidden(self) -> bool:
        consequence = self.rule.consequence
        return consequence is not None and consequence.classification is Classification.FORBIDDEN


def check_reach(known: Known) -> Iterator[Finding]:
    """`unreachable`, `shadowed` and `contradictory`."""
    document = known.document
    taken = [_taken(rule, document=document) for rule in document.rules]
    yield from (_unreachable(each.rule) for each in taken if not each.ways)
    pairs = list(islice(_meeting_pairs(taken), MOST_PAIRS + 1))
    if len(pairs) > MOST_PAIRS:
        yield _incomplete()
    covered: dict[str, _Taken] = {}
    for one, other in pairs:
        if one.rule.id not in covered and _is_shadowed(one, by=other):
            covered[one.rule.id] = other
            yield _shadowed(one.rule, by=other.rule)
    yield from _contradictions(pairs, document=document, covered=covered)


def _taken(rule: Rule, *, document: PolicyDocument) -> _Taken:
    condition: Condition = while_needed(rule)
    scope = replace(scope_of(document), trust=rule.trust, rule_id=rule.id)
    tree = tree_of(condition, catalogue=document.catalogue)
    places = places_of(condition, catalogue=document.catalogue)
    return _Taken(rule, tree, possible_branches(tree, scope=scope), places)


def _meeting_pairs(taken: list[_Taken]) -> Iterator[tuple[_Taken, _Taken]]:
    """Every rule that decides, with each other one that does so for the same tools or for more of them."""
    filed: dict[Place, list[_Taken]] = {}
    deciding = [each for each in taken if each.ways and each.rule.consequence is not None]
    for each in deciding:
        for place in each.places:
            filed.setdefault(place, []).append(each)
    for one in deciding:
        near = (other for place in one.places for met in _near(place, filed=filed) for other in filed.get(met, ()))
        for other in {each.rule.id: each for each in near}.values():
            if other is not one and (one.rule.mode is Mode.SHADOW or other.rule.mode is Mode.ENFORCE):
                yield one, other


def _near(place: Place, *, filed: Mapping[Place, list[_Taken]]) -> Iterator[Place]:
    """The place itself, those that it lies in, and for an operation of any tool the tools of any operation."""
    yield place
    yield from wider_places(place)
    if place.tool is None and place.operation is not None:
        yield from (other for other in filed if other.tool is not None and other.operation is None)


def _is_shadowed(one: _Taken, *, by: _Taken) -> bool:
    """Whether `by` decides wherever `one` holds."""
    higher = by.rule.priority > one.rule.priority
    outranks = higher if one.is_forbidden == by.is_forbidden else by.is_forbidden
    return outranks and all(entails(_shared(way, one=one.rule, other=by.rule), by.tree) for way in one.ways)


def _shared(way: Facts, *, one: Rule, other: Rule) -> Facts:
    """The facts that mean the same to another rule: what is counted never does, and whose word counts may differ."""
    fields = ((each, each.comparison.field) for each in way.branch)
    is_one_word = one.trust is other.trust
    kept = tuple(
        each for each, field in fields if field.kind is not FieldKind.COUNTED and (is_one_word or not field.may_be_word)
    )
    return way if len(kept) == len(way.branch) else facts_of(kept, scope=way.scope)


def _contradictions(
    pairs: list[tuple[_Taken, _Taken]], *, document: PolicyDocument, covered: Mapping[str, _Taken]
) -> Iterator[Finding]:
    policy = compile_policy(document)
    told: set[frozenset[str]] = set()
    for one, other in pairs:
        both = frozenset({one.rule.id, other.rule.id})
        if both in told or both & covered.keys() or not _may_contradict(one, other):
            continue
        witness = _conflict(one, other, policy=policy)
        if witness is not None:
            told.add(both)
            first, second = sorted((one.rule, other.rule), key=lambda rule: (rule.source, rule.place.line))
            yield _contradictory(second, other=first, witness=witness)


def _may_contradict(one: _Taken, other: _Taken) -> bool:
    first, second = one.rule.consequence, other.rule.consequence
    assert first is not None
    assert second is not None
    differ = first.decision is not second.decision or first.decision is Decision.MODIFY
    return differ and one.rule.priority == other.rule.priority and not (one.is_forbidden or other.is_forbidden)


def _conflict(one: _Taken, other: _Taken, *, policy: Policy) -> Witness | None:
    """An action on which the two make the policy defer, if one is easily found."""
    is_tried_out = Mode.SHADOW in (one.rule.mode, other.rule.mode)
    for witness in witnesses_of(one.tree, other.tree, scope=one.ways[0].scope):
        ruling = evaluate(witness.action, context=witness.context, policy=policy)
        outcome = ruling.shadow if is_tried_out else ruling
        meet = {one.rule.id, other.rule.id} <= set(ruling.matched_rules) or is_tried_out
        if outcome is not None and meet and outcome.reason_code is ReasonCode.RULE_CONFLICT:
            return witness
    return None


def _unreachable(rule: Rule) -> Finding:
    return on_rule(
        rule,
        severity=Severity.ERROR,
        code="unreachable",
        why=f"`{rule.id}` can never hold: what it asks can't all be true at once.",
        fix="Correct the conditions that exclude each other, or delete the rule.",
    )


def _shadowed(rule: Rule, *, by: Rule) -> Finding:
    return on_rule(
        rule,
        severity=Severity.WARNING,
        code="shadowed",
        why=f"`{rule.id}` never decides: wherever it holds, `{by.id}` holds too and goes before it.",
        fix="Give it a higher priority, narrow the other rule, or delete this one.",
    )


def _contradictory(rule: Rule, *, other: Rule, witness: Witness) -> Finding:
    return on_rule(
        rule,
        severity=Severity.ERROR,
        code="contradictory",
        why=f"`{rule.id}` and `{other.id}` have the same priority and say different things about {witness}, "
        "which is deferred.",
        fix="Give one of them a higher priority, or let their matches exclude each other.",
    )


def _incomplete() -> Finding:
    return on_policy(
        severity=Severity.WARNING,
        code="too_many_rules",
        why=f"More than {MOST_PAIRS} pairs of rules are about the same tools; the rest was not compared.",
        fix="Name tools and operations in more of the rules.",
    )
