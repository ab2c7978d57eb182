"""Every field in every published spelling, and what is refused: where it stands, and what belongs there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from decisions.engine.context import Fact, Identity, Trust
from decisions.engine.scope import Scope
from receipts.signing.canonical import JSON
from tests.unit.engine.reading import advice, problems, subject, truth
from tests.unit.engine.scenes import AT, facts

WHO = Identity(agent="mailer", human="alice", service="crm", host="app-1", effective_scope=frozenset({"read"}))
FULL: dict[str, Any] = {
    "original_request": "Please clean up",
    "intent": "cleanup",
    "profile": "assistant",
    "data_kinds": frozenset({"PII", "CONFIDENTIAL"}),
    "tools_used": frozenset({"db.query"}),
    "entities": frozenset({"Alice"}),
    "action_count": 7,
    "session_age": 90,
    "identity": WHO,
    "risk_signals": {"injection_score": 0.9, "drift_detected": True, "untrusted_parameters": ["to"]},
    "facts": facts(Trust.ATTESTED, ticket="T-1"),
}


@pytest.mark.parametrize(
    "text",
    [
        "tool: mail", "tool: MAIL", "tool: mail.send", "tool: [db, mail]", "{tool: mail, operation: Send}",
        "operation: [send, x]",
        "operation: 's*'", "operation: {matches: '^S'}", "tool: {in: [MAIL, x]}", "tool: {not: [db]}",
        "tool: {not_in: [db]}", "tool: {glob: 'm?il'}",
        "parameters: {to: a}", "parameters.to: a", "parameters: {to: [a, b]}", "parameters: {to: {eq: a}}",
        "parameters: {to: {enum: [a]}}",
        "parameters: {n: {greater_than: 4, less_than: 6}}", "parameters: {n: {at_least: 5, at_most: 5}}",
        "parameters: {n: {min: 5, max: 5}}",
        "parameters: {to: {regex: '^a$'}}", "parameters: {to: {pattern: '^a$'}}",
        "parameters: {to: {blocklist: [b]}}", "parameters: {to: {allowlist: [a]}}",
        "parameters: {filter.limit: 3}", "parameters: {/filter/limit: 3}", "parameters: {/filter/a.b: 1}",
        "parameters: {/items/1: y}",
        "parameters: {items.1: y}", "parameters: {host: {domain_allowlist: [corp.example]}}",
        "parameters: {n: {not: {gt: 5}}}",
        "parameters: {to: {length: 1, min_length: 1, max_length: 1}}", "parameters: {to: {length: {gte: 1, lt: 2}}}",
        "parameters: {to: {length: [1, 2]}}", "parameters: {n: {range: [1, 9]}}",
        "facts: {ticket: T-1}", "facts.ticket: T-1", "facts: {ticket: {matches: '^T'}}",
        "original_request: CLEAN", "context: {original_request: [x, clean]}",
        "context.original_request: {matches: 'clean'}",
        "context: {intent: CLEANUP}", "context: {profile: assistant}", "context: {data_kinds: pii}",
        "context: {data_classification: [x, PII]}",
        "context: {data_level: confidential}", "context.data_level: {higher_than: INTERNAL}",
        "context: {data_classification: {higher_than: INTERNAL, contains: PII}}",
        "context: {tools_used: DB.query}", "context: {prior_actions: {contains: db.query}}",
        "context: {entities: alice}",
        "context: {action_count: {gt: 6}}", "context: {chain_length: 7}", "context: {session_age: {gte: 90}}",
        "identity: {agent: mailer, human: alice, service: crm, host: app-1}", "identity.agent: {starts_with: mail}",
        "identity: {effective_scope: read}",
        "identity: {scope: {not_contains: write}}", "identity: {delegation_depth: 0}",
        "identity: {human_verified: false}", "identity: {environment: TEST}",
        "risk_signals: {injection_score: {gt: 0.8}}", "risk_signals.drift_detected: true",
        "risk_signals: {untrusted_parameters: to}",
        "risk_signals: {untrusted_parameters: {contains: [cc, to]}}", "risk_signals: {anomaly_score: {absent: true}}",
        "time: {after: '2026-01-01T00:00:00Z'}",
        "time: [{before: '2020-01-01T00:00:00Z'}, {from: '11:00', to: '13:00', zone: UTC}]",
        "all: [{tool: mail}, {operation: send}]", "any: [{tool: db}, {operation: send}]", "not: {tool: db}", "any",
    ],
)  # fmt: skip
def test_every_field_is_matched_in_every_published_spelling(text: str) -> None:
    parameters: dict[str, JSON] = {
        "to": "a",
        "n": 5,
        "host": "corp.example",
        "filter": {"limit": 3, "a.b": 1},
        "items": ["x", "y"],
    }
    assert truth(text, subject("mail.send", parameters, **FULL, at=AT)) is True
    if text != "any":
        inner = text if text.startswith("{") else f"{{{text}}}"
        assert truth(f"not: {inner}", subject("mail.send", parameters, **FULL, at=AT)) is False


@pytest.mark.case("POL-13")
@pytest.mark.parametrize(
    "text",
    [
        "parameters: {to: a}", "parameters: {a.b: 1}", "facts: {ticket: T-1}", "original_request: clean",
        "context: {intent: x}", "context: {profile: x}",
        "identity: {human: x}", "identity: {service: x}", "identity: {host: x}",
        "risk_signals: {injection_score: {gt: 0.1}}",
        "risk_signals: {drift_detected: false}", "risk_signals: {untrusted_parameters: to}", "tool: {effect: read}",
        "tool: {reversible: true}",
        "tool: {data_class: PII}", "context: {data_kinds: PII}", "identity: {human_verified: true}",
        "tool: {known: true}",
    ],
)  # fmt: skip
def test_what_may_be_missing_is_unknown_and_what_is_always_there_is_not(text: str) -> None:
    always = {"context: {data_kinds: PII}", "identity: {human_verified: true}", "tool: {known: true}"}
    assert truth(text, subject()) is (False if text in always else None)


@pytest.mark.parametrize(
    ("text", "found", "fix"),
    [
        ("tol: mail", (1, 1, "unknown_key"), "`tool`"),
        ("parametrs: {a: 1}", (1, 1, "unknown_key"), "`parameters`"),
        ("context: {orginal_request: x}", (1, 11, "unknown_key"), "`original_request`"),
        ("context.intend: x", (1, 1, "unknown_key"), "`context.intent`"),
        ("identity: {scop: x}", (1, 12, "unknown_key"), "`scope`"),
        ("risk_signals: {injection: 1}", (1, 16, "unknown_key"), "`injection_score`"),
        ("risk_signals.drift: true", (1, 1, "unknown_key"), "`risk_signals.drift_detected`"),
        ("tool: {effekt: read}", (1, 8, "unknown_operator"), "`effect`"),
        ("tool: {matchs: x}", (1, 8, "unknown_operator"), "`matches`"),
        ("tool: {effect: reed}", (1, 16, "unknown_value"), "read, write, egress"),
        ("tool: {category: mesaging}", (1, 18, "unknown_value"), "categories"),
        ("tool: 'a b*'", (1, 7, "wrong_type"), "globs"),
        ("tool: {known: 1}", (1, 15, "unknown_value"), "true or false"),
        ("parameters: {a: {greter_than: 1}}", (1, 18, "unknown_operator"), "`greater_than`"),
        ("parameters: {a: {required: true}}", (1, 18, "unknown_operator"), "Use one of"),
        ("parameters: {a: {gt: '1'}}", (1, 22, "wrong_type"), "a number"),
        ("parameters: {a: {range: [2, 1]}}", (1, 25, "wrong_type"), "two numbers"),
        ("parameters: {a: {range: 2}}", (1, 25, "wrong_type"), "two numbers"),
        ("parameters: {a: {matches: '(?=x)'}}", (1, 27, "bad_pattern"), "look-around"),
        ("parameters: {a: {glob: ''}}", (1, 24, "wrong_type"), "globs"),
        ("parameters: {a: {starts_with: 5}}", (1, 31, "wrong_type"), "texts"),
        ("parameters: {a: {length: x}}", (1, 26, "wrong_type"), "whole number"),
        ("parameters: {a: {length: [1, x]}}", (1, 26, "wrong_type"), "whole number"),
        ("parameters: {a: {length: []}}", (1, 26, "empty_list"), "whole number"),
        ("parameters: {a: {range: [1, x]}}", (1, 25, "wrong_type"), "two numbers"),
        ("parameters: {a: {in: [1, []]}}", (1, 26, "wrong_type"), "absent"),
        ("parameters: {a: {starts_with: []}}", (1, 31, "empty_list"), "texts"),
        ("parameters: {a: {starts_with: ''}}", (1, 31, "bad_length"), "1 to"),
        ("parameters: {a: {matches: ''}}", (1, 27, "wrong_type"), "regular"),
        ("parameters: {'': 1}", (1, 14, "unknown_key"), "path"),
        ("tool: ''", (1, 7, "unknown_value"), "ASCII"),
        ("tool: []", (1, 7, "empty_list"), "a name"),
        ("tool: [{}]", (1, 8, "empty_match"), "Name one"),
        ("tool: {}", (1, 7, "empty_match"), "Name one"),
        ("time: 5", (1, 7, "wrong_type"), "time"),
        ("time: {days: [], zone: UTC}", (1, 14, "empty_list"), "a day"),
        ("parameters: {a: {min_length: -1}}", (1, 30, "wrong_type"), "whole number"),
        ("parameters: {a: {type: text}}", (1, 24, "unknown_value"), "string"),
        ("parameters: {a: {schema: catalogue}}", (1, 26, "wrong_type"), "JSON Schema"),
        ("parameters: {a: {schema: {typ: string}}}", (1, 27, "unknown_key"), "`type`"),
        ("parameters: {a: {before: 2026-01-01}}", (1, 26, "wrong_type"), "zone"),
        ("parameters: {a: {older_than: 1 month}}", (1, 30, "wrong_type"), "PT1H30M"),
        ("parameters: {a: {in_network: 10.0.0.1/8}}", (1, 30, "wrong_type"), "10.0.0.0/8"),
        ("parameters: {a: {domain_in: Corp.example}}", (1, 29, "wrong_type"), "lower case"),
        ("parameters: {a: {email_in: [bob]}}", (1, 29, "wrong_type"), "mail addresses"),
        ("parameters: {a: {path_within: srv/../x}}", (1, 31, "wrong_type"), "absolute"),
        ("parameters: {a: {external: yes}}", (1, 28, "wrong_type"), "true or false"),
        ("parameters: {a: {higher_than: INTERNALL}}", (1, 31, "unknown_value"), "`INTERNAL`"),
        ("parameters: {a: {max_age: 5}}", (1, 18, "unknown_operator"), ""),
        ("parameters: {a: {every: {}}}", (1, 25, "empty_match"), "Name one"),
        ("parameters: {a: {every: {gtt: 1}}}", (1, 26, "unknown_operator"), "`gt`"),
        ("parameters: {a: {where: [1]}}", (1, 25, "wrong_type"), "mapping"),
        ("parameters: {a: {where: {'': 1}}}", (1, 26, "unknown_key"), "path"),
        ("parameters: {a: null}", (1, 17, "wrong_type"), "absent"),
        ("parameters: {a: []}", (1, 17, "empty_list"), "at least one"),
        ("parameters: {a: {}}", (1, 17, "empty_match"), "Name one"),
        ("facts: {ticket: {max_age: soon}}", (1, 27, "wrong_type"), "seconds"),
        ("facts: {'a b': 1}", (1, 9, "unknown_key"), "letters"),
        ("context: {data_kinds: {gt: 1}}", (1, 24, "unknown_operator"), "contains"),
        ("context: {data_level: SECRET}", (1, 23, "unknown_value"), "RESTRICTED"),
        ("context: {action_count: many}", (1, 25, "unknown_value"), "a number"),
        ("context: {action_count: true}", (1, 25, "unknown_value"), "a number"),
        ("identity: {environment: PROD}", (1, 25, "unknown_value"), "LIVE"),
        ("identity: {human: 5}", (1, 19, "unknown_value"), "a text"),
        ("time: {from: '09:00', to: '17:00'}", (1, 7, "missing_key"), "zone"),
        ("time: {zone: Europe/Berln}", (1, 14, "unknown_value"), "`Europe/Berlin`"),
        ("time: {zone: 5}", (1, 14, "unknown_value"), "UTC"),
        ("time: {days: [mon, tus], zone: UTC}", (1, 20, "unknown_value"), "`tue`"),
        ("time: {from: 9am, zone: UTC}", (1, 14, "wrong_type"), "09:00"),
        ("time: {from: '09:00', to: '09:00', zone: UTC}", (1, 7, "out_of_range"), "after"),
        ("time: {from: '24:00', to: '09:00', zone: UTC}", (1, 7, "out_of_range"), "after"),
        ("time: {after: noon}", (1, 15, "wrong_type"), "zone"),
        ("time: {form: '09:00', zone: UTC}", (1, 8, "unknown_key"), "`from`"),
        ("time: {}", (1, 7, "empty_match"), "from"),
        ("time: []", (1, 7, "empty_list"), "at least one"),
        ("{}", (1, 1, "empty_match"), "match: any"),
        ("5", (1, 1, "wrong_type"), "mapping"),
        ("all: {tool: a}", (1, 6, "wrong_type"), "list"),
        ("any: []", (1, 6, "empty_list"), "at least one"),
        ("not: {}", (1, 6, "empty_match"), "match"),
        ("parameters: 5", (1, 13, "wrong_type"), "mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_stands_with_what_belongs_there(
    text: str, found: tuple[int, int, str], fix: str
) -> None:
    assert problems(text)[0] == found
    assert fix in advice(text)


def test_all_that_is_wrong_is_reported_at_once() -> None:
    text = "tol: a\nparameters: {a: {gtt: 1}, b: {matches: '('}}\nany: [{context: {intnt: x}}, {}]\n"
    assert [code for _, _, code in problems(text)] == [
        "unknown_key", "unknown_operator", "bad_pattern", "unknown_key", "empty_match",
    ]  # fmt: skip


def test_external_needs_an_organisation_however_deep_it_stands() -> None:
    text = "parameters: {to: {every: {where: {mail: {external: true}}}}}"
    assert problems(text, has_organisation=False) == [(1, 52, "no_domains")]
    assert problems(text) == []


def stale(**changes: Any) -> dict[str, Any]:
    return {"facts": {"w": Fact(value="open", trust=Trust.ATTESTED, source="t", recorded_at=AT, **changes)}}


def test_an_old_fact_is_unknown_to_the_operators_beside_its_age() -> None:
    later: dict[str, Any] = {"at": AT + timedelta(seconds=61)}
    young = subject(**stale(), at=AT + timedelta(seconds=60))
    old = subject(**stale(), **later)
    for text, expected in {
        "facts: {w: {max_age: 1m, eq: open}}": (True, None),
        "facts: {w: {eq: closed, max_age: PT1M}}": (False, None),
        "facts: {w: {max_age: 60, not: {eq: closed}}}": (True, None),
        "facts: {w: {max_age: 60}}": (True, None),
        "facts: {w: {max_age: 60, absent: false}}": (True, None),
        "facts: {w: {absent: false}}": (True, True),
        "facts: {w: {max_age: 60, unknown_or_conflicting: true}}": (False, False),
    }.items():
        assert (truth(text, young), truth(text, old)) == expected, text


def test_a_disputed_fact_is_there_but_says_nothing() -> None:
    disputed = subject(**stale(is_conflicting=True))
    for text, expected in {
        "facts: {w: open}": None,
        "facts: {w: {not: closed}}": None,
        "facts: {w: {type: string}}": None,
        "facts: {w: {max_age: 60}}": None,
        "facts: {w: {absent: true}}": False,
        "facts: {w: {unknown_or_conflicting: true}}": True,
        "facts: {w: {unknown_or_conflicting: false}}": False,
    }.items():
        assert truth(text, disputed) is expected, text


def test_the_time_is_the_decisions() -> None:
    text = "time: {days: [mon], from: '09:00', to: '17:00', zone: Europe/Berlin, after: '2026-01-01T00:00:00Z'}"
    assert truth(text, subject(at=datetime(2026, 11, 23, 8, 30, tzinfo=UTC))) is True
    assert truth(text, subject(at=datetime(2026, 11, 23, 7, 30, tzinfo=UTC))) is False
    assert truth(text, subject(at=datetime(2025, 11, 24, 8, 30, tzinfo=UTC))) is False


def test_a_rule_may_look_at_all_of_an_object() -> None:
    text = "parameters: {card: {where: {owner.name: {eq: Alice}, limit: {lte: 100}}}}"
    assert truth(text, subject(parameters={"card": {"owner": {"name": "Alice"}, "limit": 5}})) is True
    assert truth(text, subject(parameters={"card": {"owner": {"name": "Alice"}}})) is None
    assert truth(text, subject(parameters={"card": {"owner": {"name": "Bob"}}}), scope=Scope()) is False
