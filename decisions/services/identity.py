"""Who is calling: keys of agents and hosts, and the people whom hosts name."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from unicodedata import normalize

import structlog
from django.db import transaction
from django.db.models import Q

from approvals.services.administration import Actor, Change, record_change
from decisions.models import Agent, Credential, Host, Human
from receipts.access import Caller, CallerKind
from receipts.clock import DatabaseNow, database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.reads import RowRead
from receipts.signing.canonical import sha256_digest

log = structlog.get_logger(__name__)
LONGEST_IDENTIFIER = 254
PREFIXES = {CallerKind.AGENT: "aak_", CallerKind.HOST: "ahk_"}


def issue_key(*, owner: Agent | Host, at: datetime, expires_at: datetime | None = None, actor: Actor = None) -> str:
    """A new key of `owner`, returned once; earlier keys stay valid."""
    kind = CallerKind.AGENT if isinstance(owner, Agent) else CallerKind.HOST
    secret = PREFIXES[kind] + secrets.token_urlsafe(32)
    with transaction.atomic():
        credential = Credential.objects.create(
            id=new_id("key"),
            agent=owner if isinstance(owner, Agent) else None,
            host=owner if isinstance(owner, Host) else None,
            prefix=secret[:12],
            digest=sha256_digest(secret.encode()),
            created_at=at,
            expires_at=expires_at,
        )
        record_change(Change.ADDED, of=credential, actor=actor)
    return secret


def revoke_keys(*, ids: Collection[str], actor: Actor = None) -> int:
    """Ends keys at once on every process, and returns how many were still valid."""
    with transaction.atomic():
        valid = list(Credential.objects.select_for_update().filter(pk__in=ids, revoked_at__isnull=True).order_by("pk"))
        at = database_now()
        Credential.objects.filter(pk__in=[credential.pk for credential in valid]).update(revoked_at=at)
        for credential in valid:
            credential.revoked_at = at
            record_change(Change.CHANGED, of=credential, actor=actor, fields=["revoked_at"])
    return len(valid)


def unauthenticated(why: str) -> ProblemError:
    """The refusal of a caller that can't be told apart from anybody, and the security event that goes with it."""
    log.warning("security_event", event_kind="authentication_failed", why=why)
    return ProblemError(
        "unauthenticated",
        status=401,
        why=why,
        fix="Send a current key as 'Authorization: Bearer …'.",
        headers={"WWW-Authenticate": "Bearer"},
    )


_CURRENT = RowRead(
    Credential,
    where="r.digest = %s AND r.revoked_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > aarm_now())",
    related=("agent", "host"),
)


def authenticate(secret: str) -> Caller:
    """The caller that `secret` belongs to, asked of the database each time, so that a revocation holds at once."""
    credential = _CURRENT.one(sha256_digest(secret.encode("utf-8", "replace")))
    owner = None if credential is None else credential.agent or credential.host
    if credential is None or owner is None or not owner.is_active:
        raise unauthenticated("The key is unknown, expired or revoked.")
    kind = CallerKind.AGENT if credential.agent_id else CallerKind.HOST
    return Caller(kind=kind, id=owner.pk, name=owner.name, key_id=credential.pk)


def named_agent(name: str) -> Agent:
    """The active agent with this id or name."""
    agent = Agent.objects.filter(Q(pk=name) | Q(name=name), is_active=True).first()
    if agent is None:
        raise ProblemError(
            "unknown_agent",
            status=400,
            why="No active agent has this id or name.",
            fix="Create it first.",
            param="agent",
        )
    return agent


def known_human(identifier: str) -> Human:
    """The person with this identifier, recorded on first sight.

    Spellings that look alike are one person, or whoever asked could approve under another one (APR-08).
    """
    name = normalize("NFKC", normalize("NFKC", identifier).strip().casefold())
    if not name or len(name) > LONGEST_IDENTIFIER or not name.isprintable():
        raise ProblemError(
            "invalid_body",
            status=400,
            why=f"A person is known by 1 to {LONGEST_IDENTIFIER} visible characters.",
            fix="Send the person's address or user name.",
            param="human",
        )
    return Human.objects.get_or_create(identifier=name)[0]


def identity_problem(*, agent_id: str, credential_id: str, host_id: str | None) -> str | None:
    """Why the identity that a decision was asked with no longer holds, or nothing (APR-15, G14)."""
    credential = Credential.objects.select_related("agent", "host").filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=DatabaseNow()), pk=credential_id, revoked_at__isnull=True
    )
    if not credential.exists():
        return "The key that asked was revoked or has expired."
    if not Agent.objects.filter(pk=agent_id, is_active=True).exists():
        return "The agent was deactivated."
    if host_id and not Host.objects.filter(pk=host_id, is_active=True).exists():
        return "The host that named the human was deactivated."
    return None
