"""Who belongs where, when an identity provider says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from approvals.models import User
from approvals.services.administration import record_difference, told_values
from approvals.services.people import STAFF_ROLES, Role, role_group, team_group


def is_known_otherwise(*, username: str, email: str, besides: User | None = None) -> bool:
    """Whether another account bears this name or address, in any spelling of its letters."""
    same = Q(username__iexact=username) if username else Q()
    if email:
        same |= Q(email__iexact=email) | Q(username__iexact=email)
    others = User.objects.exclude(pk=besides.pk) if besides is not None else User.objects.all()
    return bool(same) and others.filter(same).exists()


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider says of somebody: their address, and the values that `mapping` knows as groups of ours."""

    email: str
    values: Collection[str] = ()
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)


def follow_claims(user: User, *, claims: Claims, is_new: bool) -> None:
    """Gives `user` the claimed address, and membership of exactly those groups that the claimed values stand for.

    Groups that the mapping doesn't name are left alone. A claim that is missing takes all of them away. What changed
    leaves a receipt.
    """
    with transaction.atomic():
        before = None if is_new else told_values(User.objects.select_for_update().get(pk=user.pk))
        if claims.email:
            user.email = claims.email
        _join(user, claims)
        user.save(update_fields=["email", "is_superuser", "is_staff"])
        record_difference(user, before=before, actor=None, source="identity_provider")


def _join(user: User, claims: Claims) -> None:
    ruled = {name for names in claims.mapping.values() for name in names}
    wanted = {name for value, names in claims.mapping.items() if value in claims.values for name in names}
    user.groups.remove(*user.groups.filter(name__in=ruled - wanted))
    user.groups.add(*[role_group(Role(name)) if name in set(Role) else team_group(name) for name in sorted(wanted)])
    if ruled & STAFF_ROLES:
        # What Django's own pages ask for follows from the roles.
        roles = set(user.groups.filter(name__in=list(Role)).values_list("name", flat=True))
        user.is_superuser, user.is_staff = Role.ADMIN in roles, bool(roles & STAFF_ROLES)
