"""What tests of the engine are made of: policies from a few lines of YAML, contexts, and rulings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from textwrap import dedent, indent
from typing import Any

import pytest

from decisions.engine.action import Action
from decisions.engine.context import Context, Fact, Trust
from decisions.engine.errors import PolicyError, Problem
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Ruling
from receipts.signing.canonical import JSON

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEADER = 'policy: {id: test, version: "1", organisation: {domains: [corp.example]}}\n'


def text_of(rules: str, *, header: str = HEADER) -> str:
    """A whole policy around the text of some rules."""
    return f"{header}rules:\n{indent(dedent(rules).strip(), '  ')}\n"


def policy_of(rules: str, *, default: str = "DENY") -> Policy:
    """A compiled policy around the text of some rules."""
    header = f'policy: {{id: test, version: "1", default: {default}, organisation: {{domains: [corp.example]}}}}\n'
    return compile_policy(parse_policy(text_of(rules, header=header), source="test"))


def policy_in(parts: str, *, rules: str = "[]") -> Policy:
    """A compiled policy with these top-level parts beside `policy:`, which the text must not have, and these rules."""
    header = 'policy: {id: test, version: "1"}\norganisation: {domains: [corp.example]}\n'
    listed = f"rules:\n{indent(dedent(rules).strip(), '  ')}\n" if rules != "[]" else "rules: []\n"
    return compile_policy(parse_policy(f"{header}{dedent(parts).strip()}\n{listed}", source="test"))


def problems_of(text: str) -> tuple[Problem, ...]:
    """What is wrong with a policy text, which must be something."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, source="test")
    return caught.value.problems


def facts(trust: Trust, **values: JSON) -> dict[str, Fact]:
    """Facts with one provenance."""
    return {name: Fact(value=value, trust=trust, source="test", recorded_at=AT) for name, value in values.items()}


def context(**changes: Any) -> Context:
    """The context of a fresh session in which Alice asked for nothing in particular, with changes."""
    fresh: dict[str, Any] = {
        "original_request": None,
        "request_trust": Trust.ATTESTED,
        "facts": {},
        "data_kinds": frozenset(),
        "tools_used": frozenset(),
        "action_count": 0,
        "registered_effect": None,
    }
    return Context(**(fresh | changes))


def ruling(policy: Policy, name: str, parameters: Mapping[str, JSON] | None = None, **changes: Any) -> Ruling:
    """The ruling on `tool.operation` with these parameters in a context with these changes."""
    tool, _, operation = name.rpartition(".")
    action = Action(tool=tool, operation=operation, parameters=parameters or {})
    return evaluate(action, context=context(**changes), policy=policy)
