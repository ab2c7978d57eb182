"""Policy text as a checked tree: YAML 1.2, read safely, every node with its place.

Only what every reader of the file understands alike is let through. Anchors, aliases, merge keys, tags, directives,
further documents, duplicate keys, numbers that are written in no JSON way (`0o17`, `1_000`, `.inf`) and characters that
hide where a line ends or which way it reads are refused.
Plain `true`, `false`, `null` and decimal numbers mean what they do in JSON; every other plain scalar (`yes`, `NO`,
`1:30`, `2026-01-01`) is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from decisions.engine.errors import Problem
from receipts.signing.canonical import MAX_INTEGER

# In bytes of UTF-8.
LONGEST_SOURCE = 1 << 20
DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, and the text that it was read from."""

    value: bool | int | float | str | None
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object. Keys are texts and occur once."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping


class Findings:
    """The problems found so far; the only thing in the loader that changes."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def report(self, place: Place, *, code: str, why: str, fix: str) -> None:
        """Adds one problem."""
        self._problems.append(Problem(line=place.line, column=place.column, code=code, why=why, fix=fix))

    def all(self) -> tuple[Problem, ...]:
        """Every problem, in reading order."""
        return tuple(sorted(self._problems, key=lambda found: (found.line, found.column, found.code)))


def read_source(text: str, *, findings: Findings) -> Node | None:
    """The tree of the one document in `text`, or None where there is none to speak of. Problems go to `findings`."""
    start = Place(line=1, column=1)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST_SOURCE:
        why = f"The text has {size} bytes; the limit is {LONGEST_SOURCE}."
        findings.report(start, code="too_large", why=why, fix="Split the policy.")
        return None
    _report_hidden(text, findings=findings)
    try:
        return _Reader(text, findings=findings).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(line=mark.line + 1, column=mark.column + 1) if mark else start
        findings.report(place, code="yaml_syntax", why=f"This is not YAML: {error.problem}.", fix="Correct the syntax.")
    except YAMLError as error:
        why = f"This is not YAML: {str(error).splitlines()[0]}."
        findings.report(start, code="yaml_syntax", why=why, fix="Correct the syntax.")
    return None


# Line ends that only some programs see, which would turn what looks like a comment into a rule; marks that turn the
# direction of text, so that people read another policy than the parser; a byte order mark inside the text.
_HIDDEN = re.compile("\r(?!\n)|[\x85\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?<!^)\ufeff")


def _report_hidden(text: str, *, findings: Findings) -> None:
    found = _HIDDEN.search(text)
    if found is None:
        return
    place = Place(
        line=text.count("\n", 0, found.start()) + 1, column=found.start() - text.rfind("\n", 0, found.start())
    )
    why = f"U+{ord(found[0]):04X} stands here, which programs and people read differently."
    findings.report(place, code="hidden_character", why=why, fix="Delete it; in a text in quotes, write its escape.")


class _Reader:
    """Builds the tree from parser events, which nest on a stack of their own and never expand an alias."""

    def __init__(self, text: str, *, findings: Findings) -> None:
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._findings = findings

    def document(self) -> Node | None:
        next(self._events)  # The start of the stream.
        first = next(self._events)
        if isinstance(first, StreamEndEvent):
            self._refuse(
                first, code="empty_policy", why="The text is empty.", fix="Write at least `policy:` and `rules:`."
            )
            return None
        if first.version or first.tags:
            self._refuse(
                first, code="directive", why="YAML directives are refused.", fix="Delete the lines that begin with %."
            )
        tree = self._node(next(self._events), depth=1)
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._refuse(
                    event, code="second_document", why="A file holds one policy.", fix="Delete everything from `---`."
                )
                break
        return tree

    def _node(self, event: Any, *, depth: int) -> Node:
        place = _place(event)
        if isinstance(event, AliasEvent):
            self._refuse(event, code="alias", why="Aliases are refused.", fix="Write the value out.")
            return Scalar(None, "", place)
        if event.anchor is not None:
            self._refuse(event, code="anchor", why="Anchors are refused.", fix=f"Delete &{event.anchor}.")
        if event.tag is not None:
            self._refuse(event, code="tag", why="Tags are refused.", fix=f"Delete the tag {event.tag}.")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, place=place)
        if depth > DEEPEST:
            raise MarkedYAMLError(problem=f"nested more than {DEEPEST} levels deep", problem_mark=event.start_mark)
        if isinstance(event, SequenceStartEvent):
            return Sequence(tuple(self._children(depth=depth)), place)
        assert isinstance(event, MappingStartEvent)
        return Mapping(tuple(self._entries(depth=depth)), place)

    def _scalar(self, event: ScalarEvent, *, place: Place) -> Scalar:
        text: str = event.value
        is_plain = event.implicit[0]
        if is_plain and _is_ambiguous(text):
            why = f"{text} is not the same number, or not a number at all, to every reader of YAML."
            self._refuse(event, code="ambiguous_number", why=why, fix="Write it as JSON does, or put it in quotes.")
        if not _is_unicode(text):
            self._refuse(event, code="lone_surrogate", why="Half of a surrogate pair stands here.", fix="Delete it.")
        return Scalar(_value(text) if is_plain else text, text, place)

    def _children(self, *, depth: int) -> Iterator[Node]:
        for event in self._events:
            if _is_end(event):
                return
            yield self._node(event, depth=depth + 1)

    def _entries(self, *, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: set[str] = set()
        children = self._children(depth=depth)
        for key, value in zip(children, children, strict=True):
            if not self._is_name(key):
                continue
            assert isinstance(key, Scalar)
            if key.text in seen:
                why, fix = f"`{key.text}` is given twice.", "Keep one of them."
                self._findings.report(key.place, code="duplicate_key", why=why, fix=fix)
                continue
            seen.add(key.text)
            yield key, value

    def _is_name(self, key: Node) -> bool:
        if not isinstance(key, Scalar) or not isinstance(key.value, str):
            fix = "Write the key as text; put it in quotes if it looks like something else."
            self._findings.report(key.place, code="key_type", why="A key must be text.", fix=fix)
            return False
        if key.text == "<<":
            self._findings.report(key.place, code="merge_key", why="Merge keys are refused.", fix="Write the keys out.")
            return False
        return True

    def _refuse(self, event: Any, *, code: str, why: str, fix: str) -> None:
        self._findings.report(_place(event), code=code, why=why, fix=fix)


def _is_end(event: Any) -> bool:
    return type(event).__name__ in ("SequenceEndEvent", "MappingEndEvent")


def _place(event: Any) -> Place:
    return Place(line=event.start_mark.line + 1, column=event.start_mark.column + 1)


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
_NUMBER_LIKE = re.compile(
    r"[-+]?(?:[0-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\.(?:inf|Inf|INF|nan|NaN|NAN)"
    r"|(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+)"
)
_LONGEST_NUMBER = 25


def _is_ambiguous(text: str) -> bool:
    """Whether `text` looks like a number, but is none that JSON has, or none that it keeps exactly."""
    if _NUMBER_LIKE.fullmatch(text) is None:
        return False
    if len(text) > _LONGEST_NUMBER or _DECIMAL.fullmatch(text) is None:
        return True
    return _INTEGER.fullmatch(text) is not None and abs(int(text)) > MAX_INTEGER


def _value(text: str) -> bool | int | float | str | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER or _DECIMAL.fullmatch(text) is None:
        return text
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
