"""A session as plain values: what happened in it, step by step, and whether its two chains hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receipts.models import Receipt
from receipts.pages.bodies import Names, text_at, value_at
from receipts.pages.stories import VERDICTS
from receipts.ports import SessionEntry, SessionRecord

_WORDS: Mapping[str, str] = {
    "request": "The original request",
    "message": "A message",
    "evidence": "A fact became known",
    "end": "The session ended",
    "child": "Part of the task was handed on",
    "erasure": "The facts were erased",
}
_COUNTED = {
    "ALLOW": "allowed",
    "MODIFY": "changed",
    "STEP_UP": "put before a human",
    "DEFER": "deferred",
    "DENY": "denied",
}
STOPPED = ("DENY", "STEP_UP", "DEFER")
FILTERS: Mapping[str, str] = {
    "": "Everything",
    "actions": "Actions",
    "stopped": "Denied, asked or deferred",
    "data": "Data seen",
}


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the session. `labels` are the kinds of data that it brought, `seen` all that were seen by then.

    `builds_on` are the steps that it depends on, `feeds` those that depend on it.
    """

    position: int
    at: datetime
    words: str
    tool: str
    operation: str
    decision: str
    detail: str
    labels: Sequence[str]
    seen: Sequence[str]
    receipt_id: str
    is_linked: bool
    builds_on: Sequence[int]
    feeds: Sequence[int]

    @property
    def is_flagged(self) -> bool:
        """Worth a look: it was stopped, or it isn't what it was."""
        return self.decision in STOPPED or not self.is_linked


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether so many of so many parts hold together; `broken` names the first that doesn't."""

    good: int
    total: int
    broken: int | None

    @property
    def is_whole(self) -> bool:
        """All are there and linked."""
        return self.good == self.total and self.broken is None


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Everything that the page says."""

    summary: str
    seen: str
    steps: Sequence[Step]
    entries: Chain
    receipts: Chain
    agent: str
    human: str


def _labels(entry: SessionEntry) -> list[str]:
    found = value_at(entry.body, "labels")
    return [str(label) for label in found] if isinstance(found, list) else []


def _detail(entry: SessionEntry) -> str:
    if entry.kind == "evidence":
        return f"{text_at(entry.body, 'field')}, {text_at(entry.body, 'trust')}, from {text_at(entry.body, 'source')}"
    return text_at(entry.body, "status") or text_at(entry.body, "role") or text_at(entry.body, "provenance")


def _step(
    entry: SessionEntry, *, seen: Sequence[str], receipts: Mapping[tuple[str, str], str], feeds: Sequence[int]
) -> Step:
    decision = text_at(entry.body, "decision")
    # An outcome's entry names the decision's id where an action's has its result.
    is_outcome = entry.kind == "outcome"
    key = {"outcome": ("outcome", decision), "end": ("end", "")}.get(entry.kind, ("decision", str(entry.position)))
    return Step(
        position=entry.position,
        at=entry.at,
        words="The agent reports" if is_outcome else _WORDS.get(entry.kind, VERDICTS.get(decision, entry.kind)),
        tool=text_at(entry.body, "tool"),
        operation=text_at(entry.body, "operation"),
        decision="" if is_outcome else decision,
        detail=_detail(entry),
        labels=_labels(entry),
        seen=seen,
        receipt_id=receipts.get(key, ""),
        is_linked=entry.is_linked,
        builds_on=entry.builds_on,
        feeds=feeds,
    )


def _steps(record: SessionRecord, *, receipts: Mapping[tuple[str, str], str]) -> list[Step]:
    found, seen, feeds = [], set[str](), defaultdict[int, list[int]](list)
    for entry in record.entries:
        for position in entry.builds_on:
            feeds[position].append(entry.position)
    for entry in record.entries:
        seen |= set(_labels(entry))
        found.append(_step(entry, seen=sorted(seen), receipts=receipts, feeds=feeds[entry.position]))
    return found


def _summary(steps: Sequence[Step]) -> str:
    counts = Counter(step.decision for step in steps if step.decision)
    parts = [f"{counts[decision]} {word}" for decision, word in _COUNTED.items() if counts[decision]]
    total = counts.total()
    return f"{total} action{'' if total == 1 else 's'}{': ' if parts else ''}{', '.join(parts)}."


def _seen(steps: Sequence[Step]) -> str:
    """Each kind of data with the step from which it was there."""
    first: dict[str, int] = {}
    for step in steps:
        for label in step.labels:
            first.setdefault(label, step.position)
    kinds = ", ".join(f"{label} from step {position}" for label, position in first.items())
    return f"Data seen: {kinds}." if kinds else "No labelled data was seen."


def _entry_chain(record: SessionRecord) -> Chain:
    good = sum(entry.is_linked for entry in record.entries)
    broken = next((entry.position for entry in record.entries if not entry.is_linked), None)
    return Chain(good=good, total=record.length, broken=broken)


def _receipt_chain(receipts: Sequence[Receipt], *, length: int) -> Chain:
    head, good, broken = None, 0, None
    for number, receipt in enumerate(receipts, start=1):
        is_linked = (receipt.position, receipt.previous_digest) == (number, head)
        good += is_linked
        broken = broken or (None if is_linked else receipt.position)
        head = receipt.digest
    return Chain(good=good, total=length, broken=broken)


_KEPT = {
    "actions": lambda step: bool(step.decision),
    "stopped": lambda step: step.decision in STOPPED,
    "data": lambda step: bool(step.labels),
}


def session_page(
    record: SessionRecord, *, receipts: Sequence[Receipt], places: Mapping[tuple[str, str], str], length: int,
    only: str, names: Names
) -> SessionPage:  # fmt: skip
    """The page. `places` leads from an entry to its receipt, and `length` is the receipt chain's."""
    steps = _steps(record, receipts=places)
    keep = _KEPT.get(only)
    return SessionPage(
        summary=_summary(steps),
        seen=_seen(steps),
        steps=[step for step in steps if keep(step)] if keep else steps,
        entries=_entry_chain(record),
        receipts=_receipt_chain(receipts, length=length),
        agent=names.get(record.agent, record.agent),
        human=names.get(record.human, record.human),
    )
