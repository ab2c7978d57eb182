"""Changes that a reviewer makes: what the rule lists, where there is such a place, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.lifecycle.changes import apply_changes, value_at
from approvals.lifecycle.errors import ChangeError

QUERY: dict[str, Any] = {"limit": 100, "where": {"a/b": "x"}, "tables": ["orders", {"name": "items"}]}
EDITABLE = ("/limit", "/where/a~1b", "/tables/1/name", "/tables/0", "/note", "/tables/9", "/limit/deep")


def changed(**changes: Any) -> dict[str, Any]:
    return apply_changes(QUERY, changes=changes, editable=EDITABLE)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/limit", 5), ("/where/a~1b", "y"), ("/tables/1/name", "n"), ("/tables/0", "carts"), ("/note", "new")],
)
def test_a_value_is_put_where_the_rule_lets_it_and_nothing_else_moves(pointer: str, value: Any) -> None:
    result = changed(**{pointer: value})
    assert value_at(result, pointer=pointer) == value
    before = value_at(QUERY, pointer=pointer)
    if before is not None:
        assert apply_changes(result, changes={pointer: before}, editable=EDITABLE) == QUERY
    assert QUERY["limit"] == 100


@pytest.mark.parametrize("pointer", ["/tables/9", "/limit/deep"])
def test_a_place_that_is_not_there_is_refused(pointer: str) -> None:
    assert value_at(QUERY, pointer=pointer) is None
    with pytest.raises(ChangeError, match="no place"):
        changed(**{pointer: 1})


@pytest.mark.parametrize("pointer", ["/where", "", "limit", "/Limit", "/tables"])
def test_what_the_rule_does_not_list_is_refused(pointer: str) -> None:
    with pytest.raises(ChangeError, match="nobody change"):
        changed(**{pointer: 1})


def test_a_value_keeps_its_type_and_true_is_no_number() -> None:
    others: list[Any] = [True, "5", None, [5], {}]
    for value in others:
        with pytest.raises(ChangeError, match="is a number"):
            changed(**{"/limit": value})
    mixed = apply_changes({"n": 1, "x": None}, changes={"/n": 1.5, "/x": "t"}, editable=["/n", "/x"])
    assert mixed == {
        "n": 1.5,
        "x": "t",
    }


def test_a_change_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ChangeError, match="Nothing"):
        changed(**{"/limit": 100})
