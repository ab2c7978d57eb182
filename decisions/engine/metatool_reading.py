"""Reading the `meta_tools:` of a policy: tools through which others are called, and programs that run others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from decisions.engine.action import LONGEST_NAME, NAME_GRAMMAR, is_tool_name
from decisions.engine.folding import fold
from decisions.engine.metatools import CALL, MetaTool, Opening, Runner
from decisions.engine.readers import (
    Entry,
    members,
    nearest,
    read_choice,
    read_integer,
    read_items,
    read_mapping,
    read_text,
    wrong_type,
)
from decisions.engine.source import Findings, Node, Place, Scalar

META_KEYS = ("tools", "programs")
# What an entry says beside `tool` and `opens`, and what of it is required.
OPENING_KEYS: Mapping[Opening, tuple[str, ...]] = {
    Opening.SHELL: ("command", "lines"),
    Opening.CALL: ("name", "server", "under", "arguments"),
    Opening.NOTHING: (),
}
REQUIRED: Mapping[Opening, tuple[str, ...]] = {
    Opening.SHELL: ("command",),
    Opening.CALL: ("name",),
    Opening.NOTHING: (),
}
PROGRAM_KEYS = ("program", "flags", "valued", "idle", "words", "takes_assignments", "adds_arguments", "only_runs")
PROGRAM = r"[a-z0-9_.+-]{1,64}"
OPTION = r"--?[A-Za-z0-9][A-Za-z0-9-]{0,63}"
MOST_WORDS = 9

_START = Place(line=1, column=1)
_META = {name: name for name in META_KEYS}
_TOOL = {name: name for name in ("tool", "opens", *(key for keys in OPENING_KEYS.values() for key in keys))}
_PROGRAM = {name: name for name in PROGRAM_KEYS}


@dataclass(frozen=True, slots=True)
class MetaTerms:
    """What one text adds to the table, and where to complain about it."""

    tools: tuple[MetaTool, ...] = ()
    runners: tuple[Runner, ...] = ()
    place: Place = _START


def read_meta_tools(node: Node, *, place: Place, findings: Findings) -> MetaTerms:
    """The entries of one text."""
    entries = read_mapping(node, keys=_META, what="`meta_tools`", findings=findings)
    if not entries:
        if entries is not None:
            findings.report(node.place, code="missing_key", why="It says nothing.", fix="Add `tools:` or `programs:`.")
        return MetaTerms()
    tools = (_read_tool(item, findings=findings) for item in _items(entries, name="tools", findings=findings))
    runners = (_read_program(item, findings=findings) for item in _items(entries, name="programs", findings=findings))
    return MetaTerms(
        tools=tuple(each for each in tools if each is not None),
        runners=tuple(each for each in runners if each is not None),
        place=place,
    )


def merged_meta_tools(
    parts: Iterable[MetaTerms], *, findings: Findings
) -> tuple[tuple[MetaTool, ...], tuple[Runner, ...]]:
    """The entries of all texts. What two of them say differently is reported where the later one is included."""
    tools: dict[str, MetaTool] = {}
    runners: dict[str, Runner] = {}
    for part in parts:
        for tool in part.tools:
            _add(tools, f"{tool.tool}.{tool.operation}", tool, place=part.place, findings=findings)
        for runner in part.runners:
            _add(runners, runner.program, runner, place=part.place, findings=findings)
    return tuple(tools.values()), tuple(runners.values())


T = TypeVar("T")


def _add(table: dict[str, T], name: str, entry: T, *, place: Place, findings: Findings) -> None:
    if table.setdefault(name, entry) != entry:
        why = f"`{name}` is opened in two ways."
        findings.report(place, code="different_definitions", why=why, fix="Say it once.")


def _items(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> tuple[Node, ...]:
    if name not in entries:
        return ()
    return read_items(entries[name].node, wanted="an entry", findings=findings) or ()


def _read_tool(node: Node, *, findings: Findings) -> MetaTool | None:
    entries = read_mapping(node, keys=_TOOL, what="a meta-tool", findings=findings)
    if entries is None or not _has(entries, names=("tool", "opens"), place=node.place, findings=findings):
        return None
    name = _read_name(entries["tool"].node, findings=findings)
    opens = read_choice(entries["opens"].node, choices=members(Opening), findings=findings)
    if name is None or opens is None or not _fits(entries, opens=opens, place=node.place, findings=findings):
        return None
    tool, _, operation = name.rpartition(".") if "." in name else (name, "", CALL)
    return MetaTool(
        tool,
        operation,
        opens,
        commands=_read_texts(entries, name="command", findings=findings),
        are_lines=_read_flag(entries, name="lines", default=False, findings=findings),
        name=_read_parameter(entries, name="name", findings=findings),
        server=_read_parameter(entries, name="server", findings=findings),
        under=_read_name(entries["under"].node, findings=findings) if "under" in entries else None,
        arguments=_read_parameter(entries, name="arguments", findings=findings),
    )


def _fits(entries: Mapping[str, Entry], *, opens: Opening, place: Place, findings: Findings) -> bool:
    """Whether an entry says what its kind needs, and nothing that means nothing beside it."""
    allowed = ("tool", "opens", *OPENING_KEYS[opens])
    for name, entry in entries.items():
        if name not in allowed:
            why = f"`{name}` means nothing where a tool opens into `{opens}`."
            findings.report(entry.place, code="unknown_key", why=why, fix=nearest(name, known=allowed))
    if "server" in entries and "under" in entries:
        why, fix = "`server` and `under` both say where the tool stands.", "Keep one of the two."
        findings.report(entries["under"].place, code="duplicate_key", why=why, fix=fix)
    return _has(entries, names=REQUIRED[opens], place=place, findings=findings)


def _read_program(node: Node, *, findings: Findings) -> Runner | None:
    entries = read_mapping(node, keys=_PROGRAM, what="a program that runs others", findings=findings)
    if entries is None or not _has(entries, names=("program",), place=node.place, findings=findings):
        return None
    program = _read_word(entries["program"].node, pattern=PROGRAM, wanted="a bare name", findings=findings)
    words: int | None = 0
    if "words" in entries:
        words = read_integer(entries["words"].node, lowest=0, highest=MOST_WORDS, findings=findings)
    if program is None or words is None:
        return None
    return Runner(
        program,
        flags=_read_options(entries, name="flags", findings=findings),
        valued=_read_options(entries, name="valued", findings=findings),
        idle=_read_options(entries, name="idle", findings=findings),
        words=words,
        takes_assignments=_read_flag(entries, name="takes_assignments", default=False, findings=findings),
        adds_arguments=_read_flag(entries, name="adds_arguments", default=False, findings=findings),
        only_runs=_read_flag(entries, name="only_runs", default=True, findings=findings),
    )


def _has(entries: Mapping[str, Entry], *, names: Iterable[str], place: Place, findings: Findings) -> bool:
    missing = [name for name in names if name not in entries]
    for name in missing:
        findings.report(place, code="missing_key", why=f"`{name}` is missing.", fix=f"Add `{name}:`.")
    return not missing


def _read_name(node: Node, *, findings: Findings) -> str | None:
    text = node.value if isinstance(node, Scalar) else None
    if isinstance(text, str) and is_tool_name(text):
        return fold(text)
    wrong_type(node, wanted=f"the name of a tool ({NAME_GRAMMAR})", findings=findings)
    return None


def _read_word(node: Node, *, pattern: str, wanted: str, findings: Findings) -> str | None:
    text = node.value if isinstance(node, Scalar) else None
    if isinstance(text, str) and re.fullmatch(pattern, text):
        return text
    wrong_type(node, wanted=f"{wanted} ({pattern})", findings=findings)
    return None


def _read_options(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> frozenset[str]:
    items = _items(entries, name=name, findings=findings)
    words = (_read_word(item, pattern=OPTION, wanted="an option", findings=findings) for item in items)
    return frozenset(word for word in words if word is not None)


def _read_texts(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> tuple[str, ...]:
    items = _items(entries, name=name, findings=findings)
    texts = (read_text(item, wanted="a parameter", longest=LONGEST_NAME, findings=findings) for item in items)
    return tuple(dict.fromkeys(text for text in texts if text is not None))


def _read_parameter(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> str | None:
    if name not in entries:
        return None
    return read_text(entries[name].node, wanted="a parameter", longest=LONGEST_NAME, findings=findings)


def _read_flag(entries: Mapping[str, Entry], *, name: str, default: bool, findings: Findings) -> bool:
    if name not in entries:
        return default
    node = entries[name].node
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    wrong_type(node, wanted="true or false", findings=findings)
    return default
