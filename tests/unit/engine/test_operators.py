"""Operators compare what they are made for and call everything else unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.destinations import own_domains
from decisions.engine.folding import fold
from decisions.engine.operators import OPERATORS, Operand, Setting, Shape, any_of

OURS = own_domains(("corp.example",))
EXACT = Setting(folds=False, domains=OURS)
FOLDING = Setting(folds=True, domains=OURS)

# One of each JSON type, and what only Python has; null is for `absent` alone.
VALUES: tuple[Any, ...] = (
    "", "prod", "100", "true", 0, 1, 100, -1, 2**60, 0.5, 1.0, True, False, [], ["prod"], [1], {}, {"prod": 1},
    float("nan"), float("inf"), b"prod", object(), ("prod",), frozenset({"prod"}),
)  # fmt: skip
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OPERANDS: dict[Shape, st.SearchStrategy[Any]] = {
    Shape.SCALAR: st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(min_size=1),
    Shape.SCALARS: st.lists(st.booleans() | st.integers() | st.text(min_size=1), min_size=1, max_size=3).map(tuple),
    Shape.NUMBER: st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    Shape.PATTERN: st.sampled_from(["a", "^$", "(?i)drop\\s+table", "."]),
    Shape.FLAG: st.booleans(),
}


def ask(operator: str, operand: Operand, value: object, setting: Setting = EXACT) -> bool | None:
    return OPERATORS[operator].build(operand, setting)(value)


def known(operator: str, operand: Operand) -> list[object]:
    """The values that are not unknown, by what they look like: 1 and True are equal to Python."""
    return [repr(value) for value in VALUES if ask(operator, operand, value) is not None]


@pytest.mark.case("POL-21")
def test_comparisons_know_only_values_of_their_own_type() -> None:
    texts, numbers = ["''", "'prod'", "'100'", "'true'"], ["0", "1", "100", "-1", str(2**60), "0.5", "1.0"]
    assert known("eq", "prod") == texts
    assert known("eq", 1) == numbers
    assert known("eq", True) == ["True", "False"]
    assert known("in", ("prod", 1)) == texts + numbers
    for operator in ("gt", "gte", "lt", "lte"):
        assert known(operator, 20) == numbers
    assert known("matches", "prod") == texts
    assert known("contains", ("prod",)) == [*texts, "[]", "['prod']", "frozenset({'prod'})"]
    assert known("absent", True) == [repr(value) for value in VALUES]


@pytest.mark.case("POL-21")
@pytest.mark.parametrize("value", ["100", True, None, [100], {"n": 100}, float("nan")])
def test_what_is_no_number_is_neither_above_nor_below(value: object) -> None:
    assert ask("gt", 20, 100) is True
    assert ask("gt", 20, value) is None
    assert ask("lte", 20, value) is None


@pytest.mark.case("POL-21")
def test_numbers_compare_by_value_and_booleans_are_none() -> None:
    assert ask("eq", 1, 1.0) is True
    assert ask("eq", 1, True) is None
    assert ask("eq", True, 1) is None
    assert ask("eq", True, True) is True
    assert ask("in", (1, 2), True) is None
    assert ask("eq", 0.1, 0.1) is True
    assert ask("gt", 2**53, 2**53 + 1) is True
    assert [ask(name, 5, 5) for name in ("gt", "gte", "lt", "lte")] == [False, True, False, True]


@pytest.mark.case("POL-21")
@pytest.mark.parametrize(
    ("written", "sent"),
    [("prod", "PROD"), ("prod", "ｐｒｏｄ"), ("straße", "STRASSE"), ("é", "e\u0301"), ("ﬁle", "file"), ("K", "\u212a")],
)
def test_a_text_that_only_looks_equal_is_unknown_unless_the_field_folds(written: str, sent: str) -> None:
    assert ask("eq", written, written) is True
    assert ask("eq", written, sent) is None
    assert ask("in", ("other", written), sent) is None
    assert ask("contains", (written,), f"<{sent}>") is None
    assert ask("eq", written, sent, FOLDING) is True
    assert ask("contains", (written,), f"<{sent}>", FOLDING) is True


@pytest.mark.case("POL-21")
def test_the_turkish_i_is_a_letter_of_its_own() -> None:
    assert ask("eq", "file", "FILE", FOLDING) is True
    assert ask("eq", "file", "fıle", FOLDING) is False
    assert ask("eq", "file", "FİLE", FOLDING) is False


def test_a_list_of_choices_knows_every_type_that_it_holds() -> None:
    assert ask("in", ("a", 5), 7) is False
    assert ask("in", ("a", 5), 5) is True
    assert ask("in", ("a", "b"), 5) is None


def test_contains_looks_into_texts_lists_and_sets() -> None:
    assert ask("contains", ("DROP", "DELETE"), "please DELETE it") is True
    assert ask("contains", ("DROP",), "nothing") is False
    assert ask("contains", (5,), "5") is None
    assert ask("contains", ("a",), ["b", "a"]) is True
    assert ask("contains", ("a",), ["b", 1]) is False
    assert ask("contains", ("a",), [1]) is None
    assert ask("contains", ("a",), ["A", "b"]) is None
    assert ask("contains", ("a",), []) is False
    assert ask("contains", (1,), [1, "x"]) is True
    assert ask("contains", ("pii",), frozenset({"PII"}), FOLDING) is True
    assert ask("contains", ("PII", "PCI"), frozenset({"PCI"}), FOLDING) is True
    assert ask("contains", ("PII",), frozenset(), FOLDING) is False


@pytest.mark.case("POL-05")
def test_patterns_search_the_text_as_it_is() -> None:
    assert ask("matches", r"(?i)drop\s+table", "x; DROP  TABLE y") is True
    assert ask("matches", "^drop", "x drop") is False
    assert ask("matches", "a", "\ud800a") is None


def test_external_needs_only_one_stranger_but_every_friend() -> None:
    assert ask("external", True, "bob@corp.example") is False
    assert ask("external", False, "bob@corp.example") is True
    assert ask("external", True, ["bob@corp.example", "eve@evil.example"]) is True
    assert ask("external", False, ["bob@corp.example", "eve@evil.example"]) is False
    assert ask("external", False, ["bob@corp.example", "alice@corp.example"]) is True
    assert ask("external", True, ["eve@evil.example", 5]) is True
    nobody_in_particular: tuple[Any, ...] = (
        "",
        "  ",
        [],
        ["bob@corp.example", ""],
        ["bob@corp.example", 5],
        5,
        {},
        True,
    )
    for nobody in nobody_in_particular:
        assert ask("external", True, nobody) is None
        assert ask("external", False, nobody) is None


def test_absence_is_never_unknown() -> None:
    assert ask("absent", True, None) is True
    assert ask("absent", False, None) is False
    assert ask("absent", True, 0) is False
    assert ask("absent", False, "") is True


def test_or_is_unknown_only_while_it_could_still_be_true() -> None:
    assert any_of([None, True]) is True
    assert any_of([False, None]) is None
    assert any_of([False, False]) is False
    assert any_of([]) is False


@given(name=st.sampled_from(sorted(OPERATORS)), value=JSON_VALUES, folds=st.booleans(), data=st.data())
def test_operators_are_total(name: str, value: object, folds: bool, data: st.DataObject) -> None:
    operand = data.draw(OPERANDS[OPERATORS[name].takes])
    answer = ask(name, operand, value, Setting(folds=folds, domains=OURS))
    assert answer in (True, False, None)
    assert answer == ask(name, operand, value, Setting(folds=folds, domains=OURS))


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(min_size=1), st.text(min_size=1))
def test_equality_is_certain_only_where_folding_agrees(written: str, sent: str) -> None:
    expected = True if written == sent else None if fold(written) == fold(sent) else False
    assert ask("eq", written, sent) is expected
