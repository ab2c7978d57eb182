"""The JSON Schema of matches and constraints, from the tables of fields and operators that the parser reads."""

from __future__ import annotations

from decisions.engine.counters import Per
from decisions.engine.fields import (
    BARE_NAMES,
    CATALOGUE_NAMES,
    CONTEXT_NAMES,
    FIELDS,
    IDENTITY_NAMES,
    SIGNAL_NAMES,
    FieldKind,
    plain_field,
)
from decisions.engine.operators import MOST_ITEMS, OPERATOR_SPELLINGS, OPERATORS, Takes
from decisions.engine.schema_parts import (
    TEXT,
    Schema,
    listed,
    mapping,
    named,
    one_of,
    one_or_more,
    reference,
    text,
)
from decisions.engine.windows import DAYS

SECONDS: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, TEXT]}

_TYPES = {str: "string", bool: "boolean", int: "number", float: "number"}
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00"
_FAMILIES = {"context": CONTEXT_NAMES, "identity": IDENTITY_NAMES, "risk_signals": SIGNAL_NAMES}
_CATALOGUE = {name: field for name in CATALOGUE_NAMES if (field := plain_field(f"tool.{name}")) is not None}


def match_definitions() -> dict[str, Schema]:
    """What matches and constraints are made of, for `$defs`."""
    return {
        **{_name(kind): _asked(kind) for kind in FieldKind},
        **{_name(kind, must=True): _asked(kind, must=True) for kind in FieldKind},
        **{_operand(takes): takes.schema for takes in Takes},
        "inner": _asked(FieldKind.ITEM),
        "tool": _tool(),
        "time": one_or_more(_time()),
        "terms": _terms(),
        "match": {"anyOf": [{"const": "any"}, reference("terms")]},
        "context": _plain_terms(must=False)["context"],
        "constraints": _constraints(),
    }


def _name(kind: FieldKind, *, must: bool = False) -> str:
    """The name of what may be asked of a field, in a match, or where it `must` be so."""
    return f"constraints.{kind.value}" if must else kind.value


def _operand(takes: Takes) -> str:
    return f"operand.{takes.name.lower()}"


def _asked(kind: FieldKind, *, must: bool = False) -> Schema:
    """What may be asked of one field: a value, a list of them, or operators."""
    scalar = {"type": sorted({_TYPES[each] for each in FIELDS[kind].types})}
    operators = mapping(_operators(kind, must=must), minProperties=1)
    return {"anyOf": [scalar, listed(scalar, longest=MOST_ITEMS), operators]}


def _operators(kind: FieldKind, *, must: bool = False) -> dict[str, Schema]:
    allowed = FIELDS[kind].operators
    operators: dict[str, Schema] = {
        spelling: reference(_operand(OPERATORS[name].takes))
        for spelling, name in OPERATOR_SPELLINGS.items()
        if name in allowed and name != "not"
    }
    if "not" in allowed:
        operators["not"] = reference(_name(kind, must=must))
    if must and "absent" in allowed:
        operators["required"] = {"const": True}
    return operators


def _tool() -> Schema:
    """`tool:` takes names, or operators on the name beside what the catalogue is asked."""
    asked = {name: reference(_name(field.kind)) for name, field in _CATALOGUE.items()}
    members = mapping({**_operators(FieldKind.TOOL), **asked}, minProperties=1)
    return one_or_more({"anyOf": [TEXT, members]}, longest=MOST_ITEMS)


def _time() -> Schema:
    clock = text(_CLOCK)
    members = {"days": one_or_more(one_of(DAYS)), "from": clock, "to": clock, "zone": TEXT}
    return mapping({**members, "after": TEXT, "before": TEXT}, minProperties=1)


def _plain_terms(*, must: bool) -> dict[str, Schema]:
    """Every key that matches and constraints have in common and that has a name of its own."""
    families = {
        family: mapping({name: _member(family, name, must=must) for name in names}, minProperties=1)
        for family, names in _FAMILIES.items()
    }
    dotted = {
        f"{family}.{name}": _member(family, name, must=must)
        for family, names in {**_FAMILIES, "tool": CATALOGUE_NAMES}.items()
        for name in names
    }
    return {
        "tool": reference("tool"),
        "operation": reference(_name(FieldKind.OPERATION)),
        "original_request": reference(_name(FieldKind.REQUEST, must=must)),
        "parameters": named(reference(_name(FieldKind.PARAMETER, must=must))),
        "facts": named(reference(_name(FieldKind.FACT, must=must))),
        "time": reference("time"),
        **families,
        **dotted,
        **{name: dotted[whole] for name, whole in BARE_NAMES.items()},
    }


def _member(family: str, name: str, *, must: bool) -> Schema:
    field = plain_field(f"{family}.{name}")
    assert field is not None, f"{family}.{name} is in the table of names"
    return reference(_name(field.kind, must=must))


def _paths(*, must: bool) -> dict[str, Schema]:
    """The keys that lead to a parameter or a fact by a dotted name."""
    return {
        "^parameters\\..": reference(_name(FieldKind.PARAMETER, must=must)),
        "^facts\\..": reference(_name(FieldKind.FACT, must=must)),
    }


def _terms() -> Schema:
    group = listed(reference("terms"), longest=MOST_ITEMS)
    members = {**_plain_terms(must=False), "all": group, "any": group, "not": reference("terms")}
    return mapping(members, minProperties=1, patternProperties=_paths(must=False))


def _constraints() -> Schema:
    """As a match without groups, but `required` may stand beside operators, and counters beside fields."""
    limit: dict[str, Schema] = {"max": {"type": "number", "minimum": 0}, "window": SECONDS, "per": one_of(Per)}
    parameters = {**_plain_terms(must=True)["parameters"], "properties": {"schema": reference(_operand(Takes.SCHEMA))}}
    members = {
        **_plain_terms(must=True),
        "parameters": parameters,
        "rate": mapping(limit, required=("max", "window")),
        "budget": mapping({**limit, "sum": text(r"parameters\..+")}, required=("sum", "max", "window")),
    }
    return mapping(members, minProperties=1, patternProperties=_paths(must=True))
