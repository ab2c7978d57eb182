"""The cast of the tests, made through the product's own services.

Alice asks, through an agent that a host runs for her. Bob and Carol review for the security team, Dave for the data
owners and Mallory for a team that nobody asks; Victor audits, Peggy writes policies and Trent administers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import confirm_field, expected_target, needs_passkey, needs_reason
from approvals.services.confirmations import Confirmation
from approvals.services.people import Role, create_person
from approvals.services.software_keys import give_software_key
from approvals.services.votes import CastBallot, ask_to_sign, cast_vote
from decisions.intake.bodies import DecideBody
from decisions.models import Agent, Host, Human, Issuer, PolicyVersion, Tool
from decisions.services.demo import describe_tools
from decisions.services.identity import authenticate, issue_key
from decisions.services.issuers import create_issuer
from decisions.services.packs import pack_named
from decisions.services.policies import publish_policy
from decisions.services.sessions import NewSession, open_session
from decisions.services.submission import submit_action
from receipts.access import Caller
from receipts.clock import database_now
from receipts.services import ensure_signing_key
from receipts.signing.canonical import JSON
from tests.authenticators import signed

ALICE = "alice@corp.example"
SECURITY, DATA_OWNER = "security-team", "data-owner"
REASON = "I have asked."
REQUEST = "Send the Q4 deck to Ana."
MAIL: Mapping[str, JSON] = {"to": "ana@partner.example", "subject": "Q4 deck", "body": "See the deck."}


def make_person(
    name: str, *, teams: tuple[str, ...] = (), roles: tuple[Role, ...] = (Role.REVIEWER,), email: str = ""
) -> User:
    """Somebody who may sign in; without another address `name@corp.example`."""
    return create_person(username=name, email=email or f"{name}@corp.example", roles=roles, teams=teams)


def make_agent(name: str) -> tuple[Agent, str]:
    """An agent and its key."""
    agent = Agent.objects.create(name=name)
    return agent, issue_key(owner=agent, at=database_now())


def make_host(name: str) -> tuple[Host, str]:
    """A host and its key."""
    host = Host.objects.create(name=name)
    return host, issue_key(owner=host, at=database_now())


def make_issuer(url: str = "https://idp.corp.example", **values: Any) -> Issuer:
    """An issuer of tokens that is believed."""
    return create_issuer(values={"name": "corp", "url": url, "audience": "aarm"} | values, actor=None)


def publish(name: str) -> PolicyVersion:
    """Publishes one of the product's policies: `demo`, `starter`, …"""
    pack = pack_named(name)
    return publish_policy(text=pack.text, source=pack.source, actor=None)


