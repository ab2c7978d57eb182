"""Waiting for a condition, for a bounded time, in tests that watch other processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
INTERVAL_SECONDS = 0.05


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = 30.0) -> T:
    """The first true value of `condition`; an AssertionError that says `what` didn't come, after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:g} s: {what}.")
        pause.wait(INTERVAL_SECONDS)
