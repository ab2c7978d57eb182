"""What receipts can be searched by: the names in the box, what they mean, and the columns that they compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from receipts.signing.statement import ReceiptType

LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
ATTENTION = ("attention_miss", "passed")
DECISIONS = ("ALLOW", "DENY", "MODIFY", "STEP_UP", "DEFER")


class Kind(StrEnum):
    """How a value is compared."""

    WORD = "word"
    ACTION = "action"
    LEVEL = "level"
    PERSON = "person"
    SINCE = "since"
    UNTIL = "until"


def _as_it_is(value: str) -> tuple[str, ...]:
    return (value,)


def _upper(value: str) -> tuple[str, ...]:
    return (value.upper(),)


def _lower(value: str) -> tuple[str, ...]:
    return (value.lower(),)


def _either(value: str) -> tuple[str, ...]:
    """Reports of agents are written small, ends of approvals in capitals."""
    return (value.lower(), value.upper())


@dataclass(frozen=True, slots=True)
class Field:
    """`spellings` gives the forms in which a value may stand in the column; `known` is what a closed list holds."""

    column: str
    about: str
    kind: Kind = Kind.WORD
    spellings: Callable[[str], tuple[str, ...]] = _as_it_is
    known: tuple[str, ...] = ()


FIELDS: Mapping[str, Field] = {
    "tool": Field("tool", "the tool; also tool.operation", kind=Kind.ACTION),
    "operation": Field("operation", "what the tool was asked to do"),
    "decision": Field("decision", "the decision", spellings=_upper, known=DECISIONS),
    "outcome": Field("outcome", "how it ended, or what the agent reports", spellings=_either),
    "risk": Field("risk_level", "the risk; also risk>=high", kind=Kind.LEVEL, spellings=_upper, known=LEVELS),
    "rule": Field("rule_id", "the rule that matched"),
    "agent": Field("agent_id", "the agent, by name or id", kind=Kind.PERSON),
    "human": Field("human_id", "for whom it acted, by name or id", kind=Kind.PERSON),
    "approver": Field("approver_id", "who voted, by name or id", kind=Kind.PERSON),
    "surface": Field("surface", "where a vote was cast: web, api, or batch for several together", spellings=_lower),
    "has": Field("attention", "attention_miss: another target was confirmed first", spellings=_lower, known=ATTENTION),
    "is": Field("environment", "test or live", spellings=_upper, known=("TEST", "LIVE")),
    "session": Field("session_id", "the session's id"),
    "type": Field("type", "the kind of receipt", spellings=_lower, known=tuple(kind.value for kind in ReceiptType)),
    "since": Field("issued_at", "from then on: 7d, 24h, 2026-11-01", kind=Kind.SINCE),
    "until": Field("issued_at", "before then", kind=Kind.UNTIL),
}
ALIASES: Mapping[str, str] = {"op": "operation", "kind": "type"}
TIMES = frozenset({"since", "until"})

# An id says by its prefix in which column it stands.
COLUMN_OF_PREFIX: Mapping[str, str] = {
    "rct": "id",
    "dec": "decision_id",
    "apr": "approval_id",
    "ses": "session_id",
    "agt": "agent_id",
    "hum": "human_id",
    "usr": "approver_id",
}


def field_name(written: str) -> str | None:
    """The field that somebody means by `written`, or None."""
    name = written.lower()
    name = ALIASES.get(name, name)
    return name if name in FIELDS else None
