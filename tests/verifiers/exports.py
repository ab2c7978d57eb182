"""Exports as an auditor takes them away, and as somebody would alter them on the way."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from receipts.signing.checkpoint import Checkpoint, origin_of, sign_checkpoint
from receipts.signing.envelope import Envelope
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes, digest_text
from tests.unit.signing.issuer import ISSUED_AT, issuer

ALICE = issuer("alice")
KEYS = json.dumps({"keys": [ALICE.jwk()]}).encode()
CHAIN = ALICE.chain(3)
# The third one came after the checkpoint.
LEAVES = [leaf_hash(digest_bytes(envelope.digest)) for envelope in CHAIN[:2]]
MEANING = b'{"id":"p"}'
Files = Mapping[str, bytes]


def note(leaves: Sequence[bytes] = LEAVES) -> str:
    """The checkpoint of these, or of the first two receipts."""
    tree = Frontier.empty()
    for leaf in leaves:
        tree.append(leaf)
    return sign_checkpoint(Checkpoint(origin_of("test.example"), len(leaves), tree.root, ISSUED_AT), signer=ALICE.key)


def _line(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def bundle() -> bytes:
    """Both receipts that the checkpoint covers."""
    proven = [
        {
            "envelope": CHAIN[at].to_dict(),
            "inclusion": {"leaf_index": at, "tree_size": 2, "hashes": [digest_text(LEAVES[1 - at])]},
        }
        for at in range(2)
    ]
    return _line({"format": "aarm-bundle/1", "checkpoint": note(), "receipts": proven, "streams": []})


def selection() -> dict[str, bytes]:
    """What is in an export of all three receipts, but for the manifest."""
    return {
        "receipts.jsonl": b"".join(_line(envelope.to_dict()) for envelope in CHAIN),
        "bundle.json": bundle(),
        "receipts.csv": b"id\r\nrct_1\r\n",
        "policies/p.yaml": b"policy: p\n" * 200,
        f"policies/{hashlib.sha256(MEANING).hexdigest()}.json": MEANING,
    }


def log(chain: Sequence[Envelope] = CHAIN[:2]) -> dict[str, bytes]:
    """What is in an export of everything, but for the manifest."""
    leaves = [leaf_hash(digest_bytes(envelope.digest)) for envelope in chain]
    head = {"format": "aarm-log/1", "checkpoint": note(leaves), "start": 0, "before": []}
    return {"log.jsonl": _line(head) + b"".join(_line(envelope.to_dict()) for envelope in chain)}


def record(count: int, *, kind: str = "action") -> list[bytes]:
    """The entries of a session, one a line."""
    lines: list[bytes] = []
    for position in range(1, count + 1):
        previous = digest_of(lines[-1]) if lines else None
        lines.append(_line({"kind": kind, "position": position, "previous": previous, "session": "ses_1"}))
    return lines


def digest_of(line: bytes) -> str:
    """By which the next entry, and receipts, name one."""
    return f"sha256:{hashlib.sha256(line[:-1]).hexdigest()}"


def naming(*contexts: Any) -> list[Envelope]:
    """Receipts of one stream with these as their `context`."""
    chain: list[Envelope] = []
    for position, context in enumerate(contexts, start=1):
        place = {"position": position, "previous": chain[-1].digest if chain else None}
        chain.append(ALICE.receipt(id=f"rct_{position}", body={"context": context}, **place))
    return chain


def lines_of(chain: Sequence[Envelope]) -> dict[str, bytes]:
    """What is in an export of a selection of which nothing is proven, but for the manifest."""
    return {"receipts.jsonl": b"".join(_line(envelope.to_dict()) for envelope in chain)}


def manifest(files: Files, /, *, receipts: object, **changes: object) -> dict[str, bytes]:
    """The files with their manifest."""
    digests = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in files.items()}
    said = {"format": "aarm-export/1", "receipts": receipts, "files": digests, **changes}
    return {**files, "manifest.json": _line(said)}


def packed(files: Files, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression=method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
