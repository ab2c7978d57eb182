"""Operators that ask what a value looks like, and whether there is one at all."""

from __future__ import annotations

from decisions.engine.conditions import Operand, Registered, Schema
from decisions.engine.folding import fold
from decisions.engine.globs import compile_name_glob, compile_value_glob
from decisions.engine.likeness import scalars
from decisions.engine.patterns import compile_pattern
from decisions.engine.schema import compile_schema
from decisions.engine.setting import Setting, any_of
from decisions.engine.subject import CONFLICTING, About, Check, Gap, Subject
from decisions.engine.values import JSON_TYPES


def matches(operand: Operand, setting: Setting) -> Check:
    """`matches`: the pattern occurs in the text. Where case never matters, in the text or in its folded form."""
    occurs = compile_pattern(str(operand), folds=setting.folds)
    assert occurs is not None, "the parser takes no pattern that RE2 refuses"
    if not setting.folds:
        return lambda value, about: occurs(value) if isinstance(value, str) else None

    def check(value: object, about: About) -> bool | None:
        return any_of((occurs(value), occurs(fold(value)))) if isinstance(value, str) else None

    return check


def glob(operand: Operand, setting: Setting) -> Check:
    """`glob`: one of the globs describes the text as a whole."""
    compile_glob = compile_name_glob if setting.is_name else compile_value_glob
    spelled = fold if setting.folds else str
    globs = [each for text in scalars(operand) if (each := compile_glob(spelled(str(text)))) is not None]

    def check(value: object, about: About) -> bool | None:
        if not isinstance(value, str):
            return None
        text = spelled(value)
        return any_of(each(text) for each in globs)

    return check


def has_type(operand: Operand, setting: Setting) -> Check:
    """`type`. It sees null, so that nothing is the only thing that it does not know about."""
    tests = [JSON_TYPES[str(name)] for name in scalars(operand)]
    return lambda value, about: None if isinstance(value, Gap) else any(test(value) for test in tests)


def satisfies_schema(operand: Operand, setting: Setting) -> Check:
    """`schema`: of the policy itself, or the one that the catalogue has for the action's tool."""
    if isinstance(operand, Registered):
        return _satisfies_its_own(setting)
    assert isinstance(operand, Schema)
    satisfies = compile_schema(operand.schema)
    return lambda value, about: satisfies(value, about.meter)


def _satisfies_its_own(setting: Setting) -> Check:
    catalogue = setting.scope.catalogue
    schemas = {id(tool): compile_schema(tool.parameters) for tool in catalogue.tools if tool.parameters is not None}

    def check(value: object, about: About) -> bool | None:
        assert isinstance(about, Subject), "only the parameters as a whole have a schema of their own"
        tool = catalogue.find(tool=about.tool, operation=about.operation)
        satisfies = schemas.get(id(tool))
        return None if satisfies is None else satisfies(value, about.meter)

    return check


def is_absent(operand: Operand, setting: Setting) -> Check:
    """`absent`. A fact that is disputed or stale is there."""
    return lambda value, about: (value is None) is operand


def is_absent_or_disputed(operand: Operand, setting: Setting) -> Check:
    """`unknown_or_conflicting`."""
    return lambda value, about: (value is None or value is CONFLICTING) is operand


def is_fresh(operand: Operand, setting: Setting) -> Check:
    """`max_age`: the reader gives no fact that is older, so one that is there is fresh."""
    return lambda value, about: True
