"""The bundle: everything that an outsider needs to check receipts without us, in one zip file.

    README.txt          what is in it, and how to check it
    manifest.json       who asked what, when, how many, and the SHA-256 of every other file
    receipts.jsonl      of a selection, the envelopes as they were signed, oldest first
    log.jsonl           of everything instead, the log file of docs/receipt-format.md
    receipts.csv        the searchable columns, for spreadsheets
    bundle.json         of a selection, the receipts that a checkpoint covers, with their proofs
    checkpoints.jsonl   signed checkpoints of the log, the newest last; bundle.json proves that each leads to it
    keys.json           the public keys as published today, for comparison with those that the reader holds
    policies/           each policy that decided any of them, as of then: its text, and what its hash is taken of
    contexts/           if asked for, the entries of their sessions: digests and commitments, no values
    timestamps/         if there are any, what time-stamping authorities said of checkpoints, and the notes they stamped
    verify.html         checks all of it in a browser, offline

Files are written one by one into a folder and packed at the end: a bundle may be larger than memory.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from receipts.exporters.companions import named_in
from receipts.exporters.csv import csv_header, csv_line
from receipts.exporters.jsonl import jsonl_line
from receipts.models import Checkpoint, Receipt
from receipts.selectors.anchoring import cosigned_note, stamps_of
from receipts.selectors.log import consistency_proof, inclusion_proof
from receipts.selectors.search import signed_form
from receipts.signing.bundle import FORMAT as BUNDLE_FORMAT
from receipts.signing.canonical import JSON, canonical_bytes
from receipts.signing.logfile import FORMAT as LOG_FORMAT

FORMAT = "aarm-export/1"
TIMESTAMPS = "timestamps"
MOST_PROVEN = 20_000
SELECTED = "A selection. Receipts that the question did not ask for are missing, and nothing here shows which."
WHOLE = "Everything that was signed until then, as the one who asked may see it."
BEHIND = "The log as far as its newest checkpoint. Receipts that came after it are missing: {later}."
UNPLACED = (
    "Receipts without a place in the log, altered while they waited for it or kept out of it, are missing: {unplaced}."
)
README = """\
Receipts of {deployment}, exported {exported_at}.
{note}
The question was: {question}

verify.html checks these receipts in your browser, without a network and without us. Give it the zip file as it is,
with keys.json from a source that you trust: keys that come with what they are to verify prove nothing.
With Python: aarm-verify verify --keys keys.json THIS.zip

A valid receipt shows that the holder of the key signed it and that nobody changed it since. It does not show that
what it says is true, that a person read what they approved, or, in a selection, that nothing is missing.
The CSV file is for reading. Only the signed envelopes count.
"""
README_UNPROVEN = """\

Of {total} receipts {proven} have a proof of their place in the log, in bundle.json. The others are verified by their
signatures alone: that they are in the log is not shown of them, so that none counts whose key was revoked. A
checkpoint may not have covered them yet; and a selection has at most {most} proofs, so ask for fewer at a time.
"""
README_POLICIES = """\

policies/ has each policy that decided any of them: its text, and as JSON what it means. The SHA-256 of the JSON file is
the "decision.policy.hash" of the receipt.
"""
README_TIMESTAMPS = """\

timestamps/ has time stamps (RFC 3161), N.1.tsr of the checkpoint N.note: that the log had these N receipts at that
time, as an authority says that is not the issuer. With its root certificates, from the authority:
openssl ts -verify -in N.1.tsr -data N.note -CAfile roots.pem, or --timestamp-roots roots.pem for aarm-verify.
"""
README_CONTEXTS = """\

