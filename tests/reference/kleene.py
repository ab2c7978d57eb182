"""Three values: true, false and unknown (`None`), after Kleene (page: True, false, unknown)."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def all_of(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    if False in found:
        return False
    return None if None in found else True


def any_of(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    if True in found:
        return True
    return None if None in found else False


def negation(truth: Truth) -> Truth:
    return None if truth is None else not truth
