"""Saving questions under a name, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Group

from receipts.clock import database_now
from receipts.models import SavedView
from receipts.problems import not_found


def save_view(
    owner: Any, *, name: str, question: str, team_id: int | None, sort: str = "", columns: Sequence[str] = ()
) -> SavedView:
    """Saves a question; one of the owner's with the same name is replaced. Raises `not_found` for another's team."""
    team = owner.groups.filter(pk=team_id).first() if team_id is not None else None
    if team_id is not None and not isinstance(team, Group):
        raise not_found("team")
    shown = {"sort": sort, "columns": list(columns)}
    values = {"question": question, "team": team, "saved_at": database_now(), **shown}
    return SavedView.objects.update_or_create(owner=owner, name=name, defaults=values)[0]


def forget_view(owner: Any, *, view_id: int) -> None:
    """Removes one of the owner's own. Raises `not_found` for anything else."""
    removed, _ = SavedView.objects.filter(owner=owner, pk=view_id).delete()
    if not removed:
        raise not_found("saved view")
