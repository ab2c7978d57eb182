"""Makes a failing example small: whatever can be left out without the failure going away is left out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]


def shrunk(example: Any, *, fails: Callable[[Any], bool], attempts: int = 3000) -> Any:
    """A smaller example that still fails. The largest parts are tried first; a part that must stay is entered."""
    left = attempts
    is_smaller = True
    while is_smaller and left > 0:
        is_smaller = False
        for path in list(parts_of(example)):
            left -= 1
            candidate = without(example, path)
            if candidate is not None and fails(candidate):
                example, is_smaller = candidate, True
    return example


def parts_of(node: Any, before: Path = ()) -> Iterator[Path]:
    """The way to every member and item, outer ones first and the last of a list before the first."""
    keys = list(node) if isinstance(node, dict) else list(reversed(range(len(node)))) if isinstance(node, list) else []
    yield from ((*before, key) for key in keys)
    for key in keys:
        yield from parts_of(node[key], (*before, key))


def without(example: Any, path: Path) -> Any:
    """The example without one part; nothing if the part has gone already."""
    smaller = copy.deepcopy(example)
    holder = smaller
    for key in path[:-1]:
        if not _has(holder, key):
            return None
        holder = holder[key]
    if not _has(holder, path[-1]):
        return None
    del holder[path[-1]]
    return smaller


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and key < len(holder)
