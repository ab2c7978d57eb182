"""A lost response must not strand the work: the same key and body get the same bytes again (APR-38, APR-39)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from decisions.models import IdempotentAnswer
from decisions.selectors.values import erased
from receipts.problems import ProblemError
from receipts.reads import RowRead
from receipts.rows import Batch
from receipts.signing.canonical import JSON, canonical_bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire: the status and the exact bytes."""

    status: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as idempotency sees it. `key` is empty where the client sent none."""

    caller: str
    purpose: str
    key: str
    body_digest: str


_EARLIER = RowRead(IdempotentAnswer, where="r.caller = %s AND r.purpose = %s AND r.key = %s")


def mismatch(why: str) -> ProblemError:
    """422, the only one."""
    return ProblemError("idempotency_mismatch", status=422, why=why, fix="Use a new key for another action.")


def earlier_answer(attempt: Attempt) -> Answer | None:
    """What this caller was answered under this key before, if anything. Raises `idempotency_mismatch` and `erased`."""
    if not attempt.key:
        return None
    found = _EARLIER.one(attempt.caller, attempt.purpose, attempt.key)
    if found is None:
        return None
    if not found.answer:
        # A retry must find that its action was submitted, and not submit another.
        raise erased()
    if found.body_digest != attempt.body_digest:
        raise mismatch("The key was used before with another body.")
    return Answer(status=found.status, content=bytes(found.answer))


def remember(
    attempt: Attempt, *, status: int, content: Mapping[str, JSON], at: datetime, batch: Batch | None = None
) -> Answer:
    """Keeps the answer in the caller's transaction and returns it. Two at once collide on the unique key."""
    answer = Answer(status=status, content=canonical_bytes(dict(content)))
    if attempt.key:
        row = IdempotentAnswer(
            caller=attempt.caller,
            purpose=attempt.purpose,
            key=attempt.key,
            body_digest=attempt.body_digest,
            status=status,
            answer=answer.content,
            created_at=at,
        )
        rows = batch or Batch()
        rows.inserts.append(row)
        if batch is None:
            rows.write()
    return answer
