"""The pages of agents: what they say, who may read them, and what can be done from them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.services.people import team_group
from decisions.models import Agent, Credential, Pause, Scope
from decisions.selectors import activity
from decisions.services.identity import authenticate, issue_key, revoke_keys, rotate_key
from decisions.services.pauses import Target, pause_actions, target_named
from receipts.clock import database_now
from receipts.problems import ProblemError
from tests.factories import MAIL, Cast, begin_session, decide, make_agent
from tests.web.reading import read, signed_in

HOSTILE = "<script>x</script>\u202eagent"
QUERIES_WHATEVER_THERE_IS = 40


@pytest.fixture
def trent(cast: Cast) -> Client:
    return signed_in(cast.trent)


@pytest.fixture
def busy(cast: Cast) -> str:
    """The cast's agent after a session of today, in which it was allowed, asked about and denied something."""
    session = begin_session(cast)
    decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    decide(cast, session, "email.send", parameters=MAIL)
    decide(cast, session, "nobody.knows", parameters={})
    return cast.agent.id


def test_the_list_says_what_each_agent_did_today(cast: Cast, busy: str, trent: Client) -> None:
    Agent.objects.filter(pk=busy).update(owner=team_group("security-team"), environment="TEST")
    make_agent("idle")
    lines = {line.split(" ")[0]: line for line in (item.text for item in read(trent.get("/agents")).tagged("li"))}
    assert "security-team" in lines["demo-agent"]
    assert "1 session · 1 ALLOW · 1 STEP_UP · 1 DENY" in lines["demo-agent"].replace("\n", " ")
    assert "0 sessions" in lines["idle"]
    assert "never seen" in lines["idle"]
    assert "TEST Active" in " ".join(lines["demo-agent"].split())


def test_the_list_goes_on_where_a_page_ends_and_asks_no_more_for_more_agents(
    cast: Cast, busy: str, trent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(connection) as few:
        trent.get("/agents")
    for number in range(5):
        make_agent(f"agent {number}")
    with CaptureQueriesContext(connection) as many:
        trent.get("/agents")
    assert len(many) == len(few) < QUERIES_WHATEVER_THERE_IS
    monkeypatch.setattr(activity, "PAGE", 3)
    first = read(trent.get("/agents"))
    (following,) = (link for link in first.tagged("a") if link.attributes.get("rel") == "next")
    second = trent.get("/agents" + following.attributes["href"])
    assert "agent 3" in read(second).text
    assert "agent 1" not in read(second).text


def test_the_page_has_its_keys_sessions_and_denials_and_text_of_others_is_only_text(
    cast: Cast, busy: str, trent: Client
) -> None:
    Agent.objects.filter(pk=busy).update(name=HOSTILE, allowed_tools=["email.*"])
    issue_key(owner=Agent.objects.get(pk=busy), at=database_now(), expires_at=database_now() + timedelta(days=2))
    answer = trent.get(f"/agents/{busy}")
    page = read(answer)
    for said in ("email.*", "Ends soon", "nobody.knows", "default_posture", "3 actions", "request attested"):
        assert said in page.text, said
    assert "<script>x" not in answer.content.decode()
    assert "\u202e" not in answer.content.decode()


@pytest.mark.parametrize(("who", "status"), [("trent", 200), ("bob", 403), ("victor", 403), ("peggy", 403)])
def test_the_pages_are_for_those_who_administer_agents(cast: Cast, who: str, status: int) -> None:
    client = signed_in(getattr(cast, who))
    assert client.get("/agents").status_code == client.get(f"/agents/{cast.agent.id}").status_code == status
    assert ('href="/agents"' in client.get("/pauses").content.decode()) is (status == 200)


def test_an_agent_is_paused_and_let_go_on_from_its_page(cast: Cast, trent: Client) -> None:
    path = f"/agents/{cast.agent.id}"
    (form,) = (form for form in read(trent.get(path)).tagged("form") if form.attributes.get("action") == "/pauses/new")
    fields = {field.attributes["name"]: field.attributes["value"] for field in form.tagged("input")}
    assert trent.post("/pauses/new", fields | {"reason": "It mails strangers."}).status_code == 303
    pause = Pause.objects.get()
    assert pause.agent_id == cast.agent.id
    assert "Paused" in read(trent.get("/agents")).text
    assert f'href="/pauses/{pause.pk}/resume"' in trent.get(path).content.decode()
    standing = read(trent.get(path)).by_id("standing").text
    assert "DENY and the reason code paused" in standing
    assert "It mails strangers." in standing
    assert "by trent" in standing
    pause_actions(Target(Scope.EVERYTHING), reason="All.", actor=None)
    standing = read(trent.get(path)).by_id("standing").text
    assert "Everything All. Paused" in standing
    assert "by a command" in standing
    pause_actions(target_named(Scope.AGENT, name=Agent.objects.create(name="other").pk), reason="Other.", actor=None)
    assert "Other." not in read(trent.get(path)).by_id("standing").text


def test_rotation_is_due_until_a_newer_key_of_the_same_scopes_goes_on(cast: Cast, trent: Client) -> None:
    agent, at = Agent.objects.get(pk=cast.agent.id), database_now()
    revoke_keys(ids=[key.pk for key in agent.credentials.all()])
    issue_key(owner=agent, at=at, expires_at=at + timedelta(days=2), scopes=["decide"])
    assert "rotation due" in read(trent.get("/agents")).text
    issue_key(owner=agent, at=at + timedelta(seconds=1), expires_at=None, scopes=["read"])
    assert "rotation due" in read(trent.get("/agents")).text
    old = agent.credentials.get(expires_at__isnull=False)
    rotate_key(id=old.pk, overlap=timedelta(days=1))
    Credential.objects.filter(agent=agent, scopes=["decide"]).exclude(pk=old.pk).update(expires_at=None)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert at < old.expires_at < at + timedelta(days=2)
    assert "rotation due" not in read(trent.get("/agents")).text


def test_a_key_is_rotated_shown_once_and_the_old_one_holds_for_a_day(cast: Cast, trent: Client) -> None:
    old = Credential.objects.get(agent=cast.agent.id)
    made = trent.post(f"/agents/{cast.agent.id}/keys/{old.pk}/rotate")
    (secret,) = (
        code.text for code in read(made).tagged("code") if code.text.startswith("aak_") and "…" not in code.text
    )
    assert authenticate(secret).id == cast.agent.id == authenticate(cast.agent_key).id
    old.refresh_from_db()
    assert old.expires_at is not None
    assert made["Cache-Control"] == "no-store"
    assert secret not in trent.get(f"/agents/{cast.agent.id}").content.decode()
    revoke_keys(ids=[old.pk])
    assert trent.post(f"/agents/{cast.agent.id}/keys/{old.pk}/rotate").status_code == 409
    with pytest.raises(ProblemError):
        authenticate(cast.agent_key)


def test_a_key_of_another_agent_is_not_found_under_this_one(cast: Cast, trent: Client) -> None:
    stranger, _ = make_agent("stranger")
    path = f"/agents/{cast.agent.id}/keys/{stranger.credentials.get().pk}/rotate"
    assert trent.post(path).status_code == trent.get("/agents/agt_nobody").status_code == 404
    assert Credential.objects.filter(agent=stranger).count() == 1
