"""What names of tools stand for: `email.send`, `email`, globs, and categories, as conditions on an action's tool."""

from __future__ import annotations

from decisions.engine.catalogue import Catalogue, Tool
from decisions.engine.conditions import AllOf, Comparison, Condition, Negation, any_of
from decisions.engine.folding import fold
from decisions.engine.globs import is_glob
from decisions.engine.subject import Field, FieldKind

TOOL = Field(FieldKind.TOOL)
OPERATION = Field(FieldKind.OPERATION)
WHOLE_NAME = Field(FieldKind.WHOLE_NAME)
CATEGORY = Field(FieldKind.CATEGORY)


def tool_condition(name: str, *, splits: bool) -> Condition:
    """What `tool: NAME` asks. With `splits` a dot divides tool and operation, otherwise `name` is the tool alone."""
    if is_glob(name):
        return Comparison(WHOLE_NAME if splits and "." in name else TOOL, "glob", name)
    tool, dot, operation = name.rpartition(".")
    if not (splits and dot):
        return Comparison(TOOL, "eq", name)
    return AllOf((Comparison(TOOL, "eq", tool), Comparison(OPERATION, "eq", operation)))


def category_condition(names: tuple[str, ...], *, catalogue: Catalogue) -> Condition:
    """Whether an action's tool is in one of these categories."""
    folded = {fold(name) for name in names}
    texts = sorted({text for name in folded for text in catalogue.categories.get(name, ())})
    entries = [tool for tool in catalogue.tools if folded & tool.categories]
    whole = sorted({f"{tool.tool}.{tool.operation}" for tool in entries if tool.operation is not None})
    items = (
        *_one_of(WHOLE_NAME, "in", [*(text for text in texts if "." in text and not is_glob(text)), *whole]),
        *_one_of(TOOL, "in", [text for text in texts if "." not in text and not is_glob(text)]),
        *_one_of(WHOLE_NAME, "glob", [text for text in texts if "." in text and is_glob(text)]),
        *_one_of(TOOL, "glob", [text for text in texts if "." not in text and is_glob(text)]),
        *(_without_others(tool, catalogue=catalogue) for tool in entries if tool.operation is None),
    )
    assert items, "the parser takes no category that nothing defines"
    return any_of(items)


def _one_of(field: Field, operator: str, names: list[str]) -> tuple[Condition, ...]:
    return (Comparison(field, operator, tuple(names)),) if names else ()


def _without_others(tool: Tool, *, catalogue: Catalogue) -> Condition:
    """Whether the entry of a tool as a whole is the one that speaks for an action."""
    is_tool = Comparison(TOOL, "eq", tool.tool)
    others = catalogue.operations_of(tool.tool)
    return AllOf((is_tool, Negation(Comparison(OPERATION, "in", others)))) if others else is_tool
