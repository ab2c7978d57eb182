"""Bundles: receipts with their proofs, and the checkpoint to which these lead.

To verify one (`verify_bundle`):
  1. It has the form of one (`read_bundle`).
  2. Its checkpoint verifies, and every witness that the caller names has cosigned it.
  3. Each receipt verifies alone, with its place in the log, and belongs to the log of the checkpoint.
  4. Each inclusion proof leads from the receipt to the checkpoint.
  5. Nobody claims another one's place, and nobody is there twice.
  6. Each stream that is said to be whole is a chain from position 1.
  7. Each earlier checkpoint verifies, is of the same log, and leads to the later one. One of a key that was revoked
     since says nothing any more, and is passed over.
  8. Checkpoints that the caller kept verify, are of the same log, and say the same where sizes agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from receipts.signing.checkpoint import Checkpoint, origin_of, require_one_history, verify_checkpoint
from receipts.signing.cosignature import Cosignature, Witness, require_cosigned
from receipts.signing.envelope import Envelope
from receipts.signing.errors import (
    BrokenChainError,
    LogMismatchError,
    MalformedError,
    RevokedKeyError,
    UnsupportedError,
    VerificationError,
)
from receipts.signing.keys import KeySet
from receipts.signing.proofs import ConsistencyProof, InclusionProof, listed, members
from receipts.signing.verify import Link, refuse_fork, require_sequence, verify_receipt

FORMAT = "aarm-bundle/1"

_REQUIRED = {"format", "checkpoint", "receipts"}
_MEMBERS = _REQUIRED | {"streams", "earlier", "keys", "manifest"}


@dataclass(frozen=True, slots=True)
class Proved:
    """A receipt and the proof that it is in the log."""

    envelope: Envelope
    inclusion: InclusionProof


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier checkpoint's note, and the proof that leads on from it."""

    note: str
    consistency: ConsistencyProof


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle has; nothing of it has been verified."""

    note: str
    receipts: tuple[Proved, ...]
    streams: tuple[str, ...] = ()
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """What was verified: the receipts in their order, the checkpoint, who witnessed it, and which kept ones were or
    weren't compared.

    `earlier_sizes` are those of the earlier checkpoints that lead to it, and `passed_over` is how many more are there.
    """

    links: tuple[Link, ...]
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    compared_sizes: tuple[int, ...]
    uncompared_sizes: tuple[int, ...]
    earlier_sizes: tuple[int, ...] = ()
    passed_over: int = 0


def require_format(document: object, *, name: str, required: set[str], known: set[str]) -> Mapping[str, object]:
    """An object of the format `name` with these members. Raises MalformedError or UnsupportedError."""
    if not isinstance(document, Mapping) or not isinstance(document.get("format"), str):
        raise MalformedError("There is no object with the member format.")
    if document["format"] != name:
        raise UnsupportedError(f"The format is another one than {name}.")
    unknown = sorted(set(document) - known)
    if unknown:
        raise UnsupportedError(f"There is the unknown member {unknown[0][:40]!a}.")
    if not required <= set(document):
        raise MalformedError(f"The member {min(required - set(document))} is missing.")
    if not isinstance(document["checkpoint"], str):
        raise MalformedError("The checkpoint is not a text.")
    if not all(isinstance(document.get(name, {}), Mapping) for name in ("keys", "manifest")):
        raise MalformedError("The members keys and manifest are objects.")
    return document


def read_bundle(document: object) -> Bundle:
    """Raises MalformedError or UnsupportedError."""
    found = require_format(document, name=FORMAT, required=_REQUIRED, known=_MEMBERS)
    receipts = listed(found["receipts"], what="The member receipts", each=lambda item: isinstance(item, Mapping))
    if not receipts:
        raise MalformedError("There is no receipt to verify.")
    streams = listed(found.get("streams", []), what="The member streams", each=lambda item: isinstance(item, str))
    earlier = listed(found.get("earlier", []), what="The member earlier", each=lambda item: isinstance(item, Mapping))
    return Bundle(
        note=str(found["checkpoint"]),
        receipts=tuple(_proved(item, ordinal=ordinal) for ordinal, item in enumerate(receipts, start=1)),
        streams=tuple(str(item) for item in streams),
        earlier=tuple(map(_earlier, earlier)),
    )


def verify_bundle(
    bundle: Bundle, *, keys: KeySet, kept: Sequence[str] = (), witnesses: Sequence[Witness] = ()
) -> VerifiedBundle:
    """Verifies a bundle and compares it with notes that the caller kept. Raises VerificationError."""
    # 2. The checkpoint verifies.
    checkpoint = verify_checkpoint(bundle.note, keys=keys)
    cosignatures = require_cosigned(bundle.note, witnesses=witnesses)
    # 3. and 4. Each receipt verifies, and is in the log.
    links = [
        _link(item, keys=keys, checkpoint=checkpoint, ordinal=ordinal)
        for ordinal, item in enumerate(bundle.receipts, start=1)
    ]
    # 5. and 6. Streams.
    _require_streams(links, whole=bundle.streams)
    # 7. Earlier checkpoints lead here.
    leading = [_earlier_checkpoint(item, keys=keys, later=checkpoint) for item in bundle.earlier]
    earlier = [item for item in leading if item is not None]
    # 8. The caller's own say the same.
    found = kept_checkpoints(kept, keys=keys, origin=checkpoint.origin)
    require_one_history([checkpoint, *earlier, *found])
    known = {checkpoint.size, *(item.size for item in earlier)}
    sizes = [item.size for item in found]
    return VerifiedBundle(
        links=tuple(links),
        checkpoint=checkpoint,
        cosignatures=cosignatures,
        compared_sizes=tuple(size for size in sizes if size in known),
        uncompared_sizes=tuple(size for size in sizes if size not in known),
        earlier_sizes=tuple(item.size for item in earlier),
        passed_over=len(leading) - len(earlier),
    )


def kept_checkpoints(notes: Sequence[str], *, keys: KeySet, origin: str) -> list[Checkpoint]:
    """Verifies notes that the caller kept. Raises VerificationError, LogMismatchError for those of another log."""
    found = [verify_checkpoint(note, keys=keys) for note in notes]
    for checkpoint in found:
        require_origin(checkpoint, origin=origin)
    return found


def require_origin(checkpoint: Checkpoint, *, origin: str) -> None:
    """Returns if the checkpoint is of the log `origin`. Raises LogMismatchError."""
    if checkpoint.origin != origin:
        raise LogMismatchError(f"The checkpoint is one of {checkpoint.origin[:80]!a}, not of {origin[:80]!a}.")


def _proved(item: object, *, ordinal: int) -> Proved:
    try:
        found = members(item, names={"envelope", "inclusion"}, what="A receipt of a bundle")
        return Proved(Envelope.from_dict(found["envelope"]), InclusionProof.from_dict(found["inclusion"]))
    except VerificationError as error:
        error.ordinal = ordinal
        raise


def _earlier(item: object) -> Earlier:
    found = members(item, names={"checkpoint", "consistency"}, what="An earlier checkpoint")
    if not isinstance(found["checkpoint"], str):
        raise MalformedError("An earlier checkpoint is not a text.")
    return Earlier(found["checkpoint"], ConsistencyProof.from_dict(found["consistency"]))


def _link(item: Proved, *, keys: KeySet, checkpoint: Checkpoint, ordinal: int) -> Link:
    try:
        statement = verify_receipt(item.envelope, keys=keys, leaf_index=item.inclusion.leaf_index)
        require_origin(checkpoint, origin=origin_of(statement.deployment))
        item.inclusion.require(item.envelope.digest, checkpoint=checkpoint)
    except VerificationError as error:
        error.ordinal = ordinal
        raise
    return Link(ordinal, item.envelope.digest, statement)


def _require_streams(links: Sequence[Link], *, whole: Sequence[str]) -> None:
    streams: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        streams[link.statement.stream].append(link)
    for stream, found in streams.items():
        refuse_fork(found)
        if len({link.digest for link in found}) != len(found):
            raise BrokenChainError(f"A receipt of {stream} is there twice.", stream=stream)
    for stream in whole:
        if stream not in streams:
            raise BrokenChainError(f"No receipt of {stream[:80]!a} is there.", stream=stream)
        require_sequence(streams[stream])


def _earlier_checkpoint(item: Earlier, *, keys: KeySet, later: Checkpoint) -> Checkpoint | None:
    """None for one of a revoked key: nothing rests on it, and a bundle outlives the keys of its past."""
    try:
        checkpoint = verify_checkpoint(item.note, keys=keys)
    except RevokedKeyError:
        return None
    require_origin(checkpoint, origin=later.origin)
    require_one_history([checkpoint, later])
    item.consistency.require(checkpoint, later=later)
    return checkpoint
