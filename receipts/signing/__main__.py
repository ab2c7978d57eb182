"""`python -m receipts.signing verify --keys KEYS FILE ...`: the offline verifier. Needs no server, database or network.

Takes receipts, an export (.zip), a bundle, a log file or a checkpoint, and tells them apart by what is in the file.
Exit codes: 0 valid, 1 malformed, 2 tampered, 3 fork or split view, 4 untrusted key, 5 unsupported, 6 valid with erased
values, 64 wrong use of the command (which says nothing about any receipt).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TextIO

from receipts.signing.archive import is_archive
from receipts.signing.bundle import kept_checkpoints, read_bundle, verify_bundle
from receipts.signing.checkpoint import Checkpoint, require_one_history, verify_checkpoint, without_witnesses
from receipts.signing.cosignature import Witness, require_cosigned
from receipts.signing.documents import read_disclosure, read_envelopes, read_formatted, read_keys
from receipts.signing.envelope import Envelope
from receipts.signing.errors import ExitCode, KeyFormatError, NoCheckpointError, VerificationError
from receipts.signing.exported import Stamped, StampVerifier, Trust, verify_export
from receipts.signing.files import is_log_file, read_note_text, read_notes, verify_log_file
from receipts.signing.keys import KeySet
from receipts.signing.log_report import (
    LogReport,
    age_warnings,
    bundle_report,
    checkpoint_report,
    export_report,
    log_report,
    stamp_details,
    stamp_lines,
)
from receipts.signing.notes import is_note
from receipts.signing.report import Report, refusal_document, refusal_text
from receipts.signing.statement import is_digest
from receipts.signing.verify import verify_chain, verify_disclosure, verify_each

# Twice the ten minutes after which a quiet log signs its size again.
MAX_AGE_SECONDS = 1200
BEGINNING = 4


class _UsageError(Exception):
    """The command can't be carried out as it was given."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors don't end with 2, which stands for a tampered receipt here."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.format_usage()}{self.prog}: {message}\n")


def _head(text: str) -> tuple[int, str]:
    position, _, digest = text.partition(":")
    if not (position.isascii() and position.isdigit() and len(position) < 17 and is_digest(digest)):
        raise argparse.ArgumentTypeError("give a position and a digest, such as 12:sha256:0123...")
    return int(position), digest


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m receipts.signing", description="Verifies signed receipts offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="verify receipts", description=__doc__)
    verify.add_argument(
        "--keys", required=True, type=Path, help="the issuer's key file (JWKS), from a source you trust"
    )
    verify.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="receipts (JSON or JSONL), an export (.zip), a bundle, a log file, a checkpoint",
    )
    verify.add_argument("--disclosure", type=Path, help="the values behind one receipt's commitments")
    verify.add_argument(
        "--expect-head", type=_head, metavar="POSITION:DIGEST", help="a receipt that you know to be in the stream"
    )
    verify.add_argument("--each", action="store_true", help="verify each receipt alone, as for a selection")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    _add_log_options(verify)
    return parser


