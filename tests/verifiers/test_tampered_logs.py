"""RCP-01 to 09: whatever is done to a log, both verifiers find it by one checkpoint that was kept, and say where."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from receipts.signing.__main__ import main
from receipts.signing.canonical import canonical_bytes
from receipts.signing.checkpoint import Checkpoint, origin_of, sign_checkpoint
from receipts.signing.envelope import Envelope
from receipts.signing.logfile import FORMAT
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes
from tests.unit.signing.issuer import ISSUED_AT, issuer
from tests.verifiers.javascript import JavaScriptVerifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question

ALICE = issuer("alice")
STREAMS = ("ses_one", "ses_two", "ses_three")
LENGTH = 4
# The receipts of three sessions as they came in: the first of each, then the second of each, and so on.
LOG = list(chain.from_iterable(zip(*(ALICE.chain(LENGTH, stream=stream) for stream in STREAMS), strict=True)))
ALL = len(LOG)
Edit = Callable[[list[Envelope], int], list[Envelope]]


def note_of(log: Sequence[Envelope]) -> str:
    frontier = Frontier.empty()
    for envelope in log:
        frontier.append(leaf_hash(digest_bytes(envelope.digest)))
    said = Checkpoint(origin_of("test.example"), frontier.size, frontier.root, ISSUED_AT)
    return sign_checkpoint(said, signer=ALICE.key)


def question(log: Sequence[Envelope], *, note: str, kept: str) -> Question:
    """A log file with its checkpoint, and the one that was kept elsewhere."""
    head = {"format": FORMAT, "checkpoint": note, "start": 0, "before": []}
    lines = [canonical_bytes(head), *(canonical_bytes(envelope.to_dict()) for envelope in log)]
    keys = json.dumps({"keys": [ALICE.jwk()]}).encode()
    return Question(file=b"".join(line + b"\n" for line in lines), keys=keys, kept=(kept.encode(),))


def field_altered(log: list[Envelope], at: int) -> list[Envelope]:
    payload = log[at].payload.replace(b"ALLOW", b"DENY!")
    return [*log[:at], Envelope(payload, log[at].signature, log[at].key_id), *log[at + 1 :]]


def signature_altered(log: list[Envelope], at: int) -> list[Envelope]:
    signature = bytes([log[at].signature[0] ^ 1]) + log[at].signature[1:]
    return [*log[:at], Envelope(log[at].payload, signature, log[at].key_id), *log[at + 1 :]]


def removed(log: list[Envelope], at: int) -> list[Envelope]:
    return log[:at] + log[at + 1 :]


def cut_off(log: list[Envelope], at: int) -> list[Envelope]:
    return log[:at]


def exchanged_with_the_next_of_its_stream(log: list[Envelope], at: int) -> list[Envelope]:
    step = len(STREAMS)
    return [*log[:at], log[at + step], *log[at + 1 : at + step], log[at], *log[at + step + 1 :]]


def repeated(log: list[Envelope], at: int) -> list[Envelope]:
    return [*log[: at + 1], *log[at:]]


def signed_anew(log: list[Envelope], at: int) -> list[Envelope]:
    """A receipt is rewritten by a thief of the key, and every later one of its stream after it."""
    found, previous = list(log), log[at - len(STREAMS)].digest if at >= len(STREAMS) else None
    for place in range(at, len(log), len(STREAMS)):
        said = json.loads(log[place].payload)
        body = {"decision": {"result": "DENY"}} if place == at else said["body"]
        facts = {"id": said["id"], "stream": said["stream"], "position": said["position"], "previous": previous}
        found[place] = ALICE.receipt(**facts, body=body)
        previous = found[place].digest
    return found


@dataclass(frozen=True, slots=True)
class Tampering:
    """What is done to the receipt at each of `places`, what it is called, and where it is told; 0: by its size."""

    edit: Edit
    places: Sequence[int]
    reason: str
    told: Callable[[int], int]


def following(at: int) -> int:
    """The next receipt of the stream stands there once one before it is gone: where its chain no longer fits."""
    return at + len(STREAMS)


EVERYWHERE = range(ALL)
LAST_OF_EACH = ALL - len(STREAMS)
TAMPERINGS = [
    pytest.param(Tampering(field_altered, EVERYWHERE, "bad_signature", lambda at: at + 1), id="RCP-01"),
    pytest.param(Tampering(signature_altered, EVERYWHERE, "bad_signature", lambda at: at + 1), id="RCP-02"),
    pytest.param(Tampering(removed, range(3, LAST_OF_EACH), "broken_chain", following), id="RCP-03"),
    pytest.param(Tampering(removed, range(3), "broken_chain", following), id="RCP-04"),
    pytest.param(Tampering(cut_off, range(1, ALL), "log_mismatch", lambda at: 0), id="RCP-05"),
    pytest.param(Tampering(cut_off, [0], "log_mismatch", lambda at: 0), id="RCP-06"),
    pytest.param(
        Tampering(
            exchanged_with_the_next_of_its_stream, range(LAST_OF_EACH), "broken_chain", lambda at: at + 1
        ),
        id="RCP-07",
    ),
    pytest.param(Tampering(repeated, EVERYWHERE, "broken_chain", lambda at: at + 2), id="RCP-08"),
]  # fmt: skip


def told_by_python(asked: Question, *, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    """The reason and the receipt that is named, from 1; 0 where none is."""
    for name, data in (("keys.json", asked.keys), ("log.jsonl", asked.file), ("kept.note", asked.kept[0])):
        (folder / name).write_bytes(data)
    files = [str(folder / name) for name in ("keys.json", "kept.note", "log.jsonl")]
    main(["verify", "--json", "--processes", "1", "--keys", files[0], "--checkpoint", files[1], files[2]])
    report = json.loads(capsys.readouterr().out)
    return report["reason"], report["ordinal"] or 0


@pytest.mark.case("RCP-01", "RCP-02", "RCP-03", "RCP-04", "RCP-05", "RCP-06", "RCP-07", "RCP-08")
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_done_to_any_receipt_is_found_and_the_first_bad_place_is_named(
    tampering: Tampering, javascript: JavaScriptVerifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = note_of(LOG)
    control = question(LOG, note=kept, kept=kept)
    assert python_verdict(control, folder=tmp_path) == javascript.verdicts([control])[0] == (0, None)
    asked = {at: question(tampering.edit(LOG, at), note=kept, kept=kept) for at in tampering.places}
    here = {at: told_by_python(each, folder=tmp_path, capsys=capsys) for at, each in asked.items()}
    assert here == {at: (tampering.reason, tampering.told(at)) for at in tampering.places}
    assert set(javascript.verdicts(asked.values())) == {(2, tampering.reason)}


@pytest.mark.case("RCP-09")
def test_a_thief_of_the_key_who_signs_everything_anew_is_found_by_any_checkpoint_kept_before(
    javascript: JavaScriptVerifier, tmp_path: Path
) -> None:
    """With a checkpoint of their own, so that nothing in the file is wrong. What was kept covers what they rewrote."""
    asked, controls = [], []
    for at in EVERYWHERE:
        forged = signed_anew(LOG, at)
        note = note_of(forged)
        asked += [question(forged, note=note, kept=note_of(LOG[:size])) for size in range(at + 1, ALL + 1)]
        controls.append(question(forged, note=note, kept=note_of(LOG[:at]) if at else note))
    assert {python_verdict(each, folder=tmp_path) for each in controls} == {(0, None)}, "before it nothing was changed"
    found = [python_verdict(each, folder=tmp_path) for each in asked]
    assert javascript.verdicts(asked) == found
    assert set(found) <= {(2, "log_mismatch"), (3, "split_view")}
