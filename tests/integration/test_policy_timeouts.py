"""A DEFER that names approvers asks them when nothing has arrived in time; silence still denies (POL-09, APR-19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import ApprovalRequest, User
from approvals.services.expiry import expire_due as expire_approvals
from decisions.models import Decision, Deferral
from decisions.selectors import decision_answer
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence, expire_due
from decisions.services.policies import publish_policy
from decisions.services.replay import Gap, reevaluate
from receipts.clock import database_now
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from tests.factories import Cast, StepUp, begin_session, decide, make_cast, vote

POLICY = """
policy: {id: waiting, version: "%s"}
tools: [{tool: keys.rotate, effect: write, consequence: "Replaces the key {name}."}]
rules:
  - id: asks-in-the-end
    match: {tool: keys.rotate, facts: {window: {absent: true}}}
    action: DEFER
    context_needed: [window]
    timeout: 10m
    timeout_action: %s
    approvers: [security-team]
    priority: 2
  - {id: open, match: {tool: keys.rotate, facts: {window: open}}, action: ALLOW}
"""
ASKS = POLICY % ("1", "STEP_UP")
DENIES = (POLICY % ("2", "DENY")).replace("    approvers: [security-team]\n", "")


def published(text: str) -> None:
    publish_policy(text=text, source="waiting.yaml", actor=None)


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    published(ASKS)
    return made


@pytest.fixture
def waiting(cast: Cast) -> dict[str, Any]:
    answer = decide(cast, begin_session(cast), "keys.rotate", parameters={"name": "db"})
    assert answer["decision"] == "DEFER"
    return answer


def now(answer: dict[str, Any]) -> dict[str, Any]:
    """The decision as its agent reads it."""
    return decision_answer(Decision.objects.get(pk=answer["decision_id"]), at=database_now())


def test_people_are_asked_when_the_time_is_over_and_their_yes_counts(
    cast: Cast, waiting: dict[str, Any], move_clock: Callable[[float], None]
) -> None:
    move_clock(599)
    expire_due()
    assert (now(waiting)["effective"], ApprovalRequest.objects.count()) == ("PENDING", 0)
    move_clock(2)
    assert now(waiting)["effective"] == "PENDING", "Not denied before the sweeper has come."
    assert expire_due() == 1
    deferral, approval = Deferral.objects.get(), ApprovalRequest.objects.get()
    assert (deferral.state, deferral.method, approval.state) == ("ESCALATED", "timeout", "PENDING")
    shown = opened_values(approval.snapshot)
    assert (shown["consequence"], shown["context_needed"]) == ("Replaces the key db.", ["window"])
    assert vote(StepUp(approval=approval, answer=waiting), cast.bob).state == "HELD"
    assert now(waiting)["effective"] == "PENDING"
    move_clock(5)
    assert now(waiting)["effective"] == "ALLOW", "The hold is over, also where nobody has written that down."
    wanted = ClaimRequest(action_digest=now(waiting)["action_digest"])
    assert claim_decision(caller=cast.agent, decision_id=waiting["decision_id"], wanted=wanted, key="").status == 200
    assert expire_due() == 0


def test_silence_denies_in_the_end(waiting: dict[str, Any], move_clock: Callable[[float], None]) -> None:
    move_clock(601)
    expire_due()
    move_clock(3601)
    expire_approvals()
    assert now(waiting)["effective"] == "DENY"


def test_evidence_in_time_asks_nobody(cast: Cast, waiting: dict[str, Any], move_clock: Callable[[float], None]) -> None:
    add_evidence(caller=cast.host, deferral_id=waiting["deferral"]["id"], field="window", value="open", source="")
    move_clock(601)
    assert (expire_due(), now(waiting)["effective"], ApprovalRequest.objects.count()) == (0, "ALLOW", 0)


@pytest.mark.case("APR-19")
@pytest.mark.parametrize("change", ["nobody is there", "the policy asks nobody any more"])
def test_where_nobody_can_be_asked_the_time_is_simply_over(
    waiting: dict[str, Any], move_clock: Callable[[float], None], change: str
) -> None:
    if change == "nobody is there":
        User.objects.update(is_active=False)
    else:
        published(DENIES)
    move_clock(601)
    assert expire_due() == 1
    assert (Deferral.objects.get().state, now(waiting)["effective"]) == ("EXPIRED", "DENY")


def test_sources_that_contradict_each_other_are_both_kept_and_defer(cast: Cast) -> None:
    session = begin_session(cast)
    first = decide(cast, session, "keys.rotate", parameters={"name": "a"})
    for source, value in (("calendar", "open"), ("pager", "closed")):
        add_evidence(caller=cast.host, deferral_id=first["deferral"]["id"], field="window", value=value, source=source)
    answer = decide(cast, session, "keys.rotate", parameters={"name": "b"})
    assert (answer["decision"], answer["deferral"]["context_needed"]) == ("DEFER", ["window"])
    decision = Decision.objects.get(pk=answer["decision_id"])
    assert decision.session.state["facts"]["window"]["others"] == {"calendar": "open"}
    again = reevaluate(decision)
    assert not isinstance(again, Gap)
    assert again.decision.value == "DEFER"
    add_evidence(caller=cast.host, deferral_id=answer["deferral"]["id"], field="window", value="open", source="pager")
    assert now(answer)["effective"] == "ALLOW", "Now they agree."


def test_an_agents_word_neither_contradicts_nor_outweighs_what_is_attested(cast: Cast) -> None:
    session = begin_session(cast)
    waiting = decide(cast, session, "keys.rotate", parameters={"name": "a"})
    deferral = waiting["deferral"]["id"]
    add_evidence(caller=cast.agent, deferral_id=deferral, field="window", value="open", source="me")
    assert now(waiting)["effective"] == "PENDING"
    add_evidence(caller=cast.host, deferral_id=deferral, field="window", value="open", source="calendar")
    assert now(waiting)["effective"] == "ALLOW"
    later = decide(cast, session, "keys.rotate", parameters={"name": "b"}, facts={"window": "closed"})
    assert later["decision"] == "ALLOW"
    with pytest.raises(ProblemError):
        add_evidence(caller=cast.agent, deferral_id="dfr_none", field="window", value="x", source="")
