"""The readers of fields: one function each, from a field and its rule's scope to a closure over the evaluation.

A reader gives None for what a condition can't rely on: missing, null, or only asserted where the rule wants attested.
Where null must be told from nothing, it gives `missing` for nothing instead. A fact that is too old or disputed is a
`Gap`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from decisions.engine.context import SIGNALS_OF_REQUEST, Context, Fact, Trust, trusted_signal
from decisions.engine.counters import exact, plus
from decisions.engine.pointers import value_at
from decisions.engine.scope import Scope
from decisions.engine.subject import CONFLICTING, STALE, Field, Item, Reader, Subject
from decisions.engine.values import is_number

Supplier: TypeAlias = Callable[[Field, Scope, object], Reader]


def plain(read: Reader) -> Supplier:
    """The supplier of a field that depends on nothing but the evaluation."""
    return lambda field, scope, missing: read


def of_context(read: Callable[[Context], object]) -> Supplier:
    """The supplier of a member of the context."""
    return plain(lambda subject: read(subject.context))


def whole_name(subject: Subject) -> object:
    """Tool and operation together."""
    return f"{subject.tool}.{subject.operation}"


def effect(field: Field, scope: Scope, missing: object) -> Reader:
    """What the policy's catalogue says the tool does, else what a host registered."""
    find = scope.catalogue.find

    def read(subject: Subject) -> object:
        tool = find(tool=subject.tool, operation=subject.operation)
        said = tool.effect if tool is not None else None
        return said if said is not None else subject.context.registered_effect

    return read


def of_catalogue(name: str) -> Supplier:
    """The supplier of what an entry of the catalogue says under the attribute `name`."""

    def supply(field: Field, scope: Scope, missing: object) -> Reader:
        said = {key: getattr(tool, name) for key, tool in scope.catalogue.entries.items()}

        def read(subject: Subject) -> object:
            own = (subject.tool, subject.operation)
            return said[own] if own in said else said.get((subject.tool, None))

        return read

    return supply


def is_known(field: Field, scope: Scope, missing: object) -> Reader:
    """Whether the catalogue has an entry for the tool and operation."""
    find = scope.catalogue.find
    return lambda subject: find(tool=subject.tool, operation=subject.operation) is not None


def parameter(field: Field, scope: Scope, missing: object) -> Reader:
    """A parameter, or all of them."""
    path = field.path
    if len(path) == 1:
        name = path[0]
        return lambda subject: subject.parameters.get(name, missing)
    if path:
        return lambda subject: value_at(subject.parameters, path=path, missing=missing)
    return lambda subject: subject.parameters


def item(field: Field, scope: Scope, missing: object) -> Reader:
    """The value that a quantifier is at, or a member of it."""
    path = field.path

    def read(about: Subject | Item) -> object:
        assert isinstance(about, Item), "conditions on items are only asked of items"
        return value_at(about.value, path=path, missing=missing)

    return read


def fact(field: Field, scope: Scope, missing: object) -> Reader:
    """A fact's value, if someone vouches for it whom the rule trusts."""
    name, takes_asserted = field.path[0], scope.trust is Trust.ASSERTED
    longest = None if field.max_age is None else timedelta(seconds=field.max_age)

    def read(subject: Subject) -> object:
        known = subject.context.facts.get(name)
        if known is None or not (takes_asserted or known.trust is Trust.ATTESTED):
            return missing
        if known.is_conflicting:
            return CONFLICTING
        # A null is absent at any age.
        is_there = known.value is not None
        if is_there and longest is not None and _age(known, context=subject.context) > longest:
            return STALE
        return known.value

    return read


def _age(known: Fact, *, context: Context) -> timedelta:
    return context.at - known.recorded_at


def request(field: Field, scope: Scope, missing: object) -> Reader:
    """The user's first request, likewise."""
    takes_asserted = scope.trust is Trust.ASSERTED

    def read(subject: Subject) -> object:
        context = subject.context
        is_trusted = takes_asserted or context.request_trust is Trust.ATTESTED
        return context.original_request if is_trusted else None

    return read


def data_level(field: Field, scope: Scope, missing: object) -> Reader:
    """The name of the highest level among what the session has touched, the lowest level if that is nothing."""
    levels = scope.levels
    return lambda subject: levels.level_of(subject.context.data_kinds)


def parameter_kinds(subject: Subject) -> object:
    """The kinds of data that detectors find in the parameters."""
    return subject.search.kinds_in(subject.parameters)


def signal(field: Field, scope: Scope, missing: object) -> Reader:
    """A risk signal. Those that follow from the user's request are taken on the word that the request is taken on."""
    name = field.path[0]
    if name not in SIGNALS_OF_REQUEST or scope.trust is Trust.ASSERTED:
        return lambda subject: subject.context.risk_signals.get(name)
    return lambda subject: trusted_signal(subject.context, name=name)


def untrusted_parameters(subject: Subject) -> object:
    """The names of the parameters whose values came out of what nobody vouches for."""
    return subject.context.risk_signals.get("untrusted_parameters")


def actions_since(field: Field, scope: Scope, missing: object) -> Reader:
    """How many actions the session has had since the fact was attested, all of them where nobody has."""
    name = field.path[0]

    def read(subject: Subject) -> object:
        context = subject.context
        known = _attested(name, context=context)
        return context.action_count - (known.recorded_count if known is not None else 0)

    return read


def seconds_since(field: Field, scope: Scope, missing: object) -> Reader:
    """How many seconds have passed since the fact was attested, or since the session was opened."""
    name = field.path[0]

    def read(subject: Subject) -> object:
        context = subject.context
        known = _attested(name, context=context)
        return context.session_age if known is None else _age(known, context=context).total_seconds()

    return read


def _attested(name: str, *, context: Context) -> Fact | None:
    known = context.facts.get(name)
    return known if known is not None and known.trust is Trust.ATTESTED else None


def counted(field: Field, scope: Scope, missing: object) -> Reader:
    """What the rule has counted, this action included; None where the parameter to add up is no number, or negative."""
    rule_id, path = scope.rule_id, field.path
    if not path:
        return lambda subject: subject.context.counted.get(rule_id, 0) + 1

    def read(subject: Subject) -> object:
        amount = value_at(subject.parameters, path=path)
        if not is_number(amount) or amount < 0:
            return None
        return plus(exact(subject.context.counted.get(rule_id, 0)), exact(amount))

    return read
