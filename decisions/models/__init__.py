"""Who asks, in which session, under which policy, and what was decided."""

from decisions.models.agents import Agent, Credential, Host, Human, Tool
from decisions.models.decisions import Claim, Decision, IdempotentAnswer, OpenLease, Outcome
from decisions.models.deferrals import Deferral
from decisions.models.issuers import Issuer, RevokedToken, TokenClient
from decisions.models.pauses import Pause, Scope
from decisions.models.policies import ActivePolicy, PolicyProposal, PolicyVersion, RefusedPolicy, RuleCounter
from decisions.models.sessions import ContextEntry, ContextWatch, Session

__all__ = [
    "ActivePolicy",
    "Agent",
    "Claim",
    "ContextEntry",
    "ContextWatch",
    "Credential",
    "Decision",
    "Deferral",
    "Host",
    "Human",
    "IdempotentAnswer",
    "Issuer",
    "OpenLease",
    "Outcome",
    "Pause",
    "PolicyProposal",
    "PolicyVersion",
    "RefusedPolicy",
    "RevokedToken",
    "RuleCounter",
    "Scope",
    "Session",
    "TokenClient",
    "Tool",
]
