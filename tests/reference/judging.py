"""From rules to a ruling, step by step as the page numbers them (pages: From rules to a ruling, Shadow rules)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.reference import changes
from tests.reference.conditions import Found, Scene, value_of
from tests.reference.holding import rule_found, still_absent
from tests.reference.loading import Rule
from tests.reference.readings import as_list, is_number, same
from tests.reference.tools import entry_of

RISK_ORDER = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
ROUNDS = 4
DENIED_IF_MISALIGNED = {"ALLOW", "MODIFY", "DENY"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What steps come to: an action, why, and what goes with it."""

    action: str
    code: str
    rule: str | None = None
    risk: str = "MEDIUM"
    classification: str | None = None
    deciding: list[Rule] = field(default_factory=list)
    changes: list[changes.Change] = field(default_factory=list)
    asks: dict[str, Any] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    confidence: int = 100

    @property
    def is_default(self) -> bool:
        return self.code == "default_posture"


_NOTHING = Outcome("DENY", "")
_MISALIGNED = Outcome("DENY", "misaligned", None, "HIGH", "context_dependent_deny")


@dataclass(frozen=True, slots=True)
class Round:
    """One judgement of one set of parameters."""

    scene: Scene
    found: dict[str, Found]
    rules: list[Rule]
    own_word: Rule | None = None

    def that(self, truth: bool | None) -> list[Rule]:
        return [rule for rule in self.rules if rule.action and self.found[rule.id].truth is truth]

    def confidence_of(self, rule: Rule) -> int:
        found = self.found[rule.id]
        return 100 * found.points // (2 * found.comparisons) if found.comparisons else 100

    def signal(self, name: str) -> tuple[float | None, float | None]:
        """The threshold, if there is one, and the signal, if it is a number."""
        value, _ = value_of(f"risk_signals.{name}", replace(self.scene, trusts_agent=False))
        return self.scene.policy["thresholds"].get(name), value if is_number(value) else None


def highest(rules: list[Rule]) -> str:
    return max((rule.risk_level for rule in rules), key=RISK_ORDER.index)


def agreed(rules: list[Rule], code: str, shown: str | None) -> Outcome:
    """Rules that name one action: the strictest of what they ask for together."""
    timeouts = [rule.timeout for rule in rules if rule.timeout is not None]
    asks_people = rules[0].action == "STEP_UP" or all(rule.asks_people_at_timeout for rule in rules)
    groups = sorted({group for rule in rules for group in rule.approvers}) if asks_people else []
    editable = [set(rule.editable or []) for rule in rules]
    holds = [rule.hold for rule in rules]
    named = next(rule for rule in rules if rule.id == shown) if shown is not None else rules[0]
    return Outcome(
        action=rules[0].action or "",
        code=code,
        rule=shown,
        risk=highest(rules),
        classification=named.classification,
        deciding=rules if shown is not None else [],
        changes=changes.merged(rules) or [],
        asks={
            "approvers": {group: max(rule.approvers.get(group, 0) for rule in rules) for group in groups},
            "timeout": min(timeouts, default=None),
            "escalation": {step for rule in rules for step in rule.escalation},
            "questions": {question for rule in rules for question in rule.questions},
            "editable": set.intersection(*editable),
            "hold": None if None in holds else max(each or 0 for each in holds),
            "denials": min(rule.denials for rule in rules),
        },
    )


def named_of(rules: list[Rule]) -> str:
    return min(rules, key=lambda rule: (-RISK_ORDER.index(rule.risk_level), rule.id)).id


def of_highest_priority(rules: list[Rule]) -> list[Rule]:
    top = max((rule.priority for rule in rules), default=None)
    return [rule for rule in rules if rule.priority == top]


def baseline(now: Round, holding: list[Rule]) -> Outcome:
    """Steps 1 to 3 and the conflict of step 4."""
    if forbidden := of_highest_priority([rule for rule in holding if rule.classification == "forbidden"]):
        return agreed(forbidden, "forbidden", named_of(forbidden))
    threshold, risk = now.signal("session_risk")
    if threshold is not None and risk is not None and risk > threshold:
        return Outcome("DENY", "session_risk", risk="HIGH", classification="context_dependent_deny")
    deciding = of_highest_priority(holding)
    if not deciding:
        return _uncovered(now)
    if len({rule.action for rule in deciding}) > 1 or changes.merged(deciding) is None:
        if is_misaligned(now) and all(rule.action in DENIED_IF_MISALIGNED for rule in deciding):
            return replace(_MISALIGNED, deciding=deciding)
        return replace(_deferred(_NOTHING, "rule_conflict", highest(deciding)), deciding=deciding)
    return agreed(deciding, "rule_matched", named_of(deciding))


