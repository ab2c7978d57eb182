"""Our engine, asked what its peers are asked, and beyond: explanations, long sessions, rules for any tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from decisions.engine.action import Action
from decisions.engine.context import Context, Trust
from decisions.engine.explain import explanation_of
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Decision
from tests.bench.engine.questions import AMOUNT, LARGEST_AMOUNT, Hit, asked_tool, tool_name

# As many names as a session's state ever holds.
_MOST_TOOLS = 200


class Way(StrEnum):
    """What is measured of ours."""

    RULING = "AARM Site, ruling"
    LONG_SESSION = "AARM Site, ruling, session of 10,000 actions"
    EXPLAINED = "AARM Site, ruling with full explanation"
    UNINDEXED = "AARM Site, ruling, no rule names a tool"


def _indexed(number: int) -> str:
    match = f"{{tool: {tool_name(number)}.run, parameters: {{amount: {{lte: {LARGEST_AMOUNT}}}}}}}"
    return f"- {{id: rule-{number}, match: {match}, action: ALLOW}}"


def _unindexed(number: int) -> str:
    """Holds for one amount only, so that of all rules at most one holds."""
    return f"- {{id: rule-{number}, match: {{parameters: {{amount: {AMOUNT + number}}}}}, action: ALLOW}}"


@lru_cache(maxsize=8)
def policy_of(size: int, *, is_indexed: bool) -> Policy:
    """The policy of this size."""
    rules = "\n".join((_indexed if is_indexed else _unindexed)(number) for number in range(size))
    text = f'policy: {{id: bench, version: "1", default: DENY}}\nrules:\n{rules}\n'
    return compile_policy(parse_policy(text, source="bench.yaml"))


def context_of(actions: int) -> Context:
    """A session after this many actions."""
    return Context(
        original_request="Pay the invoice of October.",
        request_trust=Trust.ATTESTED,
        facts={},
        data_kinds=frozenset({"PII"}),
        tools_used=frozenset(f"tool-{number}.run" for number in range(min(actions, _MOST_TOOLS))),
        action_count=actions,
        registered_effect=None,
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


def asking(way: Way, *, hit: Hit, size: int) -> Callable[[], bool]:
    """An evaluation that says whether the action is allowed."""
    policy = policy_of(size, is_indexed=way is not Way.UNINDEXED)
    context = context_of(10_000 if way is Way.LONG_SESSION else 10)
    action = Action(asked_tool(hit, size=size), "run", _parameters(way, hit=hit, size=size))
    if way is not Way.EXPLAINED:
        return lambda: evaluate(action, context=context, policy=policy).decision is Decision.ALLOW

    def explained() -> bool:
        ruling = evaluate(action, context=context, policy=policy)
        return explanation_of(ruling)["decision"] == Decision.ALLOW

    return explained


def _parameters(way: Way, *, hit: Hit, size: int) -> Mapping[str, int]:
    if way is not Way.UNINDEXED:
        return {"amount": AMOUNT}
    return {"amount": {Hit.EARLY: AMOUNT, Hit.LATE: AMOUNT + size - 1, Hit.NONE: AMOUNT - 1}[hit]}
