"""A session's distance from its request: taken at each action, kept, handed on, on record, and bound for policies."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from decisions.engine.verdict import Ruling
from decisions.models import Agent, ContextEntry, Decision, Deferral, Session
from decisions.selectors.sessions import session_summary
from decisions.services import inheritance
from decisions.services.children import open_child
from decisions.services.deferrals import add_evidence
from decisions.services.policies import publish_policy
from decisions.services.replay import reevaluate
from decisions.services.sessions import NewSession
from decisions.services.state import EMPTY_STATE
from receipts.signing.canonical import load_strict
from tests.factories import Cast, begin_asserted_session, begin_session, decide, make_cast

WATCHED = """
policy: {id: watched, version: "1", default: ALLOW}
rules:
  - {id: drift, match: {risk_signals: {drift_detected: true}}, action: STEP_UP, approvers: [security-team], priority: 9}
  - {id: window, match: {tool: credentials.rotate}, action: DEFER, context_needed: [window], timeout: 300}
"""
REQUEST = "Summarise the open invoices of the Johnson account and mail the summary to Ana."
NEAR = ("invoices.search", {"account": "Johnson", "status": "open"})
FAR = ("payroll.export", {"employee": "Miller", "format": "csv"})


@pytest.fixture
def cast(db: None) -> Cast:
    cast = make_cast()
    publish_policy(text=WATCHED, source="watched.yaml", actor=None)
    return cast


def asked(cast: Cast, session: str, step: tuple[str, Any] = NEAR, **more: Any) -> dict[str, Any]:
    name, parameters = step
    return decide(cast, session, name, parameters=parameters, **more)


def distance_of(session: str) -> int | None:
    found: int | None = Session.objects.get(pk=session).state["distance"]
    return found


def signals_of(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["risk_signals"]
    return found


def drifted(cast: Cast, session: str) -> list[str]:
    """The decisions on far actions, up to the first that isn't permitted."""
    found: list[str] = []
    while not found or (found[-1] == "ALLOW" and len(found) < 20):
        found.append(str(asked(cast, session, FAR)["decision"]))
    return found


def test_what_is_told_to_the_agent_is_on_record_in_the_decision_its_entry_and_its_receipt(cast: Cast) -> None:
    session = begin_session(cast, request=REQUEST, expected_scope=("invoices",))
    answer = asked(cast, session)
    signals = signals_of(answer)
    assert signals == {
        "semantic_distance": signals["semantic_distance"],
        "cumulative_distance": signals["cumulative_distance"],
        "drift_detected": False,
        "scope_expansion": False,
    }
    assert answer["alignment"] == round(1 - signals["semantic_distance"], 2)
    assert 0 < signals["cumulative_distance"] < signals["semantic_distance"] < 0.7
    decision = Decision.objects.select_related("receipt").get(pk=answer["decision_id"])
    recorded = signals | {"alignment": answer["alignment"]}
    entry: Any = load_strict(bytes(ContextEntry.objects.get(session=session, kind="action").body))
    receipt: Any = load_strict(bytes(decision.receipt.body))
    assert decision.ruling["signals"] == entry["signals"] == receipt["body"]["decision"]["signals"] == recorded
    summary = session_summary(Session.objects.get(pk=session))
    assert summary["cumulative_distance"] == signals["cumulative_distance"]
    again = reevaluate(decision)
    assert isinstance(again, Ruling)
    assert again.decision.value == answer["decision"] == "ALLOW"


@pytest.mark.case("CTX-16")
def test_a_session_that_leaves_its_request_comes_before_people_and_one_that_keeps_to_it_does_not(cast: Cast) -> None:
    calm, moving = begin_session(cast, request=REQUEST), begin_session(cast, request=REQUEST)
    assert {str(asked(cast, calm)["decision"]) for _ in range(12)} == {"ALLOW"}
    assert {str(asked(cast, moving)["decision"]) for _ in range(3)} == {"ALLOW"}
    found = drifted(cast, moving)
    assert found[-1] == "STEP_UP"
    assert 1 < len(found) < 8, "One far action is no drift yet."
    # It is the session that has drifted: further on, what would have been near comes before people as well.
    drifted(cast, moving)
    drifted(cast, moving)
    assert asked(cast, moving)["decision"] == "STEP_UP"
    assert asked(cast, calm)["decision"] == "ALLOW"


@pytest.mark.parametrize(("profile", "is_stopped"), [("narrow_service", True), ("coding", False)])
def test_how_far_a_session_may_go_depends_on_the_kind_of_agent(cast: Cast, profile: str, is_stopped: bool) -> None:
    session = begin_session(cast, request=REQUEST, profile=profile)
    found = [str(asked(cast, session, FAR)["decision"]) for _ in range(6)]
    assert ("STEP_UP" in found) is is_stopped


