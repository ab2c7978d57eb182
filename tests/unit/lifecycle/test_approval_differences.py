"""What a request that replaces another one shows as changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from approvals.lifecycle.differences import Difference, differences
from approvals.lifecycle.quorum import Stage
from approvals.lifecycle.route import Route
from tests.unit.pages.snapshots import snapshot

ROUTE = Route((Stage("security-team", 1),), timeout_seconds=60).to_dict()
BEFORE = snapshot(parameters={"to": "ana", "n": 1, "a/b~": True})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"nonce": "another", "explanation": "Because.", "agent": "renamed"}, []),
        ({"parameters": {"to": "ana", "n": 1.0, "a/b~": True}}, []),
        ({"parameters": {"to": "eve", "n": 1, "a/b~": True}}, [Difference("/parameters/to", "ana", "eve")]),
        ({"parameters": {"to": "ana", "n": 1, "a/b~": 1}}, [Difference("/parameters/a~1b~0", True, 1)]),
        ({"parameters": {"n": 1, "a/b~": True, "cc": None}}, [
            Difference("/parameters/cc", None, None), Difference("/parameters/to", "ana", None),
        ]),
        ({"reason": "Another."}, [Difference("/reason", BEFORE.reason, "Another.")]),
    ],
)  # fmt: skip
def test_a_reviewer_is_shown_every_change_and_only_changes(change: dict[str, Any], found: list[Difference]) -> None:
    assert list(differences(BEFORE, replace(BEFORE, **change), routes=(ROUTE, ROUTE))) == found


def test_another_route_is_a_difference_too() -> None:
    more = Route((Stage("security-team", 2),), timeout_seconds=60).to_dict()
    found = differences(BEFORE, BEFORE, routes=(ROUTE, more))
    assert [each.path for each in found] == ["/route/stages"]
