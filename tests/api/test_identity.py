"""Who is behind an action is settled before it is judged, is on record with it, and is asked again before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.services.votes import CastBallot, cast_vote
from decisions.models import Agent, Credential, Decision, Host, Session
from decisions.services.identity import revoke_keys
from decisions.services.policies import publish_policy
from decisions.services.replay import reevaluate
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.signing.canonical import load_strict
from tests.api.doors import Door, problem_of
from tests.factories import ALICE, MAIL, Cast, StepUp, begin_asserted_session, make_agent, open_step_up, vote

MoveClock = Callable[[float], None]
OPENING = {"original_request": "Send the deck.", "human": ALICE, "agent": "demo-agent"}
DEMANDS = """
policy: {id: demands, version: "1", default: DENY}
rules:
  - {id: for-people, match: {tool: mail.read, identity: {human_verified: true}}, action: ALLOW}
  - {id: nobody, match: {tool: mail.send, identity: {human_verified: false}}, action: DENY, priority: 2}
  - {id: sends, match: {tool: mail.send}, action: ALLOW, priority: 1}
  - {id: named, match: {tool: mail.sign}, action: DEFER, context_needed: [identity.human], priority: 2}
  - {id: signs, match: {tool: mail.sign, identity: {human: alice@corp.example}}, action: ALLOW, priority: 1}
  - {id: handed, match: {tool: mail.file, identity: {delegation_depth: {gte: 1}}}, action: ALLOW}
