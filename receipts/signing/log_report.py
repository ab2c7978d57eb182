"""What the command says about checkpoints, bundles and log files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from receipts.signing.bundle import Bundle, VerifiedBundle
from receipts.signing.checkpoint import Checkpoint
from receipts.signing.cosignature import Cosignature
from receipts.signing.errors import ExitCode
from receipts.signing.exported import Stamped, VerifiedExport
from receipts.signing.logfile import VerifiedLog
from receipts.signing.proofs import digest_text
from receipts.signing.report import ALWAYS_UNPROVEN, REWRITE_UNPROVEN, receipt_entry, receipt_line
from receipts.signing.times import format_time

SELECTION_UNPROVEN = "that these are all the receipts there are: this is what somebody chose"
LATER_UNPROVEN = "anything about receipts after the checkpoint"
WITNESSES_UNPROVEN = "that the witnesses that you named are independent of the issuer"
MANIFEST_UNPROVEN = (
    "what the manifest says, and that the texts of policies and the table are the issuer's: nobody signs these; "
    "compare the archive's digest with the one in the receipt of its export"
)
UNPLACED_UNPROVEN = "that receipts without a proof are in the log: their signatures alone were verified"
SKIPPED_UNPROVEN = "that each receipt's own signature and form are good: only the checkpoint's signature was verified"


@dataclass(frozen=True, slots=True)
class LogReport:
    """A verdict about something in the log. `details` are members of the JSON report, `lines` go before the verdict.

    Only a selection of receipts that no checkpoint covers yet has no checkpoint.
    """

    why: str
    checkpoint: Checkpoint | None
    unproven: tuple[str, ...]
    warnings: tuple[str, ...]
    details: dict[str, object]
    lines: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Valid; everything else is an error."""
        return ExitCode.VALID

    def text(self) -> str:
        """The report for people."""
        warned = [f"WARNING: {sentence}" for sentence in self.warnings]
        clauses = [f"  - {clause};" for clause in self.unproven]
        return "\n".join([*self.lines, *warned, f"VALID: {self.why}", "This does not prove:", *clauses]) + "\n"

    def document(self) -> dict[str, object]:
        """The report for programs."""
        return {
            "verdict": "valid",
            "exit_code": int(self.exit_code),
            "why": self.why,
            "does_not_prove": list(self.unproven),
            "warnings": list(self.warnings),
            "checkpoint": _said(self.checkpoint) if self.checkpoint else None,
            **self.details,
        }


def _said(checkpoint: Checkpoint) -> dict[str, object]:
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": digest_text(checkpoint.root),
        "signed_at": format_time(checkpoint.signed_at),
    }


def checkpoint_report(
    checkpoint: Checkpoint,
    *,
    kept: Sequence[Checkpoint],
    cosignatures: Sequence[Cosignature],
    warnings: tuple[str, ...],
) -> LogReport:
    """Of a checkpoint alone."""
    others = tuple(item.size for item in kept)
    why = f"The checkpoint of {checkpoint.size} receipts is signed by a key that you trust."
    rewritten = WITNESSES_UNPROVEN if cosignatures else REWRITE_UNPROVEN
    unproven = ("anything about any receipt: give a bundle or a log file", rewritten)
    details = _kept(others, uncompared=()) | _witnessed(cosignatures)
    return LogReport(why, checkpoint, unproven, warnings, details, _witness_lines(cosignatures))


def bundle_report(bundle: Bundle, *, found: VerifiedBundle, warnings: tuple[str, ...]) -> LogReport:
    """Of a bundle that was verified."""
    statements = [link.statement for link in found.links]
    count = "1 receipt is" if len(statements) == 1 else f"{len(statements)} receipts are"
    return LogReport(
        why=f"{count} unaltered and in the log of {found.checkpoint.size} receipts{_complete(bundle)}.",
        checkpoint=found.checkpoint,
        unproven=(
            *(() if bundle.streams else (SELECTION_UNPROVEN,)),
            *_unproven(found.compared_sizes, cosignatures=found.cosignatures),
        ),
        warnings=(*warnings, *_passed_over(found.passed_over), *_uncompared(found.uncompared_sizes)),
        details={
            "receipts": [
                receipt_entry(item.envelope, statement=link.statement)
                for item, link in zip(bundle.receipts, found.links, strict=True)
            ],
            "streams": list(bundle.streams),
            "earlier_sizes": list(found.earlier_sizes),
            **_kept(found.compared_sizes, uncompared=found.uncompared_sizes),
            **_witnessed(found.cosignatures),
        },
        lines=(*map(receipt_line, statements), *_witness_lines(found.cosignatures)),
    )


