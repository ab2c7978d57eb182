"""The accumulated state of a session: what a decision reads of everything that has happened in it.

Plain functions from a state to the next one. Nothing in it is forgotten and none of it grows without bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decisions.engine.context import Trust
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, canonical_bytes

MAX_TOOLS = 200
MAX_FACTS = 64
MAX_FACT_BYTES = 16 * 1024
# A session adds a salt: entries are chained with a digest of the state, and what a fact says may be guessable.
EMPTY_STATE: dict[str, Any] = {"count": 0, "kinds": [], "tools": [], "facts": {}}


def with_labels(state: Mapping[str, Any], *, kinds: frozenset[str]) -> dict[str, Any]:
    """The state after data of `kinds` was touched. Labels only rise."""
    return {**state, "kinds": sorted(set(state["kinds"]) | kinds)}


def with_action(state: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """The state after one more action was submitted.

    A session that names ever more operations is refused rather than forgotten: a rule may ask which it has used.
    """
    tools = set(state["tools"]) | {name}
    if len(tools) > MAX_TOOLS:
        raise ProblemError(
            "too_many_tools",
            status=409,
            why=f"A session names at most {MAX_TOOLS} different operations.",
            fix="Open a new session.",
            param="tool",
        )
    return {**state, "count": state["count"] + 1, "tools": sorted(tools)}


def with_fact(state: Mapping[str, Any], *, field: str, fact: Mapping[str, JSON]) -> dict[str, Any]:
    """The state after a fact was supplied. An asserted fact never displaces an attested one, nor keeps it out.

    A source's newer word replaces its older one. What other sources of the same trust have said stays beside it, so
    that a rule can tell that they differ.
    """
    if len(canonical_bytes(fact["value"])) > MAX_FACT_BYTES:
        raise ProblemError(
            "invalid_body",
            status=400,
            why=f"A fact has at most {MAX_FACT_BYTES} bytes.",
            fix="Send what rules compare, not the document that it was read from.",
            param="value",
        )
    known = state["facts"].get(field)
    if known and known["trust"] == Trust.ATTESTED and fact["trust"] != Trust.ATTESTED:
        return dict(state)
    others = _other_words(known, fact=fact) if known and known["trust"] == fact["trust"] else {}
    newest = {**fact, "count": state["count"]} | ({"others": others} if others else {})
    facts = {**state["facts"], field: newest}
    if _words_in(facts) > MAX_FACTS and fact["trust"] == Trust.ATTESTED:
        facts = _without_oldest_asserted(facts)
    if _words_in(facts) > MAX_FACTS:
        raise ProblemError(
            "too_many_facts",
            status=409,
            why=f"A session holds {MAX_FACTS} facts, and what each source says of one counts.",
            fix="Open a new session.",
            param="field",
        )
    return {**state, "facts": facts}


def _other_words(known: Mapping[str, Any], *, fact: Mapping[str, JSON]) -> dict[str, JSON]:
    said = {**known.get("others", {}), known["source"]: known["value"]}
    return {source: value for source, value in said.items() if source != fact["source"]}


def _words_in(facts: Mapping[str, Any]) -> int:
    return sum(1 + len(fact.get("others", ())) for fact in facts.values())


def _without_oldest_asserted(facts: Mapping[str, Any]) -> dict[str, Any]:
    asserted = [name for name, fact in facts.items() if fact["trust"] != Trust.ATTESTED]
    oldest = min(asserted, key=lambda name: (facts[name]["at"], name), default=None)
    return {name: fact for name, fact in facts.items() if name != oldest}
