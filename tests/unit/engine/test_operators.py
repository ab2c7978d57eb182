"""Operators compare what they are made for and call everything else unknown."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.budget import Meter
from decisions.engine.closures import compile_comparison
from decisions.engine.conditions import AllOf, Comparison, Operand, Schema
from decisions.engine.destinations import own_domains
from decisions.engine.errors import BudgetError
from decisions.engine.fields import FIELDS, Field, FieldKind, Subject, parameter_field
from decisions.engine.folding import fold
from decisions.engine.networks import networks_of
from decisions.engine.operators import ALL_OPERATORS, OPERATOR_SPELLINGS, OPERATORS, Takes
from decisions.engine.scope import Scope
from decisions.engine.setting import any_of
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import context

HERE = parameter_field(("it",))
ITEM = Field(FieldKind.ITEM)
FOLDING = Field(FieldKind.INTENT)
SCOPE = Scope(domains=own_domains(("corp.example",)), networks=networks_of(("10.0.0.0/8",)))


def compare(operator: str, operand: Operand, subject: Subject, *, field: Field = HERE) -> bool | None:
    return compile_comparison(Comparison(field, operator, operand), scope=SCOPE)(subject)


def ask(operator: str, operand: Operand, value: Any) -> bool | None:
    """What the operator says of a parameter."""
    return compare(operator, operand, Subject("tool", "call", {"it": value}, context()))


def ask_folded(operator: str, operand: Operand, value: str | None) -> bool | None:
    """What it says of a field in which case never matters."""
    return compare(operator, operand, Subject("tool", "call", {}, context(intent=value)), field=FOLDING)


def item(operator: str, operand: Operand, *path: str) -> Comparison:
    return Comparison(Field(FieldKind.ITEM, path), operator, operand)


# One and more of every JSON type, and what only Python has.
VALUES: Mapping[str, tuple[Any, ...]] = {
    "text": ("", "prod", "100", "true", "a@corp.example", "10.0.0.1", "/srv/a", "PT1H", "2026-01-01T00:00:00Z"),
    "number": (0, 1, 100, -1, 2**60, 0.5, 1.0),
    "boolean": (True, False),
    "array": ([], ["prod"], [1], [[1]], [None]),
    "object": ({}, {"prod": 1}),
    "null": (None,),
    "other": (float("nan"), float("inf"), b"prod", object(), ("prod",), frozenset({"prod"})),
}
# An operand of each operator, and the types of value about which it may know something.
KNOWN: Mapping[str, tuple[Operand, set[str]]] = {
    "eq": ("prod", {"text"}),
    "in": (("prod", 1), {"text", "number"}),
    "not_in": ((True,), {"boolean"}),
    **{name: (20, {"number"}) for name in ("gt", "gte", "lt", "lte")},
    "range": ((0, 20), {"number"}),
    "contains": (("prod",), {"text", "array", "other"}),
    "not_contains": (("prod",), {"text", "array", "other"}),
    "starts_with": (("p",), {"text"}),
    "ends_with": (("p",), {"text"}),
    "matches": ("p", {"text"}),
    "glob": (("p*",), {"text"}),
    "length": (item("eq", 4), {"text", "array", "other"}),
    "min_length": (1, {"text", "array", "other"}),
    "max_length": (1, {"text", "array", "other"}),
    "type": (("string",), {"text", "number", "boolean", "array", "object", "null", "other"}),
    "schema": (Schema({"type": "string"}), {"text", "number", "boolean", "array", "object", "other"}),
    **{name: ("2026-01-01T00:00:00Z", {"text"}) for name in ("before", "after")},
    **{name: (60, {"text"}) for name in ("older_than", "newer_than", "longer_than", "shorter_than")},
    "in_network": (("10.0.0.0/8",), {"text"}),
    "domain_in": (("corp.example",), {"text", "array"}),
    "domain_blocklist": (("corp.example",), {"text", "array"}),
    "email_in": (("a@corp.example",), {"text"}),
    "path_within": (("/srv",), {"text"}),
    "external": (True, {"text", "array"}),
    **{name: ("INTERNAL", set[str]()) for name in ("higher_than", "lower_than")},
    "every": (item("eq", 1), {"array"}),
    "some": (item("eq", 1), {"array"}),
    "none": (item("eq", 1), {"array"}),
    "where": (item("absent", True, "x"), {"object"}),
    "max_age": (60, {"text", "number", "boolean", "array", "object", "other"}),
    **{name: (True, set(VALUES)) for name in ("absent", "unknown_or_conflicting")},
}


@pytest.mark.case("POL-21")
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_each_operator_knows_only_values_of_its_own_types(operator: str) -> None:
    operand, known = KNOWN[operator]
    found = {
        kind for kind, values in VALUES.items() if any(ask(operator, operand, value) is not None for value in values)
    }
    assert found == known


def test_the_table_of_types_has_every_operator() -> None:
    assert KNOWN.keys() == OPERATORS.keys()
    assert set(OPERATOR_SPELLINGS.values()) == {*OPERATORS, "not"}
    assert all(spec.operators <= {*ALL_OPERATORS, "not"} for spec in FIELDS.values())
    assert {name for spec in FIELDS.values() for name in spec.operators} == {*ALL_OPERATORS, "not"}


@pytest.mark.case("POL-21")
@pytest.mark.parametrize("value", ["100", True, None, [100], {"n": 100}, float("nan"), float("inf")])
def test_what_is_no_number_is_neither_above_nor_below(value: object) -> None:
    assert ask("gt", 20, 100) is True
    for operator in ("gt", "gte", "lt", "lte"):
        assert ask(operator, 20, value) is None
    assert ask("range", (0, 200), value) is None


@pytest.mark.case("POL-21")
def test_numbers_compare_by_value_and_booleans_are_none() -> None:
    assert ask("eq", 1, 1.0) is True
    assert ask("eq", 1, True) is None
    assert ask("eq", True, 1) is None
    assert ask("eq", True, True) is True
    assert ask("in", (1, 2), True) is None
    assert ask("eq", 0.1, 0.1) is True
    assert ask("gt", 2**53, 2**53 + 1) is True
    assert ask("lt", 0.5, 10**400) is False
    assert [ask(name, 5, 5) for name in ("gt", "gte", "lt", "lte")] == [False, True, False, True]
    assert [ask("range", (1, 3), value) for value in (0, 1, 2.5, 3, 3.1)] == [False, True, True, True, False]


@pytest.mark.case("POL-21")
@pytest.mark.parametrize(
    ("written", "sent"),
    [("prod", "PROD"), ("prod", "ｐｒｏｄ"), ("straße", "STRASSE"), ("é", "e\u0301"), ("ﬁle", "file"), ("K", "\u212a")],
)
def test_a_text_that_only_looks_equal_is_unknown_unless_the_field_folds(written: str, sent: str) -> None:
    assert ask("eq", written, written) is True
    assert ask("eq", written, sent) is None
    assert ask("in", ("other", written), sent) is None
    assert ask("not_in", ("other", written), sent) is None
    assert ask("contains", (written,), f"<{sent}>") is None
    assert ask("not_contains", (written,), f"<{sent}>") is None
    assert ask("contains", (written,), [sent]) is None
    assert ask("starts_with", (written,), f"{sent}>") is None
    assert ask("ends_with", (written,), f"<{sent}") is None
    assert ask_folded("eq", written, sent) is True
    assert ask_folded("contains", (written,), f"<{sent}>") is True
    assert ask_folded("starts_with", (written,), f"{sent}>") is True
    assert ask_folded("matches", f"^{written}$", written) is True
    assert ask_folded("glob", (f"{written}*",), f"{sent}>") is True


@pytest.mark.case("POL-21")
def test_the_turkish_i_is_a_letter_of_its_own() -> None:
    assert ask_folded("eq", "file", "FILE") is True
    assert ask_folded("eq", "file", "fıle") is False
    assert ask_folded("eq", "file", "FİLE") is False
    assert ask_folded("matches", "file", "FİLE") is False
    assert ask("eq", "İ", "i\u0307") is None


def test_a_list_of_choices_knows_every_type_that_it_holds() -> None:
    assert ask("in", ("a", 5), 7) is False
    assert ask("in", ("a", 5), 5) is True
    assert ask("not_in", ("a", 5), 7) is True
    assert ask("in", ("a", "b"), 5) is None
    assert ask("not_in", ("a", "b"), 5) is None


def test_contains_looks_into_texts_and_asks_each_item_of_a_list_as_in_would() -> None:
    assert ask("contains", ("DROP", "DELETE"), "please DELETE it") is True
    assert ask("contains", ("DROP",), "nothing") is False
    assert ask("contains", (5,), "5") is None
    assert ask("contains", ("a",), ["b", "a"]) is True
    assert ask("contains", ("a",), ["b", 1]) is None
    assert ask("contains", ("a",), ["a", 1, None]) is True
    assert ask("contains", ("a",), ["A", "b"]) is None
    assert ask("contains", ("a",), []) is False
    assert ask("not_contains", ("a",), []) is True
    assert ask("not_contains", ("a", "b"), ["c", "b"]) is False
    assert ask("contains", (1,), [1, "x"]) is True


def test_edges_of_texts() -> None:
    assert ask("starts_with", ("SELECT", "WITH"), "SELECT 1") is True
    assert ask("starts_with", ("SELECT",), " SELECT 1") is False
    assert ask("ends_with", (".csv",), "a.csv") is True
    assert ask("ends_with", (".csv",), "a.csv.exe") is False


@pytest.mark.case("POL-05")
def test_patterns_search_the_text_as_it_is() -> None:
    assert ask("matches", r"(?i)drop\s+table", "x; DROP  TABLE y") is True
    assert ask("matches", "^drop", "x drop") is False
    assert ask("matches", "drop", "DROP") is False
    assert ask("matches", "a", "\ud800a") is None
    assert ask("glob", ("a*",), "a\ud800") is None


# Patterns that take a backtracking engine exponential or high polynomial time on the texts beside them.
REDOS = {
    "^(a+)+$": "a{}!", "^(a|a)*$": "a{}!", "^(a|aa)+$": "a{}!", "(.*a){12}": "a{}",
    "^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*@": "a{}!",
    "^(([a-z])+.)+[A-Z]([a-z])+$": "a{}", "(x+x+)+y": "x{}", "^ *(.*) *$b": " {}",
}  # fmt: skip


@pytest.mark.case("POL-06")
@pytest.mark.parametrize("pattern", REDOS)
def test_the_cost_of_a_pattern_grows_with_the_text_and_no_faster(pattern: str) -> None:
    letter, _, end = REDOS[pattern].partition("{}")

    def seconds(length: int) -> float:
        text, best = letter * length + end, float("inf")
        for _ in range(5):
            started = time.process_time()
            ask("matches", pattern, text)
            best = min(best, time.process_time() - started)
        return best

    # A square would make it 64 times, an exponent more than any machine can wait for.
    assert seconds(80_000) < 32 * max(seconds(10_000), 1e-5)


def test_globs_stop_at_slashes_unless_doubled() -> None:
    assert ask("glob", ("*.csv",), "a.csv") is True
    assert ask("glob", ("*.csv",), "b/a.csv") is False
    assert ask("glob", ("**.csv", "x"), "b/a.csv") is True
    assert ask("glob", ("/srv/*/a?c",), "/srv/x/abc") is True
    assert ask("glob", ("/srv/*/a?c",), "/srv/x/a/c") is False
    assert ask("glob", ("a.b[c]\\",), "a.b[c]\\") is True
    assert ask("glob", ("a.b",), "axb") is False
    assert ask("glob", ("a*",), "a\nb") is True
    assert ask("glob", ("a",), "a\n") is False


def test_lengths_are_code_points_and_items() -> None:
    assert ask("length", item("eq", 2), "é!") is True
    assert ask("length", AllOf((item("gte", 1), item("lt", 3))), ["a", "b", "c"]) is False
    assert ask("min_length", 1, "") is False
    assert ask("max_length", 1, [1, 2]) is False
    assert ask("max_length", 2, "😀😀") is True
    assert ask("min_length", 1, 5) is None


def test_types_tell_null_from_nothing() -> None:
    assert ask("type", ("null",), None) is True
    assert ask("type", ("string", "null"), 5) is False
    assert compare("type", ("null",), Subject("tool", "call", {}, context())) is None
    assert (
        compare("type", ("null",), Subject("t", "c", {"it": {}}, context()), field=parameter_field(("it", "x"))) is None
    )
    assert ask("type", ("integer",), 2.0) is True
    assert ask("type", ("integer", "boolean"), 2.5) is False
    assert ask("type", ("number",), True) is False


def test_times_and_durations() -> None:
    noon = "2026-01-01T12:00:00Z"
    assert ask("before", noon, "2026-01-01T12:59:59+01:00") is True
    assert ask("after", noon, "2026-01-01T12:00:00.000001Z") is True
    assert ask("before", noon, noon) is ask("after", noon, noon) is False
    # The decision is at noon.
    assert ask("older_than", 60, "2026-01-01T11:58:59Z") is True
    assert ask("older_than", 60, "2026-01-01T11:59:00Z") is False
    assert ask("newer_than", 60, "2026-01-01T11:59:00Z") is True
    assert ask("newer_than", 60, "2026-06-01T00:00:00Z") is True
    assert ask("newer_than", 60, "yesterday") is None
    assert ask("longer_than", 3600, "PT1H1S") is True
    assert ask("shorter_than", 3600, "60m") is False
    assert ask("longer_than", 3600, 7200) is None


def test_levels_have_an_order() -> None:
    assert ask("higher_than", "INTERNAL", "restricted") is True
    assert ask("higher_than", "INTERNAL", "INTERNAL") is False
    assert ask("lower_than", "INTERNAL", "Public") is True
    assert ask("lower_than", "INTERNAL", "PII") is None
    assert ask("lower_than", "NOWHERE", "PUBLIC") is None


def test_external_needs_only_one_stranger_but_every_friend() -> None:
    assert ask("external", True, "bob@corp.example") is False
    assert ask("external", False, "bob@corp.example") is True
    assert ask("external", True, ["bob@corp.example", "eve@evil.example"]) is True
    assert ask("external", False, ["bob@corp.example", "eve@evil.example"]) is False
    assert ask("external", False, ["bob@corp.example", "alice@corp.example"]) is True
    assert ask("external", True, ["eve@evil.example", 5]) is True
    assert ask("external", False, ["https://10.1.2.3/x", "[fd00::1]:80"]) is False
    assert ask("external", False, "https://10.1.2.3:8080/x") is True
    assert ask("external", True, "  ") is True


@pytest.mark.parametrize("nobody", ["", [], ["bob@corp.example", ""], ["bob@corp.example", 5], 5, {}, True, None])
def test_what_names_no_destination_is_neither_inside_nor_outside(nobody: object) -> None:
    assert ask("external", False, "bob@corp.example") is True
    assert ask("external", True, nobody) is None
    assert ask("external", False, nobody) is None
    assert ask("domain_in", ("corp.example",), nobody) is None
    assert ask("email_in", ("bob@corp.example",), nobody) is None
    assert ask("domain_blocklist", ("evil.example",), nobody) is None


@pytest.mark.case("POL-22")
def test_allowed_and_blocked_domains_doubt_in_opposite_directions() -> None:
    allowed, blocked = ("corp.example", "*.team.example"), ("evil.example",)
    assert ask("domain_in", allowed, ["a@corp.example", "https://x.team.example/"]) is True
    assert ask("domain_in", allowed, ["a@corp.example", "b@evil.example"]) is False
    assert ask("domain_in", allowed, "a@corp.example,b@evil.example") is False
    assert ask("domain_in", ("corp.example",), "10.1.2.3") is False
    assert ask("domain_blocklist", blocked, "a@corp.example") is False
    assert ask("domain_blocklist", blocked, "https://deep.evil.example/x") is True
    assert ask("domain_blocklist", blocked, ["a@corp.example", "a@EVIL.example"]) is True
    for doubtful in ("evil.example.", "https://corp.example@evil.example/", "2130706433", "0x7f.1", "evil。example"):
        assert ask("domain_blocklist", blocked, doubtful) is True
    assert ask("domain_blocklist", ("*.evil.example",), "evil.example") is False


@pytest.mark.case("POL-22")
def test_mail_addresses_compare_exactly_before_the_at_sign() -> None:
    listed = ("Bob@corp.example", "alice@corp.example")
    assert ask("email_in", listed, "Bob@CORP.example") is True
    assert ask("email_in", listed, "bob@corp.example") is False
    assert ask("email_in", listed, ["alice@corp.example", "Bob@corp.example"]) is True
    assert ask("email_in", listed, ["alice@corp.example", "eve@evil.example"]) is False
    assert ask("email_in", listed, "alice@corp.example,Bob@corp.example") is None
    assert ask("email_in", listed, "corp.example") is None


def test_addresses_and_paths_lie_within() -> None:
    assert ask("in_network", ("10.0.0.0/8", "fd00::/8"), "fd00::1") is True
    assert ask("in_network", ("10.0.0.0/8",), "fd00::1") is False
    assert ask("in_network", ("10.0.0.0/8",), "::ffff:10.0.0.1") is None
    assert ask("path_within", ("/srv/data", "/opt"), "/srv/data/") is True
    assert ask("path_within", ("/srv/data",), "/srv/database") is False
    assert ask("path_within", ("/",), "/etc") is True
    assert ask("path_within", ("/srv",), "/srv/../etc") is None


def test_quantifiers_follow_kleene_over_the_items() -> None:
    positive = item("gt", 0)
    assert [ask("every", positive, value) for value in ([1, 2], [1, -1, "x"], [1, "x"], [])] == [
        True,
        False,
        None,
        None,
    ]
    assert [ask("some", positive, value) for value in ([-1, 2, "x"], [-1], [-1, "x"], [])] == [True, False, None, False]
    assert [ask("none", positive, value) for value in ([-1], [1, "x"], [-1, "x"], [])] == [True, False, None, True]
    assert ask("every", item("absent", False), [1, None]) is False
    assert ask("some", item("absent", True), [1, None]) is True
    assert ask("every", item("every", item("eq", 1)), [[1], [1, 1]]) is True
    assert ask("every", positive, {"a": 1}) is None


def test_members_of_an_object_are_compared_together() -> None:
    both = AllOf((item("gt", 10, "amount"), item("external", True, "to")))
    assert ask("where", both, {"amount": 11, "to": "eve@evil.example"}) is True
    assert ask("where", both, {"amount": 9}) is False
    assert ask("where", both, {"amount": 11}) is None
    assert ask("where", both, [11]) is None
    assert ask("where", item("eq", 1, "a", "b"), {"a": {"b": 1}}) is True
    assert ask("some", Comparison(ITEM, "where", item("eq", 1, "x")), [{"x": 2}, {"x": 1}]) is True


def test_absence_is_never_unknown() -> None:
    assert ask("absent", True, None) is True
    assert ask("absent", False, None) is False
    assert ask("absent", True, 0) is False
    assert ask("absent", False, "") is True
    assert ask("unknown_or_conflicting", True, None) is True
    assert ask("unknown_or_conflicting", False, "x") is True


@pytest.mark.case("POL-06")
@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("contains", ("x",)),
        ("external", True),
        ("every", item("eq", 1)),
        ("some", item("eq", 2)),
        ("schema", Schema({"items": True})),
        ("schema", Schema({"uniqueItems": True})),
        ("schema", Schema({"enum": [[2]]})),
    ],
)
def test_items_that_are_looked_at_are_paid_for(operator: str, operand: Operand) -> None:
    meter = Meter(5)
    compare(operator, operand, Subject("t", "o", {"it": [1, 1, 1]}, context(), meter))
    assert meter.left == 2
    with pytest.raises(BudgetError):
        compare(operator, operand, Subject("t", "o", {"it": [1] * 3}, context(), meter))


def test_or_is_unknown_only_while_it_could_still_be_true() -> None:
    assert any_of([None, True]) is True
    assert any_of([False, None]) is None
    assert any_of([False, False]) is False
    assert any_of([]) is False


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(VALUES["text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(operator=st.sampled_from(sorted(KNOWN)), value=JSON_VALUES)
def test_operators_are_total_and_repeatable(operator: str, value: JSON) -> None:
    operand = KNOWN[operator][0]
    answer = ask(operator, operand, value)
    assert answer in (True, False, None)
    assert answer == ask(operator, operand, value)
    if operator in OPPOSITES:
        other = ask(OPPOSITES[operator], operand, value)
        assert other is (None if answer is None else not answer)


# Where both know an answer, they differ; what the one doesn't know the other doesn't.
OPPOSITES = {"gt": "lte", "lt": "gte", "in": "not_in", "contains": "not_contains", "some": "none"}


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(min_size=1), st.text(min_size=1))
def test_equality_is_certain_only_where_folding_agrees(written: str, sent: str) -> None:
    expected = True if written == sent else None if fold(written) == fold(sent) else False
    assert ask("eq", written, sent) is expected


def test_what_an_operator_takes_can_be_said_in_words_and_as_a_schema() -> None:
    assert all(takes.wanted and takes.schema for takes in Takes)