def _add_log_options(verify: argparse.ArgumentParser) -> None:
    verify.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=Path,
        metavar="NOTE",
        help="a checkpoint that you kept, or the checkpoints.jsonl of an export; repeatable",
    )
    verify.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="VKEY",
        help="the key of a witness that must have cosigned the checkpoint; repeatable",
    )
    verify.add_argument(
        "--timestamp",
        action="append",
        default=[],
        type=Path,
        metavar="TSR",
        help="a time stamp of a checkpoint; repeatable",
    )
    verify.add_argument(
        "--timestamp-roots",
        type=Path,
        metavar="PEM",
        help="certificates of time-stamping authorities that you trust; needs rfc3161-client",
    )
    verify.add_argument(
        "--without-signatures", action="store_true", help="of a log file, verify chains, tree and checkpoints only"
    )
    verify.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many read a log file")
    verify.add_argument(
        "--max-age", type=int, default=MAX_AGE_SECONDS, metavar="SECONDS", help="warn of a checkpoint that is older"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _UsageError(f"Can't read {str(path)!a}: {error.strerror}.") from error


def _is_log(path: Path) -> bool:
    try:
        return is_log_file(path)
    except OSError as error:
        raise _UsageError(f"Can't read {str(path)!a}: {error.strerror}.") from error


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return is_archive(file.read(BEGINNING))


def _verified(envelopes: list[Envelope], *, keys: KeySet, options: argparse.Namespace) -> Report:
    """One receipt is verified alone, several as whole chains unless the caller says that they are a selection."""
    head = options.expect_head
    if head is None and (options.each or len(envelopes) == 1):
        return Report(envelopes, verify_each(envelopes, keys=keys), is_chain=False)
    # Files that are given one by one carry no order of their own.
    is_ordered = len(options.files) == 1
    statements = verify_chain(envelopes, keys=keys, expected_head=head, is_ordered=is_ordered)
    return Report(envelopes, statements, is_chain=True, has_expected_head=head is not None)


def _disclosed(report: Report, *, disclosure: bytes) -> Report:
    """The report with the values of its only receipt compared."""
    if len(report.statements) != 1:
        raise _UsageError("A disclosure belongs to one receipt: give that one alone.")
    found = verify_disclosure(report.statements[0], read_disclosure(disclosure))
    return replace(
        report,
        disclosed_paths=found.disclosed_paths,
        erased_paths=found.erased_paths,
        withheld_paths=found.withheld_paths,
    )


def _receipts(options: argparse.Namespace) -> Report:
    if options.each and options.expect_head is not None:
        raise _UsageError("--expect-head asks for a whole stream and --each for single receipts: give one of them.")
    if options.checkpoint or options.witness:
        raise _UsageError("--checkpoint and --witness belong to a bundle, a log file or a checkpoint.")
    keys = read_keys(_read(options.keys))
    envelopes = [envelope for path in options.files for envelope in read_envelopes(_read(path))]
    report = _verified(envelopes, keys=keys, options=options)
    return report if options.disclosure is None else _disclosed(report, disclosure=_read(options.disclosure))


def _witnesses(options: argparse.Namespace) -> list[Witness]:
    return [Witness.from_vkey(vkey) for vkey in options.witness]


def _warnings(checkpoint: Checkpoint, *, options: argparse.Namespace) -> tuple[str, ...]:
    return age_warnings(checkpoint, now=datetime.now(UTC), max_age_seconds=options.max_age)


def _log(path: Path, *, kept: list[str], options: argparse.Namespace) -> LogReport:
    has_signatures = not options.without_signatures
    found = verify_log_file(
        path,
        jwks=_read(options.keys),
        kept=kept,
        witnesses=_witnesses(options),
        has_signatures=has_signatures,
        processes=options.processes,
    )
    return log_report(found, has_signatures=has_signatures, warnings=_warnings(found.checkpoint, options=options))


def _stamp_verifier(options: argparse.Namespace) -> StampVerifier:
    """What verifies time stamps; only who asks for it needs the library."""
    try:
        stamps = importlib.import_module("receipts.signing.stamps")
    except ImportError as error:
        raise _UsageError("To verify time stamps install rfc3161-client.") from error
    roots = stamps.read_roots(_read(options.timestamp_roots))

    def stamp(data: bytes, stamped: bytes) -> datetime:
        at: datetime = stamps.verify_stamp(data, data=stamped, roots=roots)
        return at

    return stamp


def _require_use_of_stamps(options: argparse.Namespace, *, is_export: bool, is_checkpoint: bool) -> None:
    """Raises _UsageError where a time stamp would be passed over in silence."""
    if options.timestamp and not (options.timestamp_roots and is_checkpoint):
        raise _UsageError("--timestamp belongs to a checkpoint, and needs --timestamp-roots: whose word you trust.")
    if options.timestamp_roots and not (options.timestamp or is_export):
        raise _UsageError("--timestamp-roots belongs to an export, or to --timestamp.")


def _stamped(note: str, *, size: int, options: argparse.Namespace) -> list[Stamped]:
    """Each time stamp that was given, of the note without the lines of witnesses, which come later."""
    if not options.timestamp:
        return []
    stamp = _stamp_verifier(options)
    issued = without_witnesses(note).encode()
    return [Stamped(note, size, stamp(_read(path), issued)) for path in options.timestamp]


def _export(path: Path, *, kept: list[str], options: argparse.Namespace) -> LogReport:
    has_signatures = not options.without_signatures
    stamp = _stamp_verifier(options) if options.timestamp_roots else None
    trust = Trust(_read(options.keys), kept, _witnesses(options), has_signatures, options.processes, stamp)
    found = verify_export(path, trust=trust)
    warnings = _warnings(found.inside.checkpoint, options=options) if found.inside else ()
    return export_report(found, has_signatures=has_signatures, warnings=warnings)


def _bundle(document: Mapping[str, object], *, kept: list[str], options: argparse.Namespace) -> LogReport:
    keys = read_keys(_read(options.keys))
    witnesses = _witnesses(options)
    bundle = read_bundle(document)
    found = verify_bundle(bundle, keys=keys, kept=kept, witnesses=witnesses)
    return bundle_report(bundle, found=found, warnings=_warnings(found.checkpoint, options=options))


def _checkpoint(data: bytes, *, kept: list[str], options: argparse.Namespace) -> LogReport:
    keys = read_keys(_read(options.keys))
    witnesses = _witnesses(options)
    note = read_note_text(data)
    checkpoint = verify_checkpoint(note, keys=keys)
    cosignatures = require_cosigned(note, witnesses=witnesses)
    others = kept_checkpoints(kept, keys=keys, origin=checkpoint.origin)
    require_one_history([checkpoint, *others])
    stamps = _stamped(note, size=checkpoint.size, options=options)
    warnings = _warnings(checkpoint, options=options)
    report = checkpoint_report(checkpoint, kept=others, cosignatures=cosignatures, warnings=warnings)
    lines, details = (*report.lines, *stamp_lines(stamps)), report.details | stamp_details(stamps)
    return replace(report, lines=lines, details=details)


def _report(options: argparse.Namespace) -> Report | LogReport:
    """The report on whatever the first file holds. What is in the log comes one file at a time."""
    path = options.files[0]
    is_log = _is_log(path)
    is_export = not is_log and _is_export(path)
    data = b"" if is_log or is_export else _read(path)
    bundle = read_formatted(data)
    _require_use_of_stamps(options, is_export=is_export, is_checkpoint=bundle is None and is_note(data))
    if not (is_log or is_export or is_note(data) or bundle):
        return _receipts(options)
    if len(options.files) > 1 or options.disclosure or options.expect_head or options.each:
        raise _UsageError(
            "An export, a bundle, a log file or a checkpoint is given alone, without --disclosure, --each or a head."
        )
    kept = [note for item in options.checkpoint for note in read_notes(_read(item))]
    if is_log:
        return _log(path, kept=kept, options=options)
    if is_export:
        return _export(path, kept=kept, options=options)
    if bundle:
        return _bundle(bundle, kept=kept, options=options)
    return _checkpoint(data, kept=kept, options=options)


def _write(text: str, *, stream: TextIO) -> None:
    """Writes all of `text`; a reader that has gone away, as `head` does, changes nothing about the verdict."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # The interpreter flushes once more as it ends, which would fail and be reported.
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, not a path of ours.
            os.dup2(nowhere.fileno(), stream.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code. Wrong arguments end the process with 64."""
    options = _parser().parse_args(arguments)
    try:
        report = _report(options)
    except VerificationError as error:
        _write(refusal_text(error), stream=sys.stderr)
        if options.json:
            _write(json.dumps(refusal_document(error), indent=2) + "\n", stream=sys.stdout)
        return error.exit_code
    except KeyFormatError as error:
        _write(f"KEYS: {error.why} {error.fix}\n", stream=sys.stderr)
        return ExitCode.USAGE
    except NoCheckpointError as error:
        _write(f"{error.why} {error.fix}\n", stream=sys.stderr)
        return ExitCode.USAGE
    except _UsageError as error:
        _write(f"{error}\n", stream=sys.stderr)
        return ExitCode.USAGE
    _write(json.dumps(report.document(), indent=2) + "\n" if options.json else report.text(), stream=sys.stdout)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
