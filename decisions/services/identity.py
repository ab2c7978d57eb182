"""Who is calling: keys of agents and hosts, and the people whom hosts name."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q

from approvals.services.administration import Actor, Change, record_change
from decisions.models import Agent, Credential, Host, Human
from receipts.access import Caller, CallerKind
from receipts.clock import as_moment, database_now
from receipts.identifiers import folded, new_id
from receipts.problems import ProblemError
from receipts.reads import RowRead
from receipts.signing.canonical import sha256_digest

log = structlog.get_logger(__name__)
LONGEST_IDENTIFIER = 254
PREFIXES = {CallerKind.AGENT: "aak_", CallerKind.HOST: "ahk_"}


def issue_key(
    *,
    owner: Agent | Host,
    at: datetime,
    expires_at: datetime | None = None,
    scopes: Collection[str] = (),
    actor: Actor = None,
) -> str:
    """A new key of `owner`, returned once; earlier keys stay valid. Without `scopes` it may do what its kind may."""
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
            scopes=sorted(scopes),
            expires_at=expires_at,
        )
        record_change(Change.ADDED, of=credential, actor=actor)
    return secret


def rotate_key(*, id: str, overlap: timedelta, actor: Actor = None) -> str:
    """A key in the place of another, with its scopes and for as long as that was issued for, returned once.

    The other one holds for `overlap` more, or less if it expires before. Raises `key_ended` for one that is over.
    """
    with transaction.atomic():
        old = Credential.objects.select_for_update(of=("self",)).select_related("agent", "host").get(pk=id)
        at = database_now()
        if old.revoked_at or (old.expires_at and old.expires_at <= at):
            raise ProblemError(
                "key_ended", status=409, why="The key was revoked or has expired.", fix="Issue a new one instead."
            )
        owner = old.agent or old.host
        assert owner is not None
        until = at + (old.expires_at - old.created_at) if old.expires_at else None
        secret = issue_key(owner=owner, at=at, expires_at=until, scopes=old.scopes, actor=actor)
        old.expires_at = min(at + overlap, old.expires_at or at + overlap)
        old.save(update_fields=["expires_at"])
        record_change(Change.CHANGED, of=old, actor=actor, fields=["expires_at"])
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
    log.warning("security_event", event_kind="authentication_failed")
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
    extra={"now": "aarm_now()"},
)
# Whether a key is still needed is asked in days.
USE_IS_NOTED_AFTER = timedelta(minutes=1)


def authenticate(secret: str) -> Caller:
    """The caller that `secret` belongs to, asked of the database each time, so that a revocation holds at once."""
    credential = _CURRENT.one(sha256_digest(secret.encode("utf-8", "replace")))
    owner = None if credential is None else credential.agent or credential.host
    if credential is None or owner is None or not owner.is_active:
        raise unauthenticated("The key is unknown, expired or revoked.")
    _note_use(credential)
    kind = CallerKind.AGENT if credential.agent_id else CallerKind.HOST
    scopes = frozenset(credential.scopes)
    return Caller(kind=kind, id=owner.pk, name=owner.name, key_id=credential.pk, scopes=scopes)


def _note_use(credential: Credential) -> None:
    """Notes that a key was used, once a minute: outside of any decision's transaction, and read along for nothing."""
    now = as_moment(getattr(credential, "now"))  # noqa: B009 - read along with the row; the model's type doesn't know it
    if credential.last_used_at is None or now - credential.last_used_at >= USE_IS_NOTED_AFTER:
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now)


def named_agent(name: str) -> Agent:
    """The active agent with this id or name."""
    agent = Agent.objects.filter(Q(pk=name) | Q(name=name), is_active=True).first()
    if agent is None:
        raise unknown_agent()
    return agent


def unknown_agent() -> ProblemError:
    """The refusal of an agent that isn't there, or is not for this host to run: the two are told apart by nobody."""
    return ProblemError(
        "unknown_agent",
        status=400,
        why="No active agent that you may run has this id or name.",
        fix="Create it first, or have an administrator put it on your list.",
        param="agent",
    )


def known_human(identifier: str) -> Human:
    """The person with this identifier, recorded on first sight.

    Spellings that look alike are one person, or whoever asked could approve under another one (APR-08).
    """
    name = folded(identifier)
    if not name or len(name) > LONGEST_IDENTIFIER or not name.isprintable():
        raise ProblemError(
            "invalid_body",
            status=400,
            why=f"A person is known by 1 to {LONGEST_IDENTIFIER} visible characters.",
            fix="Send the person's address or user name.",
            param="human",
        )
    found = _shared(name)
    while found is None:
        Human.objects.get_or_create(identifier=name)
        found = _shared(name)
    return found


# All who open sessions of one person hold the row together. Only an erasure of the person waits for them, and they for
# it: whoever has waited finds nobody of that name any more.
_NAMED = "SELECT * FROM decisions_human WHERE identifier = %s"
_NAMED_AND_KEPT = f"{_NAMED} FOR KEY SHARE"


def _shared(name: str) -> Human | None:
    keeps = connection.in_atomic_block and connection.features.has_select_for_update
    return next(iter(Human.objects.raw(_NAMED_AND_KEPT if keeps else _NAMED, [name])), None)