def test_a_threshold_of_its_own_counts_instead_and_is_in_the_identity_that_is_signed(cast: Cast) -> None:
    Agent.objects.filter(pk=cast.agent.id).update(profile="coding", drift_threshold=0.3)
    session = begin_session(cast, request=REQUEST)
    assert drifted(cast, session) == ["ALLOW", "STEP_UP"]
    identity = Decision.objects.filter(session=session).latest("position").identity
    assert (identity["profile"], identity["drift_threshold"]) == ("coding", 0.3)
    Agent.objects.filter(pk=cast.agent.id).update(drift_threshold=None)
    assert asked(cast, session, FAR)["decision"] == "ALLOW"


def test_the_deployment_says_how_far_agents_of_no_known_kind_may_go(cast: Cast, settings: LazySettings) -> None:
    settings.AARM_DRIFT_THRESHOLD = 0.3
    session = begin_session(cast, request=REQUEST)
    assert drifted(cast, session) == ["ALLOW", "STEP_UP"]


def test_a_request_that_only_the_agent_states_says_nothing_to_a_rule_about_drift(cast: Cast) -> None:
    answer = asked(cast, begin_asserted_session(cast, request=REQUEST))
    assert (answer["decision"], answer["reason_code"]) == ("DEFER", "missing_context")
    assert signals_of(answer)["drift_detected"] is False, "It is computed and shown, and nobody relies on it."


def test_a_session_of_before_distances_were_taken_defers_what_a_rule_about_drift_could_stop(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: value for name, value in EMPTY_STATE.items() if name != "distance"}
    monkeypatch.setattr(inheritance, "EMPTY_STATE", before)
    session = begin_session(cast, request=REQUEST)
    monkeypatch.undo()
    assert "distance" not in Session.objects.get(pk=session).state
    answer = asked(cast, session)
    assert (answer["decision"], set(signals_of(answer))) == ("DEFER", {"semantic_distance"})
    assert distance_of(session) is None, "What was never taken can't be made up for."
    assert open_child(caller=cast.agent, new=NewSession("", parent_session_id=session)).state["distance"] is None


def test_a_request_without_words_gives_no_distance_and_permits_nothing_that_drift_could_stop(cast: Cast) -> None:
    answer = asked(cast, begin_session(cast, request="…"))
    assert answer["decision"] == "DEFER"
    assert "risk_signals" not in answer


def test_a_child_goes_on_from_where_its_parent_is_and_takes_its_parent_along(cast: Cast) -> None:
    parent = begin_session(cast, request=REQUEST)
    asked(cast, parent, FAR)
    child = open_child(caller=cast.agent, new=NewSession("", parent_session_id=parent))
    assert child.state["distance"] == distance_of(parent)
    assert drifted(cast, child.pk)[-1] == "STEP_UP"
    assert asked(cast, parent)["decision"] == "STEP_UP", "Handing on sheds nothing."
    sibling = open_child(caller=cast.agent, new=NewSession("", parent_session_id=parent))
    assert asked(cast, sibling.pk)["decision"] == "STEP_UP"
    # Another task has another request.
    assert distance_of(begin_session(cast, request=REQUEST)) == 0


def test_an_action_counts_once_however_often_it_is_sent_or_judged(cast: Cast) -> None:
    session = begin_session(cast, request=REQUEST)
    asked(cast, session, key="k")
    once = distance_of(session)
    asked(cast, session, key="k")
    assert distance_of(session) == once
    waiting = asked(cast, session, ("credentials.rotate", {"name": "db"}))
    assert waiting["decision"] == "DEFER"
    deferral, twice = Deferral.objects.get(), distance_of(session)
    add_evidence(caller=cast.host, deferral_id=deferral.pk, field="window", value="open", source="desk")
    deferral.refresh_from_db()
    assert deferral.state == "ALLOWED"
    assert distance_of(session) == twice != once
    assert (deferral.resolution or {})["signals"] == Decision.objects.get(pk=waiting["decision_id"]).ruling["signals"]


def test_what_a_session_was_not_expected_to_need_is_told_and_nothing_is_where_nobody_said(cast: Cast) -> None:
    limited = begin_session(cast, request=REQUEST, expected_scope=("invoices", "email.*"))
    told = [signals_of(asked(cast, limited, (name, {})))["scope_expansion"] for name in ("email.send", "payroll.x")]
    assert told == [False, True]
    inside = ("shell.run", {"command": "ls"})
    assert signals_of(asked(cast, limited, inside))["scope_expansion"] is True
    assert "scope_expansion" not in signals_of(asked(cast, begin_session(cast, request=REQUEST), FAR))
