"""The values behind a receipt's commitments, for those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

# What reviewers don't get to see although they voted on the action: words among auditors, everything that an evaluation
# knew of the session, and what a tool returned.
_FOR_AUDITORS = frozenset({"private_note", "evaluation"})
_KINDS_FOR_AUDITORS = frozenset({ReceiptType.OUTCOME.value})


@dataclass(frozen=True, slots=True)
class OpenedValue:
    """A value behind a commitment."""

    path: str
    value: JSON


@dataclass(frozen=True, slots=True)
class OpenedValues:
    """What this reader may see of a receipt's values; `withheld` counts what is for auditors only."""

    shown: tuple[OpenedValue, ...]
    withheld: int


def values_for(values: Mapping[str, JSON], *, kind: str, is_auditor: bool) -> OpenedValues:
    """The opened values in the order of their paths, without those that are empty or not for this reader."""
    said = {path: value for path, value in sorted(values.items()) if value != ""}
    hidden = (
        {path for path in said if path in _FOR_AUDITORS or kind in _KINDS_FOR_AUDITORS} if not is_auditor else set()
    )
    shown = tuple(OpenedValue(path, value) for path, value in said.items() if path not in hidden)
    return OpenedValues(shown=shown, withheld=len(hidden))