def log_report(found: VerifiedLog, *, has_signatures: bool, warnings: tuple[str, ...]) -> LogReport:
    """Of a log file that was verified."""
    last = found.start + found.count
    return LogReport(
        why=(
            f"The receipts {found.start + 1} to {last} of the log, in {found.streams} streams, are unaltered, in order "
            "and complete up to the checkpoint."
        ),
        checkpoint=found.checkpoint,
        unproven=(
            *(() if has_signatures else (SKIPPED_UNPROVEN,)),
            *_unproven(found.compared_sizes, cosignatures=found.cosignatures),
        ),
        warnings=(*warnings, *_uncompared(found.uncompared_sizes)),
        details={
            "start": found.start,
            "count": found.count,
            "stream_count": found.streams,
            "signatures_verified": has_signatures,
            **_kept(found.compared_sizes, uncompared=found.uncompared_sizes),
            **_witnessed(found.cosignatures),
        },
        lines=_witness_lines(found.cosignatures),
    )


def export_report(found: VerifiedExport, *, has_signatures: bool, warnings: tuple[str, ...]) -> LogReport:
    """Of an export that was verified: what is said of the log or the bundle in it, and of the rest."""
    more: tuple[str, ...] = (MANIFEST_UNPROVEN,)
    if found.log:
        inside = log_report(found.log, has_signatures=has_signatures, warnings=warnings)
        why = inside.why
    elif found.bundle:
        bundle, verified = found.bundle
        inside = bundle_report(bundle, found=verified, warnings=warnings)
        proven = len(verified.links)
        size = verified.checkpoint.size
        why = f"{_unaltered(found.count)}, and {proven} of them in the log of {size} receipts{_complete(bundle)}."
        more += (UNPLACED_UNPROVEN,) if proven < found.count else ()
    else:
        inside = LogReport("", None, (SELECTION_UNPROVEN, *ALWAYS_UNPROVEN, REWRITE_UNPROVEN), warnings, {})
        why = f"{_unaltered(found.count)}."
        more += (UNPLACED_UNPROVEN,)
    return replace(
        inside,
        why=f"{why} Every file is the one that the manifest names.",
        unproven=(*more, *inside.unproven),
        details={**inside.details, "count": found.count, "digest": found.digest, **stamp_details(found.stamps)},
        lines=(
            f"archive {found.digest}",
            *_witness_lines(found.inside.cosignatures if found.inside else ()),
            *stamp_lines(found.stamps),
        ),
    )


def _complete(bundle: Bundle) -> str:
    return f"; complete: {', '.join(bundle.streams)}" if bundle.streams else ""


def _unaltered(count: int) -> str:
    what = "1 receipt is" if count == 1 else f"{count} receipts are"
    return f"{what} unaltered since signing with a key that you trust"


def age_warnings(checkpoint: Checkpoint, *, now: datetime, max_age_seconds: int) -> tuple[str, ...]:
    """A sentence if the checkpoint is older than an issuer who is at work would let it become."""
    age = now - checkpoint.signed_at
    if age <= timedelta(seconds=max_age_seconds):
        return ()
    return (
        f"The checkpoint is {int(age.total_seconds())} seconds old. If it is the newest there is, the log has been "
        "frozen; otherwise fetch a newer one.",
    )


def _unproven(compared: tuple[int, ...], *, cosignatures: Sequence[Cosignature]) -> tuple[str, ...]:
    """A witness cosigns one history only, so that it stands for a checkpoint that the caller kept."""
    rewritten = () if compared else (WITNESSES_UNPROVEN if cosignatures else REWRITE_UNPROVEN,)
    return (LATER_UNPROVEN, *ALWAYS_UNPROVEN, *rewritten)


def _witnessed(cosignatures: Sequence[Cosignature]) -> dict[str, object]:
    return {"witnesses": [{"name": item.name, "time": item.time} for item in cosignatures]}


def _witness_lines(cosignatures: Sequence[Cosignature]) -> tuple[str, ...]:
    return tuple(f"witnessed by {item.name!a} at POSIX time {item.time}" for item in cosignatures)


def _passed_over(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"Earlier checkpoints by a key that was revoked since say nothing: {count} of them.",)


def stamp_details(stamps: Sequence[Stamped]) -> dict[str, object]:
    """What authorities said, for programs."""
    return {"timestamps": [{"size": item.size, "time": format_time(item.at)} for item in stamps]}


def stamp_lines(stamps: Sequence[Stamped]) -> tuple[str, ...]:
    """What authorities said, for people."""
    return tuple(f"the checkpoint of {item.size} receipts was stamped at {format_time(item.at)}" for item in stamps)


def _uncompared(sizes: tuple[int, ...]) -> tuple[str, ...]:
    if not sizes:
        return ()
    return (f"Checkpoints that you kept could not be compared: those of {', '.join(map(str, sizes))} receipts.",)


def _kept(compared: tuple[int, ...], *, uncompared: tuple[int, ...]) -> dict[str, object]:
    return {"compared_sizes": list(compared), "uncompared_sizes": list(uncompared)}
