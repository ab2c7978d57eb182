"""The parameters of an action on its page: all of them, what changed, what may deceive, where it goes."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.pages.parameters import Parameter, parameters_of, target_of
from tests.unit.pages.snapshots import snapshot


def by_name(**changes: Any) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters_of(snapshot(**changes))}


def names(parameters: dict[str, Any]) -> list[str]:
    return [parameter.name for parameter in parameters_of(snapshot(parameters=parameters))]


def test_what_may_deceive_comes_first_then_the_target_then_the_canonical_order() -> None:
    assert names({"zeta": 1, "beta": "pay\u200bpal", "to": "ana@partner.example", "alpha": 2}) == [
        "beta",
        "to",
        "alpha",
        "zeta",
    ]


def test_the_order_is_by_utf_16_as_in_the_signed_bytes() -> None:
    assert names({"\ufb01": 1, "\U0001f600": 2}) == ["\U0001f600", "\ufb01"]


@pytest.mark.parametrize(
    ("asked", "final", "change"),
    [
        ({"limit": 5000}, {"limit": 100}, "changed"),
        ({"limit": 1}, {"limit": True}, "changed"),
        ({"limit": "1"}, {"limit": 1}, "changed"),
        ({"limit": 1.0}, {"limit": 1}, ""),
        ({"limit": [1, {"a": 2}]}, {"limit": [1, {"a": 2}]}, ""),
        ({}, {"limit": 100}, "added"),
        ({"limit": None}, {}, "removed"),
        ({"limit": None}, {"limit": None}, ""),
    ],
)
def test_a_change_is_told_exactly(asked: dict[str, Any], final: dict[str, Any], change: str) -> None:
    changes = ({"path": "/limit", "from": 1, "to": 2, "rule_id": "cap"},)
    found = by_name(original_parameters=asked, parameters=final, modifications=changes)["limit"]
    assert (found.change, found.before, found.value) == (change, asked.get("limit"), final.get("limit"))
    assert found.rule_id == ("cap" if change else "")


def test_without_a_modification_nothing_is_marked() -> None:
    assert {parameter.change for parameter in by_name().values()} == {""}


def test_the_rule_is_found_by_the_first_part_of_a_json_pointer() -> None:
    changes = (
        {"path": "/a~1b/0/x", "rule_id": "deep"},
        {"path": "/c~0d", "rule_id": None},
    )
    found = by_name(
        original_parameters={"a/b": [1], "c~d": 1}, parameters={"a/b": [2], "c~d": 2}, modifications=changes
    )
    assert (found["a/b"].rule_id, found["c~d"].rule_id) == ("deep", "")


def test_names_that_may_deceive_say_so_by_themselves() -> None:
    found = by_name(parameters={"t\u043e": "x", "to": "y"})
    assert found["t\u043e"].name_warnings
    assert found["t\u043e"].warnings
    assert not found["to"].warnings


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"subject": "x", "to": "a"}, "to"),
        ({"table": "customers", "name": "x"}, "name"),
        ({"to": ["a", "b"], "table": "c"}, None),
        ({"to": 5}, None),
        ({"subject": "x"}, None),
        ({}, None),
    ],
)
def test_the_target_is_a_text_that_says_where_it_goes_or_nothing(parameters: dict[str, Any], name: str | None) -> None:
    target = target_of(parameters)
    assert (target.name if target else None) == name
