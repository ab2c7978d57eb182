"""What a host's word rests on: the key that it came with, and a person who is still there to be spoken for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from approvals.services.people import Role
from decisions.models import Decision, Host, Human, Session
from decisions.services.identity import authenticate, issue_key, revoke_keys, rotate_key
from decisions.services.replay import reevaluate
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.signing.canonical import load_strict
from tests.api.doors import Door, door_of, problem_of
from tests.factories import ALICE, MAIL, Cast, begin_asserted_session, make_person, open_step_up, vote

MoveClock = Callable[[float], None]
INSIDE = {"to": "bob@corp.example", "subject": "Notes", "body": "See them."}
OPENING = {"original_request": "Send the deck.", "human": ALICE, "agent": "demo-agent"}
REVOKED = "A key of the host that vouched for this session was revoked."
GONE = "The person that the agent acts for was deactivated."


@pytest.fixture
def second(cast: Cast) -> Door:
    """The same host with another key."""
    return Door(issue_key(owner=Host.objects.get(pk=cast.host.id), at=database_now()))


def opened(host: Door, **more: Any) -> str:
    reply = host.post("/api/v1/sessions", OPENING | more)
    assert reply.status_code == 201, reply.content
    found: str = reply.json()["session_id"]
    return found


def said(session: str, role: str, by: Door) -> None:
    reply = by.post(f"/api/v1/sessions/{session}/messages", {"role": role, "text": "And to Bob."})
    assert reply.status_code == 201, reply.content


def revoke(door: Door) -> None:
    assert revoke_keys(ids={authenticate(door.key).key_id}) == 1


def ruled(agent: Door, session: str) -> str:
    """The decision, and why where it is not the policy's."""
    answer = agent.decide(session, parameters=INSIDE).json()
    if answer["decision"] == "ALLOW":
        return "ALLOW"
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")
    body: Any = load_strict(bytes(Receipt.objects.get(pk=answer["receipt"]["id"]).body))
    identity = body["body"]["identity"]
    assert (identity["human_verified"], identity["scope"], identity["sources"]["human"]) == (False, [], None)
    again: Any = reevaluate(Decision.objects.get(pk=answer["decision_id"]))
    assert (again.decision.value, again.reason_code.value) == ("DENY", "identity_unverified")
    found: str = identity["fault"]
    return found


@pytest.mark.case("CTX-17", "APR-15")
def test_nothing_is_permitted_in_the_sessions_that_a_revoked_key_of_the_host_opened(
    agent: Door, host: Door, second: Door
) -> None:
    stolen, sound = opened(host), opened(second)
    assert (ruled(agent, stolen), ruled(agent, sound)) == ("ALLOW", "ALLOW")
    revoke(host)
    assert (ruled(agent, stolen), ruled(agent, sound)) == (REVOKED, "ALLOW")


@pytest.mark.case("CTX-17")
def test_a_key_that_was_rotated_and_ran_out_leaves_its_sessions_as_they_are(
    cast: Cast, agent: Door, host: Door, move_clock: MoveClock
) -> None:
    session = opened(host)
    rotate_key(id=cast.host.key_id, overlap=timedelta(seconds=60))
    move_clock(61)
    problem_of(host.get(f"/api/v1/sessions/{session}"), status=401, code="unauthenticated")
    assert ruled(agent, session) == "ALLOW"


@pytest.mark.case("CTX-17", "CTX-08")
def test_a_child_rests_on_its_parents_key_as_on_its_own(agent: Door, host: Door, second: Door) -> None:
    parent = opened(host)
    own, handed = opened(second, parent_session_id=parent), None
    reply = agent.post("/api/v1/sessions", {"parent_session_id": parent, "original_request": "Part of it."})
    handed = reply.json()["session_id"]
    revoke(second)
    assert [ruled(agent, each) for each in (parent, own, handed)] == ["ALLOW", REVOKED, "ALLOW"]
    revoke(host)
    assert [ruled(agent, each) for each in (parent, own, handed)] == [REVOKED, REVOKED, REVOKED]


@pytest.mark.case("CTX-17")
@pytest.mark.parametrize(("role", "after"), [("user", REVOKED), ("model", "ALLOW")])
def test_a_session_rests_on_the_key_of_whoever_spoke_for_the_user_in_it(
    agent: Door, host: Door, second: Door, role: str, after: str
) -> None:
    session = opened(host)
    said(session, role, second)
    said(session, role, second)
    assert ruled(agent, session) == "ALLOW"
    revoke(second)
    assert ruled(agent, session) == after


