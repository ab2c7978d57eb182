"""Makes a log file of many signed receipts, verifies it offline as an outsider would, and says what that took (RCP-31).

./run -m tests.bench.log_file --receipts 1000000 --folder /somewhere/with/3/GB
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from receipts.signing.canonical import canonical_bytes
from receipts.signing.checkpoint import Checkpoint, origin_of, sign_checkpoint
from receipts.signing.envelope import sign_payload
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import SigningKey
from receipts.signing.logfile import FORMAT
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes
from receipts.signing.statement import ReceiptType, build_statement

DEPLOYMENT = "bench.example"
START = datetime(2026, 11, 3, tzinfo=UTC)
# As many receipts as a busy session has.
STREAM_LENGTH = 40
# How many sessions are open at a time, whose receipts alternate.
OPEN_STREAMS = 500
KEPT = 20


def digest_of(*parts: object) -> str:
    return "sha256:" + hashlib.sha256(repr(parts).encode()).hexdigest()


def body(number: int) -> dict[str, object]:
    """As large as a decision's."""
    return {
        "action": {
            "id": f"act_{number:026}", "tool": "email", "operation": "send",
            "action_digest": digest_of("action", number),
        },
        "context": {"session": f"ses_{number:026}", "entry": digest_of("entry", number), "position": number},
        "decision": {
            "id": f"dec_{number:026}", "result": "ALLOW", "rule": "internal-mail", "reason_code": "rule_matched",
            "risk_level": "LOW", "evaluation_digest": digest_of("evaluation", number),
        },
        "identity": {"agent": f"agt_{number % 50:026}", "human": f"usr_{number % 300:026}"},
        "policy": {"id": "demo", "version": "1", "hash": digest_of("policy")},
        "commitments": {"/parameters/to": digest_of("to", number), "/parameters/body": digest_of("body", number)},
    }  # fmt: skip


def place_of(number: int) -> tuple[str, int]:
    """The stream and position of a receipt: a few hundred sessions at a time take turns."""
    group, within = divmod(number, OPEN_STREAMS * STREAM_LENGTH)
    return f"session/ses_{group * OPEN_STREAMS + within % OPEN_STREAMS:026}", within // OPEN_STREAMS + 1


def lines(count: int, *, key: SigningKey, frontier: Frontier) -> Iterator[bytes]:
    """The receipts of a log, each appended to the tree."""
    heads: dict[str, str] = {}
    for number in range(count):
        stream, position = place_of(number)
        payload = build_statement(
            id=f"rct_{number:026}", type=ReceiptType.DECISION, stream=stream, position=position,
            previous=heads.get(stream) if position > 1 else None, issued_at=START + timedelta(milliseconds=number),
            key_id=key.key_id, algorithm=key.algorithm, deployment=DEPLOYMENT, body=body(number),  # type: ignore[arg-type]
        )  # fmt: skip
        envelope = sign_payload(payload, signer=key)
        heads[stream] = envelope.digest
        if position == STREAM_LENGTH:
            del heads[stream]
        frontier.append(leaf_hash(digest_bytes(envelope.digest)))
        yield canonical_bytes(envelope.to_dict()) + b"\n"


def make(folder: Path, *, count: int) -> None:
    """Writes `log.jsonl`, `keys.json` and checkpoints that were kept on the way."""
    key = SigningKey.from_seed(hashlib.sha256(b"bench").digest())
    (folder / "keys.json").write_text(json.dumps({"keys": [jwk_of(key.public, history=History(START))]}))
    frontier, signed_at = Frontier.empty(), START + timedelta(milliseconds=count)
    with (folder / "receipts.jsonl").open("wb") as file:
        for line in lines(count, key=key, frontier=frontier):
            file.write(line)
            if frontier.size % max(count // KEPT, 1) == 0:
                note = sign_checkpoint(said(frontier, at=signed_at), signer=key)
                (folder / f"{frontier.size}.note").write_text(note)
    head = {
        "format": FORMAT,
        "checkpoint": sign_checkpoint(said(frontier, at=signed_at), signer=key),
        "start": 0,
        "before": [],
    }
    (folder / "head.json").write_bytes(canonical_bytes(head) + b"\n")
    join(folder)


def said(frontier: Frontier, *, at: datetime) -> Checkpoint:
    return Checkpoint(origin_of(DEPLOYMENT), frontier.size, frontier.root, at)


def join(folder: Path) -> None:
    """The head is known only at the end, and stands first."""
    with (folder / "log.jsonl").open("wb") as file:
        for name in ("head.json", "receipts.jsonl"):
            with (folder / name).open("rb") as part:
                while block := part.read(1 << 20):
                    file.write(block)
    (folder / "receipts.jsonl").unlink()


def verify(folder: Path, *options: str) -> str:
    """One run of the command; its time and the largest memory that any of its processes took."""
    kept = [argument for note in sorted(folder.glob("*.note")) for argument in ("--checkpoint", str(note))]
    command = [sys.executable, "-m", "receipts.signing", "verify", "--json", "--keys", str(folder / "keys.json")]
    before, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, *options, *kept, str(folder / "log.jsonl")], capture_output=True, check=True)
    seconds, after = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    report = json.loads(done.stdout)
    assert len(report["compared_sizes"]) == len(kept) // 2
    return (
        f"{report['count']} receipts: {seconds:.1f} s, {processor:.1f} s of processor, "
        f"largest process so far {after.ru_maxrss / 1024:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--receipts", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not (options.folder / "log.jsonl").exists():
        make(options.folder, count=options.receipts)
    processes = os.cpu_count() or 1
    for words, flags in (("chain, tree, checkpoints", ["--without-signatures"]), ("every signature too", [])):
        found = verify(options.folder, *flags, "--processes", str(processes))
        sys.stdout.write(f"{words}, {processes} processes: {found}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
