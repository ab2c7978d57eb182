"""Random modifications: few places, so that those of several rules meet."""

from __future__ import annotations

from random import Random
from typing import Any

# Each place with the ways of changing it and their operands.
_WAYS: dict[str, list[tuple[str, list[Any]]]] = {
    "amount": [("cap", [5, 10]), ("clamp", [[1, 10], [5, 5]]), ("replace", [5, 10, True, "10"])],
    "env": [("replace", ["prod", "staging", None]), ("mask", [0, 2, 4]), ("redact", [])],
    "options.amount": [("cap", [5, 50]), ("replace", [5]), ("remove", [])],
    "parameters.options": [("replace", [{"amount": 5}, {}]), ("remove", []), ("redact", [])],
    "options": [("add_filter", [{"env": "prod"}, {"amount": 5, "extra": False}])],
    "/options/env": [("redact", []), ("mask", [1]), ("replace", ["prod"])],
    "/items/0": [("replace", ["x", 10]), ("redact", []), ("remove", []), ("mask", [1])],
    "items.1": [("cap", [5]), ("replace", [{"amount": 5}])],
    "all": [("replace", [True, False]), ("remove", [])],
    "to": [("replace", ["a@corp.example"]), ("mask", [3])],
    "level": [("replace", ["PUBLIC", "SECRET"])],
}


def modifications(rng: Random) -> dict[str, Any]:
    """One to three changes; no rule changes a place and something within it."""
    node: dict[str, Any] = {}
    taken: set[str] = set()
    for name in rng.sample(list(_WAYS), rng.choice([1, 1, 2, 3])):
        first = name.removeprefix("parameters.").strip("/").replace("/", ".").partition(".")[0]
        if first in taken:
            continue
        taken.add(first)
        _write(node, name, *rng.choice(_WAYS[name]), rng)
    if "replace" in node and rng.random() < 0.3:
        node["parameters"] = node.pop("replace")
    return node


def _write(node: dict[str, Any], name: str, kind: str, operands: list[Any], rng: Random) -> None:
    if operands:
        node.setdefault(kind, {})[name] = rng.choice(operands)
    else:
        node.setdefault(kind, []).append(name)
