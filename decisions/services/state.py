"""The accumulated state of a session: what a decision reads of everything that has happened in it.

Plain functions from a state to the next one. Each part has a limit of its own in bytes, so that all of it stays within
8 KiB beside the facts that were supplied. Labels and operations are never forgotten: where there is no room for another
one the session ends instead. Of entities the oldest are kept, each with the number of the action that it came with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from decisions.engine.context import Trust
from decisions.engine.drift import furthest
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, canonical_bytes

MAX_TOOLS = 200
MAX_TOOL_BYTES = 4096
MAX_LABEL_BYTES = 1024
MAX_ENTITY_BYTES = 2048
MAX_FACTS = 64
MAX_FACT_BYTES = 16 * 1024
# `decisions`, `outcomes` and `messages` count; `entities` and `taint` say with which action each came first. A session
# adds a salt: entries are chained with a digest of the state, and what a fact says may be guessable. `distance` is how
# far the session has come from its request (`decisions.engine.drift`), None where that is unknown.
EMPTY_STATE: dict[str, Any] = {
    "count": 0,
    "kinds": [],
    "tools": [],
    "facts": {},
    "decisions": {},
    "outcomes": {},
    "messages": {},
    "entities": {},
    "taint": {},
    "distance": 0,
}


def whole(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with all its parts; an earlier version of the product knew fewer, and took no distances."""
    return {**EMPTY_STATE, "distance": None, **state}


def with_labels(state: Mapping[str, Any], *, kinds: Iterable[str]) -> dict[str, Any]:
    """The state after data of `kinds` was touched. Labels only rise.

    Where there is no room for another one, the session counts as overfull, and no action is taken any more.
    """
    known = set(state["kinds"])
    risen = known | set(kinds)
    if risen == known:
        return dict(state)
    if _size(sorted(risen)) > MAX_LABEL_BYTES:
        return {**state, "is_overfull": True}
    return {**state, "kinds": sorted(risen)}


def with_taint(state: Mapping[str, Any], *sources: str) -> dict[str, Any]:
    """The state after untrusted content came in."""
    first = {source: state["count"] for source in sources if source not in state.get("taint", {})}
    return {**state, "taint": {**state.get("taint", {}), **first}} if first else dict(state)


def with_distance(state: Mapping[str, Any], distance: int | None) -> dict[str, Any]:
    """The state at a cumulative distance from the session's request."""
    return {**state, "distance": distance}


def distance_in(state: Mapping[str, Any], *others: Mapping[str, Any]) -> int | None:
    """The greatest cumulative distance of several states; unknown where one was not taken."""
    return furthest(*(each.get("distance") for each in (state, *others)))


def with_one_more(state: Mapping[str, Any], part: str, name: str) -> dict[str, Any]:
    """The state with `name` counted once more in `part`, whose names are a closed list."""
    counts = state.get(part, {})
    return {**state, part: {**counts, name: counts.get(name, 0) + 1}}


def with_action(
    state: Mapping[str, Any],
    *,
    name: str,
    decision: str = "",
    entities: Iterable[str] = (),
    inner: Iterable[str] = (),
) -> dict[str, Any]:
    """The state after one more action was submitted, and decided so. `inner` names what was called inside it.

    A session that names ever more operations is refused rather than forgotten: a rule may ask which it has used.
    """
    tools = set(state["tools"]) | {name, *inner}
    has_grown = len(tools) > len(state["tools"])
    if len(tools) > MAX_TOOLS or (has_grown and _size(sorted(tools)) > MAX_TOOL_BYTES):
        raise _full("too_many_tools", f"A session names at most {MAX_TOOLS} different operations.", param="tool")
    if state.get("is_overfull"):
        raise _full("too_many_labels", "The session has touched more kinds of data than it can tell apart.", param="")
    grown = {**state, "count": state["count"] + 1, "tools": sorted(tools)}
    counted = with_one_more(grown, "decisions", decision) if decision else grown
    return _with_entities(counted, entities)


def _full(code: str, why: str, *, param: str) -> ProblemError:
    return ProblemError(code, status=409, why=why, fix="Open a new session.", param=param or None)


def _with_entities(state: dict[str, Any], entities: Iterable[str]) -> dict[str, Any]:
    known: Mapping[str, int] = state.get("entities", {})
    kept = dict(known)
    for name in sorted(set(entities) - set(known)):
        larger = {**kept, name: state["count"]}
        if _size(larger) > MAX_ENTITY_BYTES:
            break
        kept = larger
    return {**state, "entities": kept} if len(kept) > len(known) else state


def _size(part: object) -> int:
    return len(canonical_bytes(part))


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
