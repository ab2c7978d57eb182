"""Tasks are another entrance to the services."""

from __future__ import annotations

from celery import shared_task

from decisions.services.breaker import sweep_denials
from decisions.services.deferrals import expire_due
from decisions.services.endings import end_idle_sessions
from decisions.services.forgetting import forget_answers as forget_old_answers
from decisions.services.leases import end_due_leases
from decisions.services.pauses import sweep_pauses
from decisions.services.watching import Part, verify_slice


@shared_task(name="decisions.tasks.expire_deferrals")
def expire_deferrals() -> int:
    """Ends what has waited too long, and resumes what waited for other actions."""
    return expire_due()


@shared_task(name="decisions.tasks.end_leases")
def end_leases() -> int:
    """Writes down that nobody reported on what was claimed."""
    return end_due_leases()


@shared_task(name="decisions.tasks.end_sessions")
def end_sessions() -> int:
    """Ends sessions that nobody has used for long."""
    return end_idle_sessions()


@shared_task(name="decisions.tasks.watch_sessions")
def watch_sessions() -> int:
    """Follows the next entries of the sessions' chains again."""
    return sum(verify_slice(part) for part in Part)


@shared_task(name="decisions.tasks.forget_answers")
def forget_answers() -> int:
    """Deletes what was kept for retries that come no more."""
    return forget_old_answers()


@shared_task(name="decisions.tasks.sweep_pauses")
def take_back_paused() -> int:
    """Takes back what was approved before a pause and not claimed."""
    return sweep_pauses()


@shared_task(name="decisions.tasks.break_circuits")
def break_circuits() -> int:
    """Stops sessions in which too much was denied, where the process that denied could not."""
    return sweep_denials()
