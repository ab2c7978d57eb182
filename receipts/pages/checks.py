"""What was checked, line by line, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from receipts.selectors import Check
from receipts.selectors.anchoring import Anchor


class CheckState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check as a line. `is_stamp`: a time stamp that readers can take away says so."""

    state: CheckState
    sentence: str
    is_stamp: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All of them, and what they come to."""

    lines: tuple[CheckLine, ...]

    @property
    def is_valid(self) -> bool:
        """No check is no pass."""
        return bool(self.lines) and all(line.state is not CheckState.FAILED for line in self.lines)

    @property
    def sentence(self) -> str:
        """How many of those that could be made passed, without a full stop."""
        made = [line for line in self.lines if line.state is not CheckState.SKIPPED]
        failed = sum(line.state is CheckState.FAILED for line in made)
        good = f"{len(made)} of {len(made)} checks passed on this server"
        return f"{failed} of {len(made)} checks failed on this server" if failed else good


_PLACES: Mapping[str, str] = {
    "dir": "A folder outside the database",
    "s3": "An object store",
    "webhook": "Another service",
    "rfc3161": "A time-stamping authority",
    "witness": "A witness",
}


def lines_of(anchors: Sequence[Anchor]) -> list[CheckLine]:
    """Which places outside have a checkpoint that covers the receipt, and which have none yet."""
    return [_line_of(anchor, place=_PLACES.get(anchor.kind, "Another place")) for anchor in anchors]


def _line_of(anchor: Anchor, *, place: str) -> CheckLine:
    if anchor.since is None:
        return CheckLine(CheckState.SKIPPED, f"{place}: not yet anchored.")
    sentence = f"{place} has had one since {anchor.since:%Y-%m-%d %H:%M:%S} UTC."
    return CheckLine(CheckState.PASSED, sentence, is_stamp=anchor.kind == "rfc3161")


def report_of(checks: Sequence[Check], *, is_erased: bool) -> CheckReport:
    """The lines of the panel. Where values were erased there was nothing to open, which is said and not counted."""
    lines = [CheckLine(CheckState.PASSED if check.is_good else CheckState.FAILED, check.sentence) for check in checks]
    if is_erased:
        lines.append(CheckLine(CheckState.SKIPPED, "The values were erased; what was signed of them stays verifiable."))
    return CheckReport(tuple(lines))
