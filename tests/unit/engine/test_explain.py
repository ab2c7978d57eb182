"""A ruling explains itself in a sentence or two."""

from __future__ import annotations

import pytest

from decisions.engine.explain import explain
from tests.unit.engine.scenes import policy_of, ruling

RULES = """
- {id: read, match: {tool: files.read}, action: ALLOW, reason: Reading changes nothing.}
- {id: cap, match: {tool: db.query}, action: MODIFY, reason: Few rows, modifications: {cap: {a: 1, b: 1, c: 1}}}
- {id: mail, match: {tool: email.send}, action: STEP_UP, reason: Think twice!, approvers: [{group: g, count: 2}, h]}
- {id: wait, match: {tool: keys.rotate}, action: DEFER, reason: Is the window open?, context_needed: [window]}
- {id: drop, match: {tool: db.drop}, action: DENY, classification: forbidden, reason: Never.}
- {id: yes, match: {tool: x.y}, action: ALLOW}
- {id: no, match: {tool: x.y}, action: DENY}
- {id: env, match: {tool: env.set, parameters: {env: test}}, action: ALLOW}
"""


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("files.read", "Allowed by rule read. Reading changes nothing."),
        ("db.query", "Allowed by rule cap after changing a, b and c. Few rows."),
        (
            "email.send",
            "Needs approval by rule mail: 2 of g and 1 of h, within 3600 seconds. Think twice!",
        ),
        ("keys.rotate", "Deferred by rule wait until window is known, for 300 seconds at most. Is the window open?"),
        ("db.drop", "Denied by rule drop, which nothing overrides. Never."),
        ("x.y", "Deferred by the policy, for 300 seconds at most. Rules of equal priority disagree: no, yes."),
        (
            "env.set",
            "Deferred by the policy until parameters.env is known, for 300 seconds at most. "
            "Not enough is known to apply env: parameters.env is missing or can't be relied on.",
        ),
        ("other.tool", "Denied by the policy's default. No rule covers this action, and the default is DENY."),
    ],
)
def test_rulings_explain_themselves(name: str, sentences: str) -> None:
    assert explain(ruling(policy_of(RULES), name)) == sentences
