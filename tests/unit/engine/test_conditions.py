"""Groups follow Kleene, and can say what keeps them from being true or false."""

from __future__ import annotations

from itertools import product

import pytest

from decisions.engine.closures import Compiled, compile_condition
from decisions.engine.conditions import (
    AllOf,
    AnyOf,
    Anything,
    Comparison,
    Condition,
    Negation,
    comparisons,
)
from decisions.engine.context import Trust
from decisions.engine.destinations import own_domains
from decisions.engine.fields import Field, FieldKind, Subject, fact_field, parameter_field
from decisions.engine.scope import Scope
from tests.unit.engine.scenes import context, facts

TRUTHS = (True, False, None)
SCOPE = Scope(trust=Trust.ATTESTED, domains=own_domains(()))


def named(name: str) -> Comparison:
    return Comparison(parameter_field((name,)), "eq", True)


def compiled(condition: Condition, *, trust: Trust = Trust.ATTESTED) -> Compiled:
    return compile_condition(condition, scope=Scope(trust=trust, domains=own_domains(())))


def subject(**parameters: bool | None) -> Subject:
    return Subject("tool", "call", parameters, context())


@pytest.mark.case("POL-13")
@pytest.mark.parametrize(("a", "b"), list(product(TRUTHS, TRUTHS)))
def test_groups_follow_kleene(a: bool | None, b: bool | None) -> None:
    both, either = AllOf((named("a"), named("b"))), AnyOf((named("a"), named("b")))
    about = subject(a=a, b=b)
    conjunction = False if False in (a, b) else None if None in (a, b) else True
    disjunction = True if True in (a, b) else None if None in (a, b) else False
    assert compiled(both).test(about) is conjunction
    assert compiled(either).test(about) is disjunction
    assert compiled(Negation(named("a"))).test(about) is (None if a is None else not a)
    # De Morgan holds for unknown as well.
    opposite = AnyOf((Negation(named("a")), Negation(named("b"))))
    assert compiled(Negation(both)).test(about) is compiled(opposite).test(about)


def test_anything_always_holds() -> None:
    assert compiled(Anything()).test(subject()) is True
    assert list(compiled(Anything()).leaves()) == []


@pytest.mark.case("POL-13")
def test_only_what_matters_is_named_as_unknown() -> None:
    condition = AllOf((AnyOf((named("a"), named("b"))), Negation(named("c")), named("d")))

    def unknown(**parameters: bool | None) -> list[str]:
        return [field.name for field in compiled(condition).unknown_fields(subject(**parameters))]

    assert unknown(a=True, b=None, c=None, d=True) == ["parameters.c"]
    assert unknown(a=False, b=None, c=False, d=None) == ["parameters.b", "parameters.d"]
    assert unknown(a=None, b=None, c=True) == []
    assert unknown(a=True, c=False, d=True) == []


def test_every_comparison_is_traced() -> None:
    condition = AllOf((AnyOf((named("a"), named("b"))), Negation(named("c"))))
    leaves = [(comparison, test(subject(a=True, c=False))) for comparison, test in compiled(condition).leaves()]
    assert leaves == [(named("a"), True), (named("b"), None), (named("c"), False)]
    assert list(comparisons(condition)) == [comparison for comparison, _ in leaves]
    assert list(comparisons(Anything())) == []


@pytest.mark.parametrize(
    ("given", "wanted", "truth"),
    [
        (Trust.ATTESTED, Trust.ATTESTED, True),
        (Trust.ATTESTED, Trust.ASSERTED, True),
        (Trust.ASSERTED, Trust.ASSERTED, True),
        (Trust.ASSERTED, Trust.ATTESTED, None),
    ],
)
def test_the_agents_word_is_unknown_where_more_is_wanted(given: Trust, wanted: Trust, truth: bool | None) -> None:
    about = Subject("t", "o", {}, context(facts=facts(given, a=True), original_request="Go", request_trust=given))
    fact = compiled(Comparison(fact_field("a"), "eq", True), trust=wanted)
    request = compiled(Comparison(Field(FieldKind.REQUEST), "contains", ("go",)), trust=wanted)
    absent = compiled(Comparison(fact_field("a"), "absent", True), trust=wanted)
    assert fact.test(about) is truth
    assert request.test(about) is truth
    assert absent.test(about) is (truth is None)


@pytest.mark.parametrize(
    ("field", "name", "evidence"),
    [
        (parameter_field(("to",)), "parameters.to", "parameters.to"),
        (parameter_field(("a", "b")), "parameters.a.b", "parameters.a.b"),
        (parameter_field(("a.b", "c/d", "e~")), "parameters/a.b/c~1d/e~0", "parameters/a.b/c~1d/e~0"),
        (fact_field("window"), "facts.window", "window"),
        (Field(FieldKind.REQUEST), "context.original_request", "context.original_request"),
        (Field(FieldKind.EFFECT), "tool.effect", "tool.effect"),
    ],
)
def test_fields_have_names_for_traces_and_for_evidence(field: Field, name: str, evidence: str) -> None:
    assert (field.name, field.evidence) == (name, evidence)
