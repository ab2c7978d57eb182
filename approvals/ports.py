"""What an approval asks of the app above it, which it doesn't know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from approvals.lifecycle.route import Route
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import ApprovalRequest, User
from receipts.problems import not_found
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Opening:
    """What the app above hands over: everything frozen, nothing to look up again.

    `replaces` is the request in whose stead it is opened, `changed_by` whoever changed the action. The times are the
    route's, where none are given.
    """

    snapshot: Snapshot
    route: Route
    source: str
    action_digest: str
    policy_hash: str
    requester: str
    subject: str
    stream: str
    receipt_sections: Mapping[str, Any]
    asker: str = ""
    likeness: str = ""
    again_of: str = ""
    replaces: ApprovalRequest | None = None
    changed_by: User | None = None
    expires_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to be asked about a changed action; where `opening` is None, `refusal` says why nothing is."""

    opening: Opening | None
    refusal: str


@dataclass(frozen=True, slots=True)
class NamedRoute:
    """How people are asked by some rules of the policy that holds: their ids, or in words what else asks."""

    rules: tuple[str, ...]
    route: Route


class Above(Protocol):
    """Registered once by the app that opens requests."""

    def identity_problem(self, *, approval_id: str) -> str | None:
        """Why the identity behind the request no longer holds, in a sentence, or nothing."""

    def lock_behind(self, *, approval_id: str) -> None:
        """Locks what comes before the request in the order of locks, until the transaction ends."""

    def revise(self, *, approval_id: str, parameters: dict[str, JSON]) -> Revision:
        """What policy says of the action with these parameters; what is behind the request is locked."""

    def routes(self) -> tuple[NamedRoute, ...]:
        """The routes of the policy that holds, each different one once; none where no policy does."""

    def hold_routes(self) -> None:
        """Keeps that policy until the transaction ends. It comes before the lock of any chain of receipts."""


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


def lock_behind(*, approval_id: str) -> None:
    """As `Above.lock_behind`. Raises `not_found` where nobody knows the request."""
    if _Registry.above is None:
        raise not_found("approval")
    _Registry.above.lock_behind(approval_id=approval_id)


def revise(*, approval_id: str, parameters: dict[str, JSON]) -> Revision:
    """As `Above.revise`; nobody to ask means that nothing may be changed."""
    if _Registry.above is None:
        return Revision(opening=None, refusal="The policy behind this request can't be asked.")
    return _Registry.above.revise(approval_id=approval_id, parameters=parameters)


def routes() -> tuple[NamedRoute, ...]:
    """As `Above.routes`; nobody to ask means that nobody is asked anything."""
    return _Registry.above.routes() if _Registry.above is not None else ()


def hold_routes() -> None:
    """As `Above.hold_routes`."""
    if _Registry.above is not None:
        _Registry.above.hold_routes()
