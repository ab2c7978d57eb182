"""The form in which a reviewer changes an action: what is there now is shown, what is written is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from approvals.lifecycle.changes import value_at
from approvals.lifecycle.snapshot import Snapshot
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, StrictJSONError, load_strict

PREFIX = "to:"


@dataclass(frozen=True, slots=True)
class Editable:
    """A value that may be changed. `name` is that of its input, `written` what was written there and refused."""

    pointer: str
    value: JSON
    written: str = ""

    @property
    def name(self) -> str:
        return PREFIX + self.pointer

    @property
    def label(self) -> str:
        """The parameter's own name; of a value within one, where it lies."""
        inner = self.pointer[1:]
        return self.pointer if "/" in inner else inner.replace("~1", "/").replace("~0", "~")

    @property
    def is_text(self) -> bool:
        """Whether what is written is the text itself; anything else is written as JSON."""
        return isinstance(self.value, str)


def editables_of(
    snapshot: Snapshot | None, *, pointers: Sequence[str], written: Mapping[str, str]
) -> tuple[Editable, ...]:
    """One for each pointer that the route lists."""
    if snapshot is None:
        return ()
    return tuple(
        Editable(pointer, value_at(snapshot.parameters, pointer=pointer), written.get(PREFIX + pointer, ""))
        for pointer in pointers
    )


def changes_in(editables: Sequence[Editable]) -> dict[str, JSON]:
    """The new values, by pointer; what nothing is written for stays. Raises `invalid_form`."""
    return {each.pointer: _read(each) for each in editables if each.written}


def _read(editable: Editable) -> JSON:
    text = editable.written.replace("\r\n", "\n")
    if editable.is_text:
        return text
    try:
        return load_strict(text.encode())
    except StrictJSONError as error:
        why = f"{editable.pointer} is no text, and what is written is no JSON."
        raise ProblemError("invalid_form", status=400, why=why, fix="Write it as JSON.", param=editable.name) from error
