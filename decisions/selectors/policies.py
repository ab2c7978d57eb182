"""Which policy holds."""

from __future__ import annotations

from decisions.models import ActivePolicy


def active_version_id() -> str | None:
    """The id of the policy version that holds, or nothing when none was published."""
    return ActivePolicy.objects.values_list("version_id", flat=True).first()
