"""Tasks are another entrance to the services."""

from __future__ import annotations

from celery import shared_task

from decisions.services.deferrals import expire_due


@shared_task(name="decisions.tasks.expire_deferrals")
def expire_deferrals() -> int:
    """Ends what has waited too long, and resumes what waited for other actions."""
    return expire_due()
