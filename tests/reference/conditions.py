"""Does a match hold? Fields, groups, and what each comparison says for the confidence (page: Matching, Who says so)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.reference.detections import kinds_in
from tests.reference.kleene import Truth, all_of, any_of, negation
from tests.reference.operators import ABOUT_ABSENCE, Around, answer, is_older
from tests.reference.readings import MISSING, at_path, fold, microseconds_of, name_of_parameter
from tests.reference.times import window_holds
from tests.reference.tools import entry_of, is_in_category, name_holds

GROUPS = {"all", "any", "not"}
FIELD_ALIASES = {
    "context.data_classification": "context.data_kinds",
    "context.prior_actions": "context.tools_used",
    "context.chain_length": "context.action_count",
    "context.session_accessed_data": "context.data_kinds",
    "context.user_intent": "context.original_request",
    "identity.scope": "identity.effective_scope",
}
BARE = {
    "semantic_distance": ("risk_signals", "semantic_distance"),
    "chain_length": ("context", "action_count"),
    "data_classification_accessed": ("context", "data_kinds"),
}
SETS = {"context.data_kinds", "context.tools_used", "context.entities", "context.taint", "identity.effective_scope"}
SETS |= {"context.parameter_kinds", "risk_signals.untrusted_parameters", "context.original_request", "tool.data_class"}
CASELESS = {"context.original_request", "context.intent", "context.data_kinds", "context.data_level"}
CASELESS |= {"context.parameter_kinds"}
CASELESS |= {"context.tools_used", "context.entities", "context.taint", "tool", "operation", "tool.data_class"}
# As trustworthy as the request that they follow from.
OF_REQUEST = {"semantic_distance", "cumulative_distance", "drift_detected", "alignment", "scope_expansion"}
# A fact that sources differ about is there.
DISPUTED = {"unknown_or_conflicting": True, "absent": False, "required": True}
ABOUT_LEVELS = {"higher_than", "lower_than"}


@dataclass(frozen=True, slots=True)
class Found:
    """A truth, the fields that leave it unknown or rest on mere word, and the confidence: two points per comparison."""

    truth: Truth
    blocking: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    points: int = 0
    comparisons: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """What one judgement is about: the policy, the action, the session, and whom a rule trusts."""

    policy: dict[str, Any]
    tool: str
    operation: str
    parameters: dict[str, Any]
    session: dict[str, Any]
    trusts_agent: bool = False


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def together(truth: Truth, parts: list[Found]) -> Found:
    """A group: what leaves it unknown are its parts that are unknown themselves."""
    blocking = union(part.blocking for part in parts if part.truth is None) if truth is None else frozenset()
    points = sum(part.points for part in parts)
    return Found(truth, blocking, union(part.weak for part in parts), points, sum(part.comparisons for part in parts))


def every_one(parts: list[Found]) -> Found:
    return together(all_of(part.truth for part in parts), parts)


def any_one(parts: list[Found]) -> Found:
    return together(any_of(part.truth for part in parts), parts)


def opposite(part: Found) -> Found:
    return replace(part, truth=negation(part.truth))


def comparison(truth: Truth, name: str, *, is_mere_word: bool = False) -> Found:
    points = 0 if truth is None else 1 if is_mere_word else 2
    names = frozenset([name])
    return Found(truth, names if truth is None else frozenset(), names if points < 2 else frozenset(), points, 1)


def match_found(match: Any, scene: Scene) -> Found:
    if match == "any":
        return Found(True)
    parts = []
    for key, wanted in match.items():
        if key == "all":
            parts.append(every_one([match_found(each, scene) for each in wanted]))
        elif key == "any":
            parts.append(any_one([match_found(each, scene) for each in wanted]))
        elif key == "not":
            parts.append(opposite(match_found(wanted, scene)))
        else:
            parts.append(key_found(key, wanted, scene, beside_operation="operation" in match))
    return every_one(parts)


def key_found(key: str, wanted: Any, scene: Scene, *, beside_operation: bool = False) -> Found:
    """One key of a match or of constraints that is no group."""
    if key == "tool":
        return tool_found(wanted, scene, is_whole=beside_operation)
    if key == "operation":
        return Found(spec_truth_of_name(wanted, scene.operation))
    if key == "time":
        return any_one([time_found(each, scene) for each in (wanted if isinstance(wanted, list) else [wanted])])
    if key in BARE:
        return field_found(*BARE[key], wanted, scene)
    if key == "original_request":
        return field_found("context", key, wanted, scene)
    family, dot, name = key.partition(".")
    if dot:
        return field_found(family, name, wanted, scene)
    return every_one([field_found(family, each, wanted[each], scene) for each in wanted])


def spec_truth_of_name(wanted: Any, name: str) -> Truth:
    """A name of a tool or operation under operators, or a bare one taken whole."""
    if not isinstance(wanted, dict):
        return name_holds(wanted, name, "", is_whole=True)
    around = Around(domains=[], networks=[], levels=[], at=0, caseless=True, is_name=True)
    return all_of(
        negation(spec_truth_of_name(wanted[operator], name))
        if operator == "not"
        else answer(operator, wanted[operator], name, around)
        for operator in wanted
    )


def tool_found(wanted: Any, scene: Scene, *, is_whole: bool) -> Found:
    if isinstance(wanted, list):
        return any_one([tool_found(each, scene, is_whole=is_whole) for each in wanted])
    if not isinstance(wanted, dict):
        return Found(name_holds(wanted, scene.tool, scene.operation, is_whole=is_whole))
    return every_one([_tool_key_found(key, wanted[key], scene) for key in wanted])


def _tool_key_found(key: str, wanted: Any, scene: Scene) -> Found:
    if key == "category":
        names = wanted if isinstance(wanted, list) else [wanted]
        return Found(any(is_in_category(name, scene.policy, scene.tool, scene.operation) for name in names))
    entry = entry_of(scene.policy, scene.tool, scene.operation)
    if key == "known":
        return comparison((entry is not None) == wanted, "tool.known")
    if key not in {"effect", "reversible", "data_class"}:
        return Found(spec_truth_of_name({key: wanted}, scene.tool))
    said = (entry or {}).get(key, MISSING)
    if key == "effect" and said is MISSING:
        said = scene.session.get("tool_effect") or MISSING
    if key == "data_class" and said is not MISSING:
        said = said if isinstance(said, list) else [said]
    return operators_found(f"tool.{key}", wanted, said, scene)


def time_found(wanted: dict[str, Any], scene: Scene) -> Found:
    at = scene.session["at"]
    parts = []
    if "zone" in wanted:
        parts.append(comparison(window_holds(wanted, at), "time"))
    for side in ("after", "before"):
        if side in wanted:
            parts.append(comparison(answer(side, wanted[side], at, around_of(scene)), "time"))
    return every_one(parts)


def around_of(scene: Scene) -> Around:
    """What the operators may look at; the schema of an entry that has none is missing."""
    ours = scene.policy["organisation"]
    entry = entry_of(scene.policy, scene.tool, scene.operation) or {}
    at = microseconds_of(scene.session["at"])
    assert at is not None
    return Around(
        domains=ours.get("domains", []),
        networks=ours.get("networks", []),
        levels=scene.policy["levels"],
        at=at,
        catalogue_schema=entry.get("parameters", MISSING),
    )


def field_found(family: str, name: str, wanted: Any, scene: Scene) -> Found:
    if family == "parameters":
        return operators_found(name_of_parameter(name), wanted, at_path(scene.parameters, name), scene)
    if family == "facts":
        return fact_found(name, wanted, scene)
    field = FIELD_ALIASES.get(f"{family}.{name}", f"{family}.{name}")
    value, is_mere_word = value_of(field, scene)
    return operators_found(field, wanted, value, scene, is_mere_word=is_mere_word)


def value_of(field: str, scene: Scene) -> tuple[Any, bool]:
    """The value of a field that is neither a parameter nor a fact, and whether it is only an agent's word."""
    family, _, name = field.partition(".")
    if field == "context.original_request":
        is_asserted = scene.session.get("request_trust", "attested") != "attested"
        value = scene.session.get(name, MISSING)
        return (value, is_asserted) if scene.trusts_agent else (MISSING if is_asserted else value, False)
    if family == "risk_signals" and name in OF_REQUEST:
        is_asserted = scene.session.get("request_trust", "attested") != "attested"
        value = scene.session[family].get(name)
        return (MISSING, False) if value is None or (is_asserted and not scene.trusts_agent) else (value, is_asserted)
    if field == "context.data_level":
        return level_of(scene.session["data_kinds"], scene.policy), False
    if field == "context.parameter_kinds":
        return kinds_in(scene.parameters), False
    where = scene.session if family == "context" else scene.session[family]
    return where.get(name, MISSING), False