@pytest.mark.case("CTX-17")
def test_a_session_rests_on_the_key_that_attested_a_fact_in_it(agent: Door, host: Door, second: Door) -> None:
    session = opened(host)
    waiting = agent.decide(session, "credentials.rotate", parameters={}).json()
    fact = {"field": "maintenance_window", "value": "closed", "source": "ops"}
    assert second.post(f"/api/v1/deferrals/{waiting['deferral']['id']}/evidence", fact).status_code == 200
    revoke(second)
    assert ruled(agent, session) == REVOKED


@pytest.mark.case("APR-15")
@pytest.mark.parametrize("loss", ["key", "human"])
def test_what_was_asked_on_a_word_that_is_gone_is_neither_approved_nor_claimed(
    cast: Cast, agent: Door, host: Door, loss: str
) -> None:
    session = opened(host)
    pending = open_step_up(cast, session_id=session, parameters={**MAIL, "subject": "Q3 deck"})
    approved = open_step_up(cast, session_id=session)
    waiting = agent.decide(session, "credentials.rotate", parameters={}).json()
    vote(approved, cast.bob)
    control = open_step_up(cast, session_id=begin_asserted_session(cast))
    if loss == "key":
        revoke(host)
    else:
        Human.objects.filter(identifier=ALICE).update(is_active=False)
    with pytest.raises(ProblemError) as refused:
        vote(pending, cast.bob)
    assert refused.value.code == "stale_identity"
    problem_of(agent.claim(approved.answer), status=409, code="stale_identity")
    vote(control, cast.bob)
    assert agent.claim(control.answer).status_code == 200
    # A fact from the agent has what waits looked at again.
    fact = {"field": "maintenance_window", "value": "open", "source": "ops"}
    told = agent.post(f"/api/v1/deferrals/{waiting['deferral']['id']}/evidence", fact).json()
    assert (told["effective"], told["deferral"]["state"]) == ("DENY", "DENIED")


@pytest.mark.case("CTX-17")
def test_the_word_that_a_session_rests_on_is_under_its_seal(agent: Door, host: Door) -> None:
    session = opened(host)
    Session.objects.filter(pk=session).update(host_keys=[])
    answer = agent.decide(session, parameters=INSIDE).json()
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "context_integrity")


@pytest.mark.case("APR-15", "CTX-17")
def test_nobody_acts_for_a_person_who_was_deactivated(agent: Door, host: Door) -> None:
    session, others = opened(host), opened(host, human="carol@corp.example")
    assert ruled(agent, session) == "ALLOW"
    Human.objects.filter(identifier=ALICE).update(is_active=False)
    assert (ruled(agent, session), ruled(agent, others)) == (GONE, "ALLOW")
    problem_of(host.post("/api/v1/sessions", OPENING), status=403, code="human_deactivated")
    child = {"parent_session_id": session, "original_request": "Part of it."}
    problem_of(agent.post("/api/v1/sessions", child), status=400, code="invalid_delegation")
    Human.objects.filter(identifier=ALICE).update(is_active=True)
    assert ruled(agent, session) == "ALLOW"


def test_an_administrator_deactivates_a_person_in_the_admin_pages_and_no_record_of_it_names_them(
    agent: Door, host: Door
) -> None:
    session, human = opened(host), Human.objects.get(identifier=ALICE)
    admin = door_of(make_person("root", roles=(Role.ADMIN,)))
    path = f"/admin/decisions/human/{human.pk}/change/"
    assert ALICE in admin.get(path).content.decode()
    reply = admin.client.post(path, {"_save": "Save"})
    assert (reply.status_code, ruled(agent, session)) == (302, GONE)
    told = Receipt.objects.filter(type="administration").latest("issued_at")
    body: Any = load_strict(bytes(told.body))
    assert body["body"]["administration"] == {
        "what": "changed", "kind": "decisions.human", "object": human.pk, "fields": ["is_active"],
    }  # fmt: skip
    for page in ("add/", f"{human.pk}/delete/"):
        assert admin.get(f"/admin/decisions/human/{page}").status_code == 403
