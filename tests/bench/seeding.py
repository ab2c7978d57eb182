"""What the benchmark needs in its database, put there by the product's own services."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.intake.bodies import DecideBody
from decisions.services.identity import authenticate
from decisions.services.policies import publish_policy
from decisions.services.registration import register_agent, register_host
from decisions.services.sessions import NewSession, open_session
from decisions.services.submission import submit_action
from receipts.access import Caller
from receipts.services import ensure_signing_key
from tests.bench.action import body_for, policy_text

HUMAN = "alice@corp.example"
REQUEST = "Tell everyone who unloads on Tuesday when the pallets come."


@dataclass(frozen=True, slots=True)
class Seed:
    """The agent's key and its sessions, the hot one last."""

    agent_key: str
    sessions: tuple[str, ...]
    actions: int


def seed(*, sessions: int, actions: int) -> Seed:
    """A signing key, the policy, an agent, and sessions in each of which it has acted `actions` times."""
    ensure_signing_key()
    publish_policy(text=policy_text(), source="bench.yaml", actor=None)
    agent, host = register_agent(name="bench-agent"), register_host(name="bench-host")
    new = NewSession(original_request=REQUEST, human=HUMAN, agent=agent.id)
    opened = tuple(open_session(caller=authenticate(host.key), new=new).pk for _ in range(sessions))
    for session_id in opened:
        _act(authenticate(agent.key), session_id, times=actions)
    return Seed(agent_key=agent.key, sessions=opened, actions=actions)


def _act(caller: Caller, session_id: str, *, times: int) -> None:
    body = DecideBody.model_validate(body_for(session_id))
    for number in range(times):
        answer = submit_action(caller=caller, body=body, key=f"seed-{session_id}-{number}")
        assert b'"effective":"ALLOW"' in answer.content, answer.content
