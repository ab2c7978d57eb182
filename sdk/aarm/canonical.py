"""What may travel as JSON, its canonical bytes (RFC 8785), and the digest that binds an answer to its question."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import rfc8785

from aarm.errors import NotJsonError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
DEFAULT_OPERATION = "call"


def split_tool(name: str) -> tuple[str, str]:
    """`email.send` → `("email", "send")`; a name without an operation gets `call`. An empty half is an error."""
    tool, dot, operation = name.rpartition(".")
    parts = (tool, operation) if dot else (operation, DEFAULT_OPERATION)
    if not all(parts):
        raise NotJsonError(at="tool", why=f"{name!r} is not the name of a tool, such as `email.send` or `search`")
    return parts


def check_json(value: object, *, at: str, depth: int = 0) -> None:
    """Raises NotJsonError unless `value` consists of exact JSON types within I-JSON (RFC 7493).

    `at` names the value in the error. Subclasses, tuples and enumerations are refused because the function would get
    something else back than what it was called with.
    """
    check = _CHECKS.get(type(value))
    if check is None:
        raise NotJsonError(at=at, why=f"is a {type(value).__name__}, which JSON cannot carry")
    check(value, at, depth)


def encode(value: object, *, at: str) -> bytes:
    """The canonical bytes of a JSON value. Raises NotJsonError, naming the place by a path that starts with `at`."""
    check_json(value, at=at)
    return rfc8785.dumps(cast("Json", value))


def decode(content: bytes) -> Json:
    """Strict JSON from a server: no duplicate key, no NaN, nothing too deep. Raises ValueError or NotJsonError."""
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    check_json(value, at="answer")
    return cast("Json", value)


def sha256(content: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def request_digest(*, session_id: str, tool: str, operation: str, parameters: Mapping[str, object]) -> str:
    """SHA-256 of the canonical action as the caller knows it; an answer to another question carries another one."""
    action = {"operation": operation, "parameters": dict(parameters), "session_id": session_id, "tool": tool}
    return sha256(encode(action, at="action"))


def _check_integer(value: int, at: str, _depth: int) -> None:
    if abs(value) > MAX_INTEGER:
        raise NotJsonError(at=at, why="is an integer beyond 2^53-1, which not every JSON reader keeps exactly")


def _check_float(value: float, at: str, _depth: int) -> None:
    if not math.isfinite(value):
        raise NotJsonError(at=at, why=f"is {value}, which JSON cannot carry")
    if value.is_integer() and abs(value) > MAX_INTEGER:
        raise NotJsonError(at=at, why="is a number beyond 2^53-1, which not every JSON reader keeps exactly")


def _check_text(value: str, at: str, _depth: int) -> None:
    if "\x00" in value:
        raise NotJsonError(at=at, why="contains the character U+0000, which the server refuses")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotJsonError(at=at, why="contains half of a surrogate pair, which is not text") from error


def _check_list(value: list[object], at: str, depth: int) -> None:
    for position, item in enumerate(value):
        check_json(item, at=f"{at}[{position}]", depth=_deeper(depth, at=at))


def _check_object(value: dict[object, object], at: str, depth: int) -> None:
    for key, item in value.items():
        if type(key) is not str:
            raise NotJsonError(at=at, why=f"has a key of type {type(key).__name__}; JSON keys are text")
        _check_text(key, f"a key of {at}", depth)
        check_json(item, at=f"{at}.{key}", depth=_deeper(depth, at=at))


def _deeper(depth: int, *, at: str) -> int:
    if depth + 1 >= MAX_DEPTH:
        raise NotJsonError(at=at, why=f"is nested more than {MAX_DEPTH} deep")
    return depth + 1


def _anything(_value: object, _at: str, _depth: int) -> None:
    """Null, true and false need no check."""


_CHECKS = cast(
    "dict[type, Callable[[object, str, int], None]]",
    {
        type(None): _anything,
        bool: _anything,
        int: _check_integer,
        float: _check_float,
        str: _check_text,
        list: _check_list,
        dict: _check_object,
    },
)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
