"""Questions that people saved."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from receipts.models import SavedView

MOST = 100


def saved_views_of(user: Any) -> list[SavedView]:
    """Their own, and those that are for a team of theirs, by name."""
    shared = Q(team__in=user.groups.all())
    rows = SavedView.objects.select_related("owner", "team").filter(Q(owner=user) | shared)
    return list(rows.distinct().order_by("name", "id")[:MOST])
