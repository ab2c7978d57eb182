"""Approving several requests of one kind together: how many, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from approvals.lifecycle.snapshot import RiskLevel
from receipts.signing.canonical import JSON, canonical_bytes

MOST: Mapping[str, int] = {RiskLevel.LOW.value: 10, RiskLevel.MEDIUM.value: 5}
"""How many requests may be approved together, by their risk. Those of any other are approved one by one."""


def split_parameters(
    actions: Sequence[Mapping[str, JSON]],
) -> tuple[dict[str, JSON], tuple[dict[str, JSON], ...]]:
    """What all actions have alike, and for each what it has differently, by name.

    A member that another action lacks is a difference. Values are alike where their canonical JSON is.
    """
    if not actions:
        return {}, ()
    first, *others = actions
    common = {name: value for name, value in first.items() if all(_is_same(name, first, other) for other in others)}
    own = tuple({name: value for name, value in action.items() if name not in common} for action in actions)
    return common, own


def _is_same(name: str, one: Mapping[str, JSON], other: Mapping[str, JSON]) -> bool:
    return name in other and canonical_bytes(one[name]) == canonical_bytes(other[name])
