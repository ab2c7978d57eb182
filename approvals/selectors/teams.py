"""Teams and roles with their members, for the pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from approvals.models import User

MOST_LISTED = 500


def teams() -> QuerySet[Group]:
    """The groups that carry no rights, by name."""
    return Group.objects.filter(permissions__isnull=True).order_by("name")


def roles() -> QuerySet[Group]:
    """The groups that do."""
    return Group.objects.filter(permissions__isnull=False).distinct().order_by("name")


def members_by_group() -> Mapping[str, list[str]]:
    """The active members of each group, by name."""
    rows = User.objects.filter(is_active=True, groups__isnull=False).order_by("username")
    found: dict[str, list[str]] = {}
    for group, username in rows.values_list("groups__name", "username"):
        found.setdefault(group, []).append(username)
    return found


def usernames() -> list[str]:
    """The active accounts, to be suggested where one is named."""
    return list(
        User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)[:MOST_LISTED]
    )
