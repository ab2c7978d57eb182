"""Operators that hold a value against listed texts, numbers and booleans: equality, membership, and parts of texts.

A text that equals a listed one but for case, width or composition is unknown, except in fields that fold: `PROD` must
slip past a rule about `prod` neither way. A value of another type than everything that is listed is unknown as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.conditions import Operand, Scalar
from decisions.engine.folding import fold
from decisions.engine.setting import Setting, any_of
from decisions.engine.subject import About, Check
from decisions.engine.values import scalar_kind

_IsPart: TypeAlias = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class _Choices:
    """The scalars that an operand lists, by kind. `if_folded` is the truth of a text that only folding makes equal."""

    exact: Mapping[str | None, frozenset[Scalar]]
    folded: frozenset[str]
    if_folded: bool | None

    def include(self, value: object) -> bool | None:
        """Whether `value` is one of them; unknown where none of them is of its kind."""
        kind = scalar_kind(value)
        if kind is None or kind not in self.exact:
            return None
        if value in self.exact[kind]:
            return True
        return self.if_folded if isinstance(value, str) and fold(value) in self.folded else False

    def occur_in(self, text: str) -> bool | None:
        """Whether one of the texts among them is part of `text`; unknown where there is none."""
        return self.texts_are(text, is_part=_is_within) if self.folded else None

    def texts_are(self, text: str, *, is_part: _IsPart) -> bool | None:
        """Whether one of the texts is such a part of `text`."""
        if any(is_part(text, str(part)) for part in self.exact["text"]):
            return True
        folded = fold(text)
        return self.if_folded if any(is_part(folded, part) for part in self.folded) else False


def scalars(operand: Operand) -> tuple[Scalar, ...]:
    """The scalars of an operand that lists one or more."""
    if isinstance(operand, tuple):
        return operand
    assert isinstance(operand, (str, bool, int, float)), operand
    return (operand,)


def _choices(operand: Operand, *, folds: bool) -> _Choices:
    exact: dict[str | None, set[Scalar]] = {}
    for scalar in scalars(operand):
        exact.setdefault(scalar_kind(scalar), set()).add(scalar)
    return _Choices(
        exact={kind: frozenset(listed) for kind, listed in exact.items()},
        folded=frozenset(fold(text) for text in exact.get("text", ()) if isinstance(text, str)),
        if_folded=True if folds else None,
    )


def is_one_of(operand: Operand, setting: Setting) -> Check:
    """`eq` and `in`."""
    choices = _choices(operand, folds=setting.folds)
    if choices.exact.keys() == {"text"}:
        return _is_one_text(choices)
    include = choices.include
    return lambda value, about: include(value)


def _is_one_text(choices: _Choices) -> Check:
    """The same where only texts are listed, which is what rules ask most."""
    exact, folded, if_folded = choices.exact["text"], choices.folded, choices.if_folded

    def check(value: object, about: About) -> bool | None:
        if not isinstance(value, str):
            return None
        if value in exact:
            return True
        return if_folded if fold(value) in folded else False

    return check


def contains(operand: Operand, setting: Setting) -> Check:
    """`contains`: a part of a text, or an item of a list or set, of which each is asked as `in` would ask it."""
    choices = _choices(operand, folds=setting.folds)

    def check(value: object, about: About) -> bool | None:
        if isinstance(value, str):
            return choices.occur_in(value)
        if isinstance(value, (list, frozenset)):
            return _has(value, about)
        return None

    def _has(items: Collection[object], about: About) -> bool | None:
        about.meter.spend(len(items))
        return any_of(map(choices.include, items))

    return check


def _edge(is_part: _IsPart) -> Callable[[Operand, Setting], Check]:
    def build(operand: Operand, setting: Setting) -> Check:
        choices = _choices(operand, folds=setting.folds)
        return lambda value, about: choices.texts_are(value, is_part=is_part) if isinstance(value, str) else None

    return build


def _is_within(text: str, part: str) -> bool:
    return part in text


starts_with = _edge(str.startswith)
ends_with = _edge(str.endswith)
