"""Who is asked and for how long, frozen into a request when it is opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType

from approvals.lifecycle.errors import RouteError
from approvals.lifecycle.parties import read_party
from approvals.lifecycle.quorum import Stage
from receipts.signing.canonical import JSON

LIMITS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "timeout_seconds": (1, 30 * 24 * 3600),
        "hold_seconds": (0, 30),
        "claim_seconds": (1, 24 * 3600),
        "denials": (1, 20),
    }
)
"""The least and the most that each number may be; times are in seconds."""

# What routes have learned since the first of them were stored, and what it is where a stored one doesn't say.
_LEARNED: Mapping[str, JSON] = MappingProxyType({"denials": 1, "escalation": [], "editable": []})

_LISTS = ("escalation", "editable")


@dataclass(frozen=True, slots=True)
class Step:
    """Whoever is in one of `parties` is asked too, `after_seconds` after the request was opened and still undecided.

    From then on they may fill a seat of any stage: the question gets more people, never fewer that are needed.
    """

    after_seconds: int
    parties: tuple[str, ...]

    def to_dict(self) -> JSON:
        """The JSON form that a request stores."""
        return {"after_seconds": self.after_seconds, "parties": list(self.parties)}


@dataclass(frozen=True, slots=True)
class Route:
    """The stages of a request and its times in whole seconds.

    `timeout_seconds` is how long people may decide, `hold_seconds` how long an approval can be undone before the agent
    sees it, `claim_seconds` how long the agent then has to claim it, and `denials` how many people have to say no.
    `editable` are JSON pointers to what a reviewer may change of the action before approving it.
    The steps of `escalation` come one after the other and before the time is over. Raises `RouteError` for numbers
    outside `LIMITS`, for no stages, for steps in no order, and for names that nobody could bear.
    """

    stages: tuple[Stage, ...]
    timeout_seconds: int = field(kw_only=True)
    hold_seconds: int = field(default=5, kw_only=True)
    claim_seconds: int = field(default=1800, kw_only=True)
    denials: int = field(default=1, kw_only=True)
    escalation: tuple[Step, ...] = field(default=(), kw_only=True)
    editable: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if not self.stages:
            raise RouteError("The route asks nobody.", fix="Name at least one group and how many of it must approve.")
        for name, (least, most) in LIMITS.items():
            _require_number(getattr(self, name), name=name, least=least, most=most)
        for name in self.parties:
            read_party(name)
        _require_order(self.escalation, timeout_seconds=self.timeout_seconds)

    @property
    def parties(self) -> tuple[str, ...]:
        """Every name that is asked, at once or later, each once and in the order of asking."""
        named = [stage.group for stage in self.stages]
        return tuple(dict.fromkeys([*named, *(name for step in self.escalation for name in step.parties)]))

    def renamed(self, names: Mapping[str, str]) -> Route:
        """The same route with other names for these parties."""
        return replace(
            self,
            stages=tuple(replace(stage, group=names.get(stage.group, stage.group)) for stage in self.stages),
            escalation=tuple(
                replace(step, parties=tuple(names.get(name, name) for name in step.parties)) for step in self.escalation
            ),
        )

    def seats_of(self, parties: Collection[str]) -> frozenset[str]:
        """The stages' names whose seats somebody may fill who votes as `parties`: all, for whom an escalation asked."""
        stages = frozenset(stage.group for stage in self.stages)
        escalated = {name for step in self.escalation for name in step.parties}
        return stages if escalated & set(parties) - stages else stages & set(parties)

    def step_at(self, number: int, *, opened_at: datetime) -> datetime:
        """When the step of this number, counted from 1, is due for a request that was opened then."""
        return opened_at + timedelta(seconds=self.escalation[number - 1].after_seconds)

    def closes_at(self, opened_at: datetime) -> datetime:
        """The hard cap: however often the time to decide is extended, it is over then."""
        return opened_at + timedelta(seconds=min(2 * self.timeout_seconds, LIMITS["timeout_seconds"][1]))

    def expires_at(self, opened_at: datetime) -> datetime:
        """When voting ends for a request that was opened then."""
        return opened_at + timedelta(seconds=self.timeout_seconds)

    def release_at(self, quorum_at: datetime) -> datetime:
        """When an approval whose quorum was reached then is released to the agent."""
        return quorum_at + timedelta(seconds=self.hold_seconds)

    def claim_expires_at(self, release_at: datetime) -> datetime:
        """When an approval that is released then can no longer be claimed."""
        return release_at + timedelta(seconds=self.claim_seconds)

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form that a request stores."""
        stages: list[JSON] = [{"group": stage.group, "count": stage.count} for stage in self.stages]
        steps: list[JSON] = [step.to_dict() for step in self.escalation]
        more: dict[str, JSON] = {"escalation": steps, "editable": list[JSON](self.editable)}
        return {"stages": stages} | more | {name: getattr(self, name) for name in LIMITS}

    @classmethod
    def from_dict(cls, data: Mapping[str, JSON]) -> Route:
        """The route that `to_dict` stored. Raises `RouteError` for any other shape, `QuorumError` for a bad stage."""
        whole = {**_LEARNED, **data}
        if set(whole) != {"stages", *_LISTS, *LIMITS}:
            raise _shape_error()
        numbers = {name: _whole_number(whole[name]) for name in LIMITS}
        editable = _texts(whole["editable"])
        return cls(_stages(whole["stages"]), escalation=_steps(whole["escalation"]), editable=editable, **numbers)


def _stages(items: JSON) -> tuple[Stage, ...]:
    if not isinstance(items, list):
        raise _shape_error()
    return tuple(_stage(item) for item in items)


def _stage(item: JSON) -> Stage:
    if not isinstance(item, dict) or set(item) != {"group", "count"}:
        raise _shape_error()
    group = item["group"]
    if not isinstance(group, str):
        raise _shape_error()
    return Stage(group=group, count=_whole_number(item["count"]))


def _steps(items: JSON) -> tuple[Step, ...]:
    if not isinstance(items, list):
        raise _shape_error()
    return tuple(_step(item) for item in items)


def _step(item: JSON) -> Step:
    if not isinstance(item, dict) or set(item) != {"after_seconds", "parties"}:
        raise _shape_error()
    parties = _texts(item["parties"])
    if not parties:
        raise _shape_error()
    return Step(_whole_number(item["after_seconds"]), parties)


def _texts(items: JSON) -> tuple[str, ...]:
    if not isinstance(items, list):
        raise _shape_error()
    return tuple(_text(item) for item in items)


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise _shape_error()
    return value


def _require_order(steps: tuple[Step, ...], *, timeout_seconds: int) -> None:
    times = [0, *(step.after_seconds for step in steps), timeout_seconds]
    if any(earlier >= later for earlier, later in pairwise(times)):
        raise RouteError(
            "The steps of the escalation are in no order, or later than the time is over.",
            fix="Let their times rise, and end before timeout_seconds.",
        )


def _whole_number(value: JSON) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _shape_error()
    return value


def _require_number(value: object, *, name: str, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise RouteError(
            f"{name} must be a whole number from {least:,} to {most:,}, not {value!r}.",
            fix=f"Choose a {name} in that range.",
        )


def _shape_error() -> RouteError:
    return RouteError(
        "The stored route does not have the shape of a route.", fix="Store exactly what Route.to_dict() returns."
    )
