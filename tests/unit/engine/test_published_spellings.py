"""A policy in the words of the AARM specification loads unchanged and does what it says."""

from __future__ import annotations

import pytest

from decisions.engine.context import Identity
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import ruling

PUBLISHED = """
policy: {id: email-policy, version: "1.0", description: As published., default: DENY}
organisation: {domains: [company.com]}
categories: {external_communication: [email.send, http.post]}
rules:
  - id: block-pii-external
    match:
      tool: [email, http]
      operation: send
      parameters: {to: {external: true}}
      context: {data_classification: [PII], prior_actions: {contains: db.query}}
    action: DENY
    classification: forbidden
    priority: 100
    risk_level: HIGH
    reason: Cannot send PII externally
  - name: own-domain
    match: {tool: {category: external_communication}}
    constraints:
      parameters.to: {domain_allowlist: [company.com]}
      rate: {max: 100, window: 3600}
    decision: STEP_UP
    approvers: [security-team]
    quorum: 2
    timeout: 7200
    timeout_action: DENY
    escalation: [{after: 1800, to: [cfo]}]
    priority: 50
  - name: to-ourselves
    match: {tool: email.send}
    effect: {set_context: {data_classification: INTERNAL}}
    decision: ALLOW
  - id: drop-table
    match: {tool: db.query, parameters: {query: {regex: '(?i)drop\\s+table'}}}
    decision: DENY
    priority: 10
  - id: large-transfers
    match: {tool: pay.transfer, parameters: {amount: {greater_than: 10000}}}
    decision: DENY
  - id: admins-clean-up
    match:
      tool: db.delete
      context: {original_request: {contains: [cleanup]}}
      identity: {effective_scope: {contains: [admin]}}
      risk_signals: {injection_score: {lt: 0.8}, semantic_distance: {lt: 0.7}}
    action: STEP_UP
    classification: context_dependent_allow
    threshold: 0.7
    approvers: [dba]
  - id: rows
    match: {tool: db.query}
    action: MODIFY
    modifications: {parameters: {limit: 100}, redact: [parameters.body], add_filter: {where: {tenant: own}}}
  - id: window
    condition: {tool: deploy.run}
    action: DEFER
    context_needed: [maintenance_window]
    resolvers: [calendar]
    timeout: 600
    on_timeout: STEP_UP
    approvers: [ops]
intent_boundaries:
  meeting_prep: {allowed_tools: [calendar, email.read], max_data_classification: INTERNAL, max_chain_length: 8}
re_validation: {interval: 10_actions, method: user_confirmation}
"""
POLICY = compile_policy(parse_policy(PUBLISHED, source="published"))
ADMIN = Identity(effective_scope=frozenset({"admin"}))
CALM = {"injection_score": 0.1, "semantic_distance": 0.2}


@pytest.mark.parametrize(
    ("name", "parameters", "session", "rule", "decision"),
    [
        ("email.send", {"to": "a@company.com"}, {}, "to-ourselves", Decision.ALLOW),
        ("email.send", {"to": "a@other.com"}, {}, "own-domain", Decision.STEP_UP),
        ("email.send", {"to": "a@company.com"}, {"counted": {"own-domain": 100}}, "own-domain", Decision.STEP_UP),
        ("email.send", {"to": "a@other.com"}, {"data_kinds": frozenset({"PII"}), "tools_used": frozenset({"db.query"})},
         "block-pii-external", Decision.DENY),
        ("http.post", {"to": "other.com"}, {}, "own-domain", Decision.STEP_UP),
        ("db.query", {"query": "DROP  TABLE x"}, {}, "drop-table", Decision.DENY),
        ("db.query", {"query": "select", "body": "x"}, {}, "rows", Decision.MODIFY),
        ("pay.transfer", {"amount": 10001}, {}, "large-transfers", Decision.DENY),
        ("db.delete", {}, {"original_request": "nightly cleanup", "identity": ADMIN, "risk_signals": CALM},
         "admins-clean-up", Decision.STEP_UP),
        ("deploy.run", {}, {}, "window", Decision.DEFER),
        ("email.send", {"to": "a@company.com"}, {"intent": "meeting_prep"},
         "intent_boundaries/meeting_prep/allowed_tools", Decision.DENY),
        ("email.send", {"to": "a@company.com"}, {"action_count": 10}, "re_validation", Decision.DEFER),
        ("unknown.tool", {}, {}, None, Decision.DENY),
    ],
)  # fmt: skip
def test_the_published_language_means_what_it_says(
    name: str, parameters: dict[str, object], session: dict[str, object], rule: str | None, decision: Decision
) -> None:
    answer = ruling(POLICY, name, parameters, **session)  # type: ignore[arg-type]
    assert (answer.decision, answer.rule_id) == (decision, rule)


def test_published_modifications_reach_the_parameters() -> None:
    answer = ruling(POLICY, "db.query", {"query": "select", "body": "secret", "where": {"tenant": "x", "q": 1}})
    assert answer.parameters == {
        "query": "select", "body": "[redacted]", "limit": 100, "where": {"tenant": "own", "q": 1},
    }  # fmt: skip


def test_modifications_may_be_a_list_of_what_they_are_otherwise_in_one() -> None:
    text = """
policy: {id: listed, version: "1"}
rules:
  - id: masked
    match: {tool: mail.send}
    action: MODIFY
    modifications:
      - redact: [parameters.body]
      - {cap: {limit: 100}}
"""
    answer = ruling(compile_policy(parse_policy(text, source="test")), "mail.send", {"body": "secret", "limit": 500})
    assert answer.parameters == {"body": "[redacted]", "limit": 100}
