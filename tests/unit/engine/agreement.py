"""The engine and the reference side by side: the same policy, action and session, and rulings that can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from decisions.engine.action import Action
from decisions.engine.context import Context, Fact, Identity, Trust
from decisions.engine.errors import PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Ruling
from tests.reference.cases import given
from tests.reference.readings import same
from tests.reference.shrinking import shrunk
from tests.reference.triples import Example, judged_examples


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A seed whose policy and case are judged differently, and both rulings."""

    seed: int
    example: Example
    engine: dict[str, Any]
    reference: dict[str, Any]

    def __str__(self) -> str:
        differing = [name for name in self.reference if not same(self.reference[name], self.engine.get(name))]
        stream = StringIO()
        YAML().dump(asdict(self.example), stream)
        head = f"seed {self.seed}: the rulings differ in {', '.join(differing)}"
        return f"{head}\n{stream.getvalue()}engine:    {self.engine}\nreference: {self.reference}"


def compiled(example: Example) -> Policy:
    """The engine's policy. JSON is YAML, and quicker to write."""
    texts = dict.fromkeys(("pack:base", "file:base.yaml"), json.dumps(example.included, ensure_ascii=False))
    text = json.dumps(example.policy, ensure_ascii=False)
    return compile_policy(parse_policy(text, source="random", included=texts))


def engine_ruling(policy: Policy, action: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    asked = Action(action["tool"], action["operation"], action["parameters"])
    return in_words(evaluate(asked, context=context_of(session), policy=policy))


def context_of(session: Mapping[str, Any]) -> Context:
    facts = {name: fact_of(node, Trust.ASSERTED) for name, node in session["asserted"].items()}
    facts |= {name: fact_of(node, Trust.ATTESTED) for name, node in session["attested"].items()}
    who = dict(session["identity"])
    return Context(
        original_request=session.get("original_request"),
        request_trust=Trust(session.get("request_trust", Trust.ATTESTED)),
        facts=facts,
        data_kinds=frozenset(session["data_kinds"]),
        tools_used=frozenset(session["tools_used"]),
        action_count=session["action_count"],
        registered_effect=session.get("tool_effect"),
        at=datetime.fromisoformat(session["at"]),
        intent=session.get("intent"),
        profile=session.get("profile"),
        entities=frozenset(session["entities"]),
        taint=frozenset(session["taint"]),
        session_age=session["session_age"],
        identity=Identity(**{**who, "effective_scope": frozenset(who["effective_scope"])}),
        risk_signals=session["risk_signals"],
        counted=session["counted"],
    )


def fact_of(node: Mapping[str, Any], trust: Trust) -> Fact:
    at = datetime.fromisoformat(node["at"])
    return Fact(node["value"], trust, "test", at, recorded_count=node["count"], is_conflicting=node["conflicting"])


def in_words(ruling: Ruling) -> dict[str, Any]:
    """A ruling in the words of the page's cases."""
    asked = ruling.route or ruling.on_timeout
    shadow = ruling.shadow
    return {
        "decision": ruling.decision.value,
        "rule": ruling.rule_id,
        "reason_code": ruling.reason_code.value,
        "risk_level": ruling.risk_level.value,
        "classification": ruling.classification.value if ruling.classification else None,
        "confidence": ruling.confidence,
        "parameters": ruling.parameters,
        "context_needed": sorted(ruling.context_needed),
        "labels": sorted(ruling.labels),
        "approvers": {stage.group: stage.count for stage in asked.stages} if asked else {},
        "timeout": ruling.timeout_seconds,
        "matched": list(ruling.matched_rules),
        "shadow": shadow
        and {"decision": shadow.decision.value, "rule": shadow.rule_id, "reason_code": shadow.reason_code.value},
    }


def disagreement(seed: int, *, is_shrunk: bool = True) -> Disagreement | None:
    """The first example of a seed about which the two differ, as small as it goes."""
    judged = judged_examples(seed)
    policy = compiled(judged[0].example)
    for each in judged:
        if not same(engine_ruling(policy, each.action, each.session), each.ruling):
            return told(seed, smallest(each.example) if is_shrunk else each.example)
    return None


def told(seed: int, example: Example) -> Disagreement:
    return Disagreement(seed, example, engine_ruling(compiled(example), *given(example.case)), example.ruling())


def smallest(example: Example) -> Example:
    whole = asdict(example)
    return Example(**shrunk(whole, fails=lambda parts: parts.keys() == whole.keys() and differs(Example(**parts))))


def differs(example: Example) -> bool:
    """Whether the two differ about an example that both can read."""
    try:
        found = told(0, example)
    except (PolicyError, KeyError, TypeError):
        return False
    return not same(found.engine, found.reference)
