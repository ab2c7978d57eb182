"""The JSON Schema of the whole language, for editors, generated from the tables that the parser reads.

It refuses what a schema can refuse; the parser refuses more. It is published as docs/policy.schema.json.
"""

from __future__ import annotations

from typing import Any

from decisions.engine.action import LONGEST_NAME
from decisions.engine.boundaries import (
    FOLLOWING,
    FOLLOWING_KEYS,
    INTENT,
    LIMIT_KEYS,
    LONGEST_CHAIN,
    METHODS,
    REVALIDATION_KEYS,
    REVALIDATION_TIMEOUTS,
)
from decisions.engine.catalogue_reading import LONGEST_DESCRIPTION, LONGEST_SENTENCE, TOOL_KEYS
from decisions.engine.context import ToolEffect
from decisions.engine.document import Mode
from decisions.engine.examples import CONTEXT_KEYS, EXPECT_KEYS, MOST_CASES
from decisions.engine.fields import LABEL
from decisions.engine.header import DEFAULT_KEYS, HEADER_KEYS, LONGEST_VERSION, ORGANISATION_KEYS, POLICY_ID
from decisions.engine.includes import FILE_NAME, INCLUDE_KEYS, MOST_INCLUDES, PACK_NAME
from decisions.engine.match_schema import SECONDS, match_definitions
from decisions.engine.metatool_reading import META_KEYS, MOST_WORDS, OPENING_KEYS, OPTION, PROGRAM, PROGRAM_KEYS
from decisions.engine.metatool_reading import REQUIRED as REQUIRED_OF_META
from decisions.engine.parser import REQUIRED_KEYS, TOP_KEYS
from decisions.engine.rule_schema import SHARE, consequence_members, rule_definitions
from decisions.engine.rules import MOST_RULES
from decisions.engine.schema_parts import (
    ANYTHING,
    FLAG,
    TEXT,
    Schema,
    mapping,
    named,
    one_of,
    one_or_more,
    reference,
    sentence,
    spelled,
    text,
    whole,
)
from decisions.engine.threshold_reading import LIMIT_KEYS as THRESHOLD_KEYS
from decisions.engine.threshold_reading import ROUTE_KEYS
from decisions.engine.verdict import Decision

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_OBJECT: Schema = {"type": "object"}


