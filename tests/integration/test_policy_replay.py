"""Every decision names one policy, and that policy says the same again, whatever was published meanwhile (G9)."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from approvals.models import User
from decisions.models import Decision, PolicyVersion
from decisions.selectors.values import parameters_in
from decisions.services.policies import policy_of, publish_policy
from decisions.services.questions import Question, question_bytes, question_from
from decisions.services.replay import Gap, backtest, question_of, recorded_since, reevaluate
from receipts.clock import database_now
from receipts.models import Payload
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON, canonical_bytes, load_strict, sha256_digest
from tests.factories import Cast, begin_session, decide, make_cast
from tests.integration.deciders import Order, deciders, own_database
from tests.integration.scenario import busy_session
from tests.sealing import sealed_again

POLICY = """
policy: {id: changing, version: "%d"}
rules:
  - {id: reads, match: {tool: files.read}, action: ALLOW, reason: "Number %d."}
  - {id: caps, match: {tool: db.query}, action: MODIFY, modifications: {cap: {limit: %d}}}
  - {id: few, match: {tool: files.read}, constraints: {rate: {max: 5, window: 1h}}, action: DENY, priority: 2}
"""
ACTIONS: list[tuple[str, Mapping[str, Any]]] = [("files.read", {}), ("db.query", {"limit": 5000}), ("db.drop", {})]
PROCESSES, EACH = 4, 25


def published(number: int) -> PolicyVersion:
    text = POLICY % (number, number, number)
    return publish_policy(text=text, source=f"changing-{number}.yaml", actor=None)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def on_record(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.decision,
        "reason_code": decision.reason_code,
        "reason": decision.ruling["reason"],
        "rule": decision.rule_id or None,
        "matched": decision.ruling["matched"],
        "parameters": parameters_in(opened_values(decision.payload)),
    }


def said_again(decision: Decision) -> dict[str, Any]:
    ruling = reevaluate(decision)
    assert not isinstance(ruling, Gap), ruling
    return {
        "decision": ruling.decision.value,
        "reason_code": ruling.reason_code.value,
        "reason": ruling.reason,
        "rule": ruling.rule_id,
        "matched": list(ruling.matched_rules),
        "parameters": ruling.parameters,
    }


def test_everything_that_happens_in_a_busy_session_is_said_again(cast: Cast) -> None:
    session = busy_session(cast).session
    # What a reviewer's absence and an earlier action's fate made of a ruling is part of it.
    waiting = decide(cast, session, "credentials.rotate", parameters={"name": "x"}, action_id="first")
    decide(cast, session, "email.send", parameters={"to": "a@corp.example"}, depends_on=["first"])
    User.objects.update(is_active=False)
    parameters: dict[str, JSON] = {"to": "a@partner.example", "n": 1.0, "m": 1e-7}
    alone = decide(cast, begin_session(cast), "email.send", parameters=parameters)
    assert (waiting["decision"], alone["reason_code"]) == ("ALLOW", "no_eligible_reviewer")
    decisions = list(Decision.objects.select_related("payload"))
    assert {decision.decision for decision in decisions} == {"ALLOW", "MODIFY", "DENY", "STEP_UP", "DEFER"}
    for decision in decisions:
        assert said_again(decision) == on_record(decision)


def test_the_question_is_kept_in_the_bytes_that_were_digested(cast: Cast) -> None:
    decide(cast, begin_session(cast), "email.send", parameters={"to": "bob@corp.example"}, facts={"a": [1, None]})
    decision = Decision.objects.select_related("payload").get()
    question = question_of(decision)
    assert isinstance(question, Question)
    assert sha256_digest(question_bytes(question)) == decision.evaluation_digest
    assert question_from(question_bytes(question)) == question
    assert question.context.identity.human == "alice@corp.example"
    assert question.context.facts["a"].value == [1, None]


def test_what_was_erased_or_altered_is_not_passed_off_as_the_same(cast: Cast) -> None:
    decide(cast, begin_session(cast), "email.send", parameters={"to": "bob@corp.example"})
    decision = Decision.objects.select_related("payload").get()
    assert not isinstance(reevaluate(decision), Gap)
    text = canonical_bytes(opened_values(decision.payload))
    altered = load_strict(text.replace(b"bob@", b"eve@"))
    assert isinstance(altered, dict)
    Payload.objects.filter(pk=decision.payload_id).update(content=sealed_again(decision.payload, altered))
    assert reevaluate(Decision.objects.get()) is Gap.ALTERED
    Payload.objects.filter(pk=decision.payload_id).update(content=None)
    assert reevaluate(Decision.objects.get()) is Gap.ERASED


@pytest.mark.case("POL-10")
@pytest.mark.django_db(transaction=True)
def test_under_a_storm_of_publishing_each_decision_names_the_policy_that_made_it() -> None:
    cast = make_cast()
    published(1)
    sessions = [begin_session(cast) for _ in range(PROCESSES)]
    with deciders(PROCESSES, variables=own_database()) as crew:
        for child, session in zip(crew, sessions, strict=True):
            child.tell(Order(key=cast.agent_key, session=session, actions=ACTIONS * EACH))
        number, pause = 1, threading.Event()
        while Decision.objects.count() < PROCESSES * EACH * len(ACTIONS):
            number += 1
            published(number)
            pause.wait(0.1)
        answers = [answer for child in crew for answer in child.heard()]
    decisions = {row.pk: row for row in Decision.objects.select_related("payload", "policy", "receipt")}
    assert len(decisions) == PROCESSES * EACH * len(ACTIONS)
    assert len({row.policy_id for row in decisions.values()}) > 3, "The policy has to change under way."
    for answer in answers:
        decision = decisions[answer["decision_id"]]
        assert decision.policy is not None
        signed = json.loads(bytes(decision.receipt.body))["body"]["decision"]["policy"]
        assert signed["hash"] == answer["policy"]["hash"] == decision.policy.digest
        assert said_again(decision) == on_record(decision)


@pytest.mark.case("POL-11")
@pytest.mark.django_db(transaction=True)
def test_what_is_asked_after_a_publish_was_acknowledged_is_decided_under_it_in_every_process() -> None:
    cast = make_cast()
    sessions = [begin_session(cast) for _ in range(PROCESSES)]
    with deciders(PROCESSES, variables=own_database()) as crew:
        for number in range(2, 14):
            version = published(number)
            for child, session in zip(crew, sessions, strict=True):
                child.tell(Order(key=cast.agent_key, session=session, actions=ACTIONS))
            seen = {answer["policy"]["hash"] for child in crew for answer in child.heard()}
            assert seen == {version.digest}, number


@pytest.mark.case("POL-24")
def test_a_backtest_says_what_live_decisions_said_and_what_another_policy_would_change(cast: Cast) -> None:
    busy_session(cast)
    began = database_now() - timedelta(hours=1)
    version = Decision.objects.select_related("policy").latest("decided_at").policy
    assert version is not None
    same = backtest(recorded_since(began), policy=policy_of(version.pk)[1])
    assert (same.changes, same.replayed, dict(same.gaps)) == ([], Decision.objects.count(), {})
    open_door = publish_policy(
        text='policy: {id: open, version: "1"}\nrules: [{id: all, match: any, action: ALLOW}]\n',
        source="open.yaml",
        actor=None,
    )
    other = backtest(recorded_since(began), policy=policy_of(open_door.pk)[1])
    assert other.replayed == same.replayed
    assert {(change.before.value, change.after.value) for change in other.changes} == {
        ("DENY", "ALLOW"), ("DEFER", "ALLOW"), ("STEP_UP", "ALLOW"), ("MODIFY", "ALLOW"),
    }  # fmt: skip
    assert other.changes[0].before.value == "DENY", "What is newly allowed comes first."
    assert backtest(recorded_since(database_now()), policy=policy_of(open_door.pk)[1]).replayed == 0
