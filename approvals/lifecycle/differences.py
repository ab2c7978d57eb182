"""In what one request differs from the one that it replaces: what a reviewer has to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from approvals.lifecycle.snapshot import Snapshot
from receipts.signing.canonical import JSON, canonical_bytes

# What a reviewer weighs. Names, times and the nonce differ anyway.
COMPARED = (
    "parameters",
    "consequence",
    "reason",
    "rule_id",
    "policy_hash",
    "risk_level",
    "data_kinds",
    "context_needed",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that changed. `path` is a JSON pointer; None stands for what is not there."""

    path: str
    before: JSON
    after: JSON


def differences(
    before: Snapshot, after: Snapshot, *, routes: tuple[Mapping[str, JSON], Mapping[str, JSON]]
) -> tuple[Difference, ...]:
    """Everything that changed in what is asked, and in who is asked, in the order of `COMPARED`.

    `routes` are the stored forms of both routes. Parameters are compared one by one.
    """
    return (*_between(before.to_dict(), after.to_dict()), *_route(*routes))


def _between(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> Iterator[Difference]:
    for name in COMPARED:
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _members(name, old, new)
        elif not _is_same(old, new):
            yield Difference(path=f"/{name}", before=old, after=new)


def _members(name: str, old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[Difference]:
    for key in sorted({*old, *new}):
        if key not in old or key not in new or not _is_same(old[key], new[key]):
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield Difference(path=f"/{name}/{escaped}", before=old.get(key), after=new.get(key))


def _route(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if not _is_same(old.get(name), new.get(name)):
            yield Difference(path=f"/route/{name}", before=old.get(name), after=new.get(name))


def _is_same(one: JSON, other: JSON) -> bool:
    """In JSON, where `true` is not 1 and 1 is 1.0."""
    return canonical_bytes(one) == canonical_bytes(other)
