"""Tasks are another entrance to the services: nothing depends on one of them running, or running once."""

from __future__ import annotations

from celery import shared_task

from approvals.services.expiry import expire_due
from approvals.services.outbox import relay_unsent
from approvals.services.timers import run_due_timers


@shared_task(name="approvals.tasks.expire_approvals")
def expire_approvals() -> int:
    """Writes down what the clock has already brought, batch by batch until nothing is left."""
    return sum(iter(expire_due, 0))


@shared_task(name="approvals.tasks.run_timers")
def run_timers() -> int:
    """Does what the clock has brought for requests that wait: asks the next people."""
    return run_due_timers()


@shared_task(name="approvals.tasks.relay_outbox")
def relay_outbox() -> int:
    """Announces what its own process could not."""
    return relay_unsent()
