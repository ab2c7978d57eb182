"""Agents, hosts and their keys, issuers of tokens, tools and policies to administer; what was decided to look up."""

from decisions.admin.agents import AgentAdmin, CredentialAdmin, HostAdmin, ToolAdmin
from decisions.admin.facts import DecisionAdmin, DeferralAdmin, SessionAdmin
from decisions.admin.issuers import IssuerAdmin, RevokedTokenAdmin
from decisions.admin.policies import PolicyProposalAdmin, PolicyVersionAdmin

__all__ = [
    "AgentAdmin",
    "CredentialAdmin",
    "DecisionAdmin",
    "DeferralAdmin",
    "HostAdmin",
    "IssuerAdmin",
    "PolicyProposalAdmin",
    "PolicyVersionAdmin",
    "RevokedTokenAdmin",
    "SessionAdmin",
    "ToolAdmin",
]
