"""The names of tools and operations: one grammar, and one way to take a name apart.

Two names that a tool server could take for the same must be the same here, or a rule about one could be slipped past
with the other (API-09). So names are ASCII without blanks or empty parts, and the operation is what follows the last
dot. Case is left for the engine, which ignores it.
"""

from __future__ import annotations

import re

from decisions.intake.errors import IntakeError

LONGEST_NAME = 128
DEFAULT_OPERATION = "call"

# The engine checks the names in policies against the same grammar; a test holds the two together.
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_/:-]*[A-Za-z0-9_-])?"
_OPERATION = re.compile(_PART)
_TOOL = re.compile(rf"{_PART}(?:\.{_PART})*")
_GRAMMAR = (
    f"Use ASCII letters, digits and _ - / : in parts joined by single dots, {LONGEST_NAME} characters at most; "
    "a part starts with a letter or digit and does not end in / or :."
)


def split_tool_name(tool: str, operation: str | None) -> tuple[str, str]:
    """Tool and operation of a request: as given, or `tool` split at its last dot; without a dot, operation `call`.

    Raises IntakeError for a name outside the grammar; `param` is `tool` or `operation`.
    """
    if len(tool) > LONGEST_NAME or _TOOL.fullmatch(tool) is None:
        why = "`tool` is no name that a tool can have here."
        raise IntakeError(code="invalid_tool", why=why, fix=_GRAMMAR, param="tool")
    if operation is None:
        name, dot, last = tool.rpartition(".")
        return (name, last) if dot else (tool, DEFAULT_OPERATION)
    if len(operation) > LONGEST_NAME or _OPERATION.fullmatch(operation) is None:
        why = "`operation` is no name that an operation can have here; it is a single part without a dot."
        raise IntakeError(code="invalid_operation", why=why, fix=_GRAMMAR, param="operation")
    return tool, operation
