"""The page of the kill switch: who sees what, one step for one agent, two for many, and the way back."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.services.people import team_group
from decisions.models import Agent, Pause, Scope
from decisions.services.pauses import Target, pause_actions, target_named
from tests.factories import Cast, begin_session
from tests.web.reading import read, signed_in

REASON = "It mails <b>strangers</b>."


@pytest.fixture
def trent(cast: Cast) -> Client:
    return signed_in(cast.trent)


@pytest.fixture
def ours(cast: Cast) -> str:
    """The agent, owned by the team of Bob and Carol."""
    Agent.objects.filter(pk=cast.agent.id).update(owner=team_group("security-team"))
    return cast.agent.id


def options(client: Client, address: str = "/pauses") -> set[str]:
    return {option.attributes["value"] for option in read(client.get(address)).tagged("option")}


def send(client: Client, target: str, **more: str) -> int:
    return client.post("/pauses/new", {"target": target, "reason": REASON, **more}).status_code


def test_the_header_leads_there_for_those_who_may_pause(cast: Cast, bob: Client) -> None:
    assert "Pause agent…" in read(bob.get("/inbox")).text
    assert "Pause agent…" not in read(signed_in(cast.victor).get("/inbox")).text


def test_everybody_is_offered_what_they_may_stop(cast: Cast, ours: str, bob: Client, trent: Client) -> None:
    Agent.objects.create(name="stranger")
    assert options(bob) == {"", f"agent:{ours}", "team:security-team"}
    assert options(trent) > {f"agent:{ours}", "team:security-team", "everything:"}
    assert options(signed_in(cast.victor)) == set()
    session = begin_session(cast)
    assert f"session:{session}" in options(bob, f"/pauses?session={session}")
    assert options(signed_in(cast.dave), f"/pauses?session={session}") == set()


def test_one_agent_stops_in_one_step_and_goes_on_in_two(ours: str, bob: Client) -> None:
    assert send(bob, f"agent:{ours}") == 303
    page = read(bob.get("/pauses"))
    assert "demo-agent" in page.text
    assert REASON in page.text
    assert page.tagged("b") == []
    address = f"/pauses/{Pause.objects.get().pk}/resume"
    assert "Resume demo-agent?" in read(bob.get(address)).text
    assert Pause.objects.get().resumed_at is None
    assert bob.post(address).status_code == 303
    assert Pause.objects.get().resumed_at is not None
    assert "resumed" in read(bob.get("/pauses")).text


@pytest.mark.parametrize("target", ["everything:", "team:security-team"])
def test_many_agents_stop_in_two_steps(ours: str, trent: Client, target: str) -> None:
    asked = trent.post("/pauses/new", {"target": target, "reason": REASON})
    assert "1 agent with 0 open sessions" in read(asked).text
    assert Pause.objects.count() == 0
    assert send(trent, target, confirmed="yes") == 303
    assert Pause.objects.get().scope == target.partition(":")[0]


def test_everybody_is_told_that_everything_is_paused(bob: Client) -> None:
    assert "Everything is paused" not in read(bob.get("/inbox")).text
    pause_actions(Target(Scope.EVERYTHING), reason=REASON, actor=None)
    assert "Everything is paused" in read(bob.get("/inbox")).text


def test_what_an_administrator_paused_shows_a_reviewer_no_way_to_resume(cast: Cast, ours: str, bob: Client) -> None:
    pause = pause_actions(target_named(Scope.AGENT, name=ours), reason=REASON, actor=cast.trent)
    assert "Resume…" not in read(bob.get("/pauses")).text
    assert "administrators alone" in read(bob.get(f"/pauses/{pause.pk}/resume")).text
    assert bob.post(f"/pauses/{pause.pk}/resume").status_code == 403


@pytest.mark.parametrize(("target", "status"), [("nothing:", 400), ("agent:nobody", 404), ("everything:", 403)])
def test_what_cannot_be_paused_is_said(ours: str, bob: Client, target: str, status: int) -> None:
    assert send(bob, target) == status
    assert Pause.objects.count() == 0
