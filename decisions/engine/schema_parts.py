"""The building blocks of the JSON Schema of the language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

ANYTHING: Schema = {}
TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}


def reference(name: str) -> Schema:
    """What stands under `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def one_of(words: Iterable[str]) -> Schema:
    """One of some words."""
    return {"enum": [str(word) for word in words]}


def whole(lowest: int, highest: int) -> Schema:
    """A whole number between two others, both included."""
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def text(pattern: str) -> Schema:
    """A text that is as a whole as `pattern` says."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def sentence(longest: int) -> Schema:
    """A text of limited length."""
    return {"type": "string", "minLength": 1, "maxLength": longest}


def listed(item: Schema, *, longest: int | None = None) -> Schema:
    """A list with at least one item."""
    limit = {} if longest is None else {"maxItems": longest}
    return {"type": "array", "items": item, "minItems": 1, **limit}


def one_or_more(item: Schema, *, longest: int | None = None) -> Schema:
    """An item, or a list of them."""
    return {"anyOf": [item, listed(item, longest=longest)]}


def mapping(members: Mapping[str, Schema], *, required: Iterable[str] = (), **others: Any) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": dict(members),
        "additionalProperties": False,
        **({"required": list(required)} if required else {}),
        **others,
    }


def named(item: Schema, *, pattern: str | None = None) -> Schema:
    """An object with at least one member, whatever they are called; or with any number, called as `pattern` says."""
    if pattern is None:
        return {"type": "object", "minProperties": 1, "additionalProperties": item}
    return {"type": "object", "patternProperties": {pattern: item}, "additionalProperties": False}


def spelled(keys: Mapping[str, str], *, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The members of an object under every accepted spelling, from the schemas of the canonical names."""
    return {spelling: schemas[name] for spelling, name in keys.items()}
