"""Whether the identity with which an action was asked still holds: at votes, at ends of deferrals and at claims."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from decisions.models import Agent, Credential, Decision, Host, Human, RevokedToken, Session, TokenClient
from decisions.services.parties import Section, chain_problem, recorded_section
from decisions.services.tokens.revoked import known_names
from decisions.services.vouching import rests_on_revoked_key


def identity_problem(decision: Decision, *, session: Session, at: datetime) -> str | None:
    """Why it no longer holds, in a sentence, or nothing (APR-15, G14)."""
    section = recorded_section(decision, session=session)
    if not _has_credential(decision.credential_id, section=section, at=at):
        return "The key that asked was revoked or has expired."
    if not Agent.objects.filter(pk=decision.agent_id, is_active=True).exists():
        return "The agent was deactivated."
    if session.host_id and not Host.objects.filter(pk=session.host_id, is_active=True).exists():
        return "The host that named the human was deactivated."
    if session.human_id and not Human.objects.filter(pk=session.human_id, is_active=True).exists():
        return "The person that the agent acts for was deactivated."
    if rests_on_revoked_key(session):
        return "A key of the host that named the human was revoked."
    return chain_problem(section, at=at)


def _has_credential(credential_id: str, *, section: Section, at: datetime) -> bool:
    """A token need not last as long as an approval takes: its issuer, its client and its person have to."""
    token = section.get("token")
    if token is None:
        is_current = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
        return Credential.objects.filter(is_current, pk=credential_id, revoked_at__isnull=True).exists()
    named = [name for digest in (token["token"], token["subject"]) if digest for name in known_names(digest)]
    revoked = RevokedToken.objects.filter(issuer=token["issuer"], digest__in=named)
    clients = TokenClient.objects.filter(pk=credential_id, issuer__is_active=True)
    return clients.exists() and not revoked.exists()
