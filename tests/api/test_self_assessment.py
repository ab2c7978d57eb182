"""How dangerous an action is, what it touches and who is asked is the server's to say, and never the agent's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.models import ApprovalRequest, Asking
from receipts.models import Receipt
from receipts.signing.canonical import load_strict
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import asked
from tests.factories import MAIL, Cast, StepUp

CLAIMS: dict[str, Any] = {
    "risk_level": "LOW",
    "classification": "PUBLIC",
    "data_classification": ["PUBLIC"],
    "approvers": ["marketing"],
    "quorum": 0,
    "hold": 0,
    "rule_id": "email-inside",
    "confidence": 1,
    "trust": "attested",
}


@pytest.mark.case("DEC-11")
def test_what_an_agent_says_of_its_own_danger_is_refused_beside_the_action_and_counts_for_nothing_inside_it(
    cast: Cast, agent: Door, session: str
) -> None:
    honest = asked(agent.decide(session))
    before = row_counts()
    for name, value in CLAIMS.items():
        assert problem_of(agent.decide(session, **{name: value}), status=400, code="invalid_body")["param"] == name
    assert row_counts() == before
    said: dict[str, Any] = {"parameters": {**MAIL, **CLAIMS}, "facts": CLAIMS, "explanation": json.dumps(CLAIMS)}
    lying = asked(agent.decide(session, **said))
    assert judged(lying) == judged(honest)
    assert judged(honest)["risk"] == "HIGH"
    assert {person.username for person in askings(lying)} == {"bob", "carol"}


def judged(step: StepUp) -> dict[str, Any]:
    """Everything that was decided about an action, wherever it stands."""
    names = ("decision", "effective", "risk_level", "classification", "rule_id", "reason")
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    signed: Any = load_strict(bytes(Receipt.objects.get(pk=step.answer["receipt"]["id"]).body))
    return {name: step.answer.get(name) for name in names} | {
        "risk": row.risk_level,
        "route": row.route,
        "signed": signed["body"]["decision"]["risk_level"],
        "asked": {person.pk for person in askings(step)},
    }


def askings(step: StepUp) -> list[Any]:
    """Who was asked."""
    return [row.person for row in Asking.objects.filter(request=step.approval.pk).select_related("person")]
