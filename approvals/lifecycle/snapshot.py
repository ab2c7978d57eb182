"""What the human saw, frozen: the snapshot, its digest, the digest of the view, and the code that people compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import MISSING, Field, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from approvals.lifecycle.errors import SnapshotError
from receipts.signing.canonical import JSON, digest

JSONObject: TypeAlias = dict[str, JSON]

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Douglas Crockford's base 32: no I, L, O and U, so that a code survives being read aloud."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Source(StrEnum):
    """What made the engine ask a human. The two must look different."""

    STEP_UP = "STEP_UP"
    DEFER = "DEFER"


class RiskLevel(StrEnum):
    """How much harm the action could do, by the server's reckoning."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class Provenance(StrEnum):
    """Who vouches for the original request: the host application, or only the agent itself."""

    ATTESTED = "attested"
    ASSERTED = "asserted"


@dataclass(frozen=True, slots=True)
class PriorStep:
    """One earlier action of the session: its position from 1, `tool.operation`, what was decided, and when (aware)."""

    position: int
    action: str
    decision: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise SnapshotError("A prior step has a time without a zone.", fix="Give every time as aware UTC.")

    def to_dict(self) -> JSONObject:
        """The JSON form; the time is RFC 3339 in UTC with microseconds."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"position": self.position, "action": self.action, "decision": self.decision, "at": at}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PriorStep:
        """The step that `to_dict` wrote. Raises `SnapshotError` for any other shape."""
        try:
            return cls(**{**data, "at": datetime.fromisoformat(data["at"])})
        except (KeyError, TypeError, ValueError):
            raise _shape_error("session_so_far") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that a reviewer is shown of one request, on every surface.

    Texts are as they came; only `render` makes them fit to be shown. `consequence`, `reason` and `risk_level` are the
    server's, `explanation` is the agent's own and unverified. `parameters` are the final ones that will run, and
    `original_parameters` what the agent asked for where a policy changed it. `modifications` are objects with `path`,
    `from` and `to` (absent where there was or will be nothing) and `rule_id`; `evidence` objects say which context
    arrived from where. `steps` are the actions inside one that stands for others, in reading order: objects with
    `tool`, `operation`, `parameters`, `decision`, `rule` and `only_carries`. `turned_down` are earlier requests for the
    same thing, newest first: objects with `id`, `state` and `at`. `changes` are what reviewers have changed since the
    agent asked, in order: objects with `path`, `from`, `to` and, as `by`, the person's random id. `not_granted` says of
    each earlier grant for the same operation why it doesn't cover this: objects with `grant`, `why` and, where single
    parameters are outside, their names as `parameters`. `delegation` names who lies between the human and the agent.
    `origins` say where parameters' texts stood before (`approvals.lifecycle.origins`), `novelties` what the action is
    the first to do, `estimates` what is only estimated about it, `questions` what the policy's author wants judged.
    `masks` say where secrets stand in all this, which pages cover (`approvals.lifecycle.masking`): objects with `path`,
    `start`, `end` and `kind`. `environment` is named where it is not LIVE. `nonce` is random text from the caller that
    keeps a guessable snapshot from being found by its digest; it is erased together with the snapshot.

    The object keeps copies of the JSON that it is given. Raises `SnapshotError` for a value of the wrong kind.
    """

    tool: str
    operation: str
    parameters: JSONObject
    original_request: str
    request_provenance: Provenance
    agent: str
    session: str
    consequence: str
    reason: str
    policy_id: str
    policy_version: str
    policy_hash: str
    risk_level: RiskLevel
    source: Source
    original_parameters: JSONObject | None = None
    modifications: tuple[JSONObject, ...] = ()
    explanation: str | None = None
    human: str | None = None
    service: str | None = None
    scope: tuple[str, ...] = ()
    delegation: tuple[str, ...] = ()
    rule_id: str | None = None
    data_kinds: tuple[str, ...] = ()
    session_so_far: tuple[PriorStep, ...] = ()
    context_needed: tuple[str, ...] = ()
    evidence: tuple[JSONObject, ...] = ()
    environment: str | None = None
    steps: tuple[JSONObject, ...] = ()
    origins: tuple[JSONObject, ...] = ()
    novelties: tuple[str, ...] = ()
    estimates: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    turned_down: tuple[JSONObject, ...] = ()
    changes: tuple[JSONObject, ...] = ()
    not_granted: tuple[JSONObject, ...] = ()
    masks: tuple[JSONObject, ...] = ()
    nonce: str | None = None

    def __post_init__(self) -> None:
        for entry in fields(self):
            object.__setattr__(self, entry.name, _checked(entry, value=getattr(self, entry.name)))

    def to_dict(self) -> JSONObject:
        """The JSON form that is stored and digested.

        Optional values that are absent are left out, so a later release may add one without changing any digest.
        """
        values = ((entry, getattr(self, entry.name)) for entry in fields(self))
        return {entry.name: _encoded(value) for entry, value in values if value != entry.default}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Snapshot:
        """The snapshot that `to_dict` wrote. Raises `SnapshotError` for unknown, missing or malformed members."""
        names = {entry.name for entry in fields(cls)}
        required = {entry.name for entry in fields(cls) if entry.default is MISSING}
        for name in sorted((set(data) - names) | (required - set(data))):
            raise _shape_error(name)
        steps = data.get("session_so_far", [])
        if not isinstance(steps, list):
            raise _shape_error("session_so_far")
        return cls(**{**data, "session_so_far": tuple(PriorStep.from_dict(step) for step in steps)})

    @property
    def digest(self) -> str:
        """`sha256:…` of the canonical JSON form; changes with anything that a reviewer could see."""
        return digest(self.to_dict())


