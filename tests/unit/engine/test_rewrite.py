"""Changing parameters: nothing in place, nothing invented, and never a guess."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.pointers import pointer, read_path, value_at
from decisions.engine.rewrite import Change, ChangeKind, Rewrite, Step, are_in_conflict, is_same, rewrite
from decisions.engine.verdict import Modification
from receipts.signing.canonical import JSON

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON_VALUES, max_size=3)
PATHS = st.lists(st.sampled_from(["a", "b", "0", "1"]), min_size=1, max_size=3).map(tuple)


def replace(path: str, value: JSON) -> Change:
    found = read_path(path)
    assert found is not None
    return Change(ChangeKind.REPLACE, found, value)


def cap(path: str, value: JSON) -> Change:
    found = read_path(path)
    assert found is not None
    return Change(ChangeKind.CAP, found, value)


def changed(parameters: dict[str, JSON], *changes: Change) -> Rewrite:
    return rewrite(parameters, steps=[Step(rule_id="r", change=change) for change in changes])


def test_replace_sets_a_value_wherever_it_stands() -> None:
    before: dict[str, JSON] = {"a": {"b": [1, {"c": 2}]}, "d": "same"}
    result = changed(before, replace("a.b.1.c", 3), replace("new", None), replace("other", [1]))
    assert result.parameters == {"a": {"b": [1, {"c": 3}]}, "d": "same", "other": [1]}
    assert result.modifications == (
        Modification(path="/a/b/1/c", before=2, after=3, rule_id="r"),
        Modification(path="/other", before=None, after=[1], rule_id="r"),
    )
    assert before == {"a": {"b": [1, {"c": 2}]}, "d": "same"}


@pytest.mark.parametrize(("limit", "after"), [(5000, 100), (100, 100), (7, 7), (100.5, 100), (None, 100), (-3, -3)])
def test_a_cap_lowers_what_is_too_high_and_sets_what_is_missing(limit: JSON, after: JSON) -> None:
    result = changed({"limit": limit}, cap("limit", 100))
    assert result.parameters == {"limit": after}
    assert bool(result.modifications) is (limit != after)
    assert changed({}, cap("limit", 100)).parameters == {"limit": 100}


@pytest.mark.parametrize("limit", ["5000", True, [5000], {"n": 1}, float("nan"), float("inf")])
def test_a_cap_on_what_is_no_number_is_an_obstacle(limit: JSON) -> None:
    result = changed({"limit": limit}, cap("limit", 100), replace("x", 1))
    assert result.obstacles == (("limit",),)
    assert result.parameters["limit"] is limit


@pytest.mark.parametrize("path", ["a.b", "text.x", "list.2", "list.-1", "list.01", "list.x", "list.0.x", "null.x"])
def test_a_path_through_nothing_is_an_obstacle(path: str) -> None:
    parameters: dict[str, JSON] = {"text": "t", "list": [1, 2], "null": None}
    result = changed(parameters, replace(path, 9))
    assert (result.obstacles, result.parameters) == ((read_path(path),), parameters)
    assert changed(parameters, replace("list.1", 9)).parameters["list"] == [1, 9]


def test_type_and_content_make_values_the_same() -> None:
    assert is_same({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]})
    different: list[tuple[JSON, JSON]] = [
        (1, True), (0, False), (1, "1"), ([1], [1, 1]), ({"a": 1}, {"b": 1}), ({"a": 1}, {"a": True}), (None, 0),
        ([], {}),
    ]  # fmt: skip
    assert not any(is_same(one, other) or is_same(other, one) for one, other in different)
    assert changed({"a": True}, replace("a", 1)).modifications != ()


def test_changes_meet_where_one_could_undo_the_other() -> None:
    assert not are_in_conflict(replace("a", 1), replace("b", 2))
    assert not are_in_conflict(replace("a", 1), replace("a", 1))
    assert not are_in_conflict(cap("a", 1), cap("a", 2))
    assert not are_in_conflict(replace("a.b", 1), replace("a.c", 2))
    assert are_in_conflict(replace("a", 1), replace("a", 2))
    assert are_in_conflict(replace("a", 1), replace("a", True))
    assert are_in_conflict(replace("a", 1), cap("a", 1))
    assert are_in_conflict(replace("a", {"b": 1}), replace("a.b", 1))
    assert are_in_conflict(cap("a.b", 1), replace("a", {}))


@given(OBJECTS, PATHS, JSON_VALUES)
def test_a_replacement_reads_back_and_touches_nothing_else(
    parameters: dict[str, JSON], path: tuple[str, ...], value: JSON
) -> None:
    before = copy.deepcopy(parameters)
    result = changed(parameters, Change(ChangeKind.REPLACE, path, value))
    assert parameters == before
    if result.obstacles:
        assert result.parameters == before
        return
    assert is_same(value_at(result.parameters, path=path), value)
    again = changed(result.parameters, Change(ChangeKind.REPLACE, path, value))
    assert again.modifications == ()
    assert json.dumps(again.parameters, sort_keys=True) == json.dumps(result.parameters, sort_keys=True)


@pytest.mark.parametrize(
    ("text", "path"),
    [("a", ("a",)), ("a.b", ("a", "b")), ("/a.b/c", ("a.b", "c")), ("/a~1b/c~0d", ("a/b", "c~d")), ("a/b", ("a/b",))],
)
def test_paths_are_read(text: str, path: tuple[str, ...]) -> None:
    assert read_path(text) == path


@pytest.mark.parametrize("text", ["", "/", ".", "a.", ".a", "a..b", "/a//b", "/a~", "/a~2"])
def test_what_is_no_path_is_none(text: str) -> None:
    assert read_path(text) is None


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=3).map(tuple))
def test_pointers_read_back(path: tuple[str, ...]) -> None:
    assert read_path(pointer(path)) == path


def test_nothing_stands_where_nothing_is() -> None:
    value = {"a": [{"b": 1}], "c": None}
    assert value_at(value, path=("a", "0", "b")) == 1
    for path in (("x",), ("a", "1"), ("a", "9999999999"), ("a", "0", "b", "c"), ("c", "d")):
        assert value_at(value, path=path) is None
