"""The searchable columns of a receipt: derived from what was signed, and compared with it."""

from __future__ import annotations

from collections.abc import Mapping

from receipts.signing.canonical import JSON

# Where each searchable column is found in the signed body.
INDEX: Mapping[str, tuple[str, str]] = {
    "session_id": ("context", "session"),
    "decision_id": ("decision", "id"),
    "approval_id": ("approval", "id"),
    "agent_id": ("identity", "agent"),
    "human_id": ("identity", "human"),
    "approver_id": ("vote", "approver"),
    "tool": ("action", "tool"),
    "operation": ("action", "operation"),
    "decision": ("decision", "result"),
    "outcome": ("outcome", "status"),
    "rule_id": ("decision", "rule"),
    "risk_level": ("decision", "risk_level"),
    "surface": ("vote", "surface"),
    "attention": ("vote", "attention"),
    "environment": ("identity", "environment"),
}


def index_of(body: Mapping[str, JSON]) -> dict[str, str]:
    """The searchable columns that a signed body implies; what it doesn't say is the empty string."""
    found: dict[str, str] = {}
    for column, (section, member) in INDEX.items():
        part = body.get(section)
        value = part.get(member) if isinstance(part, Mapping) else None
        found[column] = value if isinstance(value, str) else ""
    return found