def level_of(kinds: list[str], policy: dict[str, Any]) -> str:
    """The highest of the labels' levels, as the policy writes it. Levels are written in any case."""
    grades, levels = policy["grades"], [fold(level) for level in policy["levels"]]
    ranks = [levels.index(fold(grades.get(fold(kind), grades[""]))) for kind in kinds]
    return str(policy["levels"][max(ranks, default=0)])


def fact_of(name: str, scene: Scene) -> tuple[dict[str, Any] | None, bool]:
    """What the rule may see of a fact; an attested word counts before an asserted one."""
    if name in scene.session["attested"]:
        return scene.session["attested"][name], False
    if scene.trusts_agent and name in scene.session["asserted"]:
        return scene.session["asserted"][name], True
    return None, False


def fact_found(name: str, wanted: Any, scene: Scene) -> Found:
    fact, is_mere_word = fact_of(name, scene)
    if fact is None:
        return operators_found(name, wanted, MISSING, scene)
    around = replace(around_of(scene), recorded_at=microseconds_of(fact["at"]) or 0)
    spec = wanted if isinstance(wanted, dict) else {"in": wanted}
    return _fact_found(name, spec, fact, around, is_mere_word=is_mere_word)


def _fact_found(
    name: str, spec: dict[str, Any], fact: dict[str, Any], around: Around, *, is_mere_word: bool, is_old: bool = False
) -> Found:
    """What the operators say of a fact; to all beside a `max_age` an older one is unknown."""
    if "max_age" in spec and fact["value"] is not None:
        is_old = is_old or is_older(around.recorded_at, spec["max_age"], around)
    parts = []
    for operator, wanted in spec.items():
        if operator == "not" and isinstance(wanted, dict):
            inner = _fact_found(name, wanted, fact, around, is_mere_word=is_mere_word, is_old=is_old)
            parts.append(opposite(inner))
        else:
            truth = _fact_answer(operator, wanted, fact, around, is_old=is_old)
            parts.append(comparison(truth, name, is_mere_word=is_mere_word))
    return every_one(parts)


def _fact_answer(operator: str, wanted: Any, fact: dict[str, Any], around: Around, *, is_old: bool) -> Truth:
    if fact["conflicting"]:
        return bool(DISPUTED[operator] == wanted) if operator in DISPUTED else None
    truth = answer(operator, wanted, fact["value"], around)
    return None if is_old and operator not in ABOUT_ABSENCE else truth


def operators_found(field: str, wanted: Any, value: Any, scene: Scene, *, is_mere_word: bool = False) -> Found:
    """Each operator on a field is one comparison; `not` turns around those that it holds."""
    around = replace(around_of(scene), caseless=field in CASELESS)
    bare = "contains" if field in SETS else "in"
    parts = []
    for operator, operand in (wanted if isinstance(wanted, dict) else {bare: wanted}).items():
        if operator == "not" and isinstance(operand, dict):
            parts.append(opposite(operators_found(field, operand, value, scene, is_mere_word=is_mere_word)))
        elif field == "context.data_kinds" and operator in ABOUT_LEVELS:
            parts.append(field_found("context", "data_level", {operator: operand}, scene))
        else:
            truth = answer(operator, operand, value, around, bare)
            parts.append(comparison(truth, field, is_mere_word=is_mere_word))
    return every_one(parts)
