"""What is known about a guarded call: which decision let it run, and with what."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from aarm import flows
from aarm.authorisation import Permit
from aarm.canonical import encode
from aarm.errors import AarmError
from aarm.flows import Flow
from aarm.outcomes import ending_of
from aarm.records import Decision, ReceiptReference

logger = logging.getLogger("aarm")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter that differs from what was asked. `is_removed` tells a removed one from one that became None."""

    name: str
    before: object
    after: object
    is_removed: bool = False

    def __str__(self) -> str:
        return f"{self.name} → {'(removed)' if self.is_removed else json.dumps(self.after, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Guarded:
    """`parameters` are the ones that the function ran with. `outcome_error` says why a report did not arrive."""

    tool: str
    decision_id: str
    decision: Decision
    parameters: Mapping[str, object]
    changes: tuple[Change, ...]
    receipt: ReceiptReference | None
    outcome_error: AarmError | None = None

    @property
    def note(self) -> str:
        """A sentence for the model."""
        if not self.changes:
            return "Executed as asked."
        by = "a reviewer" if self.decision is Decision.STEP_UP else "policy"
        return f"Executed with changes made by {by}: {', '.join(map(str, self.changes))}."


def started(permit: Permit, *, tool: str, asked: Mapping[str, object]) -> Guarded:
    """A call that is about to run."""
    return Guarded(
        tool=tool,
        decision_id=permit.verdict.decision_id,
        decision=permit.verdict.decision,
        parameters=permit.parameters,
        changes=changes_between(asked, after=permit.parameters),
        receipt=permit.verdict.receipt,
    )


def reported(call: Guarded, *, kind: type[BaseException] | None, result: object) -> Flow[AarmError | None]:
    """Tells the server how the call ended. Returns None, or why the report did not arrive.

    The action has happened, so a report that fails must not replace its result: it is logged as a warning and kept.
    """
    status, details = ending_of(kind, result=result)
    try:
        yield from flows.report_outcome(call.decision_id, status=status, details=details)
    except AarmError as error:
        logger.warning("The outcome (%s) of %s (%s) was not reported: %s", status, call.tool, call.decision_id, error)
        return error
    return None


def changes_between(asked: Mapping[str, object], *, after: Mapping[str, object]) -> tuple[Change, ...]:
    """Top-level parameters that differ, found by comparing, not by believing a list of modifications."""
    names = sorted({*asked, *after})
    return tuple(
        Change(name=name, before=asked.get(name), after=after.get(name), is_removed=name not in after)
        for name in names
        if _is_changed(asked.get(name, _ABSENT), after=after.get(name, _ABSENT))
    )


def _is_changed(before: object, *, after: object) -> bool:
    if before is _ABSENT or after is _ABSENT:
        return True
    # Canonical bytes tell 1 from true, which Python's equality does not.
    return encode(before, at="asked") != encode(after, at="answer")
