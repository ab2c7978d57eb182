"""The canonical action: which tool is to do what with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from receipts.signing.canonical import JSON

# The grammar that requests are held to before they get here; a test holds the two together.
LONGEST_NAME = 128
NAME_GRAMMAR = (
    "ASCII letters, digits and _ - / : in parts joined by single dots; each part starts with a letter or digit "
    "and does not end in / or :"
)

_SEGMENT = r"[A-Za-z0-9](?:[A-Za-z0-9_/:-]*[A-Za-z0-9_-])?"
_OPERATION = re.compile(_SEGMENT)
_TOOL = re.compile(rf"{_SEGMENT}(?:\.{_SEGMENT})*")


@dataclass(frozen=True, slots=True)
class Action:
    """One request of an agent, normalised. `operation` has no dot; names are compared without regard to case."""

    tool: str
    operation: str
    parameters: Mapping[str, JSON]


def is_tool_name(text: str) -> bool:
    """Whether `text` follows `NAME_GRAMMAR` and has at most `LONGEST_NAME` characters."""
    return len(text) <= LONGEST_NAME and _TOOL.fullmatch(text) is not None


def is_operation_name(text: str) -> bool:
    """The same for an operation, which is a single part without a dot."""
    return len(text) <= LONGEST_NAME and _OPERATION.fullmatch(text) is not None
