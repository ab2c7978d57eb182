"""Paths into parameters: `limit`, dotted `filter.limit`, or a JSON pointer (RFC 6901) `/filter/limit`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPES = re.compile(r"~(?![01])")


def read_path(text: str) -> Path | None:
    """The members to follow, or None where `text` names none. Only a pointer can name a member that has a dot."""
    if not text.startswith("/"):
        names = tuple(text.split("."))
    elif _ESCAPES.search(text):
        return None
    else:
        names = tuple(name.replace("~1", "/").replace("~0", "~") for name in text[1:].split("/"))
    return names if all(names) else None


def pointer(path: Path) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)


def index_in(items: Sequence[object], *, name: str) -> int | None:
    """The position in `items` that a pointer's member `name` stands for, or None where there is no such item."""
    if _INDEX.fullmatch(name) is None or int(name) >= len(items):
        return None
    return int(name)


def value_at(value: object, *, path: Path, missing: object = None) -> object:
    """What stands at `path`; `missing` where nothing does."""
    for name in path:
        if isinstance(value, dict):
            value = value.get(name, missing)
        elif isinstance(value, list):
            index = index_in(value, name=name)
            value = missing if index is None else value[index]
        else:
            return missing
    return value
