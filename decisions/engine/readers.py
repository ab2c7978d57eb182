"""Reading single nodes of a policy: each reader takes one kind of value, or reports why not and returns None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from decisions.engine.durations import GRAMMAR, parse_duration
from decisions.engine.source import Findings, Node, Place, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from receipts.signing.canonical import JSON

MOST_ITEMS = 256

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, where it stands, and its value."""

    place: Place
    node: Node


def shown(node: Node) -> str:
    """A node as a message may quote it."""
    if isinstance(node, Scalar):
        return "nothing" if node.value is None and not node.text else f"`{node.text[:60]}`"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def nearest(word: str, *, known: Iterable[str]) -> str:
    """What to write instead of `word`: the most similar known word, or all of them."""
    words = sorted(known)
    similar = get_close_matches(word, words, n=1, cutoff=0.6)
    return f"Did you mean `{similar[0]}`?" if similar else f"Use one of: {', '.join(words)}."


def wrong_type(node: Node, *, wanted: str, findings: Findings) -> None:
    """Reports that something else was expected at `node`."""
    findings.report(
        node.place, code="wrong_type", why=f"{shown(node)} stands where {wanted} belongs.", fix=f"Write {wanted}."
    )


def read_mapping(
    node: Node, *, keys: Mapping[str, str], what: str, findings: Findings, hints: Mapping[str, str] | None = None
) -> dict[str, Entry] | None:
    """The entries of a mapping by their canonical key.

    `keys` maps every accepted spelling to that key, `hints` keys that belong elsewhere to what to do about them.
    """
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted=what, findings=findings)
        return None
    entries: dict[str, Entry] = {}
    for key, value in node.entries:
        name = keys.get(key.text)
        if name is None:
            why = f"`{key.text}` is no key of {what}."
            fix = (hints or {}).get(key.text) or nearest(key.text, known=keys)
            findings.report(key.place, code="unknown_key", why=why, fix=fix)
        elif name in entries:
            why, fix = f"`{key.text}` says `{name}` a second time.", "Keep one of the two spellings."
            findings.report(key.place, code="duplicate_key", why=why, fix=fix)
        else:
            entries[name] = Entry(place=key.place, node=value)
    return entries


def read_items(node: Node, *, wanted: str, findings: Findings) -> tuple[Node, ...] | None:
    """The items of a list with at least one; anything but a list counts as its only item."""
    if not isinstance(node, Sequence):
        return (node,)
    if not node.items:
        findings.report(node.place, code="empty_list", why="The list is empty.", fix=f"Write at least one: {wanted}.")
        return None
    if len(node.items) > MOST_ITEMS:
        why = f"The list has {len(node.items)} items; the limit is {MOST_ITEMS}."
        findings.report(node.place, code="too_long", why=why, fix="Split the rule.")
        return None
    return node.items


def read_text(node: Node, *, wanted: str, longest: int, findings: Findings) -> str | None:
    """A text that isn't blank, `longest` characters at most."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        wrong_type(node, wanted=wanted, findings=findings)
        return None
    if not node.value.strip():
        findings.report(node.place, code="empty_text", why="The text is blank.", fix=f"Write {wanted}.")
        return None
    if len(node.value) > longest:
        why = f"The text has {len(node.value)} characters; the limit is {longest}."
        findings.report(node.place, code="too_long", why=why, fix="Shorten it.")
        return None
    return node.value


def read_integer(node: Node, *, lowest: int, highest: int, findings: Findings) -> int | None:
    """A whole number between the bounds, both included. `2.0`, `"2"` and `true` are none."""
    if not isinstance(node, Scalar) or type(node.value) is not int:
        wrong_type(node, wanted=f"a whole number from {lowest} to {highest}", findings=findings)
        return None
    if not lowest <= node.value <= highest:
        why, fix = f"{node.value} is out of range.", f"Write a whole number from {lowest} to {highest}."
        findings.report(node.place, code="out_of_range", why=why, fix=fix)
        return None
    return node.value


def read_seconds(node: Node, *, lowest: int, highest: int, findings: Findings) -> int | None:
    """A number of seconds, written as a whole number or as a duration."""
    value = node.value if isinstance(node, Scalar) else None
    seconds = parse_duration(value) if isinstance(value, str) else value
    if type(seconds) is not int:
        wrong_type(node, wanted=f"a whole number of seconds, or {GRAMMAR}", findings=findings)
        return None
    if not lowest <= seconds <= highest:
        why, fix = f"{shown(node)} is out of range.", f"Write {lowest} to {highest} seconds."
        findings.report(node.place, code="out_of_range", why=why, fix=fix)
        return None
    return seconds


def read_share(node: Node, *, findings: Findings) -> float | None:
    """A number from 0 to 1, both included."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong_type(node, wanted="a number from 0 to 1", findings=findings)
        return None
    if not 0 <= value <= 1:
        findings.report(node.place, code="out_of_range", why=f"{value} is out of range.", fix="Write 0 to 1.")
        return None
    return float(value)


def read_choice(node: Node, *, choices: Mapping[str, E], findings: Findings) -> E | None:
    """One of the given words."""
    word = node.text if isinstance(node, Scalar) else None
    if word is None:
        wrong_type(node, wanted="one of " + ", ".join(choices), findings=findings)
        return None
    if word not in choices:
        why = f"{shown(node)} is not accepted here."
        findings.report(node.place, code="unknown_value", why=why, fix=nearest(word, known=choices))
        return None
    return choices[word]


def read_json(node: Node) -> JSON:
    """The JSON value of a whole node."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [read_json(item) for item in node.items]
    return {key.text: read_json(value) for key, value in node.entries}


def members(enum: type[E]) -> dict[str, E]:
    """The words of an enumeration, for `read_choice`."""
    return {member.value: member for member in enum}
