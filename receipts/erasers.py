"""What repeats values outside the payloads: the apps above blank it where a person is erased, or its time is over."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

Eraser = Callable[[str], int]
"""Blanks everything that repeats values of the subject of this id, in the caller's transaction; how many rows."""

Locker = Callable[[str], None]
"""Waits for what is being written about the subject of this id, and holds up what would be.

Until the caller's transaction ends."""

Ender = Callable[[datetime, Collection[str]], int]
"""Blanks some of what repeats values from before that moment, in the caller's transaction, but not of these subjects.

How many rows; it is called again until there are none."""


UnrunEnder = Callable[[Collection[str], Collection[str]], int]
"""Of the decisions of these ids, blanks the payloads of those that never ran, but not of these subjects; how many."""


class _Registry:
    lockers: list[Locker] = []
    erasers: dict[str, Eraser] = {}
    forgetters: dict[str, Eraser] = {}
    enders: dict[str, Ender] = {}
    unrun: UnrunEnder = staticmethod(lambda decisions, held: 0)


def register_locker(locker: Locker) -> None:
    """Called at start-up by an app under whose locks something about people is written."""
    _Registry.lockers.append(locker)


def lock_subject(subject: str) -> None:
    """Calls all of them: what is erased after this is all that there is."""
    for locker in _Registry.lockers:
        locker(subject)


def register_eraser(name: str, eraser: Eraser) -> None:
    """Called at start-up by the app whose rows they are. The receipt of an erasure counts them by this name."""
    _Registry.erasers[name] = eraser


def register_forgetter(name: str, eraser: Eraser) -> None:
    """As `register_eraser`, for what takes a name of the person away, by which all others find what they blank."""
    _Registry.forgetters[name] = eraser


def register_ender(name: str, ender: Ender) -> None:
    """As `register_eraser`, for the end of retention."""
    _Registry.enders[name] = ender


def enders() -> dict[str, Ender]:
    """All of them."""
    return dict(_Registry.enders)


def register_unrun_ender(ender: UnrunEnder) -> None:
    """Called at start-up by the app that knows what became of decisions."""
    _Registry.unrun = ender


def end_unrun(decisions: Collection[str], held: Collection[str]) -> int:
    """Calls it, in the caller's transaction."""
    return _Registry.unrun(decisions, held)


def erase_copies(subject: str) -> dict[str, int]:
    """Calls all of them, those that forget names last; how many rows each blanked."""
    return {name: eraser(subject) for name, eraser in (_Registry.erasers | _Registry.forgetters).items()}
