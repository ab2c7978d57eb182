"""The names of tools and operations: one grammar, and one way to take a name apart.

Two names that a tool server could take for the same must be the same here, or a rule about one could be slipped past with
the other. So names are ASCII, have no blanks and no empty parts, and the operation is always what follows the last dot.
"""

from __future__ import annotations

from decisions.engine.action import LONGEST_NAME, NAME_GRAMMAR, is_operation_name, is_tool_name
from decisions.intake.errors import IntakeError

DEFAULT_OPERATION = "call"


def split_tool_name(tool: str, operation: str | None) -> tuple[str, str]:
    """Tool and operation of a request: as given, or `tool` split at its last dot; without a dot the operation is `call`.

    Raises IntakeError for names outside the grammar (`param` is `tool` or `operation`).
    """
    if not is_tool_name(tool):
        raise _misnamed("tool", fix=f"Use {NAME_GRAMMAR}, at most {LONGEST_NAME} characters.")
    if operation is not None:
        if not is_operation_name(operation):
            raise _misnamed("operation", fix=f"Use {NAME_GRAMMAR}, at most {LONGEST_NAME} characters, and no dot.")
        return tool, operation
    name, dot, last = tool.rpartition(".")
    return (name, last) if dot else (tool, DEFAULT_OPERATION)


def _misnamed(param: str, *, fix: str) -> IntakeError:
    return IntakeError(code=f"invalid_{param}", why=f"The name in `{param}` is not one that can be used.", fix=fix, param=param)
