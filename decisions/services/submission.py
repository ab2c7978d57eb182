"""The decision path: an agent asks, and is answered once what was decided is on the record.

authenticate and parse (the view) → look for an earlier answer → prepare what follows from the action alone → wait for a
turn of the session, with what else waits for it in this process → decide (`turns`) → commit → answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from django.db import DataError, Error, IntegrityError, connection, transaction

from decisions.engine.action import Action
from decisions.intake.bodies import DecideBody
from decisions.services.idempotency import Answer, Attempt, earlier_answer, mismatch
from decisions.services.preparation import prepared
from decisions.services.turns import Submission, decide
from decisions.shared_turns import Gather, SharedTurns
from receipts.access import Caller
from receipts.durability import await_disk
from receipts.rows import LostRowError
from receipts.signing.canonical import digest

# Those of other processes wait as long as a turn is.
_MOST_AT_ONCE = 16


def submit_action(*, caller: Caller, body: DecideBody, key: str) -> Answer:
    """Decides one action and returns the committed answer.

    `key` is the client's `Idempotency-Key`, or empty; then `action_id`, if there is one, serves as the key. Raises
    `not_found`, `session_ended`, `unknown_dependency`, `idempotency_mismatch`, `no_policy` and `signing_unavailable`.
    """
    attempt = Attempt(
        caller=caller.id,
        purpose="decide",
        key=key or (f"action:{body.action_id}" if body.action_id else ""),
        body_digest=digest(body.model_dump(mode="json", exclude_none=True)),
    )
    answer = earlier_answer(attempt)
    if answer is not None:
        await_disk()
        return answer
    ready = prepared(Action(tool=body.tool, operation=body.operation, parameters=body.parameters))
    submission = Submission(caller=caller, body=body, attempt=attempt, ready=ready)
    # Somebody else may have had the next place in the chain of receipts, or it is a retry beside the first.
    with suppress(IntegrityError, LostRowError):
        answer = _in_turn(submission)
    return answer or _alone(submission)


def _in_turn(submission: Submission) -> Answer | None:
    """Decided together with what this process was asked meanwhile by the same caller in the same session (ADR 22).

    Not so what depends on other actions, which may be in this very turn, nor anything inside a larger transaction, on
    which others' answers would hang.
    """
    if submission.body.depends_on or connection.in_atomic_block:
        return _decided(submission, lambda: [submission])[0]
    caller = submission.caller
    return _TURNS.take((caller.kind, caller.id, submission.body.session_id), submission)


def _alone(submission: Submission) -> Answer:
    try:
        (answer,) = _decided(submission, lambda: [submission], is_sole=True)
    except IntegrityError:
        # A retry that ran at the same time has committed first; its answer is the answer.
        answer = earlier_answer(submission.attempt)
        if answer is None:
            raise mismatch("The action_id was used before under another key.") from None
        await_disk()
    assert answer is not None
    return answer


@transaction.atomic
def _decided(first: Submission, gathered: Gather[Submission], *, is_sole: bool = False) -> Sequence[Answer | None]:
    return decide(first, gathered, is_sole=is_sole)


def _is_undone(error: Exception) -> bool:
    """Not so a failure of the connection, which can come after the COMMIT: its caller asks again, with the same key."""
    return isinstance(error, (IntegrityError, DataError)) or not isinstance(error, Error)


_TURNS = SharedTurns(_decided, most=_MOST_AT_ONCE, is_undone=_is_undone)
