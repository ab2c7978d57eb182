"""What a reviewer with fresh eyes found where policies meet the database, each as the failure that it was."""

from __future__ import annotations

import pytest

from decisions.services.policies import publish_policy
from tests.factories import begin_session, decide, make_cast

pytestmark = pytest.mark.django_db

BUDGET = """
policy: {id: spending, version: "1"}
rules:
  - {id: pays, match: {tool: payments.pay}, action: ALLOW}
  - id: first-thousand
    match: {tool: payments.pay}
    constraints: {budget: {sum: parameters.amount, max: 1000, window: 1d, per: all}}
    action: DEFER
    priority: 5
"""


def test_an_amount_without_end_is_counted_and_stops_nobody_else() -> None:
    """What waits is counted: one amount of 1e300 made every later question unwritable, for everybody, for a day."""
    cast = make_cast()
    publish_policy(text=BUDGET, source="spending.yaml", actor=None)
    first, other = begin_session(cast), begin_session(cast)
    assert decide(cast, first, "payments.pay", parameters={"amount": 1})["decision"] == "ALLOW"
    assert decide(cast, first, "payments.pay", parameters={"amount": 1e300})["decision"] == "DEFER"
    assert decide(cast, other, "payments.pay", parameters={"amount": 1})["decision"] == "DEFER"
