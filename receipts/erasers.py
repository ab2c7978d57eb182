"""What repeats a person's values outside the payloads: the apps above blank it where a person is erased."""

from __future__ import annotations

from collections.abc import Callable

Eraser = Callable[[str], int]
"""Blanks everything that repeats values of the subject of this id, in the caller's transaction; how many rows."""


class _Registry:
    erasers: dict[str, Eraser] = {}


def register_eraser(name: str, eraser: Eraser) -> None:
    """Called at start-up by the app whose rows they are. The receipt of an erasure counts them by this name."""
    _Registry.erasers[name] = eraser


def erase_copies(subject: str) -> dict[str, int]:
    """Calls all of them; how many rows each blanked."""
    return {name: eraser(subject) for name, eraser in _Registry.erasers.items()}
