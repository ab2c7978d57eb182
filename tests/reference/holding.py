"""Does a rule hold? Match, constraints, limits, and what a DEFER waits for (pages: Constraints, Intent boundaries)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.reference.conditions import (
    Found,
    Scene,
    any_one,
    around_of,
    comparison,
    every_one,
    fact_found,
    key_found,
    level_of,
    match_found,
    operators_found,
    opposite,
    value_of,
)
from tests.reference.loading import Rule
from tests.reference.readings import (
    at_path,
    exact,
    fold,
    is_number,
    microseconds_of,
    name_of_parameter,
    seconds_in,
)
from tests.reference.tools import is_in_category, name_holds

_INTERVAL = re.compile(r"([0-9]+)_(actions|minutes|hours|days)")
_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}


def rule_found(rule: Rule, scene: Scene) -> Found:
    scene = replace(scene, trusts_agent=rule.trusts_agent)
    if rule.limit is not None:
        return Found(_limit_holds(rule, scene))
    parts = [match_found(match, scene) for match in rule.matches]
    if rule.constraints is not None:
        parts.append(opposite(every_one([_constraint(key, rule, scene) for key in rule.constraints])))
    if rule.context_needed:
        parts.append(any_one([absence(name, scene) for name in rule.context_needed]))
    return every_one(parts)


def _constraint(key: str, rule: Rule, scene: Scene) -> Found:
    assert rule.constraints is not None
    wanted = rule.constraints[key]
    counted = scene.session["counted"].get(rule.id, 0)
    if key == "rate":
        return comparison(counted + 1 <= wanted["max"], "rate")
    if key == "budget":
        return _budget(wanted, counted, scene)
    if key == "parameters" and "schema" in wanted:
        rest = {name: wanted[name] for name in wanted if name != "schema"}
        whole = operators_found("parameters", {"schema": wanted["schema"]}, scene.parameters, scene)
        return every_one([whole, key_found(key, rest, scene)]) if rest else whole
    return key_found(key, wanted, scene)


def _budget(wanted: dict[str, Any], counted: float, scene: Scene) -> Found:
    name = wanted["sum"].removeprefix("parameters.")
    amount = at_path(scene.parameters, name)
    truth = None
    if is_number(amount) and amount >= 0:
        truth = exact(counted) + exact(amount) <= exact(wanted["max"])
    return comparison(truth, name_of_parameter(name))


def absence(name: str, scene: Scene) -> Found:
    """Is a field that a DEFER may wait for missing or null?"""
    family, dot, rest = name.partition(".")
    if not dot:
        return fact_found(name, {"absent": True}, scene)
    if family == "parameters":
        return operators_found(name_of_parameter(rest), {"absent": True}, at_path(scene.parameters, rest), scene)
    value, is_mere_word = value_of(name, scene)
    return operators_found(name, {"absent": True}, value, scene, is_mere_word=is_mere_word)


def still_absent(rule: Rule, scene: Scene) -> list[str]:
    if rule.limit is not None:
        return rule.context_needed
    scene = replace(scene, trusts_agent=rule.trusts_agent)
    return [name for name in rule.context_needed if absence(name, scene).truth]


def _limit_holds(rule: Rule, scene: Scene) -> bool:
    """A limit of an intent, or the interval after which a session asks its user again. All that it reads is there."""
    assert rule.limit is not None
    limit, wanted = rule.limit
    if limit == "re_validation":
        return _is_due(wanted, scene)
    if rule.intent is not None and fold(scene.session.get("intent") or "") != fold(rule.intent):
        return False
    if limit in {"allowed_tools", "denied_tools"}:
        return _is_one_of(wanted, scene) is (limit == "denied_tools")
    if limit == "max_data_classification":
        levels = scene.policy["levels"]
        level = level_of(scene.session["data_kinds"], scene.policy)
        return bool(levels.index(level) > [fold(each) for each in levels].index(fold(wanted)))
    if limit == "max_chain_length":
        return bool(scene.session["action_count"] >= wanted)
    return bool(scene.session["session_age"] > seconds_in(wanted))


def _is_one_of(tools: list[Any], scene: Scene) -> bool:
    return any(
        is_in_category(each["category"], scene.policy, scene.tool, scene.operation)
        if isinstance(each, dict)
        else name_holds(each, scene.tool, scene.operation)
        for each in tools
    )


def _is_due(interval: Any, scene: Scene) -> bool:
    fact = scene.session["attested"].get("user_confirmation")
    counted = _INTERVAL.fullmatch(interval) if isinstance(interval, str) else None
    if counted and counted[2] == "actions":
        since = fact["count"] if fact else 0
        return bool(scene.session["action_count"] - since >= int(counted[1]))
    seconds = int(counted[1]) * _UNITS[counted[2]] if counted else seconds_in(interval)
    if fact is None:
        return bool(scene.session["session_age"] >= seconds)
    passed = around_of(scene).at - (microseconds_of(fact["at"]) or 0)
    return passed >= seconds * 1_000_000
