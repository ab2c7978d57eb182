"""What the benchmark asks for, and the policy that it is asked under."""

from __future__ import annotations

from typing import Any

TOOL, OPERATION = "email", "send"
PARAMETERS: dict[str, Any] = {
    "to": "bob@corp.example",
    "subject": "Minutes of the delivery meeting",
    "body": "Bob, the pallets arrive on Tuesday at nine, gate four. Please have two people there to unload. " * 4,
    "priority": 3,
    "attachments": ["minutes.pdf", "gate-plan.pdf"],
}
RULES = 50

HEADER = """policy:
  id: bench
  version: "{rules}"
  default: DENY
  organisation:
    domains: [corp.example]
rules:
  - id: mail-inside
    match:
      tool: {tool}.{operation}
      parameters:
        to: {{external: false}}
        priority: {{lte: 5}}
    action: ALLOW
    reason: Mail to our own people is fine.
"""
RULE = """  - id: rule-{number}
    match:
      tool: service-{number}.write
      parameters:
        target: {{external: true}}
        count: {{gt: {number}}}
      context:
        data_kinds: PII
    action: DENY
    reason: Service {number} gets no personal data.
"""


def policy_text(*, rules: int = RULES) -> str:
    """A policy of that many rules, each about a tool of its own; the first one allows the action."""
    header = HEADER.format(rules=rules, tool=TOOL, operation=OPERATION)
    return header + "".join(RULE.format(number=number) for number in range(1, rules))


def body_for(session_id: str) -> dict[str, Any]:
    """The body of a request."""
    return {"session_id": session_id, "tool": TOOL, "operation": OPERATION, "parameters": PARAMETERS}