"""


def hop(delegator: str, delegatee: str, *scope: str, seconds: float = 3600, **more: Any) -> dict[str, Any]:
    now = database_now()
    times = {"issued_at": now.isoformat(), "expires_at": (now + timedelta(seconds=seconds)).isoformat()}
    return {"delegator": delegator, "delegatee": delegatee, "scope": list(scope)} | times | more


def opened(host: Door, *chain: Mapping[str, Any], **more: Any) -> str:
    reply = host.post("/api/v1/sessions", OPENING | {"delegation": list(chain)} | more)
    assert reply.status_code == 201, reply.content
    found: str = reply.json()["session_id"]
    return found


def signed_identity(answer: Mapping[str, Any]) -> dict[str, Any]:
    body: Any = load_strict(bytes(Receipt.objects.get(pk=answer["receipt"]["id"]).body))
    found: dict[str, Any] = body["body"]["identity"]
    return found


def test_a_decision_and_its_receipt_say_who_asked_where_each_part_came_from_and_when_it_was_checked(
    cast: Cast, agent: Door, host: Door
) -> None:
    session = opened(host, hop(ALICE, "demo-agent", "mail:send", "mail:read"), scope=["mail:send"], service="desk")
    answer = agent.decide(session).json()
    decision = Decision.objects.select_related("session").get(pk=answer["decision_id"])
    found = signed_identity(answer)
    assert found == decision.identity
    human = decision.session.human_id
    assert (found["agent"], found["host"], found["human"]) == (cast.agent.id, cast.host.id, human)
    assert (found["credential"], found["service"]) == (cast.agent.key_id, "desk")
    assert (found["scope"], found["human_verified"], found["environment"]) == (["mail:send"], True, "LIVE")
    assert found["sources"] == {"agent": "key", "human": "host", "scope": "host", "delegation": "host"}
    assert found["checked_at"] == decision.decided_at.isoformat(timespec="microseconds")
    [passed] = found["delegation"]
    assert (passed["delegator"], passed["delegatee"]) == (human, cast.agent.id)
    assert passed["scope"] == ["mail:read", "mail:send"]
    assert ALICE not in str(found)


def test_what_nobody_vouches_for_is_signed_as_such(cast: Cast, agent: Door) -> None:
    found = signed_identity(agent.decide(begin_asserted_session(cast)).json())
    assert (found["human"], found["human_verified"], found["host"]) == (None, False, None)
    assert found["sources"] == {"agent": "key", "human": None, "scope": None, "delegation": None}


@pytest.mark.case("CTX-17")
def test_a_revoked_key_is_refused_at_once_and_receipts_keep_the_one_that_was_used(
    cast: Cast, agent: Door, session: str
) -> None:
    before = agent.decide(session).json()
    revoke_keys(ids={cast.agent.key_id})
    problem_of(agent.decide(session), status=401, code="unauthenticated")
    assert signed_identity(before)["credential"] == cast.agent.key_id


@pytest.mark.parametrize("name", ["mail.read", "mail.send", "mail.sign"])
def test_a_known_agent_without_the_human_that_policy_demands_is_denied_with_a_receipt(
    cast: Cast, agent: Door, host: Door, name: str
) -> None:
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    assert agent.decide(opened(host), name).json()["effective"] == "ALLOW"
    reply = agent.decide(begin_asserted_session(cast), name)
    answer = reply.json()
    assert (reply.status_code, answer["decision"], answer["reason_code"]) == (200, "DENY", "identity_unverified")
    assert signed_identity(answer)["human_verified"] is False
    again: Any = reevaluate(Decision.objects.get(pk=answer["decision_id"]))
    assert (again.decision.value, again.reason_code.value) == ("DENY", "identity_unverified")


@pytest.mark.case("CTX-17", "APR-15")
def test_nothing_is_permitted_in_the_sessions_of_a_host_that_was_deactivated(
    cast: Cast, agent: Door, host: Door
) -> None:
    session, inside = opened(host), {"to": "bob@corp.example", "subject": "Notes", "body": "See them."}
    assert agent.decide(session, parameters=inside).json()["effective"] == "ALLOW"
    Host.objects.filter(pk=cast.host.id).update(is_active=False)
    answer = agent.decide(session, parameters=inside).json()
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")
    found = signed_identity(answer)
    assert (found["human_verified"], found["scope"], found["fault"]) == (
        False,
        [],
        "The host that vouched for this session was deactivated.",
    )
    again: Any = reevaluate(Decision.objects.get(pk=answer["decision_id"]))
    assert (again.decision.value, again.reason_code.value) == ("DENY", "identity_unverified")
    Host.objects.filter(pk=cast.host.id).update(is_active=True)
    assert agent.decide(session, parameters=inside).json()["effective"] == "ALLOW"


def test_a_known_agent_without_the_delegation_that_policy_demands_is_denied(agent: Door, host: Door) -> None:
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    assert agent.decide(opened(host), "mail.file").json()["reason_code"] == "identity_unverified"
    assert agent.decide(opened(host, hop(ALICE, "demo-agent")), "mail.file").json()["effective"] == "ALLOW"
    # What no identity would have made good is denied for what it is.
    assert agent.decide(opened(host), "mail.drop").json()["reason_code"] == "default_posture"


@pytest.mark.case("CTX-09")
def test_a_chain_that_was_delegated_on_reaches_the_agent_narrowed(cast: Cast, agent: Door, host: Door) -> None:
    planner = make_agent("planner")[0]
    chain = [hop(ALICE.upper(), "planner", "mail:send", "mail:read"), hop(planner.pk, cast.agent.id, "mail:read")]
    answer = agent.decide(opened(host, *chain)).json()
    found = signed_identity(answer)
    assert (found["scope"], [each["delegatee"] for each in found["delegation"]]) == (
        ["mail:read"],
        [planner.pk, cast.agent.id],
    )


@pytest.mark.case("CTX-09")
@pytest.mark.parametrize(
    ("chain", "more"),
    [
        pytest.param([("alice@corp.example", "stranger")], {}, id="to nobody known"),
        pytest.param([("bob@corp.example", "demo-agent")], {}, id="another person's authority"),
        pytest.param([("alice@corp.example", "planner")], {}, id="to another agent"),
        pytest.param([("alice@corp.example", "planner"), ("other", "demo-agent")], {}, id="forged link"),
        pytest.param([("alice@corp.example", "demo-agent"), ("demo-agent", "demo-agent")], {}, id="cycle"),
        pytest.param([("alice@corp.example", "demo-agent")], {"scope": ["admin"]}, id="wider session"),
    ],
)
def test_a_chain_that_does_not_hold_opens_no_session(
    host: Door, agent: Door, chain: list[tuple[str, str]], more: dict[str, Any]
) -> None:
    make_agent("planner")
    reply = host.post("/api/v1/sessions", OPENING | {"delegation": [hop(*each) for each in chain]} | more)
    problem_of(reply, status=400, code="invalid_delegation")
    mine = {"original_request": "Do it.", "delegation": [hop(ALICE, "demo-agent")]}
    problem_of(agent.post("/api/v1/sessions", mine), status=400, code="identity_from_agent")


@pytest.mark.case("CTX-09")
def test_times_that_are_no_times_and_hops_that_are_over_open_no_session(host: Door) -> None:
    expired = OPENING | {"delegation": [hop(ALICE, "demo-agent", seconds=0)]}
    problem_of(host.post("/api/v1/sessions", expired), status=400, code="invalid_delegation")
    for at in (1_700_000_000, "2026-01-01T00:00:00", "soon"):
        numbered = OPENING | {"delegation": [hop(ALICE, "demo-agent", expires_at=at)]}
        problem_of(host.post("/api/v1/sessions", numbered), status=400, code="invalid_body")


@pytest.mark.case("CTX-09")
def test_one_person_delegates_to_so_many_agents_at_one_time(host: Door, settings: Any) -> None:
    settings.AARM_DELEGATION_FAN_OUT = 2
    for name in ("worker-1", "worker-2", "worker-3"):
        make_agent(name)
    first = opened(host, hop(ALICE, "worker-1"), agent="worker-1")
    opened(host, hop(ALICE, "worker-1"), agent="worker-1")
    opened(host, hop(ALICE, "worker-2"), agent="worker-2")
    third = OPENING | {"agent": "worker-3", "delegation": [hop(ALICE, "worker-3")]}
    problem_of(host.post("/api/v1/sessions", third), status=400, code="invalid_delegation")
    others = OPENING | {"human": "bob@corp.example", "agent": "worker-3"}
    passed = others | {"delegation": [hop("bob@corp.example", "worker-3")]}
    assert host.post("/api/v1/sessions", passed).status_code == 201
    Session.objects.filter(human__identifier=ALICE).exclude(pk=first).update(ended_at=database_now())
    assert host.post("/api/v1/sessions", third).status_code == 201


@pytest.mark.case("CTX-09", "APR-15")
@pytest.mark.parametrize("loss", ["expiry", "go-between"])
def test_what_was_delegated_is_asked_again_when_an_action_arrives_when_a_vote_lands_and_at_the_claim(
    cast: Cast, agent: Door, host: Door, loss: str, move_clock: MoveClock
) -> None:
    make_agent("planner")
    session = opened(host, hop(ALICE, "planner", seconds=600), hop("planner", "demo-agent", seconds=600))
    pending = open_step_up(cast, session_id=session, parameters={**MAIL, "subject": "Q3 deck"})
    approved = open_step_up(cast, session_id=session)
    vote(approved, cast.bob)
    assert agent.read(approved.answer)["effective"] == "ALLOW"
    if loss == "expiry":
        move_clock(601)
    else:
        Agent.objects.filter(name="planner").update(is_active=False)
    answer = agent.decide(session).json()
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")
    with pytest.raises(ProblemError) as refused:
        vote(pending, cast.bob)
    assert refused.value.code == "stale_identity"
    problem_of(agent.claim(approved.answer), status=409, code="stale_identity")


@pytest.mark.case("APR-15")
@pytest.mark.parametrize("loss", ["key", "agent", "host", "delegation"])
def test_a_deferral_of_somebody_whose_identity_is_gone_ends_in_deny(
    cast: Cast, agent: Door, host: Door, loss: str, move_clock: MoveClock
) -> None:
    session = opened(host, hop(ALICE, "demo-agent", seconds=200))
    waiting = agent.decide(session, "credentials.rotate", parameters={}).json()
    control = agent.decide(opened(host), "credentials.rotate", parameters={}).json()
    if loss == "key":
        Credential.objects.filter(pk=cast.agent.key_id).update(revoked_at=database_now())
    elif loss == "delegation":
        move_clock(201)
    elif loss == "agent":
        Agent.objects.filter(pk=cast.agent.id).update(is_active=False)
    else:
        Host.objects.filter(pk=cast.host.id).update(is_active=False)
    fact = {"field": "maintenance_window", "value": "open", "source": "ops"}
    reply = host.post(f"/api/v1/deferrals/{waiting['deferral']['id']}/evidence", fact)
    if loss == "host":
        problem_of(reply, status=401, code="unauthenticated")
        return
    assert (reply.json()["effective"], reply.json()["deferral"]["state"]) == ("DENY", "DENIED")
    ended = Receipt.objects.get(type="deferral_terminal", decision_id=waiting["decision_id"])
    assert load_strict(bytes(ended.body))["body"]["outcome"]["why"] == "stale_identity"  # type: ignore[index,call-overload]
    if loss == "delegation":
        path = f"/api/v1/deferrals/{control['deferral']['id']}/evidence"
        assert host.post(path, fact).json()["effective"] == "ALLOW"


@pytest.mark.case("APR-15")
def test_a_vote_for_somebody_whose_key_is_gone_does_not_count_and_a_denial_does(cast: Cast, pending: StepUp) -> None:
    Credential.objects.filter(pk=cast.agent.key_id).update(revoked_at=database_now())
    with pytest.raises(ProblemError) as refused:
        vote(pending, cast.bob)
    assert refused.value.code == "stale_identity"
    row = pending.approval
    ballot = CastBallot(verdict=Verdict.DENY, view_digest=row.view_digest, version=row.version)
    assert cast_vote(approval_id=row.pk, person=cast.bob, ballot=ballot).state == "DENIED"


@pytest.fixture
def pending(cast: Cast) -> StepUp:
    return open_step_up(cast)


def test_an_agent_runs_no_tool_that_it_is_not_registered_for(cast: Cast, agent: Door, session: str) -> None:
    row = Agent.objects.filter(pk=cast.agent.id)
    query: Mapping[str, Any] = {"parameters": {"table": "orders", "limit": 5}}
    row.update(allowed_tools=["email.*", "calendar"])
    barred = agent.decide(session, "database.query", **query).json()
    assert (barred["decision"], barred["reason_code"]) == ("DENY", "tool_not_allowed")
    assert "rule_id" in barred
    again: Any = reevaluate(Decision.objects.get(pk=barred["decision_id"]))
    assert again.reason_code.value == "tool_not_allowed"
    assert agent.decide(session, "Email.Send").json()["decision"] == "STEP_UP"
    row.update(allowed_tools=["database.query"])
    assert agent.decide(session, "database.query", **query).json()["effective"] == "ALLOW"


def test_an_approved_action_is_not_claimed_once_its_tool_was_taken_from_the_agent(
    cast: Cast, agent: Door, pending: StepUp
) -> None:
    control = open_step_up(cast)
    for step in (pending, control):
        vote(step, cast.bob)
    assert agent.claim(control.answer).status_code == 200
    Agent.objects.filter(pk=cast.agent.id).update(allowed_tools=["database"])
    problem_of(agent.claim(pending.answer), status=409, code="stale_identity")


def test_a_test_agent_is_marked_wherever_it_acts(cast: Cast, agent: Door, session: str) -> None:
    assert signed_identity(agent.decide(session).json())["environment"] == "LIVE"
    Agent.objects.filter(pk=cast.agent.id).update(environment="TEST")
    step = open_step_up(cast, session_id=session)
    assert signed_identity(step.answer)["environment"] == "TEST"
    browser = Door()
    browser.client.force_login(cast.bob)
    assert "TEST" in browser.get(step.path).content.decode()


def test_the_profile_that_an_agent_is_registered_with_holds_whatever_its_sessions_say(
    cast: Cast, agent: Door, host: Door
) -> None:
    text = (
        'policy: {id: kinds, version: "1"}\n'
        "rules: [{id: r, match: {tool: email.send, context: {profile: research}}, action: ALLOW}]\n"
    )
    publish_policy(text=text, source="kinds.yaml", actor=None)
    session = opened(host, profile="research")
    assert agent.decide(session).json()["effective"] == "ALLOW"
    Agent.objects.filter(pk=cast.agent.id).update(profile="payments")
    assert agent.decide(session).json()["effective"] == "DENY"
    problem_of(host.post("/api/v1/sessions", OPENING | {"profile": "research"}), status=400, code="profile_differs")
    assert opened(host, profile="payments")
