"""The steps of a session: its entries with the receipts that were issued about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from receipts.models import Receipt
from receipts.pages.bodies import text_at, value_at
from receipts.pages.stories import VERDICTS
from receipts.ports import SessionEntry, SessionRecord
from receipts.signing.canonical import JSON
from receipts.signing.errors import VerificationError
from receipts.signing.statement import ReceiptType, parse_statement

_WORDS: Mapping[str, str] = {
    "request": "The original request",
    "message": "A message",
    "evidence": "A fact became known",
    "outcome": "The agent reports",
    "end": "The session ended",
    "child": "Part of the task was handed on",
    "erasure": "The facts were erased",
}
# Which kind of entry is written with a receipt of which type.
_ENTRIES: Mapping[str, str] = {
    ReceiptType.DECISION: "action",
    ReceiptType.OUTCOME: "outcome",
    ReceiptType.SESSION_ENDED: "end",
}
STOPPED = ("DENY", "STEP_UP", "DEFER")


@dataclass(frozen=True, slots=True)
class Drift:
    """How far an action is from the request, the session with it, and how far it may be; None where nobody knows."""

    distance: float | None = None
    cumulative: float | None = None
    threshold: float | None = None

    @property
    def is_above(self) -> bool:
        """Whether the session counts as adrift."""
        return self.cumulative is not None and self.threshold is not None and self.cumulative > self.threshold


_UNTOLD = Drift()


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the session. `labels` are the kinds of data that it brought, `seen` all that were seen by then.

    `answer` is how people or evidence ended what was stopped. `consequence` says what the tool does. `is_outside` says
    that text came in that nobody vouches for: a tool's output, or a model's words. `builds_on` are the steps that it
    depends on, `feeds` those that depend on it.
    """

    position: int
    at: datetime
    words: str
    tool: str
    operation: str
    decision: str
    risk: str
    drift: Drift
    answer: str
    consequence: str
    detail: str
    labels: Sequence[str]
    seen: Sequence[str]
    receipt_id: str
    is_linked: bool
    is_outside: bool
    builds_on: Sequence[int]
    feeds: Sequence[int]

    @property
    def is_flagged(self) -> bool:
        """Worth a look: it was stopped, or it isn't what it was."""
        return self.decision in STOPPED or not self.is_linked


@dataclass(frozen=True, slots=True)
class Told:
    """What the signed bytes of a receipt say that a step shows."""

    id: str
    decision_id: str
    risk: str
    drift: Drift


@dataclass(frozen=True, slots=True)
class Issued:
    """The receipts of a stretch: by kind and position of the entry that they were issued with.

    `answers` are the last states of approvals and deferrals by decision.
    """

    places: Mapping[tuple[str, str], Told]
    answers: Mapping[str, str]


def issued_in(receipts: Iterable[Receipt]) -> Issued:
    """Reads the signed bytes. Of an action the first receipt counts: one that a broken record denied has no entry."""
    places: dict[tuple[str, str], Told] = {}
    answers: dict[str, str] = {}
    for receipt in receipts:
        try:
            body = parse_statement(bytes(receipt.body)).body
        except VerificationError:
            continue
        decision = text_at(body, "decision.id")
        if receipt.type in (ReceiptType.APPROVAL_TERMINAL, ReceiptType.DEFERRAL_TERMINAL):
            answers[decision] = text_at(body, "outcome.status")
        place = (_ENTRIES.get(receipt.type, ""), text_at(body, "context.position"))
        told = Told(receipt.pk, decision, text_at(body, "decision.risk_level"), _drift(body))
        places.setdefault(place, told)
    return Issued(places, answers)


_DRIFT = {
    "distance": "decision.signals.semantic_distance",
    "cumulative": "decision.signals.cumulative_distance",
    "threshold": "identity.drift_threshold",
}


def _drift(body: Mapping[str, JSON]) -> Drift:
    """Receipts of before distances were taken say nothing of them."""
    found = {name: value_at(body, path) for name, path in _DRIFT.items()}
    return Drift(**{name: float(value) for name, value in found.items() if _is_share(value)})


def _is_share(value: object) -> TypeGuard[float]:
    """Whether it is a number from 0 to 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def labels_of(entry: SessionEntry) -> list[str]:
    """The kinds of data that it brought."""
    found = value_at(entry.body, "labels")
    return [str(label) for label in found] if isinstance(found, list) else []


def _detail(entry: SessionEntry) -> str:
    if entry.kind == "evidence":
        return f"{text_at(entry.body, 'field')}, {text_at(entry.body, 'trust')}, from {text_at(entry.body, 'source')}"
    return next(filter(None, (text_at(entry.body, name) for name in ("status", "role", "child", "provenance"))), "")


def _is_outside(entry: SessionEntry) -> bool:
    """A tool's output came back, or a model spoke."""
    if entry.kind == "outcome":
        return bool(value_at(entry.body, "commitments"))
    return entry.kind == "message" and text_at(entry.body, "role") == "model"


def _step(entry: SessionEntry, *, seen: Sequence[str], issued: Issued, feeds: Sequence[int]) -> Step:
    is_action = entry.kind == "action"
    # An outcome's entry names the decision's id where an action's has its result.
    decision = text_at(entry.body, "decision")
    told = issued.places.get((entry.kind, str(entry.position)), Told("", "", "", _UNTOLD))
    return Step(
        position=entry.position,
        at=entry.at,
        words=_WORDS.get(entry.kind, VERDICTS.get(decision, entry.kind)),
        tool=text_at(entry.body, "tool"),
        operation=text_at(entry.body, "operation"),
        decision=decision if is_action else "",
        risk=told.risk if is_action else "",
        drift=told.drift if is_action else _UNTOLD,
        answer=issued.answers.get(told.decision_id, "") if is_action else "",
        consequence=entry.consequence,
        detail=_detail(entry),
        labels=labels_of(entry),
        seen=seen,
        receipt_id=told.id,
        is_linked=entry.is_linked,
        is_outside=_is_outside(entry),
        builds_on=entry.builds_on,
        feeds=feeds,
    )


def steps_of(record: SessionRecord, *, receipts: Iterable[Receipt]) -> list[Step]:
    """In order. What was seen before the stretch counts as seen from its first step on."""
    issued = issued_in(receipts)
    feeds = defaultdict[int, list[int]](list)
    for entry in record.entries:
        for position in entry.builds_on:
            feeds[position].append(entry.position)
    brought = {label for entry in record.entries for label in labels_of(entry)}
    seen = set(record.labels) - brought if record.start else set[str]()
    found = []
    for entry in record.entries:
        seen |= set(labels_of(entry))
        found.append(_step(entry, seen=sorted(seen), issued=issued, feeds=feeds[entry.position]))
    return found
