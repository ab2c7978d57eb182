"""What an action comes to for a reader: two that differ in case, blanks or how a value is split come to the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from decisions.engine.action import Action
from decisions.engine.folding import fold
from receipts.signing.canonical import JSON, canonical_bytes

# Commas and semicolons between things; one between digits may be a part of a number.
_BETWEEN = re.compile(r"[,;](?!\d)")
# Categories of characters that take no ink: blanks, line breaks, controls and what is invisible.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def folded_content(action: Action) -> str:
    """What is done, to what, in one text: names of operations, then all values, without the names of their fields.

    Values are joined in the order of their fields' names, so that one that is split over two fields, or written as a
    list, comes to the same. Texts are folded as `fold` does, without whatever takes no ink; numbers stay exact.
    """
    name = f"{fold(action.tool)}.{fold(action.operation)}"
    return name + "\n" + "".join(_texts(dict(action.parameters)))


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, dict):
        for name in sorted(value):
            yield from _texts(value[name])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield _inked(value)
    else:
        yield canonical_bytes(value).decode()


def _inked(text: str) -> str:
    return _BETWEEN.sub("", "".join(each for each in fold(text) if category(each) not in _UNSEEN))
