"""People: roles and teams, the first admin, and links that sign in once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from approvals.models import SignInLink, User
from approvals.services.administration import Actor, Change, record_change, record_difference, told_values
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
    Role.ADMIN: ("receipts.audit", "receipts.erase", "decisions.publish_policy", "decisions.pause_everything"),
}

STAFF_ROLES = frozenset({Role.ADMIN, Role.POLICY_AUTHOR, Role.AUDITOR})
"""Who has pages among Django's own."""


def role_group(role: Role, *, actor: Actor = None) -> Group:
    """The group of a role, with its permissions."""
    wanted = Q()
    for name in PERMISSIONS[role]:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    with transaction.atomic():
        group, is_new = Group.objects.get_or_create(name=role.value)
        before = None if is_new else told_values(group)
        group.permissions.set(Permission.objects.filter(wanted))
        record_difference(group, before=before, actor=actor)
    return group


def team_group(name: str, *, actor: Actor = None) -> Group:
    """A team. The names of roles are taken."""
    if name in set(Role):
        raise ProblemError(
            "reserved_name", status=400, why=f"{name} is the name of a role.", fix="Choose another name."
        )
    with transaction.atomic():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            record_change(Change.ADDED, of=group, actor=actor)
    return group


def person_named(username: str) -> User:
    """The active account of this name. Raises `unknown_person`."""
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise ProblemError(
            "unknown_person", status=400, why="Nobody has this user name.", fix="Check the spelling.", param="to"
        )
    return found


def roles_of(user: User) -> list[str]:
    """The roles that a person holds, by name."""
    return sorted(user.groups.filter(name__in=list(Role)).values_list("name", flat=True))


def create_person(
    *, username: str, email: str, roles: tuple[Role, ...], teams: tuple[str, ...], actor: Actor = None
) -> User:
    """A person without a usable password; roles and teams are set, not added to."""
    rights = {
        "email": email,
        "is_superuser": Role.ADMIN in roles,
        "is_staff": not STAFF_ROLES.isdisjoint(roles),
    }
    with transaction.atomic():
        known = User.objects.select_for_update().filter(username=username).first()
        before = told_values(known) if known else None
        user, _ = User.objects.update_or_create(
            username=username, defaults={**rights, "is_active": True}, create_defaults={**rights, "password": "!"}
        )
        groups = [role_group(role, actor=actor) for role in roles]
        user.groups.set([*groups, *(team_group(name, actor=actor) for name in teams)])
        record_difference(user, before=before, actor=actor)
    return user


def create_superuser(*, username: str, email: str, password: str | None, actor: Actor = None) -> User:
    """A new account that may administer everything. Without a password it can't sign in until it is given one."""
    with transaction.atomic():
        user = User.objects.create_superuser(username=username, email=email, password=password)
        record_change(Change.ADDED, of=user, actor=actor)
    return user


def change_password(user: User, *, password: str, actor: Actor = None) -> None:
    """Gives a person another password."""
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record_change(Change.CHANGED, of=user, actor=actor, fields=["password"])


def create_first_admin() -> User:
    """The person of a fresh installation: admin, reviewer and auditor, in the starter policy's team."""
    existing = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if existing is not None:
        return existing
    every = tuple(Role)
    return create_person(username="admin", email="", roles=every, teams=(FIRST_TEAM,))


def issue_sign_in_link(*, user: User, actor: Actor = None) -> str:
    """A token of 256 bits that signs `user` in once within the next 15 minutes; only its digest is stored."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        link = SignInLink.objects.create(
            user=user,
            token_digest=sha256_digest(token.encode()),
            expires_at=database_now() + timedelta(minutes=LINK_MINUTES),
        )
        record_change(Change.ADDED, of=link, actor=actor)
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
