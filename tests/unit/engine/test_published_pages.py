"""What the AARM specification's pages print loads unchanged; the pack `aarm-pages` has most of it, with cases.

Only a header is put around what the pages print without one.
"""

from __future__ import annotations

import pytest

from decisions.engine.errors import PolicyError
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


# What the pages print, and the same in this language's own words.
SPELLINGS = {
    "modification": (
        """
  - name: limit-bulk-export
    match: {tool: db.query, parameters.limit: {gt: 100}}
    action: MODIFY
    modification:
      parameters.limit: 100
""",
        """
  - id: limit-bulk-export
    match: {tool: db.query, parameters: {limit: {gt: 100}}}
    action: MODIFY
    modifications: {replace: {limit: 100}}
""",
    ),
    "trigger": (
        """
  - id: detect-intent-drift
    trigger:
      semantic_distance: { gt: 0.7 }
      chain_length: { gt: 10 }
    action: STEP_UP
""",
        """
  - id: detect-intent-drift
    match: {risk_signals: {semantic_distance: {gt: 0.7}}, context: {action_count: {gt: 10}}}
    action: STEP_UP
    approvers: [reviewers]
""",
    ),
    "context": (
        """
  - id: email-after-sensitive-read
    match:
      tool: email
      operation: send
    context:
      prior_actions:
        contains: [database.query, file.read]
      session_accessed_data:
        contains: [PII, CONFIDENTIAL]
      user_intent:
        contains: [cleanup]
    action: DENY
    approvers: ["data-privacy-team"]
""",
        """
  - id: email-after-sensitive-read
    match:
      all:
        - {tool: email, operation: send}
        - context:
            tools_used: [database.query, file.read]
            data_kinds: [PII, CONFIDENTIAL]
            original_request: cleanup
    action: DENY
""",
    ),
}
ASKED = 'policy: {id: page, version: "1.0", approvers: [reviewers]}\nrules:'


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_published_spelling_means_the_same_as_ours(name: str) -> None:
    theirs, ours = (parse_policy(ASKED + text, source="page") for text in SPELLINGS[name])
    assert compile_policy(theirs).hash == compile_policy(ours).hash


def test_a_rule_without_approvers_asks_those_of_the_policy_and_no_quorum_of_its_own() -> None:
    text = SPELLINGS["trigger"][0]
    assert parse_policy(ASKED + text, source="page").rules[0].consequence is not None
    for refused in (HEADER + "rules:" + text, ASKED + text + "    quorum: 2\n"):
        with pytest.raises(PolicyError, match="STEP_UP needs `approvers`"):
            parse_policy(refused, source="page")


@pytest.mark.parametrize(
    "undefined",
    [
        "match: {context: {data_classification: {higher_than: original_request_scope}}}",
        "match: any\n    context: {target_ownership: {owned_by: requesting_user}}",
        "match: any\n    context: {recipient: {external: true}}",
    ],
)
def test_words_that_no_page_defines_are_refused(undefined: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(f"{ASKED}\n  - id: page\n    {undefined}\n    action: DENY\n", source="page")


@pytest.mark.parametrize("ending", ["DENY", "PAUSE"])
def test_a_session_that_is_not_confirmed_in_time_is_denied_and_waits_again(ending: str) -> None:
    again = (
        f"re_validation: {{interval: 10_actions, method: user_confirmation, timeout: 300, timeout_action: {ending}}}"
    )
    policy = compile_policy(parse_policy(f"{ASKED} []\n{again}\n", source="page"))
    answer = ruling(policy, "any.thing", {}, action_count=10)
    assert (answer.decision, answer.timeout_seconds, answer.on_timeout) == (Decision.DEFER, 300, None)
