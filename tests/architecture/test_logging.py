"""What our own events say is written: a field whose name isn't listed would be dropped where it is needed most."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from aarm_site.logs import is_loggable
from tests.architecture.source import modules

LEVELS = frozenset({"debug", "info", "warning", "error", "critical", "exception"})
# Says where it happened; what it makes of it has another name.
TRACE = "exc_info"


def _is_event(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in LEVELS:
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "log"


def _fields() -> Iterator[tuple[str, str]]:
    """Where an event is written, and the name of each of its fields; empty for those that are only known later."""
    for module in modules():
        for node in filter(_is_event, ast.walk(module.tree)):
            assert isinstance(node, ast.Call)
            yield from ((f"{module.name}:{node.lineno}", keyword.arg or "") for keyword in node.keywords)


def test_no_field_of_an_own_event_is_dropped() -> None:
    found = list(_fields())
    assert len(found) > 20, "the control: events are found"
    assert [(place, name) for place, name in found if name != TRACE and not is_loggable(name)] == []
