"""Changing parameters: nothing in place, nothing invented, and never a guess."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.changes import Change, ChangeKind, are_in_conflict, is_same, terms
from decisions.engine.pointers import pointer, read_path, value_at
from decisions.engine.rewrite import Rewrite, Step, rewrite
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


def change(kind: ChangeKind, path: str, value: JSON = None) -> Change:
    found = read_path(path)
    assert found is not None
    return Change(kind, found, value)


def changed(parameters: dict[str, JSON], *changes: Change) -> Rewrite:
    return rewrite(parameters, steps=[Step(rule_id="r", change=change) for change in changes])


def test_replace_sets_a_value_wherever_it_stands() -> None:
    before: dict[str, JSON] = {"a": {"b": [1, {"c": 2}]}, "d": "same"}
    result = changed(before, replace("a.b.1.c", 3), replace("new", None), replace("other", [1]))
    assert result.parameters == {"a": {"b": [1, {"c": 3}]}, "d": "same", "new": None, "other": [1]}
    assert result.modifications == (
        Modification(path="/a/b/1/c", before=2, after=3, rule_id="r"),
        Modification(path="/new", before=None, after=None, rule_id="r"),
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
    assert not are_in_conflict([replace("a", 1), replace("b", 2)])
    assert not are_in_conflict([replace("a", 1), replace("a", 1)])
    assert not are_in_conflict([cap("a", 1), cap("a", 2)])
    assert not are_in_conflict([replace("a.b", 1), replace("a.c", 2)])
    assert are_in_conflict([replace("a", 1), replace("a", 2)])
    assert are_in_conflict([replace("a", 1), replace("a", True)])
    assert are_in_conflict([replace("a", 1), cap("a", 1)])
    assert are_in_conflict([replace("a", {"b": 1}), replace("a.b", 1)])
    assert are_in_conflict([cap("a.b", 1), replace("a", {})])


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


CLAMP, MASK, REDACT = ChangeKind.CLAMP, ChangeKind.MASK, ChangeKind.REDACT
FILTER, REMOVE = ChangeKind.ADD_FILTER, ChangeKind.REMOVE
INNER: dict[str, JSON] = {"b": {"c": 1}, "n": None, "list": [1, 2]}


@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        (change(CLAMP, "a", [1, 5]), 9, 5), (change(CLAMP, "a", [1, 5]), -2.5, 1), (change(CLAMP, "a", [1, 5]), 3, 3),
        (change(CLAMP, "a", [1, 5]), None, 1), (change(MASK, "a", 4), "4111111111111111", "************1111"),
        (change(MASK, "a", 4), "123", "123"), (change(MASK, "a", 0), "äöü", "***"), (change(MASK, "a", 4), "", ""),
        (change(MASK, "a", 4), None, None), (change(REDACT, "a"), {"secret": 1}, "[redacted]"),
        (change(REDACT, "a"), False,
        "[redacted]"), (change(REDACT, "a"), None, None), (change(REDACT, "a"), "[redacted]", "[redacted]"),
        (change(FILTER, "a", {"t": 1}), {"q": 2, "t": 9}, {"q": 2, "t": 1}),
        (change(FILTER, "a", {"t": 1}), None, {"t": 1}),
        (change(FILTER, "a", {"t": 1}), {"t": 1}, {"t": 1}),
        (change(FILTER, "a", {"t": {"$ne": 1}}), {}, {"t": {"$ne": 1}}),
        (change(CLAMP, "a.b.c", [2, 3]), INNER, {"b": {"c": 2}, "n": None, "list": [1, 2]}),
        (change(REDACT, "/a/list/0"), INNER, {"b": {"c": 1}, "n": None, "list": ["[redacted]", 2]}),
        (change(REDACT, "a.x.y"), INNER, INNER), (change(MASK, "a.x.y", 1), INNER, INNER),
        (change(REMOVE, "a.x.y"), INNER, INNER),
        (change(REMOVE, "a.b"), INNER, {"n": None, "list": [1, 2]}),
        (change(REMOVE, "a.n"), INNER, {"b": {"c": 1}, "list": [1, 2]}),
        (change(REMOVE, "a.list.7"), INNER, INNER), (change(FILTER, "a.n", {"t": 1}), INNER, {**INNER, "n": {"t": 1}}),
    ],
)  # fmt: skip
def test_each_kind_of_change_does_what_it_says_and_settles(one: Change, before: JSON, after: JSON) -> None:
    was = copy.deepcopy(before)
    result = changed({"a": before, "z": 1}, one)
    assert is_same(result.parameters, {"a": after, "z": 1})
    assert before == was
    assert bool(result.modifications) is not is_same(before, after)
    assert result.obstacles == ()
    again = changed(result.parameters, one)
    assert (again.modifications, again.parameters) == ((), result.parameters)


@pytest.mark.parametrize(
    ("one", "before"),
    [
        (change(CLAMP, "a", [1, 5]), "3"), (change(CLAMP, "a", [1, 5]), True),
        (change(CLAMP, "a", [1, 5]), float("nan")),
        (change(MASK, "a", 4), 4111), (change(MASK, "a", 4), ["4111"]), (change(FILTER, "a", {"t": 1}), "t=2"),
        (change(FILTER, "a", {"t": 1}), [{"t": 2}]), (change(REMOVE, "a.list.0"), INNER),
        (change(CLAMP, "a.x.y", [1, 2]), INNER),
        (change(FILTER, "a.x.y", {"t": 1}), INNER), (change(CLAMP, "/a/list/9", [1, 2]), INNER),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_made_as_it_is_meant_is_an_obstacle(one: Change, before: JSON) -> None:
    result = changed({"a": before}, one, replace("z", 1))
    assert result.obstacles == (one.path,)
    assert result.parameters["z"] == 1


def test_a_removed_member_is_told_from_one_that_became_null() -> None:
    found = changed({"a": None, "b": 1}, change(REMOVE, "a"), replace("b", None))
    assert found.parameters == {"b": None}
    assert [(each.path, each.kind, each.after) for each in found.modifications] == [
        ("/a", REMOVE, None), ("/b", ChangeKind.REPLACE, None),
    ]  # fmt: skip


def test_filters_come_last_so_that_nothing_hangs_on_the_order_of_rules() -> None:
    steps = (change(FILTER, "f", {"t": 1}), replace("f.x", 2))
    for order in (steps, steps[::-1]):
        assert changed({}, *order).obstacles == (("f", "x"),)
        assert changed({"f": {}}, *order).parameters == {"f": {"x": 2, "t": 1}}


def test_filters_of_different_members_go_together() -> None:
    one, other = change(FILTER, "f", {"t": 1}), change(FILTER, "f", {"u": 2})
    assert not are_in_conflict([one, other, change(FILTER, "f", {"t": 1})])
    assert changed({}, one, other).parameters == {"f": {"t": 1, "u": 2}}
    for meeting in (
        change(FILTER, "f", {"t": 2}),
        replace("f", {}),
        replace("f.t", 1),
        change(FILTER, "f.t", {"x": 1}),
    ):
        assert are_in_conflict([one, other, meeting])
        assert are_in_conflict([meeting, one])


@given(st.lists(st.tuples(PATHS, st.sampled_from([1, 2])), max_size=6))
def test_conflicts_are_found_as_by_comparing_all_pairs(found: list[tuple[tuple[str, ...], int]]) -> None:
    changes = [Change(ChangeKind.REPLACE, path, value) for path, value in found]

    def disagree(one: Change, other: Change) -> bool:
        length = min(len(one.path), len(other.path))
        meet = one.path[:length] == other.path[:length]
        return meet and (one.path, one.value) != (other.path, other.value)

    pairs = [(one, other) for number, one in enumerate(changes) for other in changes[:number]]
    assert are_in_conflict(changes) is any(disagree(*pair) for pair in pairs)


def test_of_several_caps_only_the_lowest_is_a_term() -> None:
    assert terms([cap("a", 5), cap("a", 3.0), cap("b", 1)]) == terms([cap("b", 1.0), cap("a", 3)])
    assert terms([cap("a", 3)]) != terms([cap("a", 4)]) != terms([replace("a", 4)])
    assert terms([change(FILTER, "f", {"t": 1, "u": 2})]) == terms(
        [change(FILTER, "f", {"u": 2}), change(FILTER, "f", {"t": 1})]
    )
