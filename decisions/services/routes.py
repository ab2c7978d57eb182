"""The ways on which a policy asks people, each different one once, with the rules that ask so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from approvals.ports import NamedRoute
from decisions.engine.document import Consequence, Mode, PolicyDocument
from decisions.engine.verdict import Decision, Route
from decisions.models import PolicyVersion
from decisions.services.checking import check_files
from decisions.services.evaluation import approval_route
from decisions.services.policies import files_of

BY_DEFAULT = "the default"
BY_ALIGNMENT = "alignment"


@lru_cache(maxsize=16)
def routes_of_version(version_id: str) -> tuple[NamedRoute, ...]:
    """The routes of a stored version. Versions never change, so neither does this answer."""
    document = check_files(files_of(PolicyVersion.objects.get(pk=version_id)), runs_cases=False).document
    return routes_in(document) if document is not None else ()


def routes_in(document: PolicyDocument) -> tuple[NamedRoute, ...]:
    """In the order of the rules; what is only tried out asks nobody."""
    asking: dict[str, tuple[list[str], Route]] = {}
    for rule, route in _asked(document):
        key = str(approval_route(route).to_dict())
        asking.setdefault(key, ([], route))[0].append(rule)
    return tuple(NamedRoute(tuple(dict.fromkeys(rules)), approval_route(route)) for rules, route in asking.values())


def _asked(document: PolicyDocument) -> Iterator[tuple[str, Route]]:
    for rule in document.rules:
        if rule.consequence is not None and rule.mode is Mode.ENFORCE:
            yield from ((rule.id, route) for route in _routes_of(rule.consequence))
    yield from ((BY_DEFAULT, route) for route in _routes_of(document.default))
    if document.thresholds.route is not None:
        yield BY_ALIGNMENT, document.thresholds.route


def _routes_of(consequence: Consequence) -> Iterator[Route]:
    if consequence.decision is Decision.STEP_UP and consequence.timeout_seconds is not None:
        yield Route(
            stages=consequence.stages,
            timeout_seconds=consequence.timeout_seconds,
            risk_level=consequence.risk_level,
            escalation=consequence.escalation,
            editable=consequence.editable,
            hold_seconds=consequence.hold_seconds,
            denials=consequence.denials,
        )
    if consequence.on_timeout is not None:
        yield consequence.on_timeout
