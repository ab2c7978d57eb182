"""What every page says: where it runs, when it was made, and how much waits for its reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

from approvals.selectors import pending_count_for
from decisions.selectors import refusal_sentence
from decisions.selectors.pauses import is_everything_paused


class Page(TypedDict):
    """The callables are there so that a page that doesn't show what they say doesn't ask the database."""

    environment: str
    server_time: datetime
    inbox_count: Callable[[], int]
    policy_refusal: Callable[[], str]
    is_everything_paused: Callable[[], bool]


def page(request: HttpRequest) -> Page:
    """The context that `base.html` needs on every page."""

    def inbox_count() -> int:
        return pending_count_for(request.user) if request.user.is_authenticated else 0

    return {
        "environment": settings.AARM_ENVIRONMENT,
        "server_time": datetime.now(UTC),
        "inbox_count": inbox_count,
        "policy_refusal": refusal_sentence,
        "is_everything_paused": is_everything_paused,
    }
