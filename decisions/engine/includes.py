"""What a policy includes: packs that ship with the product, and files beside it, under the names of their texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from decisions.engine.catalogue import Catalogue, Tool, catalogue_of
from decisions.engine.document import Mode
from decisions.engine.folding import fold
from decisions.engine.readers import members, read_choice, read_items, read_mapping, wrong_type
from decisions.engine.rules import Placed
from decisions.engine.source import Findings, Node, Place, Scalar

MOST_INCLUDES = 64

PACK_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
# One name beside the policy: no folder, nothing hidden, nothing above.
FILE_NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}\.ya?ml"
_WANTED = "{pack: NAME} or {file: NAME.yaml}, with `mode` if need be"


class IncludeKind(StrEnum):
    """Where an included text comes from."""

    PACK = "pack"
    FILE = "file"


_NAMES = {IncludeKind.PACK: re.compile(PACK_NAME), IncludeKind.FILE: re.compile(FILE_NAME)}
INCLUDE_KEYS = (*IncludeKind, "mode")
_KEYS = {str(name): str(name) for name in INCLUDE_KEYS}


@dataclass(frozen=True, slots=True)
class Include:
    """One entry of `include:`. `mode` goes for all of its rules; None leaves each its own."""

    kind: IncludeKind
    name: str
    mode: Mode | None
    place: Place

    @property
    def key(self) -> str:
        """The name of its text: `pack:email`, `file:tools.yaml`."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Terms:
    """The tools and categories that one text defines, and where to complain about them."""

    tools: tuple[Tool, ...]
    categories: Mapping[str, tuple[str, ...]]
    place: Place


def read_includes(node: Node, *, findings: Findings) -> tuple[Include, ...]:
    """The entries in reading order. A pack that names no mode is in shadow."""
    items = read_items(node, wanted=_WANTED, findings=findings) or ()
    if len(items) > MOST_INCLUDES:
        why, fix = f"There are {len(items)} entries; the limit is {MOST_INCLUDES}.", "Put files together."
        findings.report(node.place, code="too_long", why=why, fix=fix)
    read = [include for item in items if (include := _read_include(item, findings=findings))]
    keys = [include.key for include in read]
    for number, include in enumerate(read):
        if include.key in keys[:number]:
            why, fix = f"`{include.name}` is included already.", "Include it once."
            findings.report(include.place, code="duplicate_include", why=why, fix=fix)
    return tuple(read)


def included_rules(rules: Iterable[Placed], *, include: Include, policy_id: str) -> tuple[Placed, ...]:
    """An included policy's rules under the names and in the mode that they have in the whole.

    Where they are called like others, the place to complain about is that of the include.
    """
    return tuple(
        (include.place, replace(rule, id=f"{policy_id}/{rule.id}", mode=include.mode or rule.mode)) for _, rule in rules
    )


def merged_catalogue(parts: Iterable[Terms], *, findings: Findings) -> Catalogue:
    """One catalogue of all texts. What two of them define differently is reported where the later one is included."""
    tools: dict[tuple[str, str | None], Tool] = {}
    categories: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for tool in part.tools:
            if tools.setdefault((tool.tool, tool.operation), tool) != tool:
                _report_difference(f"tool `{tool.tool}`", place=part.place, findings=findings)
        for name, texts in part.categories.items():
            if sorted(categories.setdefault(fold(name), texts)) != sorted(texts):
                _report_difference(f"category `{name}`", place=part.place, findings=findings)
    return catalogue_of(tuple(tools.values()), categories=categories)


def _report_difference(what: str, *, place: Place, findings: Findings) -> None:
    why, fix = f"The {what} is defined otherwise elsewhere.", "Define it once."
    findings.report(place, code="different_definitions", why=why, fix=fix)


def _read_include(node: Node, *, findings: Findings) -> Include | None:
    entries = read_mapping(node, keys=_KEYS, what="an entry of `include`", findings=findings)
    if entries is None:
        return None
    kinds = [kind for kind in IncludeKind if kind in entries]
    if len(kinds) != 1:
        wrong_type(node, wanted=_WANTED, findings=findings)
        return None
    (kind,) = kinds
    name = entries[kind].node
    if not isinstance(name, Scalar) or _NAMES[kind].fullmatch(name.text) is None:
        wrong_type(name, wanted=f"the name of a {kind} ({_NAMES[kind].pattern})", findings=findings)
        return None
    mode = Mode.SHADOW if kind is IncludeKind.PACK else None
    if "mode" in entries:
        mode = read_choice(entries["mode"].node, choices=members(Mode), findings=findings)
    return Include(kind, name.text, mode=mode, place=node.place)