def _uncovered(now: Round) -> Outcome:
    """Where no rule holds: the default, or the word of the MODIFY that led here."""
    if now.own_word is not None:
        return Outcome("ALLOW", "rule_matched", rule=now.own_word.id, risk=now.own_word.risk_level)
    return agreed([now.scene.policy["default"]], "default_posture", None)


def may_become_step_up(now: Round, outcome: Outcome) -> bool:
    """Is this the default's DENY that step 5 turns, or may turn, into STEP_UP?"""
    threshold, alignment = now.signal("alignment")
    is_turned = threshold is not None and (alignment is None or alignment >= threshold)
    return (
        outcome.is_default and outcome.action == "DENY" and is_turned and "approvers" in now.scene.policy["thresholds"]
    )


def is_misaligned(now: Round) -> bool:
    """Is `alignment` known to be below its threshold?"""
    threshold, alignment = now.signal("alignment")
    return threshold is not None and alignment is not None and alignment < threshold


def action_to_step_4(now: Round, outcome: Outcome) -> str:
    """What is misaligned is denied in step 5, so to step 4 it is one action with what is denied anyway."""
    return "DENY" if is_misaligned(now) and outcome.action in DENIED_IF_MISALIGNED else outcome.action


def differs(now: Round, base: Outcome, other: Outcome) -> bool:
    if is_misaligned(now) and base.action in DENIED_IF_MISALIGNED:
        return other.action not in DENIED_IF_MISALIGNED
    if base.action != other.action:
        return True
    if base.action == "DENY":
        return may_become_step_up(now, base) and not other.is_default
    if base.action == "MODIFY":
        return changes.signature(base.changes) != changes.signature(other.changes)
    return base.action == "STEP_UP" and (base.asks, base.risk) != (other.asks, other.risk)


def unknown_signals(now: Round, base: Outcome) -> frozenset[str]:
    """The signals whose thresholds could change this outcome."""
    turns = may_become_step_up(now, base)
    names = set()
    if now.signal("session_risk")[0] is not None and now.signal("session_risk")[1] is None:
        names |= {"session_risk"} if action_to_step_4(now, base) != "DENY" or turns else set()
    if now.signal("alignment")[0] is not None and now.signal("alignment")[1] is None:
        names |= {"alignment"} if base.action in {"ALLOW", "MODIFY"} or turns else set()
    return frozenset(f"risk_signals.{name}" for name in names)


def judged(now: Round) -> Outcome:
    """Steps 1 to 5 for one round."""
    holding = now.that(True)
    base = baseline(now, holding)
    could = [rule for rule in now.that(None) if differs(now, base, baseline(now, [*holding, rule]))]
    confidence = min((now.confidence_of(rule) for rule in [*base.deciding, *could]), default=100)
    needed = unknown_signals(now, base).union(*(now.found[rule.id].blocking for rule in could))
    base = replace(base, confidence=confidence, needed=_waited_for(now, base))
    if could or needed:
        return _held_back(now, base, could, needed)
    if is_too_unsure(now, base):
        weak = frozenset().union(*(now.found[rule.id].weak for rule in base.deciding))
        return _deferred(base, "low_confidence", highest(base.deciding), weak)
    return aligned(now, base)


def _waited_for(now: Round, base: Outcome) -> frozenset[str]:
    if base.action != "DEFER" or base.code == "rule_conflict":
        return frozenset()
    rules = base.deciding or [now.scene.policy["default"]]
    return frozenset(name for rule in rules for name in still_absent(rule, now.scene))


def _held_back(now: Round, base: Outcome, could: list[Rule], needed: frozenset[str]) -> Outcome:
    """Step 4 for what is unknown. A DEFER or a conflict stays what it is and waits for more."""
    if base.action == "DEFER":
        return replace(base, needed=base.needed | needed)
    risks = [base.risk, *(rule.risk_level for rule in could)]
    return _deferred(base, "missing_context", max(risks, key=RISK_ORDER.index), needed)


def _deferred(base: Outcome, code: str, risk: str, needed: frozenset[str] = frozenset()) -> Outcome:
    """A wait that no rule states."""
    waiting = Outcome("DEFER", code, None, risk, "context_dependent_defer", asks={"timeout": 300})
    return replace(waiting, confidence=base.confidence, needed=needed)


