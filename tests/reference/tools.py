"""Names of tools, categories and the catalogue (page: Tools)."""

from __future__ import annotations

from typing import Any

from tests.reference.readings import ANYWHERE, as_list, describes, fold


def divided(tool: str, operation: str | None = None) -> tuple[str, str]:
    """The last dot divides a name that stands without an operation; without a dot the operation is `call`."""
    if operation is not None:
        return tool, operation
    before, dot, after = tool.rpartition(".")
    return (before, after) if dot else (tool, "call")


def name_holds(wanted: Any, tool: str, operation: str, *, is_whole: bool = False) -> bool:
    """A bare name, glob or list of them; taken whole it is held against the tool alone."""
    return any(_one_holds(fold(each), fold(tool), fold(operation), is_whole=is_whole) for each in as_list(wanted))


def _one_holds(wanted: str, tool: str, operation: str, *, is_whole: bool) -> bool:
    has_dot = "." in wanted and not is_whole
    if "*" in wanted or "?" in wanted:
        return describes(wanted, f"{tool}.{operation}" if has_dot else tool, star=ANYWHERE)
    return divided(wanted) == (tool, operation) if has_dot else wanted == tool


def entry_of(policy: dict[str, Any], tool: str, operation: str) -> dict[str, Any] | None:
    """The entry of the operation, else the one that speaks for all operations of the tool."""
    tool, operation = fold(tool), fold(operation)
    for_all = None
    for entry in policy["tools"]:
        named, dot, after = fold(entry["tool"]).rpartition(".")
        whole = "operation" in entry or not dot
        name = (fold(entry["tool"]), fold(entry.get("operation", ""))) if whole else (named, after)
        if name == (tool, operation):
            return dict(entry)
        for_all = entry if name == (tool, "") else for_all
    return for_all


def is_in_category(name: str, policy: dict[str, Any], tool: str, operation: str) -> bool:
    for category, tools in policy["categories"].items():
        if fold(category) == fold(name) and name_holds(tools, tool, operation):
            return True
    entry = entry_of(policy, tool, operation) or {}
    return fold(name) in [fold(each) for each in as_list(entry.get("category", []))]
