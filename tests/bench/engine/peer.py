"""A process that asks one peer: a line of JSON in, a line of JSON out. It runs in the peers' own environment.

In: `{"engine", "size"}` builds a policy; `{"hit", "times"}` asks that many times and answers `{"nanoseconds": […],
"is_allowed"}`, each evaluation timed by itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.bench.engine.questions import AMOUNT, LARGEST_AMOUNT, Hit, asked_tool, tool_name

Ask: TypeAlias = Callable[[], bool]
Engine: TypeAlias = Callable[[int], Callable[[str], Ask]]


def _cedar(size: int) -> Callable[[str], Ask]:
    cedarpy = import_module("cedarpy")
    rules = "\n".join(
        f'permit(principal, action == Action::"{tool_name(number)}.run", resource) '
        f"when {{ context.amount <= {LARGEST_AMOUNT} }};"
        for number in range(size)
    )
    # The library's own way to parse once and ask often.
    policies, entities = cedarpy.PolicySet.from_str(rules), cedarpy.Entities.from_json_str("[]")

    def asking(tool: str) -> Ask:
        request = {
            "principal": 'Agent::"alice"',
            "action": f'Action::"{tool}.run"',
            "resource": 'Resource::"any"',
            "context": {"amount": AMOUNT},
        }
        return lambda: bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return asking


def _agentmesh(size: int) -> Callable[[str], Ask]:
    policy = import_module("agentmesh.governance.policy")
    engine = policy.PolicyEngine()
    rules = [
        policy.PolicyRule(
            name=f"rule-{number}",
            condition=f"tool == '{tool_name(number)}.run' and amount <= {LARGEST_AMOUNT}",
            action="allow",
        )
        for number in range(size)
    ]
    engine.load_policy(policy.Policy(name="bench", agents=["*"], rules=rules, default_action="deny"))

    def asking(tool: str) -> Ask:
        context = {"tool": f"{tool}.run", "amount": AMOUNT}
        return lambda: bool(engine.evaluate("did:mesh:alice", context).allowed)

    return asking


def _agent_os(size: int) -> Callable[[str], Ask]:
    """Its rules have one condition each, so that the amount is left out."""
    schema, evaluator = import_module("agent_os.policies.schema"), import_module("agent_os.policies.evaluator")
    rules = [
        schema.PolicyRule(
            name=f"rule-{number}",
            condition=schema.PolicyCondition(field="tool", operator="eq", value=f"{tool_name(number)}.run"),
            action="allow",
        )
        for number in range(size)
    ]
    document = schema.PolicyDocument(name="bench", rules=rules, defaults=schema.PolicyDefaults(action="deny"))
    engine = evaluator.PolicyEvaluator(policies=[document])

    def asking(tool: str) -> Ask:
        context = {"tool": f"{tool}.run", "amount": AMOUNT}
        return lambda: bool(engine.evaluate(context).allowed)

    return asking


ENGINES: Mapping[str, Engine] = {"cedarpy": _cedar, "agentmesh": _agentmesh, "agent_os": _agent_os}


def timed(ask: Ask, *, times: int) -> list[int]:
    """Nanoseconds of each of `times` evaluations."""
    clock, found = time.perf_counter_ns, []
    for _ in range(times):
        begin = clock()
        ask()
        found.append(clock() - begin)
    return found


def main() -> None:
    """Answers until its input ends."""
    asking: Callable[[str], Ask] | None = None
    size = 0
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        if "engine" in job:
            size = job["size"]
            asking = ENGINES[job["engine"]](size)
            answer: dict[str, Any] = {"built": size}
        else:
            assert asking is not None, "a policy comes first"
            ask = asking(asked_tool(Hit(job["hit"]), size=size))
            answer = {"is_allowed": ask(), "nanoseconds": timed(ask, times=job["times"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
