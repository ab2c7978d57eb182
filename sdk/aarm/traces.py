"""Recorded traces: one JSON object a line, plain or gzipped, and the tools that their agents had.

Read are `id`, `user_request`, `tools_ref`, `tool_names` and the steps' `tool`, `arguments`, `output`, `error`, `effect`
and `user_turns`. Labels and kinds are a referee's business and are not even looked at.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar, cast

from aarm.errors import TraceError

EFFECTS = ("read", "write", "egress")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded tool call with its output; `user_turns` are what the user said just before it."""

    tool: str
    arguments: Mapping[str, object]
    output: object
    is_failed: bool
    effect: str
    user_turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What one agent did for one request. `tools_ref` are entries such as `tools.json#key` in files nearby."""

    id: str
    user_request: str
    steps: tuple[Step, ...]
    tools_ref: tuple[str, ...]


def read_traces(path: Path, *, limit: int | None = None) -> Iterator[Trace]:
    """The traces of a `.jsonl` or `.jsonl.gz` file, in its order, one in memory at a time. Raises TraceError."""
    try:
        with _opened(path) as lines:
            for number, line in enumerate(islice((text for text in lines if text.strip()), limit), start=1):
                yield _trace(line, place=f"{path.name}, trace {number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise TraceError(f"{path.name} cannot be read: {error}.") from error


def catalogue_of(traces: Iterable[Trace], *, folder: Path) -> list[dict[str, object]]:
    """The tools that the traces use, as `register_tools` takes them.

    Description and parameters come from the files that `tools_ref` names, in `folder` or its parent, where they exist.
    A tool that appears with several effects gets the strongest one, so that the catalogue never plays an effect down.
    """
    effects: dict[str, str] = {}
    refs: dict[str, None] = {}
    for trace in traces:
        refs.update(dict.fromkeys(trace.tools_ref))
        for step in trace.steps:
            effects[step.tool] = max(effects.get(step.tool, step.effect), step.effect, key=EFFECTS.index)
    known = _definitions(refs, folder=folder)
    return [{**known.get(name, _undescribed(name)), "effect": effect} for name, effect in sorted(effects.items())]


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")


def _trace(line: str, *, place: str) -> Trace:
    try:
        body = json.loads(line)
    except ValueError as error:
        raise TraceError(f"{place} is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise TraceError(f"{place} is not an object.")
    return Trace(
        id=_field(body, "id", kind=str, place=place),
        user_request=_field(body, "user_request", kind=str, place=place),
        steps=tuple(_step(step, place=place) for step in _field(body, "steps", kind=list, place=place)),
        tools_ref=_texts(body, "tools_ref", place=place),
    )


def _step(body: object, *, place: str) -> Step:
    if not isinstance(body, dict):
        raise TraceError(f"A step of {place} is not an object.")
    effect = _field(body, "effect", kind=str, place=place)
    if effect not in EFFECTS:
        raise TraceError(f"A step of {place} has the effect {effect!r}, which is none of {', '.join(EFFECTS)}.")
    return Step(
        tool=_field(body, "tool", kind=str, place=place),
        arguments=_field(body, "arguments", kind=dict, place=place),
        output=body.get("output"),
        is_failed=bool(body.get("error")),
        effect=effect,
        user_turns=_texts(body, "user_turns", place=place),
    )


def _field(body: Mapping[str, object], name: str, *, kind: type[T], place: str) -> T:
    found = body.get(name)
    if not isinstance(found, kind):
        raise TraceError(f"{place} has no usable `{name}`.")
    return found


def _texts(body: Mapping[str, object], name: str, *, place: str) -> tuple[str, ...]:
    """One text or a list of texts; absent is none."""
    found = body.get(name) or []
    entries = [found] if isinstance(found, str) else found
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise TraceError(f"{place} has no usable `{name}`.")
    return tuple(entries)


def _definitions(refs: Iterable[str], *, folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for ref in refs:
        for tool in _listed(ref, folder=folder):
            found.setdefault(str(tool["name"]), tool)
    return found


def _listed(ref: str, *, folder: Path) -> list[dict[str, object]]:
    name, _, key = ref.partition("#")
    # Only a plain file name: a trace file is foreign text and must not make us read elsewhere.
    candidates = [place / name for place in (folder, folder.parent) if name == Path(name).name]
    path = next((candidate for candidate in candidates if candidate.is_file()), None)
    if path is None:
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))[key]
        return [{field: tool[field] for field in ("name", "description", "parameters")} for tool in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TraceError(f"{name} has no usable list of tools under {key!r}.") from error


def _undescribed(name: str) -> dict[str, object]:
    return {"name": name, "description": "", "parameters": {"type": "object"}}
