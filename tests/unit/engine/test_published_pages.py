"""Examples as the AARM specification's pages print them ("Writing your first policy", "Quickstart") load unchanged.

Only a header is put around those that the pages print without one.
"""

from __future__ import annotations

import pytest

from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import ruling

HEADER = 'policy: {id: page, version: "1.0"}\norganisation: {domains: [company.com]}\n'

QUICKSTART = """
policy:
  id: block-pii-external
  version: "1.0"
organisation: {domains: [company.com]}
rules:
  - id: rule-001
    name: block-sensitive-external-email
    match:
      tool: email
      operation: send
      parameters:
        to: { external: true }
      context:
        data_classification: [PII, CONFIDENTIAL]
    action: DENY
    reason: "Cannot send sensitive data to external recipients"
"""

BULK = """
rules:
  - id: limit-bulk-queries
    match:
      tool: database
      operation: query
      parameters:
        limit: { gt: 100 }
    action: MODIFY
    modifications:
      parameters:
        limit: 100
    reason: "Query results capped at 100 rows"
"""

DESTRUCTIVE = """
rules:
  - id: approve-destructive-db
    match:
      tool: database
      operation: [delete, drop, truncate]
    action: STEP_UP
    approvers: [database-owner, security-team]
    timeout: 3600
    timeout_action: DENY
"""

EXTERNAL = """
rules:
  - id: block-pii-external
    match:
      tool: [email, http, slack]
      parameters:
        destination: { external: true }
      context:
        data_classification: PII
    action: DENY
    reason: "Cannot send PII externally"
"""

SIGNALS = """
rules:
  - id: signals
    match:
      risk_signals:
        injection_score: { gt: 0.8 }
        anomaly_score: { gt: 0.7 }
    action: DENY
"""

WITH_PII = {"data_kinds": frozenset({"PII"})}


@pytest.mark.parametrize(
    ("text", "name", "parameters", "session", "decision", "rule"),
    [
        (QUICKSTART, "email.send", {"to": "eve@evil.example"}, WITH_PII, Decision.DENY, "rule-001"),
        (QUICKSTART, "email.send", {"to": "bob@company.com"}, WITH_PII, Decision.DENY, None),
        (HEADER + BULK, "database.query", {"limit": 5000}, {}, Decision.MODIFY, "limit-bulk-queries"),
        (HEADER + DESTRUCTIVE, "database.truncate", {}, {}, Decision.STEP_UP, "approve-destructive-db"),
        (
            HEADER + EXTERNAL, "slack.post", {"destination": "evil.example"}, WITH_PII,
            Decision.DENY, "block-pii-external",
        ),
        (
            HEADER + SIGNALS, "any.thing", {}, {"risk_signals": {"injection_score": 0.9, "anomaly_score": 0.8}},
            Decision.DENY, "signals",
        ),
        (HEADER + SIGNALS, "any.thing", {}, {}, Decision.DENY, None),
    ],
)  # fmt: skip
def test_an_example_of_the_pages_does_what_the_page_says(
    text: str,
    name: str,
    parameters: dict[str, object],
    session: dict[str, object],
    decision: Decision,
    rule: str | None,
) -> None:
    policy = compile_policy(parse_policy(text, source="page"))
    answer = ruling(policy, name, parameters, **session)  # type: ignore[arg-type]
    assert (answer.decision, answer.rule_id) == (decision, rule)
