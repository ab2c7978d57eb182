"""Whether the identity with which an action was asked still holds: at votes, at ends of deferrals and at claims."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from decisions.models import Agent, Credential, Decision, Host, Session
from decisions.services.delegations import delegation_problem


def identity_problem(decision: Decision, *, session: Session, at: datetime) -> str | None:
    """Why it no longer holds, in a sentence, or nothing (APR-15, G14)."""
    is_current = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    if not Credential.objects.filter(is_current, pk=decision.credential_id, revoked_at__isnull=True).exists():
        return "The key that asked was revoked or has expired."
    if not Agent.objects.filter(pk=decision.agent_id, is_active=True).exists():
        return "The agent was deactivated."
    if session.host_id and not Host.objects.filter(pk=session.host_id, is_active=True).exists():
        return "The host that named the human was deactivated."
    return delegation_problem(session, at=at)
