"""Two camps that have nothing to do with each other: an agent, its host, its reviewer, and one object of every kind.

*Ours* are the agent, host and reviewer of the matrix's first columns; *theirs* the others. Auditor, policy author and
admin belong to neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.admin.utils import quote
from django.db import models

from approvals.accounts.vault import sealed
from approvals.lifecycle.grants import Terms
from approvals.lifecycle.questions import Asked
from approvals.models import ApprovalRequest, Delegation, Schedule, Stander, User
from approvals.services.people import Role, issue_sign_in_link, team_group
from approvals.services.questions import ask_question
from approvals.services.votes import cast_vote
from decisions.models import Agent, Scope, Session
from decisions.services.identity import authenticate
from decisions.services.issuers import add_client, revoke_token
from decisions.services.packs import PolicyFiles
from decisions.services.pauses import pause_actions, target_named
from decisions.services.policies import publish_policy
from decisions.services.proposals import propose_policy
from receipts.access import Caller
from receipts.models import LegalHold, Receipt
from receipts.services import ensure_signing_key
from receipts.services.erasure import Actor, place_hold
from tests.api.doors import Door
from tests.factories import StepUp, ballot_of, describe, make_agent, make_host, make_issuer, make_person, vote

# Two teams are asked, so that a request can be another team's.
POLICY = """
policy: {id: matrix, version: "1", default: DENY}
rules:
  - {id: reads, match: {tool: files.read}, action: ALLOW}
  - {id: ours, match: {tool: email.send}, action: STEP_UP, hold: 0, approvers: [security-team]}
  - {id: theirs, match: {tool: campaign.send}, action: STEP_UP, hold: 0, approvers: [marketing]}
  - {id: waits, match: {tool: credentials.rotate}, action: DEFER, context_needed: [maintenance_window], priority: 2}
  - {id: rotates, match: {tool: credentials.rotate, facts: {maintenance_window: open}}, action: ALLOW, priority: 1}
"""


@dataclass(frozen=True, slots=True)
class Camp:
    """One agent with its host and reviewer, and what belongs to them. Every answer is that of `POST /decide`."""

    agent: Caller
    agent_key: str
    host_key: str
    reviewer: User
    session: str
    person: str
    allowed: Mapping[str, Any]
    pending: StepUp
    approved: StepUp
    grant: str
    question: str
    deferred: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """Everybody and everything that the matrix's requests are about. `link` signs our reviewer in.

    `version` is the policy that holds, `proposal` another one that the author has proposed, `hold` one on somebody
    else, `pause` that of an agent of our team that asks for nothing.
    """

    ours: Camp
    theirs: Camp
    auditor: User
    author: User
    admin: User
    link: str
    version: str
    proposal: str
    issuer: str
    client: str
    hold: str
    pause: str


def _step_up(door: Door, session: str, name: str) -> StepUp:
    answer = door.decide(session, name).json()
    return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)


def _grant(step: StepUp, reviewer: User) -> str:
    ballot = replace(ballot_of(step, reviewer), grant=Terms(uses=1, minutes=60))
    return cast_vote(approval_id=step.approval.pk, person=reviewer, ballot=ballot).grants.get().pk


def _camp(name: str, *, team: str, asks: str) -> Camp:
    """Everything of one side, made through the doors that its own members use."""
    agent, agent_key = make_agent(f"{name}-agent")
    host_key = make_host(f"{name}-host")[1]
    reviewer = make_person(f"{name}-reviewer", teams=(team,))
    Agent.objects.filter(pk=agent.pk).update(owner=team_group(team))
    door = Door(agent_key)
    opening = {"original_request": "Do it.", "human": "alice@corp.example", "agent": agent.pk}
    session, other = (Door(host_key).post("/api/v1/sessions", opening).json()["session_id"] for _ in range(2))
    approved = _step_up(door, session, asks)
    vote(approved, reviewer)
    pending = _step_up(door, session, asks)
    asked = ask_question(approval_id=pending.approval.pk, person=reviewer, to=Asked.AGENT, text="Why?")
    return Camp(
        agent=authenticate(agent_key),
        agent_key=agent_key,
        host_key=host_key,
        reviewer=reviewer,
        session=session,
        person=str(Session.objects.get(pk=session).human_id),
        allowed=door.decide(session, "files.read").json(),
        pending=pending,
        question=asked.pk,
        approved=approved,
        grant=_grant(_step_up(door, other, asks), reviewer),
        deferred=door.decide(session, "credentials.rotate").json(),
    )


def _routes(person: User, *, deputy: User) -> None:
    """One of everything that routes lead over, and that changes nothing here."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Schedule.objects.create(name="nights", zone="UTC", starts_on=long_ago.date(), handover=time(9))
    Delegation.objects.create(person=person, deputy=deputy, starts_at=long_ago, ends_at=long_ago + timedelta(days=1))
    Stander.objects.create(human="nobody@corp.example", relation="manager", person=person)


def make_world() -> World:
    """In the database of the test that asks."""
    ensure_signing_key()
    version = publish_policy(text=POLICY, source="matrix.yaml", actor=None)
    describe("files", "read", "Reads the file {name}.", effect="read")
    # Teams have to be there before anybody of them is asked.
    ours = _camp("our", team="security-team", asks="email.send")
    theirs = _camp("their", team="marketing", asks="campaign.send")
    issuer = make_issuer()
    revoke_token(issuer=issuer, kind="jti", value="t-1", actor=None)
    client = add_client(issuer=issuer, client="worker", agent=ours.agent.id, actor=None)
    author, admin = make_person("author", roles=(Role.POLICY_AUTHOR,)), make_person("admin", roles=(Role.ADMIN,))
    _routes(author, deputy=admin)
    place_hold("hum_held", actor=Actor(person=admin.person_id), reason="A claim.")
    # So that their pages in the admin are tried; neither opens anything.
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={"secret": sealed("A" * 32)})
    SocialAccount.objects.create(user=admin, provider="nobody", uid="1")
    return World(
        ours=ours,
        theirs=theirs,
        auditor=make_person("auditor", roles=(Role.AUDITOR,)),
        author=author,
        admin=admin,
        link=issue_sign_in_link(user=ours.reviewer),
        version=version.pk,
        issuer=issuer.pk,
        client=client.pk,
        proposal=propose_policy(PolicyFiles(text=POLICY, source="proposed.yaml"), author=author).pk,
        hold=LegalHold.objects.get().pk,
        pause=_paused(ours),
    )


def _paused(camp: Camp) -> str:
    """A pause by the camp's reviewer."""
    idle = Agent.objects.create(name="idle-agent", owner=camp.reviewer.groups.get(name="security-team"))
    target = target_named(Scope.AGENT, name=idle.pk)
    return pause_actions(target, reason="It looks wrong.", actor=camp.reviewer).pk


def receipt_of(camp: Camp) -> str:
    """The receipt of the camp's approved decision."""
    return Receipt.objects.get(decision_id=camp.approved.answer["decision_id"], type="decision").pk


def any_object(app: str, model: str) -> str:
    """The newest row of a model that the admin shows, by its address there."""
    found: models.Model | None = apps.get_model(app, model)._default_manager.order_by("pk").last()
    assert found is not None, f"The world has no {app}.{model}: give it one, so that its pages are tried."
    # The admin reads an underscore before two hexadecimal digits as a coded character.
    return quote(found.pk)
