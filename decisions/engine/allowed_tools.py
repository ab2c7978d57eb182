"""The tools that an agent may name at all, whatever policy says: a list of names, as policies write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from decisions.engine.action import is_tool_name
from decisions.engine.folding import fold
from decisions.engine.globs import compile_name_glob, could_be_name, is_glob

Takes: TypeAlias = Callable[[str, str], bool]


def is_entry(text: str) -> bool:
    """Whether `text` can stand in a list: `email.send`, `email` for all its operations, or a glob of either."""
    return could_be_name(text, is_name=is_tool_name)


def is_listed(tool: str, operation: str, *, entries: Sequence[str]) -> bool:
    """Whether an entry stands for this operation. What can't be an entry stands for nothing."""
    tool, operation = fold(tool), fold(operation)
    return any(_compiled(entry)(tool, operation) for entry in entries)


# Lists are short and stay; agents are many.
@lru_cache(maxsize=4096)
def _compiled(entry: str) -> Takes:
    text = fold(entry)
    if is_glob(text):
        return _of_glob(text)
    tool, dot, operation = text.rpartition(".")
    if not dot:
        return lambda named, _: named == text
    return lambda named, run: (named, run) == (tool, operation)


def _of_glob(text: str) -> Takes:
    matches = compile_name_glob(text) if could_be_name(text, is_name=is_tool_name) else None
    if matches is None:
        return lambda named, run: False
    if "." in text:
        return lambda named, run: bool(matches(f"{named}.{run}"))
    return lambda named, run: bool(matches(named))
