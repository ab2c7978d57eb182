"""Everything that the page of one request says."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.lifecycle.snapshot import Snapshot
from approvals.pages.endings import Ending, ending_of
from approvals.pages.parameters import Parameter, parameters_of, target_of
from approvals.pages.quorum import Quorum, quorum_of
from approvals.pages.steps import InnerStep, steps_of
from approvals.selectors import ShownRequest
from receipts.signing.canonical import JSON, canonical_bytes


@dataclass(frozen=True, slots=True)
class RawText:
    """Something as it is, under a heading."""

    title: str
    text: str


def raw_of(snapshot: Snapshot) -> tuple[RawText, ...]:
    """The canonical JSON of the action and of the whole snapshot. The nonce stays out: it guards the digest."""
    action: JSON = {
        "tool": snapshot.tool,
        "operation": snapshot.operation,
        "parameters": snapshot.parameters,
    }
    seen = {name: value for name, value in snapshot.to_dict().items() if name != "nonce"}
    return (
        RawText("Action (canonical JSON)", canonical_bytes(action).decode()),
        RawText("Everything that this page shows of it", canonical_bytes(seen).decode()),
    )


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Everything that the detail page says. `snapshot` is None where the values were erased."""

    snapshot: Snapshot | None
    parameters: tuple[Parameter, ...]
    steps: tuple[InnerStep, ...]
    target: Parameter | None
    quorum: Quorum
    ending: Ending | None
    raw: tuple[RawText, ...]

    @property
    def flagged(self) -> tuple[Parameter, ...]:
        """The parameters that the reader should look at first."""
        return tuple(parameter for parameter in self.parameters if parameter.warnings)

    @property
    def has_changes(self) -> bool:
        """Whether a policy changed anything."""
        return any(parameter.change for parameter in self.parameters)


def page_of(shown: ShownRequest, *, reported: str) -> RequestPage:
    """The page of a request as one person sees it at one moment."""
    snapshot = Snapshot.from_dict(shown.snapshot) if shown.snapshot else None
    return RequestPage(
        snapshot=snapshot,
        parameters=parameters_of(snapshot) if snapshot else (),
        steps=steps_of(snapshot) if snapshot else (),
        target=target_of(snapshot.parameters) if snapshot else None,
        quorum=quorum_of(shown.tally),
        ending=ending_of(shown, reported=reported),
        raw=raw_of(snapshot) if snapshot else (),
    )