def view_digest(*, action_digest: str, snapshot_digest: str, policy_hash: str, projection: str = "web/1") -> str:
    """The digest that a vote must carry: what was shown, for which action, under which policy, by which projection.

    The three digests are `sha256:` and 64 hexadecimal digits; `projection` names the surface and its version. It does
    not depend on the reader's language. Raises `SnapshotError` for anything else.
    """
    digests = {"action_digest": action_digest, "snapshot_digest": snapshot_digest, "policy_hash": policy_hash}
    for name, value in digests.items():
        _require_digest(value, name=name)
    if not projection:
        raise SnapshotError("The view names no projection.", fix="Name the surface and its version, as in web/1.")
    return digest({"domain": "aarm/view/v1", "projection": projection, **digests})


def match_code(action_digest: str) -> str:
    """The first 60 bits of the digest as `K7QF-2M9D-X4TB`, for people to compare between surfaces.

    It is never a key or a lookup: who shapes the action can grind a short code. Raises `SnapshotError` for anything
    but `sha256:` and 64 hexadecimal digits.
    """
    _require_digest(action_digest, name="action_digest")
    bits = int(action_digest.removeprefix("sha256:")[:15], 16)
    letters = "".join(CROCKFORD[bits >> shift & 31] for shift in range(55, -1, -5))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def _require_digest(value: str, *, name: str) -> None:
    if not _DIGEST.fullmatch(value):
        raise SnapshotError(f"{name} is not a SHA-256 digest.", fix="Give it as sha256: and 64 lower-case hex digits.")


def _shape_error(name: str) -> SnapshotError:
    return SnapshotError(
        f"The member {name!a} of the snapshot is unknown, missing or malformed.",
        fix="Give what the Snapshot class describes; stored ones exactly as Snapshot.to_dict() returned them.",
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _json_object(value: Any) -> JSONObject:
    if not isinstance(value, Mapping):
        raise TypeError
    return deepcopy(dict(value))


def _step(value: Any) -> PriorStep:
    if not isinstance(value, PriorStep):
        raise TypeError
    return value


def _or_none(kind: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda value: None if value is None else kind(value)


def _tuple_of(kind: Callable[[Any], object]) -> Callable[[Any], object]:
    def items(value: Any) -> tuple[object, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple(kind(item) for item in value)

    return items


_KINDS: Mapping[str, Callable[[Any], object]] = {
    "str": _text,
    "str | None": _or_none(_text),
    "tuple[str, ...]": _tuple_of(_text),
    "JSONObject": _json_object,
    "JSONObject | None": _or_none(_json_object),
    "tuple[JSONObject, ...]": _tuple_of(_json_object),
    "tuple[PriorStep, ...]": _tuple_of(_step),
    "Source": Source,
    "RiskLevel": RiskLevel,
    "Provenance": Provenance,
}
"""For each annotation of `Snapshot` what makes a value of that kind, or raises TypeError or ValueError."""


def _checked(entry: Field[Any], *, value: object) -> object:
    try:
        return _KINDS[str(entry.type)](value)
    except (TypeError, ValueError):
        raise _shape_error(entry.name) from None


def _encoded(value: object) -> Any:
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, PriorStep):
        return value.to_dict()
    return str(value) if isinstance(value, str) else deepcopy(value)
