"""The index hides no rule, finds none twice, and keeps the cost of an evaluation away from the size of the policy."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.closures import compile_condition
from decisions.engine.conditions import AllOf, AnyOf, Anything, Comparison, Condition, Negation
from decisions.engine.fields import Field, FieldKind, parameter_field
from decisions.engine.index import Index, Place, index_of, places_of, unsettled
from decisions.engine.scope import Scope
from tests.unit.engine.reading import catalogue, condition, subject

CATALOGUE, _ = catalogue(
    "[{tool: mail.send, category: out}, {tool: db, category: data}, {tool: db.query}]",
    "{out: ['slack.*', web], wide: ['*.delete', 'files.*', a.b], both: [db.query, db]}",
)
SCOPE = Scope(catalogue=CATALOGUE)
TOOLS = ("mail", "db", "slack", "slack.admin", "files", "files.archive", "web", "a", "slacker")
OPERATIONS = ("send", "query", "delete", "b", "post")


def places(text: str) -> set[tuple[str | None, str | None]]:
    """Where a match is filed; a segment is written with its dot."""
    found = places_of(condition(text, about=CATALOGUE), catalogue=CATALOGUE)
    return {(f"{place.tool}." if place.is_segment else place.tool, place.operation) for place in found}


@pytest.mark.parametrize(
    ("text", "filed"),
    [
        ("any", {(None, None)}),
        ("tool: mail", {("mail", None)}),
        ("tool: Mail.Send", {("mail", "send")}),
        ("tool: [mail.send, mail]", {("mail", None)}),
        ("operation: [send, post]", {(None, "send"), (None, "post")}),
        ("{tool: [a, db], operation: query}", {("a", "query"), ("db", "query")}),
        ("tool: 'slack.*'", {("slack.", None)}),
        ("tool: 'slack.*.post'", {("slack.", "post")}),
        ("tool: '*.delete'", {(None, "delete")}),
        ("tool: 'sl*'", {(None, None)}),
        ("{tool: 'slack.*', operation: post}", {("slack.", "post")}),
        ("all: [{tool: 'slack.*'}, {tool: slack.admin, operation: x}]", {("slack.admin", "x")}),
        ("all: [{tool: 'slack.*'}, {tool: slacker}]", set()),
        ("all: [{tool: 'slack.*'}, {tool: 'files.*'}]", set()),
        ("tool: ['slack.*', slack, slack.admin.ban]", {("slack.", None)}),
        ("tool: {category: out}", {("mail", "send"), ("slack.", None), ("web", None)}),
        ("tool: {category: both}", {("db", None)}),
        ("tool: {category: wide}", {(None, "delete"), ("files.", None), ("a", "b")}),
        ("not: {tool: mail}", {(None, None)}),
        ("tool: {matches: mail}", {(None, None)}),
        ("any: [{tool: mail}, {parameters: {a: 1}}]", {(None, None)}),
        ("parameters: {a: 1}", {(None, None)}),
    ],
)
def test_rules_are_filed_where_they_can_hold(text: str, filed: set[tuple[str | None, str | None]]) -> None:
    assert places(text) == filed


def test_what_the_index_settles_is_not_asked_again() -> None:
    for text in ("tool: mail.send", "tool: [mail.send, web]", "tool: {category: both}"):
        assert unsettled(condition(text, about=CATALOGUE), catalogue=CATALOGUE) == Anything()
    amount = Comparison(parameter_field(("a",)), "eq", 1)
    left = unsettled(condition("{tool: mail.send, parameters: {a: 1}}"), catalogue=CATALOGUE)
    assert left == AllOf((amount,))
    glob = condition("tool: 'slack.*'")
    assert unsettled(glob, catalogue=CATALOGUE) == glob


def comparison(dice: random.Random) -> Condition:
    tool, operation, whole = Field(FieldKind.TOOL), Field(FieldKind.OPERATION), Field(FieldKind.WHOLE_NAME)
    return dice.choice(
        (
            Comparison(tool, "eq", dice.choice(TOOLS)),
            Comparison(tool, "in", tuple(dice.sample(TOOLS, 2))),
            Comparison(operation, "eq", dice.choice(OPERATIONS)),
            Comparison(operation, "in", tuple(dice.sample(OPERATIONS, 2))),
            Comparison(whole, "glob", dice.choice(("slack.*", "*.delete", "files.*.delete", "s*.*", "*", "db.q*"))),
            Comparison(tool, "glob", ("slack.*", dice.choice(("files.*", "w?b")))),
            Comparison(Field(FieldKind.CATEGORY), "in", (dice.choice(("out", "data", "wide", "both")),)),
            Comparison(parameter_field(("a",)), "eq", 1),
        )
    )


def some_condition(dice: random.Random, depth: int = 3) -> Condition:
    kind = dice.randrange(6 if depth else 3)
    if kind < 3:
        return comparison(dice)
    if kind == 3:
        return Negation(some_condition(dice, depth - 1))
    items = tuple(some_condition(dice, depth - 1) for _ in range(dice.randint(1, 3)))
    return AllOf(items) if kind == 4 else AnyOf(items)


@given(st.integers(0, 2**32))
def test_a_rule_is_found_once_wherever_it_could_hold_and_asked_only_what_is_open(seed: int) -> None:
    dice = random.Random(seed)
    conditions = [some_condition(dice) for _ in range(6)]
    whole = [compile_condition(each, scope=SCOPE).test for each in conditions]
    left = [compile_condition(unsettled(each, catalogue=CATALOGUE), scope=SCOPE).test for each in conditions]
    index = index_of((number, places_of(each, catalogue=CATALOGUE)) for number, each in enumerate(conditions))
    for tool in TOOLS:
        for operation in OPERATIONS:
            about = subject(f"{tool}.{operation}", {"a": dice.choice((1, 2, None))})
            found = index.find(tool=tool, operation=operation)
            assert len(found) == len(set(found))
            for number, test in enumerate(whole):
                assert test(about) is (left[number](about) if number in found else False)


def test_what_an_action_looks_at_does_not_grow_with_the_policy() -> None:
    def index(size: int) -> Index[int]:
        texts = (
            "tool: t{0}.send",
            "tool: 't{0}.*'",
            "tool: ['t{0}.read', 'u{0}']",
            "{{tool: t{0}, operation: [send, x]}}",
        )
        matches = [condition(text.format(number)) for number in range(size) for text in texts]
        return index_of((place, places_of(each, catalogue=CATALOGUE)) for place, each in enumerate(matches))

    small, large = index(5), index(500)
    for tool, operation in (("t1", "send"), ("t1", "other"), ("u2", "x"), ("none", "send")):
        assert len(small.find(tool=tool, operation=operation)) == len(large.find(tool=tool, operation=operation))
    assert len(large.find(tool="t1", operation="send")) == 3


def test_an_index_of_nothing_finds_nothing() -> None:
    empty: Index[int] = index_of(())
    assert empty.find(tool="a", operation="b") == ()
    assert index_of([(1, frozenset({Place()}))]).find(tool="a", operation="b") == (1,)
