"""Administrators keep agents and their keys; a key may do what it is for, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import AdminChange
from decisions.models import Agent, Credential
from decisions.services.identity import issue_key
from receipts.clock import database_now
from receipts.models import Receipt
from tests.api.doors import Door, door_of, problem_of
from tests.factories import SECURITY, Cast

MoveClock = Callable[[float], None]
AGENTS = "/api/v1/agents"


@pytest.fixture
def trent(cast: Cast) -> Door:
    return door_of(cast.trent)


def keys_path(cast: Cast, *more: str) -> str:
    return "/".join([AGENTS, cast.agent.id, "keys", *more])


def limited(cast: Cast, *scopes: str) -> Door:
    return Door(issue_key(owner=Agent.objects.get(pk=cast.agent.id), at=database_now(), scopes=scopes))


def test_an_agent_is_made_found_and_changed_and_each_change_leaves_a_receipt(cast: Cast, trent: Door) -> None:
    before = AdminChange.objects.count()
    asked = {"name": "mailer", "owner": SECURITY, "environment": "TEST", "profile": "mail", "allowed_tools": ["email"]}
    made = trent.post(AGENTS, asked | {"drift_threshold": 0.55})
    assert made.status_code == 201, made.content
    agent = made.json()
    assert {name: agent[name] for name in asked} == asked
    assert agent["drift_threshold"] == 0.55
    assert trent.get(f"{AGENTS}/{agent['id']}").json() == agent | {"keys": []}
    assert agent in trent.get(AGENTS).json()["results"]
    changed = trent.post(f"{AGENTS}/{agent['id']}", {"allowed_tools": [], "is_active": False}).json()
    assert (changed["allowed_tools"], changed["is_active"], changed["profile"]) == ([], False, "mail")
    facts = list(AdminChange.objects.order_by("changed_at")[before:].values_list("what", "kind", "fields", "actor"))
    assert facts == [
        ("added", "decisions.agent", [], cast.trent.person_id),
        ("changed", "decisions.agent", ["allowed_tools", "is_active"], cast.trent.person_id),
    ]
    assert Receipt.objects.filter(type="administration", stream="system/administration").count() >= 2


def test_a_list_goes_on_where_a_page_ended(cast: Cast, trent: Door) -> None:
    Agent.objects.bulk_create(Agent(name=f"agent {number}") for number in range(120))
    first = trent.get(AGENTS).json()
    rest = trent.get(f"{AGENTS}?cursor={first['next']}").json()
    assert (len(first["results"]), rest["next"]) == (100, None)
    ids = [row["id"] for row in first["results"] + rest["results"]]
    assert len(ids) == len(set(ids)) == Agent.objects.count()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"name": "agt_x"}, "name"),
        ({"name": " x"}, "name"),
        ({"name": "x\u202e"}, "name"),
        ({"allowed_tools": ["email send"]}, "allowed_tools"),
        ({"owner": "reviewer"}, "owner"),
        ({"owner": "nobody"}, "owner"),
        ({"environment": "PROD"}, "environment"),
        ({"drift_threshold": 1.5}, "drift_threshold"),
        ({"kill": True}, "kill"),
    ],
)
def test_what_no_agent_can_be_is_refused(trent: Door, change: dict[str, Any], param: str) -> None:
    found = problem_of(trent.post(AGENTS, {"name": "new"} | change), status=400, code="invalid_body")
    assert found["param"] == param
    assert not Agent.objects.filter(name__startswith="new").exists()


def test_two_agents_have_two_names_and_nobody_elses_key_is_found(cast: Cast, trent: Door) -> None:
    problem_of(trent.post(AGENTS, {"name": "demo-agent"}), status=409, code="agent_exists")
    problem_of(trent.get(f"{AGENTS}/agt_nobody"), status=404, code="not_found")
    problem_of(trent.post(f"{AGENTS}/agt_nobody", {}), status=404, code="not_found")
    host_key = Credential.objects.get(host__isnull=False).pk
    problem_of(trent.post(keys_path(cast, host_key, "revoke")), status=404, code="not_found")


def test_a_key_is_shown_once_and_nowhere_else(cast: Cast, trent: Door, session: str) -> None:
    made = trent.post(keys_path(cast), {"scopes": ["read", "decide"], "valid_days": 30}).json()
    assert made["scopes"] == ["decide", "read"]
    assert Door(made["key"]).decide(session).status_code == 202
    detail = trent.get(f"{AGENTS}/{cast.agent.id}")
    assert made["key"] not in detail.content.decode()
    listed = next(key for key in detail.json()["keys"] if key["id"] == made["id"])
    assert (listed["last_used_at"] is not None, listed["expires_at"]) == (True, made["expires_at"])
    assert listed == {name: value for name, value in made.items() if name != "key"} | {
        "last_used_at": listed["last_used_at"]
    }


@pytest.mark.case("CTX-17")
def test_after_a_rotation_both_keys_hold_for_the_overlap_and_then_only_the_new_one(
    cast: Cast, trent: Door, agent: Door, session: str, move_clock: MoveClock
) -> None:
    made = trent.post(keys_path(cast, cast.agent.key_id, "rotate"), {"overlap_seconds": 600}).json()
    new = Door(made["key"])
    assert [door.decide(session).status_code for door in (agent, new)] == [202, 202]
    move_clock(601)
    problem_of(agent.decide(session), status=401, code="unauthenticated")
    assert new.decide(session).status_code == 202
    problem_of(trent.post(keys_path(cast, cast.agent.key_id, "rotate"), {}), status=409, code="key_ended")
    assert trent.post(keys_path(cast, made["id"], "rotate"), {"overlap_seconds": 0}).status_code == 201
    problem_of(new.decide(session), status=401, code="unauthenticated")


def test_a_rotation_takes_scopes_and_lifetime_along_and_never_lengthens_the_old_key(cast: Cast, trent: Door) -> None:
    first = trent.post(keys_path(cast), {"scopes": ["read"], "valid_days": 1}).json()
    second = trent.post(keys_path(cast, first["id"], "rotate"), {"overlap_seconds": 30 * 86400}).json()
    old, new = Credential.objects.get(pk=first["id"]), Credential.objects.get(pk=second["id"])
    assert old.expires_at is not None
    assert old.expires_at - old.created_at == timedelta(days=1)
    assert new.expires_at is not None
    assert (new.scopes, new.expires_at - new.created_at) == (["read"], timedelta(days=1))


def test_a_revoked_key_stops_at_once_and_revoking_twice_is_one_end(cast: Cast, trent: Door, agent: Door) -> None:
    path = keys_path(cast, cast.agent.key_id, "revoke")
    assert agent.get("/api/v1/receipts").status_code == 200
    ended = trent.post(path).json()
    problem_of(agent.get("/api/v1/receipts"), status=401, code="unauthenticated")
    assert ended["revoked_at"]
    assert trent.post(path).json() == ended


def test_a_limited_key_opens_only_the_doors_that_it_is_for(cast: Cast, session: str) -> None:
    reader, decider = limited(cast, "read"), limited(cast, "decide")
    opening = {"original_request": "Do it."}
    assert reader.get(f"/api/v1/sessions/{session}").status_code == 200
    problem_of(reader.decide(session), status=403, code="forbidden")
    problem_of(reader.post("/api/v1/sessions", opening), status=403, code="forbidden")
    answer = decider.decide(session)
    assert answer.status_code == 202
    problem_of(decider.post("/api/v1/sessions", opening), status=403, code="forbidden")
    problem_of(decider.read(answer.json()) and decider.get("/api/v1/receipts"), status=403, code="forbidden")
    opener = limited(cast, "sessions", "decide")
    opened = opener.post("/api/v1/sessions", opening).json()["session_id"]
    assert opener.decide(opened).status_code in (200, 202)


def test_using_a_key_is_noted_once_a_minute(cast: Cast, agent: Door, session: str, move_clock: MoveClock) -> None:
    def writes() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            agent.decide(session)
        return sum("last_used_at" in query["sql"] and query["sql"].startswith("UPDATE") for query in found)

    assert writes() == 0
    move_clock(61)
    assert [writes(), writes()] == [1, 0]


def test_only_administrators_keep_agents(cast: Cast, agent: Door, host: Door) -> None:
    for door in (agent, host, door_of(cast.bob), door_of(cast.victor), door_of(cast.peggy)):
        problem_of(door.get(AGENTS), status=403, code="forbidden")
        problem_of(door.post(keys_path(cast), {}), status=403, code="forbidden")
    problem_of(Door().get(AGENTS), status=401, code="unauthenticated")


def test_the_command_lists_rotates_and_revokes(cast: Cast, session: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("agents", "create", "worker", "--valid-days", "2")
    first = capsys.readouterr().out.strip()
    call_command("agents", "keys", "worker")
    first_id, shown, *ends = capsys.readouterr().out.split()
    assert (shown, "expires" in ends) == (f"{first[:12]}…", True)
    call_command("agents", "rotate", first_id, "--overlap-hours", "0")
    second = capsys.readouterr().out.strip()
    problem_of(Door(first).get("/api/v1/receipts"), status=401, code="unauthenticated")
    assert Door(second).get("/api/v1/receipts").status_code == 200
    newest = Credential.objects.filter(agent__name="worker").latest("created_at").pk
    call_command("agents", "revoke", newest)
    problem_of(Door(second).get("/api/v1/receipts"), status=401, code="unauthenticated")
    call_command("agents", "revoke", newest)
    assert "over already" in capsys.readouterr().err
    with pytest.raises(CommandError, match="no key"):
        call_command("agents", "revoke", "key_nobody")
