"""Making agents and hosts known, and giving them keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from approvals.services.administration import Actor, record_difference, told_values
from decisions.models import Agent, Host
from decisions.services.identity import issue_key
from receipts.clock import database_now


@dataclass(frozen=True, slots=True)
class Registered:
    """An agent or a host, and the key that was made for it just now. `is_new` is false where its name was known."""

    id: str
    name: str
    key: str
    is_new: bool


def register_agent(*, name: str, valid_for: timedelta | None = None, actor: Actor = None) -> Registered:
    """The active agent of this name with a fresh key; earlier keys stay valid."""
    return _registered(Agent, name=name, valid_for=valid_for, actor=actor)


def register_host(*, name: str, valid_for: timedelta | None = None, actor: Actor = None) -> Registered:
    """The active host of this name with a fresh key; earlier keys stay valid."""
    return _registered(Host, name=name, valid_for=valid_for, actor=actor)


def _registered(kind: type[Agent] | type[Host], *, name: str, valid_for: timedelta | None, actor: Actor) -> Registered:
    with transaction.atomic():
        at = database_now()
        known = kind.objects.select_for_update().filter(name=name).first()
        before = told_values(known) if known else None
        owner, is_new = kind.objects.update_or_create(name=name, defaults={"is_active": True})
        record_difference(owner, before=before, actor=actor)
        key = issue_key(owner=owner, at=at, expires_at=at + valid_for if valid_for else None, actor=actor)
        return Registered(id=owner.pk, name=name, key=key, is_new=is_new)
