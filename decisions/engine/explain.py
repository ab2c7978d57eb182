"""A ruling in plain words, and in a form that pages and programs draw from.

`explain` is for an agent's log and a reviewer's screen: what was decided, by which rule, and why. `sentences_of` adds
what an auditor asks: which comparison of which rule came out how, what would have to be known, and what the rules in
shadow would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from decisions.engine.verdict import (
    ConditionResult,
    Decision,
    Escalation,
    ReasonCode,
    Route,
    Ruling,
    Truth,
)
from receipts.signing.canonical import JSON

# The comparisons of each rule that decided or held a ruling back.
_Judged: TypeAlias = dict[str, list[ConditionResult]]


def explain(ruling: Ruling) -> str:
    """One or two sentences: what was decided and by which rule, then the reason that the policy gives."""
    return f"{_OPENINGS[ruling.decision](ruling)} {_sentence(ruling.reason)}"


def sentences_of(ruling: Ruling) -> tuple[str, ...]:
    """Everything that the ruling carries, a sentence each, the decision first."""
    return _told(ruling, judged=_by_rule(ruling))


def _told(ruling: Ruling, *, judged: _Judged) -> tuple[str, ...]:
    return (explain(ruling), *_about_rules(ruling, judged=judged), *_about_route(ruling), *_about_rest(ruling))


def explanation_of(ruling: Ruling) -> dict[str, JSON]:
    """The same for programs: a JSON value with these members, all of them always there.

    `decision`, `reason`, `reason_code`, `rule`, `classification`, `risk_level`, `confidence` (0 to 1); `sentences` (of
    `sentences_of`); `rules`: `[{id, holds, conditions: [{field, operator, result}]}]`, results being `true`, `false`
    or `unknown`; `matched`: ids; `modifications`: `[{path, kind, rule}]`; `route` and `on_timeout`: null or `{stages:
    [{group, count}], timeout, escalation: [{after, groups}], questions, editable}`; `context_needed`, `resolvers`,
    `labels`, `timeout`; `shadow`: null or `{decision, rule, reason, reason_code}`; `thresholds`: `{session_risk,
    alignment, confidence}`; `tool`: null or what the catalogue says, `{effect, reversible, consequence}`. Values of
    parameters and facts are not in it.
    """
    judged = _by_rule(ruling)
    return {
        "decision": ruling.decision.value,
        "reason": ruling.reason,
        "reason_code": ruling.reason_code.value,
        "rule": ruling.rule_id,
        "classification": ruling.classification.value if ruling.classification else None,
        "risk_level": ruling.risk_level.value,
        "confidence": ruling.confidence,
        "sentences": [*_told(ruling, judged=judged)],
        "rules": [_rule_json(rule_id, results, ruling=ruling) for rule_id, results in judged.items()],
        "matched": [*ruling.matched_rules],
        "modifications": [
            {"path": each.path, "kind": each.kind.value, "rule": each.rule_id} for each in ruling.modifications
        ],
        "route": _route_json(ruling.route),
        "on_timeout": _route_json(ruling.on_timeout),
        "context_needed": [*ruling.context_needed],
        "resolvers": [*ruling.resolvers],
        "labels": [*sorted(ruling.labels)],
        "timeout": ruling.timeout_seconds,
        "shadow": _shadow_json(ruling),
        "thresholds": {
            "session_risk": ruling.thresholds.session_risk,
            "alignment": ruling.thresholds.alignment,
            "confidence": ruling.thresholds.confidence,
        },
        "tool": _tool_json(ruling),
    }


def _source(ruling: Ruling) -> str:
    if ruling.reason_code is ReasonCode.DEFAULT_POSTURE:
        return "by the policy's default"
    return "by the policy" if ruling.rule_id is None else f"by rule {ruling.rule_id}"


def _allowed(ruling: Ruling) -> str:
    return f"Allowed {_source(ruling)}."


def _modified(ruling: Ruling) -> str:
    paths = dict.fromkeys(change.path.removeprefix("/") for change in ruling.modifications)
    return f"Allowed {_source(ruling)} after changing {_listed(list(paths))}."


def _stepped_up(ruling: Ruling) -> str:
    people = _people(ruling.route) if ruling.route else "nobody"
    return f"Needs approval {_source(ruling)}: {people}, within {ruling.timeout_seconds} seconds."


def _deferred(ruling: Ruling) -> str:
    needed = list(ruling.context_needed)
    waits = f" until {_listed(needed)} {_are(needed)} known" if needed else ""
    return f"Deferred {_source(ruling)}{waits}, for {ruling.timeout_seconds} seconds at most."


def _denied(ruling: Ruling) -> str:
    finality = ", which nothing overrides" if ruling.reason_code is ReasonCode.FORBIDDEN else ""
    return f"Denied {_source(ruling)}{finality}."


_OPENINGS: Mapping[Decision, Callable[[Ruling], str]] = {
    Decision.ALLOW: _allowed,
    Decision.MODIFY: _modified,
    Decision.STEP_UP: _stepped_up,
    Decision.DEFER: _deferred,
    Decision.DENY: _denied,
}


def _about_rules(ruling: Ruling, *, judged: _Judged) -> Iterator[str]:
    """Which rules held, and on what; which could not be judged, and why."""
    for rule_id, results in judged.items():
        if rule_id in ruling.matched_rules:
            yield f"Rule {rule_id} holds: {_listed([_result(each) for each in results])}."
        else:
            unknown = [_comparison(each) for each in results if each.result is Truth.UNKNOWN]
            yield f"Rule {rule_id} could not be judged, because {_listed(unknown)} {_are(unknown)} unknown."
    unconditional = [rule_id for rule_id in ruling.matched_rules if rule_id not in judged]
    if unconditional:
        yield f"{_rules(unconditional)} for every action."


def _about_route(ruling: Ruling) -> Iterator[str]:
    if ruling.route:
        yield from _about_asking(ruling.route)
    if ruling.resolvers:
        yield f"{_listed(list(ruling.resolvers))} may supply what is missing."
    if ruling.on_timeout:
        yield f"If nothing arrives in time, {_people(ruling.on_timeout)} are asked."


def _about_asking(route: Route) -> Iterator[str]:
    for step in route.escalation:
        groups = list(step.groups)
        yield f"After {step.after_seconds} seconds without an answer, {_listed(groups)} {_are(groups)} asked too."
    if route.questions:
        yield f"The reviewer is asked to judge: {' '.join(route.questions)}"
    if route.editable:
        names = [name.removeprefix("/") for name in route.editable]
        yield f"The reviewer may change {_listed(names)}."
    if route.denials > 1:
        yield f"{route.denials} people have to deny it before it is denied."
    if route.hold_seconds is not None:
        yield f"An approval can be taken back for {route.hold_seconds} seconds."


def _about_rest(ruling: Ruling) -> Iterator[str]:
    for change in ruling.modifications:
        yield f"Rule {change.rule_id} {_DONE[change.kind.value]} {change.path.removeprefix('/')}."
    if ruling.labels:
        yield f"If it goes on, the session has touched {_listed(sorted(ruling.labels))}."
    yield f"Confidence: {ruling.confidence:.2f} of what this rests on could be evaluated."
    if ruling.shadow:
        by = f" by rule {ruling.shadow.rule_id}" if ruling.shadow.rule_id else ""
        yield f"With the rules in shadow it would be {ruling.shadow.decision}{by}: {_sentence(ruling.shadow.reason)}"


_DONE: Mapping[str, str] = {
    "replace": "set",
    "cap": "lowered",
    "clamp": "moved into its bounds",
    "redact": "redacted",
    "mask": "masked",
    "add_filter": "added a filter to",
    "remove": "removed",
}


def _by_rule(ruling: Ruling) -> _Judged:
    found: _Judged = {}
    for result in ruling.conditions:
        found.setdefault(result.rule_id, []).append(result)
    return found


def _rules(ids: list[str]) -> str:
    return f"Rule {ids[0]} holds" if len(ids) == 1 else f"Rules {_listed(ids)} hold"


def _result(found: ConditionResult) -> str:
    return f"{_comparison(found)} is {found.result}"


def _comparison(found: ConditionResult) -> str:
    return f"{found.field} {found.operator}"


def _people(route: Route) -> str:
    return _listed([f"{stage.count} of {stage.group}" for stage in route.stages])


def _rule_json(rule_id: str, results: list[ConditionResult], *, ruling: Ruling) -> JSON:
    conditions: list[JSON] = [
        {"field": each.field, "operator": each.operator, "result": each.result.value} for each in results
    ]
    return {"id": rule_id, "holds": rule_id in ruling.matched_rules, "conditions": conditions}


def _route_json(route: Route | None) -> JSON:
    if route is None:
        return None
    return {
        "stages": [{"group": stage.group, "count": stage.count} for stage in route.stages],
        "timeout": route.timeout_seconds,
        "risk_level": route.risk_level.value,
        "escalation": [_escalation_json(step) for step in route.escalation],
        "questions": list(route.questions),
        "editable": list(route.editable),
        "hold": route.hold_seconds,
        "denials": route.denials,
    }


def _escalation_json(step: Escalation) -> JSON:
    return {"after": step.after_seconds, "groups": list(step.groups)}


def _shadow_json(ruling: Ruling) -> JSON:
    shadow = ruling.shadow
    if shadow is None:
        return None
    return {
        "decision": shadow.decision.value,
        "rule": shadow.rule_id,
        "reason": shadow.reason,
        "reason_code": shadow.reason_code.value,
    }


def _tool_json(ruling: Ruling) -> JSON:
    tool = ruling.tool
    if tool is None:
        return None
    return {"effect": tool.effect, "reversible": tool.reversible, "consequence": tool.consequence}


def _listed(items: list[str]) -> str:
    return ", ".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"


def _are(items: list[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
