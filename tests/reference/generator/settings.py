"""What rules may ask of fields that every session has by the same names: bare values, and operands by operator."""

from __future__ import annotations

from typing import Any

from tests.reference.generator.fields import LEVELS, MOMENT, NUMBER, OBJECT, TEXT, Kind, one_of

_EQUALITY = ("eq", "in", "enum", "allowlist", "not_in", "blocklist")
_ORDER = ("gt", "gte", "lt", "lte", "greater_than", "at_most")


def _names(*names: str) -> dict[str, list[Any]]:
    return {"eq": list(names), **{operator: [list(names), list(names[:1])] for operator in _EQUALITY[1:]}}


def _numbers(*numbers: float) -> dict[str, list[Any]]:
    return {**{operator: list(numbers) for operator in _ORDER}, "range": [[numbers[0], numbers[-1]]]}


_FLAG: list[Any] = [True, False]
_HOLDS_NAMES: list[Any] = ["alice", "MAIL.send", ["Db.Query", "bob"], ["mail.send"]]
_ASKED: dict[str, tuple[list[Any], dict[str, list[Any]]]] = {
    "context.data_kinds": (
        ["PII", ["pii", "PCI"]],
        {"contains": ["PII", ["pci", "Internal"]], "length": [0, {"gte": 1}], "higher_than": LEVELS},
    ),
    "context.data_classification": ([], {"lower_than": LEVELS, "contains": ["RESTRICTED"], "not_contains": ["PII"]}),
    "context.data_level": (["INTERNAL", "public"], {**_names(*LEVELS), "higher_than": LEVELS, "lower_than": LEVELS}),
    "context.parameter_kinds": (["PII", ["pci", "SECRET"]], {"contains": ["pii", ["PHI", "PII"]], "length": [0, 1]}),
    "context.tools_used": (["mail.send"], {"contains": _HOLDS_NAMES, "not_contains": _HOLDS_NAMES}),
    "context.prior_actions": (["MAIL.send", ["db.query", "mail.read"]], {"contains": _HOLDS_NAMES}),
    "context.entities": (["alice", "BOB"], {"contains": _HOLDS_NAMES, "max_length": [1, 2]}),
    "context.taint": (["tool_output"], {"contains": ["MODEL_TEXT", ["tool_output", "x"]], "max_length": [0, 1]}),
    "context.action_count": ([0, 5], _numbers(0, 4, 8)),
    "context.chain_length": ([], _numbers(1, 5)),
    "context.session_age": ([], _numbers(0, 60, 3600)),
    "context.intent": (["Meeting", ["audit", "meeting"]], {**_names("meeting", "audit"), "absent": _FLAG}),
    "context.profile": (["analyst"], {**_names("analyst", "coder"), "absent": _FLAG}),
    "context.original_request": (
        ["DELETE", ["rows", "x"]],
        {"contains": ["delete", ["Remove", "drop"]], "matches": ["(?i)delete", "^please"], "absent": _FLAG},
    ),
    "identity.agent": (["agent", "Agent"], _names("agent", "alice")),
    "identity.human": (["alice"], {**_names("alice", "bob"), "absent": _FLAG}),
    "identity.service": (["mailer"], {**_names("mailer"), "absent": _FLAG}),
    "identity.host": (["desk"], _names("desk")),
    "identity.effective_scope": (
        ["admin", ["read"]],
        {"contains": ["admin", ["read", "write"]], "not_contains": ["admin"]},
    ),
    "identity.scope": (["ADMIN"], {"contains": ["read"]}),
    "identity.delegation_depth": ([0, 1], _numbers(0, 1)),
    "identity.human_verified": (_FLAG, {"eq": _FLAG}),
    "identity.environment": (["LIVE", "TEST"], {"eq": ["LIVE", "TEST"]}),
    "risk_signals.injection_score": ([0.5], {**_numbers(0.2, 0.5, 0.8), "absent": _FLAG}),
    "risk_signals.session_risk": ([], _numbers(0.2, 0.8)),
    "risk_signals.alignment": ([], {**_numbers(0.2, 0.5), "absent": _FLAG}),
    "risk_signals.drift_detected": (_FLAG, {"eq": _FLAG, "absent": _FLAG}),
    "risk_signals.untrusted_parameters": (
        ["to", ["env", "amount"]],
        {"contains": ["to", ["amount", "x"]], "not_contains": ["to"], "absent": _FLAG},
    ),
}
SETTINGS: dict[str, Kind] = {
    name: Kind([], {each: one_of(operands) for each, operands in operators.items()}, one_of(bare) if bare else None)
    for name, (bare, operators) in _ASKED.items()
}
FACTS: dict[str, Kind] = {"window": TEXT, "quota": NUMBER, "seen_at": MOMENT, "owner": OBJECT}
TIMES: list[Any] = [
    {"days": ["mon", "tue", "thu"], "from": "09:00", "to": "17:00", "zone": "Europe/Berlin"},
    {"from": "22:00", "to": "06:00", "zone": "UTC"},
    {"days": ["thu"], "from": "12:00", "zone": "UTC"},
    {"days": ["sun"], "from": "01:00", "to": "03:00", "zone": "America/New_York"},
    {"after": "2026-01-01T00:00:00Z", "before": "2026-06-01T00:00:00Z"},
    {"before": "2026-01-01T12:00:00Z"},
    [{"days": ["sat", "sun"], "zone": "Asia/Kolkata"}, {"to": "12:30", "zone": "UTC", "after": "2026-01-01T00:00:00Z"}],
]