def is_too_unsure(now: Round, base: Outcome) -> bool:
    if base.action not in {"ALLOW", "MODIFY", "STEP_UP"}:
        return False
    thresholds = [now.scene.policy["thresholds"].get("confidence", 0), *(rule.threshold for rule in base.deciding)]
    return bool(base.confidence / 100 < max(thresholds))


def aligned(now: Round, base: Outcome) -> Outcome:
    """Step 5."""
    if base.action in {"ALLOW", "MODIFY"} and is_misaligned(now):
        return replace(_MISALIGNED, confidence=base.confidence)
    if may_become_step_up(now, base):
        people = agreed([now.scene.policy["people"]], "aligned", None)
        return replace(people, classification="context_dependent_allow", confidence=base.confidence)
    return base


def round_of(rules: list[Rule], scene: Scene, own_word: Rule | None) -> Round:
    return Round(scene, {rule.id: rule_found(rule, scene) for rule in rules}, rules, own_word)


def ruling_of(rules: list[Rule], scene: Scene) -> tuple[dict[str, Any], list[Round]]:
    """Round after round, until nothing changes any more."""
    rounds: list[Round] = []
    first: Outcome | None = None
    lowest = 100
    parameters = scene.parameters
    for _ in range(ROUNDS):
        now = round_of(rules, replace(scene, parameters=parameters), _named(first))
        rounds.append(now)
        outcome = judged(now)
        lowest = min(lowest, outcome.confidence)
        if outcome.action not in {"ALLOW", "MODIFY"}:
            return stated(outcome, parameters, lowest, scene, rounds), rounds
        first = first or outcome
        changed, failed = changes.applied(outcome.changes, parameters)
        if failed:
            outcome = _deferred(outcome, "missing_context", outcome.risk, frozenset(failed))
            return stated(outcome, parameters, lowest, scene, rounds), rounds
        if same(changed, parameters):
            goes_on = "ALLOW" if len(rounds) == 1 else "MODIFY"
            return stated(replace(first, action=goes_on), parameters, lowest, scene, rounds), rounds
        parameters = changed
    assert first is not None
    outcome = replace(first, action="DENY", code="modification_not_stable")
    return stated(outcome, parameters, lowest, scene, rounds), rounds


def _named(first: Outcome | None) -> Rule | None:
    return None if first is None else Rule(id=first.rule or "", action="ALLOW", risk_level=first.risk)


def stated(
    outcome: Outcome, parameters: dict[str, Any], confidence: int, scene: Scene, rounds: list[Round]
) -> dict[str, Any]:
    """The ruling in the words of cases."""
    waits = outcome.action in {"STEP_UP", "DEFER"}
    matched = {rule.id: rule for each in rounds for rule in each.rules if each.found[rule.id].truth}
    return {
        "decision": outcome.action,
        "rule": outcome.rule,
        "reason_code": outcome.code,
        "risk_level": outcome.risk,
        "classification": outcome.classification,
        "confidence": confidence / 100,
        "parameters": scene.parameters if outcome.action == "DENY" else parameters,
        "context_needed": sorted(outcome.needed) if outcome.action == "DEFER" else [],
        "labels": [] if outcome.action == "DENY" else labels_of(scene, rounds),
        "approvers": outcome.asks.get("approvers", {}) if waits else {},
        "timeout": outcome.asks.get("timeout") if waits else None,
        "matched": sorted(matched, key=lambda name: (-matched[name].priority, name)),
    }


def labels_of(scene: Scene, rounds: list[Round]) -> list[str]:
    entry = entry_of(scene.policy, scene.tool, scene.operation) or {}
    labels = set(as_list(entry.get("data_class", [])))
    for rule in rounds[-1].rules:
        labels |= set(rule.labels) if rounds[-1].found[rule.id].truth is not False else set()
    return sorted(labels)


def evaluate(policy: dict[str, Any], action: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    """The ruling about an action, with what shadow rules would have made of it."""
    scene = Scene(policy, action["tool"], action["operation"], action["parameters"], session)
    rules = policy["rules"]
    ruling, rounds = ruling_of([rule for rule in rules if not rule.is_shadow], scene)
    shadows = [rule for rule in rules if rule.is_shadow]
    ruling["shadow"] = None
    if any(rule_found(rule, each.scene).truth is not False for rule in shadows for each in rounds):
        other, _ = ruling_of(rules, scene)
        ruling["shadow"] = {"decision": other["decision"], "rule": other["rule"], "reason_code": other["reason_code"]}
    return ruling