def policy_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of one policy file."""
    parts: dict[str, Schema] = {
        "policy": _header(),
        "rules": {"type": "array", "items": reference("rule"), "maxItems": MOST_RULES},
        "organisation": reference("organisation"),
        "thresholds": _thresholds(),
        "levels": one_or_more(TEXT),
        "classification": mapping({"kinds": named(TEXT, pattern=f"^{LABEL}$"), "unclassified": TEXT}, minProperties=1),
        "categories": named(one_or_more(TEXT), pattern=f"^{LABEL}$"),
        "tools": {"type": "array", "items": _tool()},
        "meta_tools": _meta_tools(),
        "intent_boundaries": named(_boundary(), pattern=f"^{INTENT}$"),
        "re_validation": _revalidation(),
        "include": one_or_more(_include(), longest=MOST_INCLUDES),
        "cases": {"type": "array", "items": _case(), "maxItems": MOST_CASES},
    }
    return {
        "$schema": DIALECT,
        "title": "A policy of AARM Site",
        **mapping({key: parts[key] for key in TOP_KEYS}, required=REQUIRED_KEYS),
        "$defs": {
            **match_definitions(),
            **rule_definitions(),
            "organisation": mapping(dict.fromkeys(ORGANISATION_KEYS, one_or_more(TEXT)), minProperties=1),
        },
    }


def _header() -> Schema:
    postures = one_of(decision for decision in Decision if decision is not Decision.MODIFY)
    default = mapping(spelled(DEFAULT_KEYS, schemas={**consequence_members(), "action": postures}))
    members: dict[str, Schema] = {
        "id": text(POLICY_ID),
        "version": {"anyOf": [sentence(LONGEST_VERSION), {"type": "number"}]},
        "description": {"type": "string"},
        "default": {"anyOf": [postures, default]},
        "mode": one_of(Mode),
        "approvers": reference("approvers"),
        "organisation": reference("organisation"),
    }
    return mapping({key: members[key] for key in HEADER_KEYS}, required=("id", "version"))


def _thresholds() -> Schema:
    members: dict[str, Schema] = {**dict.fromkeys(THRESHOLD_KEYS, SHARE), **consequence_members()}
    needs = {key: [name for name in ("alignment", "approvers") if name != key] for key in ROUTE_KEYS}
    return mapping({key: members[key] for key in (*THRESHOLD_KEYS, *ROUTE_KEYS)}, dependentRequired=needs)


def _tool() -> Schema:
    members: dict[str, Schema] = {
        "tool": TEXT,
        "operation": TEXT,
        "effect": one_of(ToolEffect),
        "reversible": FLAG,
        "category": one_or_more(text(LABEL)),
        "data_class": reference("labels"),
        "consequence": sentence(LONGEST_SENTENCE),
        "description": sentence(LONGEST_DESCRIPTION),
        "parameters": {"type": ["object", "boolean"]},
    }
    return mapping({key: members[key] for key in TOOL_KEYS}, required=("tool",))


def _meta_tools() -> Schema:
    own: dict[str, Schema] = {
        **dict.fromkeys(("name", "server", "under", "arguments"), sentence(LONGEST_NAME)),
        "command": one_or_more(sentence(LONGEST_NAME)),
        "lines": FLAG,
    }
    tools = [
        mapping(
            {"tool": TEXT, "opens": one_of([opens]), **{key: own[key] for key in keys}},
            required=("tool", "opens", *REQUIRED_OF_META[opens]),
        )
        for opens, keys in OPENING_KEYS.items()
    ]
    options = one_or_more(text(OPTION))
    program: dict[str, Schema] = {
        "program": text(PROGRAM),
        **dict.fromkeys(("flags", "valued", "idle"), options),
        "words": whole(0, MOST_WORDS),
        **dict.fromkeys(("takes_assignments", "adds_arguments", "only_runs"), FLAG),
    }
    members: dict[str, Schema] = {
        "tools": one_or_more({"anyOf": tools}),
        "programs": one_or_more(mapping({key: program[key] for key in PROGRAM_KEYS}, required=("program",))),
    }
    return mapping({key: members[key] for key in META_KEYS}, minProperties=1)


def _boundary() -> Schema:
    tools = one_or_more({"anyOf": [TEXT, mapping({"category": one_or_more(TEXT)}, required=("category",))]})
    members: dict[str, Schema] = {
        **consequence_members(),
        "action": one_of(FOLLOWING),
        "allowed_tools": tools,
        "denied_tools": tools,
        "max_data_classification": TEXT,
        "max_chain_length": whole(1, LONGEST_CHAIN),
        "max_session_age": SECONDS,
    }
    limits = {"anyOf": [{"required": [key]} for key in LIMIT_KEYS]}
    return {**mapping({key: members[key] for key in (*LIMIT_KEYS, *FOLLOWING_KEYS)}), **limits}


def _revalidation() -> Schema:
    members: dict[str, Schema] = {
        "interval": SECONDS,
        "method": one_of(METHODS),
        "timeout": SECONDS,
        "timeout_action": one_of(REVALIDATION_TIMEOUTS),
    }
    return mapping({key: members[key] for key in REVALIDATION_KEYS}, required=("interval", "method"))


def _include() -> Schema:
    members: dict[str, Schema] = {"pack": text(PACK_NAME), "file": text(FILE_NAME), "mode": one_of(Mode)}
    one = {"oneOf": [{"required": ["pack"]}, {"required": ["file"]}]}
    return {**mapping({str(key): members[key] for key in INCLUDE_KEYS}), **one}


def _case() -> Schema:
    action = mapping({"tool": TEXT, "operation": TEXT, "parameters": _OBJECT}, required=("tool",))
    given: dict[str, Schema] = {
        "action": action,
        "context": mapping(dict.fromkeys(CONTEXT_KEYS, ANYTHING)),
        "at": TEXT,
        "counted": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    expect = mapping(dict.fromkeys(EXPECT_KEYS, ANYTHING))
    members = {**given, "name": TEXT, "policy": TEXT, "given": mapping(given), "expect": expect}
    return mapping(members, required=("expect",))
