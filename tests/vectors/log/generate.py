"""Writes `log.json`: trees, proofs, checkpoints, bundles and log files with the verdict that every verifier must give.

    python tests/vectors/log/generate.py > tests/vectors/log/log.json

It shares no code with `receipts.signing`: the tree is the recursive definition of RFC 6962. Seeds and times are fixed:
running it again gives the same file.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Json = Any
PAYLOAD_TYPE = "application/vnd.aarm.receipt+json"
DEPLOYMENT = "vectors.example"
ORIGIN = f"{DEPLOYMENT}/receipts"
SIGNED_AT = "2026-11-03T09:15:00.000000Z"
SIZE = 7
EARLIER = 3


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def written(data: bytes) -> str:
    return "sha256:" + data.hex()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A key by the name of its holder, whose hash is its seed."""

    def __init__(self, holder: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(sha256(holder.encode()))
        self.raw = self.private.public_key().public_bytes_raw()
        self.x = base64url(self.raw)
        self.id = "aarm-" + base64url(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{self.x}"}}'.encode()))[:16]

    def jwk(self, **times: str) -> Json:
        fixed = {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.id, "alg": "Ed25519", "use": "sig"}
        return {**fixed, "created_at": "2026-01-01T00:00:00.000000Z", **times}


ALICE, BOB, CHARLIE, DORA = (Key(name) for name in ("alice", "bob", "charlie", "dora"))
# Alice signs now, Bob's key is retired, Dora's was revoked, Charlie's is nobody's business.
KEYS = {
    "keys": [
        ALICE.jwk(),
        BOB.jwk(retired_at="2026-06-01T00:00:00.000000Z"),
        DORA.jwk(revoked_at="2026-12-01T00:00:00.000000Z"),
    ]
}


# Receipts.


def message(envelope: Json) -> bytes:
    payload = base64.b64decode(envelope["payload"])
    return b"DSSEv1 33 " + PAYLOAD_TYPE.encode() + b" " + str(len(payload)).encode() + b" " + payload


def digest(envelope: Json) -> bytes:
    return sha256(message(envelope))


def receipt(index: int, *, before: list[Json], key: Key = ALICE, **changes: Json) -> Json:
    """The receipt at a leaf index; even ones are Alice's session, odd ones Bob's."""
    stream = ("session/ses_alice", "session/ses_bob")[index % 2]
    mine = before[index % 2 :: 2]
    statement = {
        "v": 1, "payload_type": PAYLOAD_TYPE, "alg": "Ed25519", "key_id": key.id, "id": f"rct_{index}",
        "type": "decision", "stream": stream, "position": len(mine) + 1,
        "previous": written(digest(mine[-1])) if mine else None,
        "issued_at": f"2026-11-03T09:00:{index:02}.000000Z", "deployment": DEPLOYMENT,
        "body": {"action": {"tool": "email", "operation": "send"}, "decision": {"result": "ALLOW"}},
        **changes,
    }  # fmt: skip
    payload = base64.b64encode(rfc8785.dumps(statement)).decode()
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": []}
    sig = base64.b64encode(key.private.sign(message(envelope))).decode()
    return {**envelope, "signatures": [{"keyid": key.id, "sig": sig}]}


def receipts(count: int = SIZE, *, changed: int = -1, **changes: Json) -> list[Json]:
    """A log's receipts. From the changed one on, everything is written anew, as a thief of the key could do."""
    found: list[Json] = []
    for index in range(count):
        found.append(receipt(index, before=found, **(changes if index == changed else {})))
    return found


# Trees, by the definition.


def leaf_hash(envelope: Json) -> bytes:
    return sha256(b"\x00" + digest(envelope))


def split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    half = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*path(index, leaves[:half]), root(leaves[half:])]
    return [*path(index - half, leaves[half:]), root(leaves[:half])]


def subproof(size: int, leaves: list[bytes], *, is_whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if size == len(leaves):
        return [] if is_whole else [root(leaves)]
    half = split(len(leaves))
    if size <= half:
        return [*subproof(size, leaves[:half], is_whole=is_whole), root(leaves[half:])]
    return [*subproof(size - half, leaves[half:], is_whole=False), root(leaves[:half])]


def complete_subtrees(leaves: list[bytes]) -> list[str]:
    """The roots of the complete subtrees that make up the leaves, largest first."""
    found, rest = [], leaves
    while rest:
        size = 1 << len(rest).bit_length() - 1
        found.append(written(root(rest[:size])))
        rest = rest[size:]
    return found


def inclusion(index: int, leaves: list[bytes]) -> Json:
    hashes = [written(item) for item in path(index, leaves)]
    return {"leaf_index": index, "tree_size": len(leaves), "hashes": hashes}


def consistency(first: int, leaves: list[bytes]) -> Json:
    hashes = [written(item) for item in subproof(first, leaves, is_whole=True)]
    return {"from": first, "to": len(leaves), "hashes": hashes}


# Checkpoints.


def line(text: str, *, key: Key, name: str) -> str:
    key_hash = sha256(name.encode() + b"\n\x01" + key.raw)[:4]
    return f"— {name} {base64.b64encode(key_hash + key.private.sign(text.encode())).decode()}\n"


def note(
    envelopes: list[Json],
    *,
    keys: tuple[Key, ...] = (ALICE,),
    origin: str = ORIGIN,
    at: str = SIGNED_AT,
    more: str = "",
) -> str:
    """The checkpoint of a log with these receipts."""
    hashed = base64.b64encode(root([leaf_hash(item) for item in envelopes])).decode()
    text = f"{origin}\n{len(envelopes)}\n{hashed}\ntime {at}\n{more}"
    return text + "\n" + "".join(line(text, key=key, name=origin) for key in keys)


LOG = receipts()
LEAVES = [leaf_hash(item) for item in LOG]
# What a thief of the key writes: leaf 2 says something else, and everything after it follows.
FORGED = receipts(changed=2, body={"decision": {"result": "DENY"}})
FORGED_LEAVES = [leaf_hash(item) for item in FORGED]


# Cases.

Case = dict[str, Json]


def case(name: str, kind: str, exit_code: int, reason: str | None, file: Json, **options: Json) -> Case:
    content = {"text" if isinstance(file, str) else "file": file}
    return {"name": name, "kind": kind, "exit_code": exit_code, "reason": reason, **content, **options}


def changed(document: Json, *steps: str | int, to: Json) -> Json:
    """A copy with the member at the end of the steps exchanged, or changed by a function."""
    copied = copy.deepcopy(document)
    place = copied
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to(place[steps[-1]]) if callable(to) else to
    return copied


def without(document: Json, *names: str) -> Json:
    return {name: value for name, value in document.items() if name not in names}


def flipped(text: str) -> str:
    """Another base64 text or digest of the same length."""
    return text[:20] + ("A" if text[20] != "A" else "B") + text[21:]


def flipped_digest(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def checkpoints() -> Iterator[Case]:
    good = note(LOG)
    text = good.partition("\n\n")[0] + "\n"
    own = good.split("\n\n")[1]
    bad = flipped(own.split(" ")[2])
    yield case("checkpoint", "checkpoint", 0, None, good)
    yield case(
        "checkpoint with a cosignature by a witness",
        "checkpoint",
        0,
        None,
        good + line(text, key=BOB, name="w.example"),
    )
    yield case("checkpoint also signed by an unknown key", "checkpoint", 0, None, note(LOG, keys=(ALICE, CHARLIE)))
    yield case(
        "checkpoint from before its key was retired",
        "checkpoint",
        0,
        None,
        note(LOG, keys=(BOB,), at="2026-05-01T00:00:00.000000Z"),
    )
    for name, old, new in (
        ("size altered", f"\n{SIZE}\n", f"\n{SIZE + 1}\n"),
        ("origin altered in the text", f"{ORIGIN}\n{SIZE}", f"other.example/receipts\n{SIZE}"),
        ("time altered", "09:15:00", "09:15:01"),
    ):
        exit_code, reason = (4, "untrusted_key") if "origin" in name else (2, "bad_signature")
        yield case(f"checkpoint, {name}", "checkpoint", exit_code, reason, good.replace(old, new, 1))
    yield case(
        "checkpoint, root altered",
        "checkpoint",
        2,
        "bad_signature",
        good.replace(text.split("\n")[2], base64.b64encode(bytes(32)).decode()),
    )
    yield case("checkpoint, signature altered", "checkpoint", 2, "bad_signature", good.replace(own.split(" ")[2], bad))
    yield case(
        "checkpoint, one of two signatures altered",
        "checkpoint",
        2,
        "bad_signature",
        good + good.split("\n\n")[1].replace(own.split(" ")[2], bad),
    )
    yield case("checkpoint by a key that nobody trusts", "checkpoint", 4, "untrusted_key", note(LOG, keys=(CHARLIE,)))
    yield case("checkpoint by a revoked key", "checkpoint", 4, "revoked_key", note(LOG, keys=(DORA,)))
    yield case("checkpoint by a retired key", "checkpoint", 4, "untrusted_key", note(LOG, keys=(BOB,)))
    yield case(
        "checkpoint with a witness's signature only",
        "checkpoint",
        4,
        "untrusted_key",
        text + "\n" + line(text, key=ALICE, name="w.example"),
    )
    yield case("checkpoint with another extension line", "checkpoint", 5, "unsupported", note(LOG, more="critical\n"))
    malformed = {
        "no signature": text + "\n",
        "no empty line": text + own,
        "no time": good.replace(f"time {SIGNED_AT}\n", ""),
        "time in another spelling": good.replace(SIGNED_AT, "2026-11-03T09:15:00Z"),
        "extension line is not the time": good.replace("time ", "when "),
        "size with a leading zero": good.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n"),
        "size with a plus sign": good.replace(f"\n{SIZE}\n", f"\n+{SIZE}\n"),
        "size 0": good.replace(f"\n{SIZE}\n", "\n0\n"),
        "size beyond 2^53-1": good.replace(f"\n{SIZE}\n", "\n9007199254740992\n"),
        "size in other digits": good.replace(f"\n{SIZE}\n", "\n٧\n"),
        "short root": good.replace(text.split("\n")[2], base64.b64encode(bytes(31)).decode()),
        "root in another spelling": good.replace(text.split("\n")[2], text.split("\n")[2].rstrip("=")),
        "carriage returns": good.replace("\n", "\r\n"),
        "no line end": good[:-1],
        "text after the signatures": good + "more\n",
        "hyphen for the dash": good.replace("—", "-"),
        "two spaces in a signature line": good.replace("— ", "—  "),
        "signature of four bytes": text + f"\n— {ORIGIN} {base64.b64encode(bytes(4)).decode()}\n",
        "signature that is not base64": good.replace(own.split(" ")[2], "????\n"),
        "origin with a space": good.replace(ORIGIN, "a b"),
        "empty origin": good.replace(f"{ORIGIN}\n", "\n", 1),
        "too many signatures": text + "\n" + own * 65,
        "too long": text + "\n" + own + f"— w.example {'A' * 65536}\n",
    }
    for name, file in malformed.items():
        yield case(f"checkpoint, {name}", "checkpoint", 1, "malformed", file)


def bundle(*indexes: int, envelopes: list[Json] = LOG, **members: Json) -> Json:
    leaves = [leaf_hash(item) for item in envelopes]
    chosen = [{"envelope": envelopes[index], "inclusion": inclusion(index, leaves)} for index in indexes]
    return {"format": "aarm-bundle/1", "checkpoint": note(envelopes), "receipts": chosen, **members}


def earlier(*, envelopes: list[Json] = LOG, size: int = EARLIER, into: list[bytes] = LEAVES) -> list[Json]:
    return [{"checkpoint": note(envelopes[:size]), "consistency": consistency(size, into)}]


def bundles() -> Iterator[Case]:
    good = bundle(1, 4, earlier=earlier())
    alice = bundle(0, 2, 4, 6, streams=["session/ses_alice"])
    kept, forged = note(LOG), note(FORGED)
    yield case("bundle of a selection", "bundle", 0, None, good)
    spelled = changed(good, "receipts", 0, "inclusion", "leaf_index", to=1.0)
    yield case("bundle, leaf index spelled 1.0", "bundle", 0, None, spelled)
    yield case("bundle of every receipt", "bundle", 0, None, bundle(*range(SIZE)))
    yield case("bundle of a log with one receipt", "bundle", 0, None, bundle(0, envelopes=LOG[:1]))
    yield case("bundle of a whole stream", "bundle", 0, None, alice)
    yield case(
        "bundle with keys and manifest for people",
        "bundle",
        0,
        None,
        {**good, "keys": {"keys": [CHARLIE.jwk()]}, "manifest": {"query": "tool:email"}},
    )
    yield case("bundle with the checkpoint that was kept", "bundle", 0, None, good, kept=[kept, note(LOG[:EARLIER])])
    yield case("bundle with a kept checkpoint of another size", "bundle", 0, None, good, kept=[note(LOG[:5])])
    yield case(
        "bundle, the same root signed again later",
        "bundle",
        0,
        None,
        good,
        kept=[note(LOG, at="2026-11-03T10:00:00.000000Z")],
    )
    yield case(
        "bundle, receipt altered",
        "bundle",
        2,
        "bad_signature",
        changed(
            good,
            "receipts",
            0,
            "envelope",
            "payload",
            to=lambda text: base64.b64encode(base64.b64decode(text).replace(b"ALLOW", b"DENY!")).decode(),
        ),
    )
    yield case(
        "bundle, signature altered",
        "bundle",
        2,
        "bad_signature",
        changed(good, "receipts", 0, "envelope", "signatures", 0, "sig", to=flipped),
    )
    yield case(
        "bundle, checkpoint's signature altered",
        "bundle",
        2,
        "bad_signature",
        changed(good, "checkpoint", to=lambda text: text[:-12] + ("A" if text[-12] != "A" else "B") + text[-11:]),
    )
    yield case(
        "bundle, receipts' proofs exchanged",
        "bundle",
        2,
        "not_in_log",
        changed(good, "receipts", 0, "inclusion", to=good["receipts"][1]["inclusion"]),
    )
    yield case(
        "bundle, receipt that is not in the log",
        "bundle",
        2,
        "not_in_log",
        changed(good, "receipts", 1, "envelope", to=FORGED[4]),
    )
    for name, steps, to in (
        ("hash of a proof altered", ("hashes", 1), flipped_digest),
        ("hash of a proof removed", ("hashes",), lambda hashes: hashes[:-1]),
        ("hash added to a proof", ("hashes",), lambda hashes: [*hashes, hashes[0]]),
        ("hashes of a proof exchanged", ("hashes",), lambda hashes: hashes[::-1]),
        ("another leaf index", ("leaf_index",), 2),
        ("tree of another size", ("tree_size",), SIZE - 1),
        ("leaf index beyond the tree", ("leaf_index",), SIZE),
        ("leaf index far beyond the tree", ("leaf_index",), 2**53 - 1),
    ):
        yield case(
            f"bundle, {name}", "bundle", 2, "not_in_log", changed(good, "receipts", 0, "inclusion", *steps, to=to)
        )
    yield case("bundle, receipt twice", "bundle", 2, "broken_chain", bundle(1, 1))
    yield case(
        "bundle, middle of a whole stream removed",
        "bundle",
        2,
        "broken_chain",
        bundle(0, 4, 6, streams=["session/ses_alice"]),
    )
    yield case(
        "bundle, start of a whole stream removed",
        "bundle",
        2,
        "broken_chain",
        bundle(2, 4, 6, streams=["session/ses_alice"]),
    )
    yield case(
        "bundle, whole stream out of order", "bundle", 2, "broken_chain", bundle(2, 0, streams=["session/ses_alice"])
    )
    yield case(
        "bundle, whole stream that is not there", "bundle", 2, "broken_chain", bundle(0, streams=["session/ses_bob"])
    )
    yield case(
        "bundle, of another log than its receipts",
        "bundle",
        2,
        "log_mismatch",
        changed(good, "checkpoint", to=note(LOG, origin="other.example/receipts")),
    )
    yield case(
        "bundle, earlier checkpoint of another log",
        "bundle",
        2,
        "log_mismatch",
        changed(good, "earlier", 0, "checkpoint", to=note(LOG[:EARLIER], origin="other.example/receipts")),
    )
    yield case(
        "bundle, earlier checkpoint that doesn't lead here",
        "bundle",
        2,
        "inconsistent_log",
        changed(good, "earlier", to=earlier(envelopes=FORGED)),
    )
    yield case(
        "bundle, hash of a consistency proof altered",
        "bundle",
        2,
        "inconsistent_log",
        changed(good, "earlier", 0, "consistency", "hashes", 0, to=flipped_digest),
    )
    yield case(
        "bundle, consistency proof too short",
        "bundle",
        2,
        "inconsistent_log",
        changed(good, "earlier", 0, "consistency", "hashes", to=lambda hashes: hashes[:-1]),
    )
    yield case(
        "bundle, consistency proof too long",
        "bundle",
        2,
        "inconsistent_log",
        changed(good, "earlier", 0, "consistency", "hashes", to=lambda hashes: [*hashes, hashes[0]]),
    )
    yield case(
        "bundle, consistency proof from another size",
        "bundle",
        2,
        "inconsistent_log",
        changed(good, "earlier", 0, "consistency", "from", to=2),
    )
    by_dora = {"checkpoint": note(FORGED[:EARLIER], keys=(DORA,)), "consistency": consistency(EARLIER, LEAVES)}
    several = [*earlier(size=1), *earlier(size=5), *earlier(size=SIZE)]
    yield case("bundle with several earlier checkpoints", "bundle", 0, None, bundle(1, 4, earlier=several))
    yield case(
        "bundle with several earlier checkpoints, two of them kept",
        "bundle",
        0,
        None,
        bundle(1, 4, earlier=several),
        kept=[note(LOG[:1]), note(LOG[:5])],
    )
    yield case(
        "bundle, the last of several earlier checkpoints doesn't lead here",
        "bundle",
        2,
        "inconsistent_log",
        bundle(1, 4, earlier=[*several, *earlier(envelopes=FORGED)]),
    )
    yield case("bundle with an earlier checkpoint by a revoked key", "bundle", 0, None, bundle(1, earlier=[by_dora]))
    yield case(
        "bundle, kept checkpoint of a size for which the bundle has only one by a revoked key",
        "bundle",
        0,
        None,
        bundle(1, earlier=[by_dora]),
        kept=[note(FORGED[:EARLIER])],
    )
    yield case(
        "bundle, earlier checkpoint by nobody's key",
        "bundle",
        4,
        "untrusted_key",
        bundle(1, earlier=[{**by_dora, "checkpoint": note(LOG[:EARLIER], keys=(CHARLIE,))}]),
    )
    yield case(
        "bundle, earlier checkpoint of a revoked key with a signature that is none",
        "bundle",
        2,
        "bad_signature",
        bundle(1, earlier=[{**by_dora, "checkpoint": by_dora["checkpoint"].replace("time 2026", "time 2025", 1)}]),
    )
    yield case("bundle, two histories of one size", "bundle", 3, "split_view", good, kept=[forged])
    yield case(
        "bundle, kept checkpoint against an earlier one", "bundle", 3, "split_view", good, kept=[note(FORGED[:EARLIER])]
    )
    yield case(
        "bundle, earlier checkpoint of the same size",
        "bundle",
        3,
        "split_view",
        {**good, "earlier": [{"checkpoint": forged, "consistency": {"from": SIZE, "to": SIZE, "hashes": []}}]},
    )
    twins = [*LOG[:6], receipt(4, before=LOG[:4], id="rct_twin")]
    yield case("bundle, two receipts at one position", "bundle", 3, "fork", bundle(4, 6, envelopes=twins))
    yield case(
        "bundle, kept checkpoint by an unknown key",
        "bundle",
        4,
        "untrusted_key",
        good,
        kept=[note(LOG, keys=(CHARLIE,))],
    )
    yield case(
        "bundle, receipt by an unknown key",
        "bundle",
        4,
        "untrusted_key",
        bundle(6, envelopes=[*LOG[:6], receipt(6, before=LOG[:6], key=CHARLIE)]),
    )
    yield case("bundle, another format", "bundle", 5, "unsupported", {**good, "format": "aarm-bundle/2"})
    yield case("bundle, unknown member", "bundle", 5, "unsupported", {**good, "critical": True})
    yield case(
        "bundle, checkpoint with another extension line",
        "bundle",
        5,
        "unsupported",
        changed(good, "checkpoint", to=note(LOG, more="critical\n")),
    )
    for name, document in {
        "no checkpoint": without(good, "checkpoint"),
        "no receipts": {**good, "receipts": []},
        "receipts that are no list": {**good, "receipts": {}},
        "receipt without a proof": changed(good, "receipts", 0, to=lambda item: without(item, "inclusion")),
        "receipt with another member": changed(good, "receipts", 0, to=lambda item: {**item, "key": 1}),
        "proof with another member": changed(good, "receipts", 0, "inclusion", to=lambda item: {**item, "root": 1}),
        "proof without hashes": changed(good, "receipts", 0, "inclusion", to=lambda item: without(item, "hashes")),
        "leaf index that is a text": changed(good, "receipts", 0, "inclusion", "leaf_index", to="1"),
        "leaf index that is true": changed(good, "receipts", 0, "inclusion", "leaf_index", to=True),
        "leaf index 1.0": changed(good, "receipts", 0, "inclusion", "leaf_index", to=1.5),
        "negative leaf index": changed(good, "receipts", 0, "inclusion", "leaf_index", to=-1),
        "hash in capitals": changed(good, "receipts", 0, "inclusion", "hashes", 0, to=str.upper),
        "hash that is null": changed(good, "receipts", 0, "inclusion", "hashes", 0, to=None),
        "streams that are no list of texts": {**good, "streams": [1]},
        "earlier without a proof": changed(good, "earlier", 0, to=lambda item: without(item, "consistency")),
        "consistency proof from 0": changed(good, "earlier", 0, "consistency", "from", to=0),
        "manifest that is no object": {**good, "manifest": []},
        "earlier checkpoint that is no text": changed(good, "earlier", 0, "checkpoint", to=1),
        "format that is no text": {**good, "format": 1},
        "checkpoint that is no text": {**good, "checkpoint": {}},
        "envelope with another member": changed(good, "receipts", 0, "envelope", to=lambda item: {**item, "jwk": {}}),
    }.items():
        yield case(f"bundle, {name}", "bundle", 1, "malformed", document)


def log_file(
    envelopes: list[Json],
    *,
    start: int = 0,
    checkpoint: str | None = None,
    leaves: list[bytes] | None = None,
    **changes: Json,
) -> str:
    """A log file from a leaf on; its checkpoint is that of all the receipts unless another one is given."""
    before = complete_subtrees((leaves or [leaf_hash(item) for item in envelopes])[:start])
    head = {
        "format": "aarm-log/1",
        "checkpoint": checkpoint or note(envelopes),
        "start": start,
        "before": before,
        **changes,
    }
    return "".join(json.dumps(item) + "\n" for item in (head, *envelopes[start:]))


def payload_altered(envelope: Json) -> Json:
    payload = base64.b64decode(envelope["payload"]).replace(b"ALLOW", b"DENY!")
    return {**envelope, "payload": base64.b64encode(payload).decode()}


def logs() -> Iterator[Case]:
    checkpoint = note(LOG)
    good = log_file(LOG)

    def tampered(envelopes: list[Json]) -> str:
        return log_file(envelopes, checkpoint=checkpoint)

    yield case("log", "log", 0, None, good)
    yield case("log with one receipt", "log", 0, None, log_file(LOG[:1]))
    yield case(
        "log with checkpoints that were kept", "log", 0, None, good, kept=[note(LOG[:size]) for size in (1, 2, 5, 7)]
    )
    yield case("log, kept checkpoint that lies beyond it", "log", 0, None, log_file(LOG[:5]), kept=[checkpoint])
    for start in (1, 2, 3, 6):
        yield case(
            f"end of a log from leaf {start}",
            "log",
            0,
            None,
            log_file(LOG, start=start),
            kept=[note(LOG[:start]), note(LOG[: start + 1])],
        )
    yield case(
        "end of a log, kept checkpoint from before it", "log", 0, None, log_file(LOG, start=5), kept=[note(LOG[:2])]
    )
    yield case("log, field altered", "log", 2, "bad_signature", tampered([*LOG[:2], payload_altered(LOG[2]), *LOG[3:]]))
    sig_altered = changed(LOG[3], "signatures", 0, "sig", to=flipped)
    yield case("log, signature altered", "log", 2, "bad_signature", tampered([*LOG[:3], sig_altered, *LOG[4:]]))
    yield case("log, middle removed", "log", 2, "broken_chain", tampered([*LOG[:2], *LOG[3:]]))
    yield case("log, first removed", "log", 2, "broken_chain", tampered(LOG[1:]))
    yield case("log, end cut off", "log", 2, "log_mismatch", tampered(LOG[:-1]))
    yield case("log, everything removed", "log", 2, "log_mismatch", tampered([]))
    yield case(
        "log, reordered within a stream",
        "log",
        2,
        "broken_chain",
        tampered([*LOG[:2], LOG[4], LOG[3], LOG[2], *LOG[5:]]),
    )
    yield case(
        "log, reordered between streams", "log", 2, "log_mismatch", tampered([*LOG[:2], LOG[3], LOG[2], *LOG[4:]])
    )
    other = receipt(4, before=LOG[:4], previous=written(digest(LOG[0])))
    yield case("log, predecessor is another receipt", "log", 2, "broken_chain", log_file([*LOG[:4], other]))
    yield case("log, receipt repeated", "log", 2, "broken_chain", tampered([*LOG[:3], LOG[2], *LOG[3:]]))
    yield case("log, rewritten and signed again", "log", 2, "log_mismatch", tampered(FORGED))
    yield case(
        "log, rewritten with all of its checkpoints", "log", 3, "split_view", log_file(FORGED), kept=[note(LOG[:5])]
    )
    yield case("log, rewritten after the kept checkpoint", "log", 0, None, log_file(FORGED), kept=[note(LOG[:2])])
    yield case("log, two histories of one size", "log", 3, "split_view", good, kept=[note(FORGED)])
    yield case(
        "log, two kept histories of one size beyond it",
        "log",
        3,
        "split_view",
        log_file(LOG[:2]),
        kept=[checkpoint, note(FORGED)],
    )
    yield case(
        "end of a log, subtree before it altered",
        "log",
        2,
        "log_mismatch",
        log_file(LOG, start=3, before=complete_subtrees(FORGED_LEAVES[:3])),
    )
    yield case(
        "end of a log, too few subtrees",
        "log",
        1,
        "malformed",
        log_file(LOG, start=3, before=complete_subtrees(LEAVES[:2])),
    )
    two_forks = [*LOG[:6], receipt(4, before=LOG[:4], id="rct_twin")]
    yield case("log, two receipts at one position", "log", 3, "fork", log_file(two_forks))
    moved = receipt(6, before=LOG[:6], deployment="other.example")
    yield case("log, receipt of another deployment", "log", 2, "log_mismatch", log_file([*LOG[:6], moved]))
    yield case(
        "log, checkpoint of another log",
        "log",
        2,
        "log_mismatch",
        log_file(LOG, checkpoint=note(LOG, origin="other.example/receipts")),
    )
    yield case(
        "log, kept checkpoint of another log",
        "log",
        2,
        "log_mismatch",
        good,
        kept=[note(LOG, origin="other.example/receipts")],
    )
    yield case(
        "log, receipt by an unknown key",
        "log",
        4,
        "untrusted_key",
        log_file([*LOG[:6], receipt(6, before=LOG[:6], key=CHARLIE)]),
    )
    yield case("log, another format", "log", 5, "unsupported", log_file(LOG, format="aarm-log/2"))
    yield case("log, unknown member in the head", "log", 5, "unsupported", log_file(LOG, critical=True))
    for name, text in {
        "empty line": good.replace("\n", "\n\n", 1),
        "line that is no JSON": good.rstrip("\n") + "x\n",
        "no end of the last line": good[:-1],
        "negative start": log_file(LOG, start=0).replace('"start": 0', '"start": -1'),
        "start at the size": log_file(LOG, start=SIZE),
        "no before": good.replace(', "before": []', ""),
        "subtree where there is none": log_file(LOG, before=complete_subtrees(LEAVES[:1])),
        "receipt that lacks a member": good + '{"payload": ""}\n',
    }.items():
        yield case(f"log, {name}", "log", 1, "malformed", text)


def trees() -> Json:
    """Roots and proofs over the leaf hashes of texts "0", "1", …, for every tree of up to 9 leaves."""
    leaves = [sha256(b"\x00" + sha256(str(number).encode())) for number in range(9)]
    return {
        "leaf_hashes": [written(item) for item in leaves],
        "roots": [written(root(leaves[:size])) for size in range(10)],
        "inclusion": [inclusion(index, leaves[:size]) for size in range(1, 10) for index in range(size)],
        "consistency": [consistency(first, leaves[:size]) for size in range(1, 10) for first in range(1, size + 1)],
    }


def document() -> Json:
    """The whole file, as it is written."""
    makers: tuple[Callable[[], Iterator[Case]], ...] = (checkpoints, bundles, logs)
    about = "The log and the verdicts that every verifier must give; docs/receipt-format.md describes both."
    return {"about": about, "keys": KEYS, "trees": trees(), "cases": [item for make in makers for item in make()]}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
