"""What an operator is built in: how its field is read, and the way to what it asks of items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.conditions import Condition, Operand
from decisions.engine.scope import Scope
from decisions.engine.subject import About, Check, Item

ItemTest: TypeAlias = Callable[[Item], bool | None]


@dataclass(frozen=True, slots=True)
class Setting:
    """`folds`: case and width never matter in the field. `is_name`: it names a tool or operation, so globs run on.

    `compile_inner` gives the test of what a quantifier asks of an item.
    """

    scope: Scope
    compile_inner: Callable[[Condition], ItemTest]
    folds: bool = False
    is_name: bool = False


Build: TypeAlias = Callable[[Operand, Setting], Check]


def any_of(results: Iterable[bool | None]) -> bool | None:
    """Kleene's OR: True if any is, else unknown if any is, else False."""
    unknown = False
    for result in results:
        if result is True:
            return True
        unknown = unknown or result is None
    return None if unknown else False


def opposite(build: Build) -> Build:
    """Kleene's NOT of an operator."""

    def build_opposite(operand: Operand, setting: Setting) -> Check:
        check = build(operand, setting)

        def is_not(value: object, about: About) -> bool | None:
            result = check(value, about)
            return None if result is None else not result

        return is_not

    return build_opposite
