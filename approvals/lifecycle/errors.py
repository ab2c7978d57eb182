"""What can go wrong in the life of an approval.

LifecycleError                    code, why, fix
├── TransitionError               the event cannot happen in this state
├── DeadlineError                 a stored request lacks the deadline that its state needs
├── QuorumError                   stages or ballots that no honest tally can be made of
├── RouteError                    a route with an impossible time, or one that was stored in another shape
├── ScheduleError                 turns or covers that name nobody or end before they begin
├── DelegationError               a deputy of oneself, in a circle, or too far away
├── ChangeError                   a change that the rule doesn't permit, or that changes nothing
├── GrantError                    a grant of more than may be granted
├── SnapshotError                 a snapshot or digest that is not in the form that people are shown
└── RenderError                   a request to show text in no space at all
"""

from __future__ import annotations

from typing import ClassVar


class LifecycleError(Exception):
    """The base of the package: `code` is stable, `why` and `fix` are one sentence each."""

    code: ClassVar[str] = "lifecycle"

    def __init__(self, why: str, *, fix: str) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix


class TransitionError(LifecycleError):
    """The event cannot happen in this state."""

    code = "not_possible_now"


class DeadlineError(LifecycleError):
    """A stored request lacks the deadline that its state needs. It is refused: no deadline would mean for ever."""

    code = "deadline_missing"


class QuorumError(LifecycleError):
    """Stages or ballots that no honest tally can be made of."""

    code = "invalid_quorum"


class RouteError(LifecycleError):
    """A route with an impossible time, or one that was stored in another shape."""

    code = "invalid_route"


class ScheduleError(LifecycleError):
    """Turns or covers that name nobody or end before they begin."""

    code = "invalid_schedule"


class DelegationError(LifecycleError):
    """A deputy of oneself, in a circle, or too far away."""

    code = "invalid_delegation"


class ChangeError(LifecycleError):
    """A change that the rule doesn't permit, that fits nowhere, or that changes nothing."""

    code = "cannot_change"


class GrantError(LifecycleError):
    """A grant of more than may be granted, or one that was stored in another shape."""

    code = "cannot_grant"


class SnapshotError(LifecycleError):
    """A snapshot or digest that is not in the form that people are shown."""

    code = "invalid_snapshot"


class RenderError(LifecycleError):
    """A request to show text in no space at all."""

    code = "invalid_limit"
