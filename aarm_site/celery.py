"""The task queue carries hints only: what must happen stands in the database, and nothing is lost with a message."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import Scheduler, Service
from celery.worker import WorkController

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.dev")

app = Celery("aarm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

log = structlog.get_logger(__name__)


@signals.setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Celery leaves logging alone when somebody listens here; its own lines would repeat what exceptions said."""


@signals.task_failure.connect
def log_failure(sender: Any, task_id: str, exception: BaseException, **kwargs: Any) -> None:
    """Says which task failed and where, never with what."""
    log.error("task_failed", task=sender.name, task_id=task_id, exc_info=exception)


def embedded_worker() -> WorkController:
    """A worker for a thread of this process. Gossip, mingle and heartbeats are for several; here is one."""
    return WorkController(
        app=app,
        pool_cls="threads",
        concurrency=4,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )


def embedded_beat() -> Service:
    """A scheduler for a thread of this process. Its ticks live in memory: the next makes good a missed one."""
    return Service(app, scheduler_cls=Scheduler)


def answering_workers(*, timeout_seconds: float) -> list[str]:
    """The names of the workers that answer a ping in time."""
    return sorted(name for answer in app.control.ping(timeout=timeout_seconds) or [] for name in answer)
