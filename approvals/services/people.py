"""People: roles and teams, the first admin, and links that sign in once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from approvals.models import SignInLink, User
from receipts.clock import DatabaseNow, database_now
from receipts.problems import ProblemError
from receipts.signing.canonical import sha256_digest

LINK_MINUTES = 15
FIRST_TEAM = "reviewers"
Person = User


class Role(StrEnum):
    """Groups of these names carry permissions; every other group is a team."""

    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    POLICY_AUTHOR = "policy-author"
    ADMIN = "admin"


PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.REVIEWER: ("approvals.review",),
    Role.AUDITOR: ("receipts.audit", "receipts.view_receipt"),
    Role.POLICY_AUTHOR: (
        "decisions.publish_policy",
        "decisions.view_policyversion",
        "decisions.add_policyversion",
        "decisions.view_policyproposal",
        "decisions.add_policyproposal",
    ),
    Role.ADMIN: ("receipts.audit", "decisions.publish_policy"),
}


def role_group(role: Role) -> Group:
    """The group of a role, with its permissions."""
    group, _ = Group.objects.get_or_create(name=role.value)
    wanted = Q()
    for name in PERMISSIONS[role]:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    group.permissions.set(Permission.objects.filter(wanted))
    return group


def team_group(name: str) -> Group:
    """A team. The names of roles are taken."""
    if name in set(Role):
        raise ProblemError(
            "reserved_name", status=400, why=f"{name} is the name of a role.", fix="Choose another name."
        )
    return Group.objects.get_or_create(name=name)[0]


def roles_of(user: User) -> list[str]:
    """The roles that a person holds, by name."""
    return sorted(user.groups.filter(name__in=list(Role)).values_list("name", flat=True))


def create_person(*, username: str, email: str, roles: tuple[Role, ...], teams: tuple[str, ...]) -> User:
    """A person without a usable password; roles and teams are set, not added to."""
    is_admin = Role.ADMIN in roles
    user, _ = User.objects.update_or_create(
        username=username,
        defaults={
            "email": email,
            "is_active": True,
            "is_superuser": is_admin,
            "is_staff": is_admin or Role.POLICY_AUTHOR in roles or Role.AUDITOR in roles,
        },
        create_defaults={
            "email": email,
            "password": "!",
            "is_superuser": is_admin,
            "is_staff": is_admin or Role.POLICY_AUTHOR in roles or Role.AUDITOR in roles,
        },
    )
    user.groups.set([*map(role_group, roles), *map(team_group, teams)])
    return user


def create_first_admin() -> User:
    """The person of a fresh installation: admin, reviewer and auditor, in the starter policy's team."""
    existing = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if existing is not None:
        return existing
    every = tuple(Role)
    return create_person(username="admin", email="", roles=every, teams=(FIRST_TEAM,))


def issue_sign_in_link(*, user: User) -> str:
    """A token of 256 bits that signs `user` in once within the next 15 minutes; only its digest is stored."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user,
        token_digest=sha256_digest(token.encode()),
        expires_at=database_now() + timedelta(minutes=LINK_MINUTES),
    )
    return token


def _usable(token: str) -> QuerySet[SignInLink]:
    digest = sha256_digest(token.encode("utf-8", "replace"))
    return SignInLink.objects.filter(
        token_digest=digest, used_at__isnull=True, expires_at__gt=DatabaseNow(), user__is_active=True
    )


def link_owner(token: str) -> User | None:
    """Whom the token would sign in now. Looking consumes nothing."""
    link = _usable(token).select_related("user").first()
    return link.user if link else None


def consume_sign_in_link(*, token: str) -> User:
    """Uses the token up and returns its person; of two uses at once one wins."""
    with transaction.atomic():
        owner = link_owner(token)
        if owner is None or _usable(token).update(used_at=DatabaseNow()) != 1:
            raise ProblemError(
                "link_spent", status=410, why="The link was used or is too old.", fix="Restart ./run for a new one."
            )
        return owner
