"""What the server answers, as plain values. Words are the ones of the HTTP contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Decision(StrEnum):
    """What policy said when it was asked."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    MODIFY = "MODIFY"
    STEP_UP = "STEP_UP"
    DEFER = "DEFER"


class Effective(StrEnum):
    """What that means now. Only ALLOW lets an action run."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    PENDING = "PENDING"


class OutcomeStatus(StrEnum):
    """What came of an action."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReceiptReference:
    """Where the signed receipt of this answer is, and the `sha256:` digest of its envelope."""

    id: str
    digest: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An approval or a deferral: `state` in upper case; `url` and `code` only for an approval; `expires_at` aware."""

    id: str
    state: str
    expires_at: datetime | None
    url: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a reviewer asks the agent before deciding; `Client.answer` answers it, once."""

    id: str
    text: str
    asked_at: datetime | None
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer to one action, already checked against the request's digest.

    `parameters` are the final ones and present exactly when `effective` is ALLOW; so is `receipt`. `questions` are
    those to the agent while a person has yet to decide. `raw` is the whole object as the server sent it, for fields
    that the SDK does not read.
    """

    decision_id: str
    decision: Decision
    effective: Effective
    request_digest: str
    reason: str
    reason_code: str
    parameters: Mapping[str, object] | None
    action_digest: str | None
    approval: Waiting | None
    deferral: Waiting | None
    receipt: ReceiptReference | None
    questions: tuple[Question, ...]
    retry_after_seconds: float | None
    raw: Mapping[str, object] = field(repr=False)

    @property
    def waiting(self) -> Waiting | None:
        """The approval or, without one, the deferral that the answer waits for."""
        return self.approval or self.deferral


@dataclass(frozen=True, slots=True)
class Claim:
    """The single use of an approved action: exactly these `parameters` may run, before `lease_expires_at`."""

    claim_id: str
    parameters: Mapping[str, object]
    lease_expires_at: datetime | None
    credentials: Mapping[str, object] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `request_provenance` is `attested` (a host said it) or `asserted` (the agent did)."""

    session_id: str
    request_provenance: str | None
