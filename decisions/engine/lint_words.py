"""What a policy leaves unsaid, and what it says of tools that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.engine.conditions import AllOf, AnyOf, Comparison, Condition, Negation, comparisons
from decisions.engine.document import PolicyDocument, Rule
from decisions.engine.fields import FieldKind
from decisions.engine.findings import Finding, Known, Severity, on_policy, on_rule
from decisions.engine.folding import fold
from decisions.engine.globs import is_glob
from decisions.engine.includes import IncludeKind
from decisions.engine.likeness import scalars
from decisions.engine.rules import standard_reason

_PACK = f"{IncludeKind.PACK}:"


def check_reasons(known: Known) -> Iterator[Finding]:
    """`no_reason`."""
    for rule in known.document.rules:
        if rule.consequence is None:
            continue
        own_id = rule.id.rpartition("/")[2]
        ids = (rule.id, own_id) if rule.source else (rule.id,)
        if rule.consequence.reason in {standard_reason(each, decision=rule.consequence.decision) for each in ids}:
            yield on_rule(
                rule,
                severity=Severity.WARNING,
                code="no_reason",
                why=f"`{rule.id}` states no reason, so that agents, reviewers and auditors read only its name.",
                fix="Add `reason:` with one sentence.",
            )


def check_tools(known: Known) -> Iterator[Finding]:
    """`unknown_tool`. Where neither a catalogue nor anybody else says which tools there are, all are known.

    Packs are written for tools of many vendors and are left alone.
    """
    catalogue = known.document.catalogue
    if known.tools is None and not catalogue.tools:
        return
    listed = {f"{tool.tool}.{tool.operation}" if tool.operation else tool.tool for tool in catalogue.tools}
    listed.update(text for texts in catalogue.categories.values() for text in texts)
    names = listed | {fold(name) for name in known.tools or ()}
    tools = {name.rpartition(".")[0] for name in names} | names
    for rule in known.document.rules:
        for name in () if rule.source.startswith(_PACK) else dict.fromkeys(_named(rule.condition)):
            if name not in tools and name.rpartition(".")[0] not in names:
                yield _unknown_tool(rule, name=name)


def check_categories(known: Known) -> Iterator[Finding]:
    """`unused_category`."""
    document = known.document
    for name in sorted(document.catalogue.categories.keys() - set(_categories_asked(document))):
        yield on_policy(
            severity=Severity.WARNING,
            code="unused_category",
            why=f"No rule asks for the category `{name}`.",
            fix="Ask for it (`tool: {category: …}`), or delete it.",
        )


def _categories_asked(document: PolicyDocument) -> Iterator[str]:
    for rule in document.rules:
        for each in comparisons(rule.condition):
            if each.field.kind is FieldKind.CATEGORY:
                yield from (fold(str(name)) for name in scalars(each.operand))


def _named(condition: Condition) -> Iterator[str]:
    """The tools that a condition names, folded, with their operation where that stands beside them."""
    match condition:
        case Comparison():
            yield from (*_names(condition, kind=FieldKind.TOOL), *_names(condition, kind=FieldKind.WHOLE_NAME))
        case AllOf(items):
            tools, operations = (
                [name for item in items for name in _names(item, kind=kind)]
                for kind in (FieldKind.TOOL, FieldKind.OPERATION)
            )
            yield from (f"{tool}.{operation}" for tool in tools for operation in operations)
            for item in items:
                if not (operations and any(_names(item, kind=FieldKind.TOOL))):
                    yield from _named(item)
        case AnyOf(items):
            for item in items:
                yield from _named(item)
        case Negation(item):
            yield from _named(item)


def _names(condition: Condition, *, kind: FieldKind) -> Iterator[str]:
    if isinstance(condition, Comparison) and condition.field.kind is kind and condition.operator in ("eq", "in"):
        yield from (fold(str(name)) for name in scalars(condition.operand) if not is_glob(str(name)))


def _unknown_tool(rule: Rule, *, name: str) -> Finding:
    return on_rule(
        rule,
        severity=Severity.WARNING,
        code="unknown_tool",
        why=f"`{rule.id}` speaks of `{name}`, which no catalogue knows.",
        fix="Correct the name, or add the tool to `tools:`.",
    )
