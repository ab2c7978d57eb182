"""What an approval asks of the app above it, which it doesn't know."""

from __future__ import annotations

from typing import Protocol


class Above(Protocol):
    """Registered once by the app that opens requests."""

    def identity_problem(self, *, approval_id: str) -> str | None:
        """Why the identity behind the request no longer holds, in a sentence, or nothing."""


class _Registry:
    above: Above | None = None


def register_above(above: Above) -> None:
    """Called at start-up."""
    _Registry.above = above


def identity_problem(*, approval_id: str) -> str | None:
    """As `Above.identity_problem`; nobody to ask means that nothing can be vouched for."""
    if _Registry.above is None:
        return "The identity behind this request can't be checked."
    return _Registry.above.identity_problem(approval_id=approval_id)
