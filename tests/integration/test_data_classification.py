"""What a session touched is classified by the catalogue, a rule or a detector; otherwise it is of the highest level."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from decisions.models import Decision, Outcome, Session
from decisions.services.outcomes import Report, report_outcome
from decisions.services.policies import publish_policy
from decisions.services.replay import reevaluate
from receipts.models import Receipt
from receipts.selectors import envelope_of
from tests.factories import Cast, begin_session, decide, make_cast

POLICY = """
policy: {id: levels, version: "1", default: ALLOW}
%s
tools:
  - {tool: wiki.read, effect: read, data_class: INTERNAL}
rules:
  - id: customers
    match: {tool: files.read, parameters: {name: customers}}
    effect: {set_context: {data_classification: CONFIDENTIAL}}
  - id: nothing-internal-leaves
    match: {tool: web.put, context: {data_classification: {higher_than: PUBLIC}}}
    action: DENY
    classification: context_dependent_deny
  - id: nothing-restricted-leaves
    match: {tool: web.put, context: {data_classification: {higher_than: CONFIDENTIAL}}}
    action: DENY
    priority: 5
"""


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    publish_policy(text=POLICY % "", source="levels.yaml", actor=None)
    return made


def touched(cast: Cast, name: str, *, parameters: Any = None, session: str = "", **said: Any) -> tuple[str, list[str]]:
    """The session, and its labels after an action and what is reported of it."""
    session = session or begin_session(cast)
    answer = decide(cast, session, name, parameters={"name": "a"} if parameters is None else parameters)
    assert answer["decision"] == "ALLOW", answer
    kinds, status = said.pop("labels", ()), said.pop("status", "succeeded")
    report = Report(status=status, values=said, data_classification=kinds)
    report_outcome(caller=cast.agent, decision_id=str(answer["decision_id"]), report=report, key="")
    return session, Session.objects.get(pk=session).state["kinds"]


def put(cast: Cast, session: str) -> Any:
    return decide(cast, session, "web.put", parameters={})


@pytest.mark.case("CTX-06")
def test_what_nothing_classifies_is_of_the_highest_level(cast: Cast) -> None:
    session = begin_session(cast)
    assert put(cast, session)["decision"] == "ALLOW", "A session that has touched nothing is at the lowest level."
    session, labels = touched(cast, "files.read", session=session, output="The minutes of Monday.")
    assert labels == ["NOT_CLASSIFIED"]
    denied = put(cast, session)
    assert (denied["decision"], denied["rule_id"]) == ("DENY", "nothing-restricted-leaves")
    limited, _ = touched(
        cast, "files.read", session=begin_session(cast, max_data_classification="internal"), output="x"
    )
    assert put(cast, limited)["reason_code"] == "data_limit"
    outcome = Outcome.objects.earliest("reported_at")
    assert outcome.data_kinds == ["NOT_CLASSIFIED"]
    assert b"NOT_CLASSIFIED" in envelope_of(Receipt.objects.get(pk=outcome.receipt_id)).payload


@pytest.mark.parametrize(
    ("name", "parameters", "said", "labels"),
    [
        ("wiki.read", {}, {"output": "The minutes of Monday."}, ["INTERNAL"]),
        ("files.read", {"name": "customers"}, {"output": "Nobody."}, ["CONFIDENTIAL"]),
        ("files.read", {"name": "a"}, {"output": "Write to dora@customer.example."}, ["PII"]),
        (
            "files.read",
            {"name": "a"},
            {"error": "password=hunter2-tulip-92", "status": "failed"},
            ["SECRET"],
        ),
        ("files.read", {"name": "a"}, {}, []),
        ("files.read", {"name": "a"}, {"output_digest": "sha256:0"}, ["NOT_CLASSIFIED"]),
        ("files.read", {"name": "a"}, {"status": "unknown"}, ["NOT_CLASSIFIED"]),
        ("files.read", {"name": "a"}, {"output": "x", "labels": ("PUBLIC",)}, ["NOT_CLASSIFIED", "PUBLIC"]),
    ],
    ids=["catalogue", "rule", "detector", "error", "nothing came", "unseen", "unknown", "the agent's own word"],
)
def test_whose_word_classifies(cast: Cast, name: str, parameters: Any, said: Any, labels: list[str]) -> None:
    assert touched(cast, name, parameters=parameters, **said)[1] == labels


def test_the_label_of_one_command_says_nothing_of_the_others_beside_it(cast: Cast) -> None:
    tools = "tools:\n  - {tool: shell.cat, data_class: PUBLIC}\n  - {tool: shell, operation: run, data_class: PUBLIC}"
    rules = "rules:\n  - {id: all, match: any, action: ALLOW}"
    policy = f'policy: {{id: commands, version: "1"}}\n{tools}\n{rules}\n'
    publish_policy(text=policy, source="commands.yaml", actor=None)
    one = touched(cast, "bash.call", parameters={"command": "cat a"}, output="x")
    both = touched(cast, "bash.call", parameters={"command": "cat a; ls b"}, output="x")
    assert (one[1], both[1]) == (["PUBLIC"], ["NOT_CLASSIFIED", "PUBLIC"])


def test_a_deployment_may_say_otherwise_and_every_decision_comes_out_as_it_did(cast: Cast) -> None:
    session, _ = touched(cast, "files.read", output="The minutes of Monday.")
    strict = put(cast, session)
    publish_policy(text=POLICY % "classification: {unclassified: INTERNAL}", source="levels.yaml", actor=None)
    milder = put(cast, session)
    publish_policy(text=POLICY % "classification: {unclassified: PUBLIC}", source="levels.yaml", actor=None)
    mildest = put(cast, session)
    assert [each["rule_id"] for each in (strict, milder)] == ["nothing-restricted-leaves", "nothing-internal-leaves"]
    assert mildest["decision"] == "ALLOW"
    assert len({each["policy"]["hash"] for each in (strict, milder, mildest)}) == 3
    for answer in (strict, milder, mildest):
        again: Any = reevaluate(Decision.objects.get(pk=answer["decision_id"]))
        assert (again.decision.value, again.rule_id) == (answer["decision"], answer.get("rule_id"))


def test_a_new_session_does_not_shed_what_was_not_classified(cast: Cast, settings: LazySettings) -> None:
    settings.AARM_TAINT_CARRY_SECONDS = 3600
    touched(cast, "files.read", output="The minutes of Monday.")
    assert put(cast, begin_session(cast))["rule_id"] == "nothing-restricted-leaves"