def describe(tool: str, operation: str, consequence: str, *, effect: str = "write") -> Tool:
    """Puts an operation into the catalogue."""
    values = {"consequence": consequence, "effect": effect}
    return Tool.objects.update_or_create(tool=tool, operation=operation, defaults=values)[0]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, with the keys of the agent and its host; `agent` and `host` are them as callers."""

    bob: User
    carol: User
    dave: User
    mallory: User
    victor: User
    peggy: User
    trent: User
    agent: Caller
    host: Caller
    agent_key: str
    host_key: str


def make_cast() -> Cast:
    """People, agent and host, under the demo policy."""
    ensure_signing_key()
    publish("demo")
    describe_tools()
    agent_key, host_key = make_agent("demo-agent")[1], make_host("demo-host")[1]
    return Cast(
        bob=make_person("bob", teams=(SECURITY,)),
        carol=make_person("carol", teams=(SECURITY,)),
        dave=make_person("dave", teams=(DATA_OWNER,)),
        mallory=make_person("mallory", teams=("marketing",)),
        victor=make_person("victor", roles=(Role.AUDITOR,)),
        peggy=make_person("peggy", roles=(Role.POLICY_AUTHOR,)),
        trent=make_person("trent", roles=(Role.ADMIN,)),
        agent=authenticate(agent_key),
        host=authenticate(host_key),
        agent_key=agent_key,
        host_key=host_key,
    )


def begin_session(cast: Cast, *, request: str = REQUEST, human: str = ALICE, **more: Any) -> str:
    """A session that the host opened for `human`, whose request is therefore attested; its id."""
    new = NewSession(original_request=request, human=human, agent=cast.agent.id, **more)
    return open_session(caller=cast.host, new=new).pk


def begin_session_of(cast: Cast, *, human: str) -> str:
    """A session of somebody whose identifier the door would refuse today, as an older row may hold it."""
    session = begin_session(cast)
    Human.objects.filter(sessions__pk=session).update(identifier=human)
    return session


def begin_asserted_session(cast: Cast, *, request: str = REQUEST) -> str:
    """A session that the agent opened itself: nobody vouches for the human or the request."""
    return open_session(caller=cast.agent, new=NewSession(original_request=request)).pk


def decide(
    cast: Cast, session_id: str, name: str, *, parameters: Mapping[str, JSON], key: str = "", **more: Any
) -> dict[str, Any]:
    """What the agent is answered for `tool.operation`."""
    tool, _, operation = name.rpartition(".")
    body = DecideBody.model_validate(
        {"session_id": session_id, "tool": tool, "operation": operation, "parameters": dict(parameters), **more}
    )
    answer: dict[str, Any] = json.loads(submit_action(caller=cast.agent, body=body, key=key).content)
    return answer


@dataclass(frozen=True, slots=True)
class StepUp:
    """An action that waits for a human, and the answer that its agent was given."""

    approval: ApprovalRequest
    answer: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The page of the request."""
        return f"/a/{self.approval.pk}"


def open_step_up(
    cast: Cast,
    *,
    name: str = "email.send",
    parameters: Mapping[str, JSON] = MAIL,
    session_id: str = "",
    request: str = REQUEST,
    human: str = ALICE,
    **more: Any,
) -> StepUp:
    """An action that the demo policy steps up, in a session of its own unless one is given."""
    session = session_id or begin_session(cast, request=request, human=human)
    answer = decide(cast, session, name, parameters=parameters, **more)
    assert answer["decision"] == "STEP_UP", answer
    return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)


def open_deletion(cast: Cast) -> StepUp:
    """A CRITICAL action that one of the security team and one of the data owners must approve."""
    parameters: Mapping[str, JSON] = {"table": "customers"}
    return open_step_up(
        cast, name="database.delete", request="Please delete the test customers.", parameters=parameters
    )


def confirmation(approval: ApprovalRequest, person: User) -> dict[str, Any]:
    """What its risk asks of somebody who approves, as the API takes it: the target, and a signature of a new key."""
    said: dict[str, Any] = {}
    if confirm_field(approval):
        said["confirm_target"] = expected_target(approval)
    if needs_reason(approval):
        said["reason"] = REASON
    if needs_passkey(approval):
        key = give_software_key(person).to_dict()
        said["assertion"] = signed(key, ask_to_sign(approval_id=approval.pk, person=person).challenge)
    return said


def ballot_of(
    step: StepUp, person: User, *, verdict: Verdict = Verdict.APPROVE, reason: str = "", private_note: str = ""
) -> CastBallot:
    """What `person` says of the request as it is, with everything that its risk asks for."""
    approval = ApprovalRequest.objects.get(pk=step.approval.pk)
    given = confirmation(approval, person) if verdict is Verdict.APPROVE else {}
    return CastBallot(
        verdict=verdict,
        view_digest=approval.view_digest,
        version=approval.version,
        reason=reason or given.get("reason", ""),
        private_note=private_note,
        confirmation=Confirmation(
            is_whole=True,
            target=given.get("confirm_target"),
            assertion=given.get("assertion"),
            shown_at=database_now(),
        ),
    )


def vote(step: StepUp, person: User, *, verdict: Verdict = Verdict.APPROVE, **words: str) -> ApprovalRequest:
    """Says it."""
    ballot = ballot_of(step, person, verdict=verdict, **words)
    return cast_vote(approval_id=step.approval.pk, person=person, ballot=ballot)