contexts/ has a file for each session: its entries, one a line, up to the last one that a receipt here names. They hold
digests and commitments, no values. The SHA-256 of a line, without its line end, is the "previous" of the next line, and
the "context.head" of the receipt whose "context.position" is the number of the line.
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, by whom (a pseudonymous id), and when; `has_contexts`: with the entries of sessions.

    `later` receipts were there when everything was asked for, and no checkpoint covered them. `unplaced` ones are
    neither in the log nor wait for their place there.
    """

    deployment: str
    question: str
    has_contexts: bool
    person: str
    asked_at: datetime
    later: int = 0
    unplaced: int = 0

    @property
    def note(self) -> str:
        """What may be concluded from what is missing."""
        behind = BEHIND.format(later=self.later) if self.later else ""
        unplaced = UNPLACED.format(unplaced=self.unplaced) if self.unplaced else ""
        return SELECTED if self.question else f"{behind} {unplaced}".strip() or WHOLE


@dataclass(slots=True)
class Tally:
    """What the files hold, counted while they are written. `contexts` are sessions, each with the last entry named."""

    types: Counter[str] = field(default_factory=Counter)
    policies: set[str] = field(default_factory=set)
    contexts: dict[str, int] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    proven: int = 0

    def add(self, receipt: Receipt) -> None:
        """Counts one receipt."""
        self.types[receipt.type] += 1
        self.times = [min([*self.times, receipt.issued_at]), max([*self.times, receipt.issued_at])]
        named = named_in(receipt)
        self.policies |= {named.policy} - {""}
        if named.session:
            self.contexts[named.session] = max(named.position, self.contexts.get(named.session, 0))

    @property
    def total(self) -> int:
        """How many receipts."""
        return self.types.total()


class ReceiptFiles:
    """The files that have a line for every receipt, open while receipts are added.

    `head` begins the file of envelopes where it is a log file, in which the order is the log's. With a checkpoint the
    first `MOST_PROVEN` receipts that it covers go into `bundle.json` too.
    """

    def __init__(self, folder: Path, *, head: bytes = b"", checkpoint: Checkpoint | None = None) -> None:
        self.tally = Tally()
        self.checkpoint = None if head else checkpoint
        self._files = ExitStack()
        self._lines = self._files.enter_context((folder / ("log.jsonl" if head else "receipts.jsonl")).open("wb"))
        self._lines.write(head)
        self._cells = self._files.enter_context((folder / "receipts.csv").open("w", encoding="utf-8", newline=""))
        self._cells.write(csv_header())
        self._bundle = folder / "bundle.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._files.close()

    def add(self, receipt: Receipt) -> None:
        """Writes one receipt to every file."""
        self._lines.write(jsonl_line(receipt))
        self._cells.write(csv_line(receipt))
        self.tally.add(receipt)
        entry = getattr(receipt, "entry", None)
        if self.checkpoint and entry and entry.leaf_index < self.checkpoint.size and self.tally.proven < MOST_PROVEN:
            self._add_proven(receipt, leaf_index=entry.leaf_index, size=self.checkpoint.size)

    def _add_proven(self, receipt: Receipt, *, leaf_index: int, size: int) -> None:
        if not self.tally.proven:
            assert self.checkpoint is not None
            self._proofs = self._files.enter_context(self._bundle.open("wb"))
            note = canonical_bytes(cosigned_note(self.checkpoint))
            self._proofs.write(b'{"format":"' + BUNDLE_FORMAT.encode() + b'","checkpoint":' + note + b',"receipts":[\n')
        proved = {"envelope": signed_form(receipt), "inclusion": inclusion_proof(leaf_index, size=size).to_dict()}
        self._proofs.write((b",\n" if self.tally.proven else b"") + canonical_bytes(proved))
        self.tally.proven += 1

    def finish(self, *, streams: Sequence[str], checkpoints: Sequence[Checkpoint] = ()) -> Tally:
        """Ends the files. `streams` are those of which every receipt was added, in order.

        `checkpoints` are those that somebody may hold: each older one gets a proof that it leads here.
        """
        if self.tally.proven:
            assert self.checkpoint is not None
            whole = list(streams) if self.tally.proven == self.tally.total else []
            self._proofs.write(b'\n],"streams":' + canonical_bytes(whole) + b',"earlier":[')
            older = [item for item in checkpoints if item.size < self.checkpoint.size]
            for number, item in enumerate(older):
                proof = consistency_proof(item.size, size=self.checkpoint.size).to_dict()
                line = canonical_bytes({"checkpoint": cosigned_note(item), "consistency": proof})
                self._proofs.write((b",\n" if number else b"\n") + line)
            self._proofs.write(b"]}\n")
        self._files.close()
        return self.tally


def log_head(checkpoint: Checkpoint) -> bytes:
    """The first line of a log file that begins with the first receipt."""
    return (
        canonical_bytes({"format": LOG_FORMAT, "checkpoint": cosigned_note(checkpoint), "start": 0, "before": []})
        + b"\n"
    )


def write_json(path: Path, value: JSON) -> None:
    """One document, in canonical form."""
    path.write_bytes(canonical_bytes(value) + b"\n")


def write_stamps(folder: Path, checkpoints: Sequence[Checkpoint]) -> None:
    """The time stamps of those that have any, each beside the note that was stamped."""
    stamps = stamps_of(checkpoints)
    for item in checkpoints:
        for number, stamp in enumerate(stamps.get(item.pk, []), start=1):
            (folder / TIMESTAMPS).mkdir(exist_ok=True)
            (folder / TIMESTAMPS / f"{item.size}.note").write_bytes(item.note.encode())
            (folder / TIMESTAMPS / f"{item.size}.{number}.tsr").write_bytes(stamp)


def write_json_lines(path: Path, values: Sequence[JSON]) -> None:
    """One document a line."""
    path.write_bytes(b"".join(canonical_bytes(value) + b"\n" for value in values))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def write_descriptions(folder: Path, selection: Selection, *, tally: Tally) -> None:
    """The manifest, which is last because it has every file's digest, and the text for people."""
    at = selection.asked_at.isoformat()
    words = {"deployment": selection.deployment, "exported_at": at, "note": selection.note}
    asked = selection.question or "everything"
    parts = [README.format(**words, question=asked)]
    if selection.question and tally.proven < tally.total:
        parts.append(README_UNPROVEN.format(total=tally.total, proven=tally.proven, most=MOST_PROVEN))
    parts += [README_POLICIES] if tally.policies else []
    parts += [README_TIMESTAMPS] if (folder / TIMESTAMPS).exists() else []
    parts += [README_CONTEXTS] if selection.has_contexts else []
    (folder / "README.txt").write_text("".join(parts), encoding="utf-8")
    manifest: dict[str, JSON] = {
        **words,
        "format": FORMAT,
        "question": selection.question,
        "is_filtered": bool(selection.question),
        "receipts_later": selection.later,
        "receipts_unplaced": selection.unplaced,
        "contexts": "commitments" if selection.has_contexts else "none",
        "exported_by": selection.person,
        "receipts": tally.total,
        "receipts_with_proof": tally.proven,
        "types": dict(tally.types),
        "times": [moment.isoformat() for moment in tally.times],
        "files": {path.relative_to(folder).as_posix(): _digest(path) for path in _files(folder)},
    }
    write_json(folder / "manifest.json", manifest)


def pack(folder: Path, *, into: Path) -> str:
    """Packs every file of the folder; the digest of the zip file, which is complete when it has its name."""
    unfinished = into.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(folder):
            archive.write(path, path.relative_to(folder).as_posix())
    digest = _digest(unfinished)
    unfinished.replace(into)
    return digest
