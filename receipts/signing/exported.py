"""Exports: an archive with receipts, what proves them, and a manifest that names every other file.

To verify one (`verify_export`):
  1. It is an archive within bounds (`archive.py`), and its manifest has the form of one.
  2. Every other file is named by the manifest, and is what it names; a policy has the hash that is its name.
  3. A log is verified as a log file is; nothing else is needed then.
  4. Of a selection, what has a proof is verified as a bundle; every other receipt alone (`selected.py`). All that is
     proven is listed, each receipt once, and no two claim one place.
  5. There are as many receipts as the manifest says.
  6. Where the caller trusts time-stamping authorities, each time stamp is one of theirs, of a checkpoint of this log.
  7. The records of sessions, where there are any, are chains that end where the receipts say (`contexts.py`).
Nobody signs a manifest: it shows what was damaged or left out on the way, and the receipts' own signatures the rest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias, TypeVar

from receipts.signing.archive import Archive, opened_archive
from receipts.signing.bundle import Bundle, VerifiedBundle, read_bundle, verify_bundle
from receipts.signing.checkpoint import Checkpoint, read_checkpoint, verify_checkpoint
from receipts.signing.contexts import read_records, require_records
from receipts.signing.cosignature import Witness
from receipts.signing.documents import read_dense, read_keys
from receipts.signing.envelope import Envelope
from receipts.signing.errors import (
    LogMismatchError,
    MalformedError,
    NoCheckpointError,
    RevokedKeyError,
    TamperedError,
    UnsupportedError,
)
from receipts.signing.files import read_note_text, verify_log_stream
from receipts.signing.keys import KeySet
from receipts.signing.lines import MAX_LINE
from receipts.signing.logfile import VerifiedLog
from receipts.signing.proofs import integer
from receipts.signing.selected import verified_lines
from receipts.signing.statement import Statement, is_digest

Verified = TypeVar("Verified", VerifiedLog, VerifiedBundle)

FORMAT = "aarm-export/1"
MANIFEST, LOG, SELECTION, PROVEN = "manifest.json", "log.jsonl", "receipts.jsonl", "bundle.json"

# What the hash of a policy in a receipt is taken of.
_POLICY = re.compile(r"policies/([0-9a-f]{64})\.json")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself: the digests of its files by name, and how many receipts it has."""

    files: Mapping[str, str]
    receipts: int


# What a time stamp was made of, by its size, and the time stamps of it.
_STAMP = re.compile(r"timestamps/([1-9][0-9]{0,15})\.([1-9][0-9]{0,3})\.tsr")

StampVerifier: TypeAlias = Callable[[bytes, bytes], datetime]
"""When a time stamp's authority saw some data. Raises BadSignatureError."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint's note, its size, and when an authority saw it."""

    note: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class VerifiedExport:
    """What was verified: `count` receipts, either a whole log or a selection, perhaps with a bundle of those proven.

    `digest` is the archive's own, which the receipt of the export names.
    """

    digest: str
    count: int
    log: VerifiedLog | None = None
    bundle: tuple[Bundle, VerifiedBundle] | None = None
    stamps: tuple[Stamped, ...] = ()

    @property
    def inside(self) -> VerifiedLog | VerifiedBundle | None:
        """What has a checkpoint."""
        return self.log or (self.bundle[1] if self.bundle else None)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the caller brings: the key file, checkpoints that were kept, witnesses, and how a log is to be read.

    With `stamp` time stamps are verified; without it nobody looks at them.
    """

    jwks: bytes
    kept: Sequence[str] = ()
    witnesses: Sequence[Witness] = ()
    has_signatures: bool = True
    processes: int = 1
    stamp: StampVerifier | None = None


def verify_export(path: Path, *, trust: Trust) -> VerifiedExport:
    """Raises VerificationError, KeyFormatError, OSError, NoCheckpointError."""
    keys = read_keys(trust.jwks)
    with opened_archive(path) as archive:
        manifest = read_manifest(archive)
        _require_files(archive, manifest=manifest)
        stamps = _stamps(archive, keys=keys, stamp=trust.stamp) if trust.stamp else []
        # They are compared like those that the caller kept, and don't count as such: a log written anew can be stamped.
        inner = replace(trust, kept=(*trust.kept, *(item.note for item in stamps)))
        found = _log(archive, trust=inner) if LOG in archive.names else _selection(archive, keys=keys, trust=inner)
        compared = found.inside.compared_sizes if found.inside else ()
        if found.count != manifest.receipts:
            raise TamperedError(f"There are {found.count} receipts; the manifest says {manifest.receipts}.")
        _require_records(archive)
    with path.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    kept = {read_checkpoint(note).size for note in trust.kept}
    return VerifiedExport(
        digest,
        found.count,
        _with_kept(found.log, sizes=kept) if found.log else None,
        (found.bundle[0], _with_kept(found.bundle[1], sizes=kept)) if found.bundle else None,
        tuple(item for item in stamps if item.size in compared),
    )


def _with_kept(found: Verified, *, sizes: Set[int]) -> Verified:
    """Saying of the caller's checkpoints alone which were compared."""
    return replace(
        found,
        compared_sizes=tuple(size for size in found.compared_sizes if size in sizes),
        uncompared_sizes=tuple(size for size in found.uncompared_sizes if size in sizes),
    )


