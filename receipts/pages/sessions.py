"""A session as plain values: what happened in it, step by step, and whether its two chains hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from receipts.models import Receipt
from receipts.pages.bodies import Names
from receipts.pages.charts import Chart, chart_of
from receipts.pages.distances import DistanceChart, distances_of, told_of
from receipts.pages.steps import Step, steps_of
from receipts.ports import SessionRecord

_COUNTED = {
    "ALLOW": "allowed",
    "MODIFY": "changed",
    "STEP_UP": "put before a human",
    "DEFER": "deferred",
    "DENY": "denied",
}
_KEPT: Mapping[str, tuple[str, Callable[[Step], bool]]] = {
    "": ("Everything", lambda step: True),
    "actions": ("Actions", lambda step: bool(step.decision)),
    "flagged": ("Flagged", lambda step: step.is_flagged),
    "data": ("Data seen", lambda step: bool(step.labels)),
    "outside": ("From outside", lambda step: step.is_outside),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A way to leave steps out; `only` is what the address says, `count` how many stay."""

    only: str
    words: str
    href: str
    count: int
    is_current: bool


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
    """Everything that the page says. `earlier`, `newest` and `here` lead to stretches of a long session."""

    summary: str
    seen: str
    stretch: str
    filters: Sequence[Filter]
    drift: str
    chart: Chart | None
    distances: DistanceChart | None
    steps: Sequence[Step]
    entries: Chain
    receipts: Chain
    agent: str
    human: str
    earlier: str
    newest: str
    here: str
    is_live: bool


def _summary(record: SessionRecord) -> str:
    counts = {decision: record.decided.get(decision, 0) for decision in _COUNTED}
    total = sum(counts.values())
    parts = [f"{count} {_COUNTED[decision]}" for decision, count in counts.items() if count]
    return f"{total} action{'' if total == 1 else 's'}{': ' if parts else ''}{', '.join(parts)}."


def _seen(record: SessionRecord, steps: Sequence[Step]) -> str:
    """Each kind of data with the step from which it was there."""
    first: dict[str, str] = {}
    for step in steps:
        for label in step.seen:
            first.setdefault(label, f"from step {step.position}" if label in step.labels else "from an earlier step")
    kinds = ", ".join(f"{label} {since}" for label, since in first.items())
    return f"Data seen: {kinds}." if kinds else "No labelled data was seen."


def _entry_chain(record: SessionRecord) -> Chain:
    good = sum(entry.is_linked for entry in record.entries)
    broken = next((entry.position for entry in record.entries if not entry.is_linked), None)
    return Chain(good=good, total=record.end - record.start, broken=broken)


def _receipt_chain(receipts: Sequence[Receipt], *, has_first: bool, length: int | None) -> Chain:
    """A stretch may begin anywhere unless it has the first. `length` is the chain's, where it reaches to its end."""
    first = 1 if has_first or not receipts else receipts[0].position
    head = receipts[0].previous_digest if receipts and first > 1 else None
    good, broken = 0, None
    for number, receipt in enumerate(receipts, start=first):
        is_linked = (receipt.position, receipt.previous_digest) == (number, head)
        good += is_linked
        broken = broken or (None if is_linked else receipt.position)
        head = receipt.digest
    last = length if length is not None else first + len(receipts) - 1
    return Chain(good=good, total=last - first + 1, broken=broken)


def _decided(decision: str) -> Callable[[Step], bool]:
    return lambda step: step.decision == decision


def _brought(label: str) -> Callable[[Step], bool]:
    return lambda step: label in step.labels


def _asking(**parts: str) -> str:
    return "?" + urlencode({name: value for name, value in parts.items() if value})


def _filters(steps: Sequence[Step], *, only: str, before: str) -> tuple[list[Filter], Callable[[Step], bool]]:
    """Those that leave something, with one for each decision and each kind of data; and the one that is asked for."""
    known = dict(_KEPT)
    known |= {f"decision:{decision}": (decision, _decided(decision)) for decision in _COUNTED}
    labels = sorted({label for step in steps for label in step.labels})
    known |= {f"data:{label}": (label, _brought(label)) for label in labels}
    found = []
    for name, (words, keeps) in known.items():
        count, is_current = sum(map(keeps, steps)), name == only
        if count or is_current:
            found.append(Filter(name, words, _asking(only=name, before=before), count, is_current))
    return found, known.get(only, known[""])[1]


def _stretch(record: SessionRecord) -> str:
    is_part = record.end - record.start < record.length
    return f"Steps {record.start + 1:,} to {record.end:,} of {record.length:,}." if is_part else ""


def session_page(
    record: SessionRecord, *, receipts: Iterable[Receipt], length: int, only: str, before: str, names: Names
) -> SessionPage:
    """The page. `receipts` are those of the stretch, in order; `length` is the receipt chain's."""
    issued, is_newest = list(receipts), record.end == record.length
    steps = steps_of(record, receipts=issued)
    filters, keeps = _filters(steps, only=only, before=before)
    return SessionPage(
        summary=_summary(record),
        seen=_seen(record, steps),
        stretch=_stretch(record),
        filters=filters,
        drift=told_of(steps),
        chart=chart_of(steps),
        distances=distances_of(steps),
        steps=[step for step in steps if keeps(step)],
        entries=_entry_chain(record),
        receipts=_receipt_chain(issued, has_first=not record.start, length=length if is_newest else None),
        agent=names.get(record.agent, record.agent),
        human=names.get(record.human, record.human),
        earlier=f"?before={record.start + 1}" if record.start else "",
        newest="" if is_newest else "?",
        here=_asking(only=only, before=before),
        is_live=is_newest and record.ended_at is None,
    )
