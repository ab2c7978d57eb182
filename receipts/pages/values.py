"""The values behind a receipt's commitments, for those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from receipts.selectors.permitted import is_permitted
from receipts.signing.canonical import JSON


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
    shown = tuple(
        OpenedValue(path, value) for path, value in said.items() if is_permitted(path, kind=kind, is_auditor=is_auditor)
    )
    return OpenedValues(shown=shown, withheld=len(said) - len(shown))