def _stamps(archive: Archive, *, keys: KeySet, stamp: StampVerifier) -> list[Stamped]:
    """Raises VerificationError, and NoCheckpointError where there is none: nobody who asks is told that all is well."""
    found = []
    named = sorted((int(match[1]), int(match[2]), name) for name in archive.names if (match := _STAMP.fullmatch(name)))
    for size, _, name in named:
        note = f"timestamps/{size}.note"
        if note not in archive.names:
            raise MalformedError(f"The checkpoint of {name} is not there.")
        data = archive.whole(note)
        checkpoint = _counting(read_note_text(data), keys=keys)
        if checkpoint is None:
            continue
        if checkpoint.size != size:
            raise MalformedError(f"{note} is a checkpoint of another size.")
        found.append(Stamped(read_note_text(data), size, stamp(archive.whole(name), data)))
    if not found:
        raise NoCheckpointError(
            "The export has no time stamp.", fix="Leave --timestamp-roots out, or ask for the receipts again later."
        )
    return found


def _counting(note: str, *, keys: KeySet) -> Checkpoint | None:
    """None for one of a key that was revoked since."""
    try:
        return verify_checkpoint(note, keys=keys)
    except RevokedKeyError:
        return None


def read_manifest(archive: Archive) -> Manifest:
    """Raises MalformedError, UnsupportedError, TamperedError."""
    if MANIFEST not in archive.names:
        raise MalformedError(f"The archive has no {MANIFEST}: it is no export, or was packed anew.")
    document = read_dense(archive.whole(MANIFEST))
    if not isinstance(document, Mapping) or not isinstance(document.get("format"), str):
        raise MalformedError("The manifest is no object that names its format.")
    if document["format"] != FORMAT:
        raise UnsupportedError(f"The format is another one than {FORMAT}.")
    files = document.get("files")
    if not isinstance(files, Mapping) or not all(map(is_digest, files.values())):
        raise MalformedError("The manifest does not name files by their digests.")
    count = integer(document.get("receipts"), what="The number of receipts in the manifest", least=0)
    if len({LOG, SELECTION} & archive.names) != 1:
        raise MalformedError(f"An export has either {LOG} or {SELECTION}.")
    return Manifest({name: str(digest) for name, digest in files.items()}, count)


def _require_files(archive: Archive, *, manifest: Manifest) -> None:
    """2. In the order of their names, so that every verifier finds the same one first."""
    strange = sorted((archive.names - {MANIFEST}) ^ set(manifest.files))
    if strange:
        raise TamperedError(f"The manifest and the archive do not have the same files: {strange[0][:80]!a}.")
    for name in sorted(manifest.files):
        digest = archive.digest(name)
        if digest != manifest.files[name]:
            raise TamperedError(f"{name} is not the file that the manifest names.")
        policy = _POLICY.fullmatch(name)
        if policy and digest != f"sha256:{policy[1]}":
            raise TamperedError(f"{name} is not the policy whose hash it is named by.")


def _require_records(archive: Archive) -> None:
    """6. Receipts are read once more, which is worth it only where entries of sessions were asked for."""
    records = read_records(archive)
    if not records:
        return
    name = LOG if LOG in archive.names else SELECTION
    with archive.content(name) as file:
        lines = iter(lambda: file.readline(MAX_LINE), b"")
        require_records(islice(lines, 1 if name == LOG else 0, None), records=records)


def _log(archive: Archive, *, trust: Trust) -> VerifiedExport:
    with archive.content(LOG) as file:
        log = verify_log_stream(
            file,
            jwks=trust.jwks,
            kept=trust.kept,
            witnesses=trust.witnesses,
            has_signatures=trust.has_signatures,
            processes=trust.processes,
        )
    return VerifiedExport("", log.count, log=log)


def _selection(archive: Archive, *, keys: KeySet, trust: Trust) -> VerifiedExport:
    proven: dict[Envelope, Statement] = {}
    bundle = None
    if PROVEN in archive.names:
        read = read_bundle(read_dense(archive.whole(PROVEN)))
        bundle = (read, verify_bundle(read, keys=keys, kept=trust.kept, witnesses=trust.witnesses))
        links = zip(read.receipts, bundle[1].links, strict=True)
        proven = {item.envelope: link.statement for item, link in links}
    elif trust.kept or trust.witnesses:
        raise NoCheckpointError("The export has no checkpoint with which others could be compared.")
    with archive.content(SELECTION) as file:
        count = verified_lines(file, keys=keys, proven=proven)
    if proven:
        raise LogMismatchError(f"{len(proven)} receipts of {PROVEN} are not in {SELECTION}.")
    return VerifiedExport("", count, bundle=bundle)
