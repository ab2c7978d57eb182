"""Offline verification. Every function returns what was verified or raises a VerificationError; none returns a verdict.

The keys come from the caller, never from what is being verified.

One receipt (`verify_receipt`), an envelope that `Envelope.from_dict` accepted:
  1. The envelope names a key that the caller trusts.
  2. The signature fits the DSSE pre-authentication encoding of the payload bytes as they were stored.
  3. The payload is a statement of version 1 in RFC 8785 form, with no unknown member or value.
  4. The key id and the algorithm inside the signed bytes are those of the key that was used.
  5. The key was in use when the receipt says that it was issued; if it was revoked, the receipt was in the log before.

A chain (`verify_chain`), receipts in the order in which the log gave them:
  1. There is at least one receipt, or an expected head that shows that there should be.
  2. Each receipt verifies alone.
  3. No two receipts of a stream claim one position or one predecessor: that would be a fork.
  4. In each stream the positions are 1, 2, 3 … and each receipt names the digest of the one before it.
  5. The receipt that the caller knows to exist (position and digest of an earlier head) is there.
  Without step 5 nobody can tell that receipts at the end of a stream, or a whole stream, were removed.

A disclosure (`verify_disclosure`), values that a verified receipt commits to:
  1. It is an object of field paths, each with a salt and a value, or null where the value was erased.
  2. The receipt commits to every path in it.
  3. Each salt and value give the commitment again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from receipts.signing.canonical import commitment
from receipts.signing.envelope import PAYLOAD_TYPE, Envelope, pae
from receipts.signing.errors import (
    BrokenChainError,
    CanonicalError,
    CommitmentMismatchError,
    ForkError,
    MalformedError,
    TamperedError,
    VerificationError,
)
from receipts.signing.keys import KeySet
from receipts.signing.statement import Statement, parse_statement

_SALT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement and what a disclosure showed of the values that it commits to, as field paths.

    `erased_paths` rests on the word of whoever made the disclosure; `withheld_paths` were not spoken of at all.
    """

    statement: Statement
    disclosed_paths: tuple[str, ...] = ()
    erased_paths: tuple[str, ...] = ()
    withheld_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A receipt that verified alone: its place, from 1, in what was given, its digest and what it says."""

    ordinal: int
    digest: str
    statement: Statement


def verify_receipt(envelope: Envelope, *, keys: KeySet, leaf_index: int | None = None) -> Statement:
    """What a receipt says, once it is known to be signed by a key in `keys`. Raises VerificationError.

    `leaf_index` is the receipt's place in the log, if the caller has proven it: only that saves a revoked key's work.
    """
    # 1. The envelope names a key that the caller trusts.
    key = keys.find(envelope.key_id)
    # 2. The signature fits the bytes.
    key.verify(pae(PAYLOAD_TYPE, envelope.payload), signature=envelope.signature)
    # 3. The payload is a statement of version 1.
    statement = parse_statement(envelope.payload)
    # 4. What was signed names the key that was used.
    if (statement.key_id, statement.algorithm) != (key.key_id, key.algorithm):
        raise TamperedError("The signed bytes name another key or algorithm than the one that signed them.")
    # 5. The key was in use.
    key.require_use_at(statement.issued_at, leaf_index=leaf_index)
    return statement


def verify_each(envelopes: Sequence[Envelope], *, keys: KeySet) -> list[Statement]:
    """What receipts say that were selected from their streams, each verified alone. Raises VerificationError."""
    _refuse_nothing(envelopes)
    return [
        _link(envelope, keys=keys, ordinal=ordinal).statement for ordinal, envelope in enumerate(envelopes, start=1)
    ]


def verify_chain(
    envelopes: Sequence[Envelope],
    *,
    keys: KeySet,
    expected_head: tuple[int, str] | None = None,
    is_ordered: bool = True,
) -> list[Statement]:
    """What the receipts of one or more whole streams say, in the order given. Raises VerificationError.

    `expected_head` is the position and digest of a receipt that is known to exist; later ones may follow it.
    `is_ordered=False` puts each stream in order of position first, for receipts that were collected one by one.
    """
    # 1. Nothing is never a pass.
    if expected_head is None:
        _refuse_nothing(envelopes)
    # 2. Each receipt verifies alone.
    links = [_link(envelope, keys=keys, ordinal=ordinal) for ordinal, envelope in enumerate(envelopes, start=1)]
    for stream in _streams(links, is_ordered=is_ordered):
        # 3. Nobody claims another one's place.
        refuse_fork(stream)
        # 4. Everybody follows the one before.
        require_sequence(stream)
    # 5. The known head is there.
    if expected_head is not None:
        _require_head(links, expected_head=expected_head)
    return [link.statement for link in links]


def verify_disclosure(statement: Statement, disclosure: object) -> Verified:
    """Checks disclosed values against the commitments of a verified `statement`. Raises VerificationError.

    `disclosure` is `{path: {"salt": 64 hex digits, "value": any JSON} | null}`; null says that the value was erased.
    """
    # 1. It has the form of a disclosure.
    if not isinstance(disclosure, Mapping):
        raise MalformedError("A disclosure is an object of field paths.")
    commitments = statement.commitments
    opened, erased = [], []
    for path, entry in disclosure.items():
        # 2. The receipt commits to the path.
        if path not in commitments:
            raise CommitmentMismatchError(f"The receipt does not commit to a value at {path!a}.")
        if entry is None:
            erased.append(path)
            continue
        # 3. Salt and value give the commitment again.
        _require_commitment(path, entry=entry, expected=commitments[path])
        opened.append(path)
    withheld = [path for path in commitments if path not in disclosure]
    return Verified(statement, tuple(opened), tuple(erased), tuple(withheld))


def _refuse_nothing(envelopes: Sequence[Envelope]) -> None:
    if not envelopes:
        raise MalformedError("There is no receipt to verify.")


def _link(envelope: Envelope, *, keys: KeySet, ordinal: int) -> Link:
    try:
        return Link(ordinal, envelope.digest, verify_receipt(envelope, keys=keys))
    except VerificationError as error:
        error.ordinal = ordinal
        raise


def _streams(links: Iterable[Link], *, is_ordered: bool) -> list[list[Link]]:
    """The links by deployment and stream, in the order given or by position."""
    streams: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links:
        streams[link.statement.deployment, link.statement.stream].append(link)
    if not is_ordered:
        for stream in streams.values():
            stream.sort(key=lambda link: link.statement.position)
    return list(streams.values())


def refuse_fork(stream: list[Link]) -> None:
    """Returns if no two receipts of one stream claim one position or predecessor. Raises ForkError."""
    positions: dict[int, str] = {}
    successors: dict[str | None, str] = {}
    for link in stream:
        statement = link.statement
        claims = (
            positions.setdefault(statement.position, link.digest),
            successors.setdefault(statement.previous, link.digest),
        )
        if claims != (link.digest, link.digest):
            raise ForkError(
                f"Two receipts of {statement.stream} claim position {statement.position} or the same predecessor.",
                ordinal=link.ordinal,
                stream=statement.stream,
                position=statement.position,
            )


def require_sequence(stream: list[Link]) -> None:
    """Returns if the receipts of one stream are a chain from position 1, in this order. Raises BrokenChainError."""
    previous: str | None = None
    for position, link in enumerate(stream, start=1):
        statement = link.statement
        if statement.position != position:
            raise _broken(link, position=position, why=f"position {statement.position} stands where {position} belongs")
        if statement.previous != previous:
            raise _broken(
                link, position=position, why=f"position {position} does not follow from the receipt before it"
            )
        previous = link.digest


def _broken(link: Link, *, position: int, why: str) -> BrokenChainError:
    stream = link.statement.stream
    return BrokenChainError(f"In {stream}, {why}.", ordinal=link.ordinal, stream=stream, position=position)


def _require_head(links: Iterable[Link], *, expected_head: tuple[int, str]) -> None:
    position, digest = expected_head
    if not any(link.digest == digest and link.statement.position == position for link in links):
        raise BrokenChainError(
            f"The receipt at position {position} that you know of is not among these: it was cut off or rewritten.",
            position=position,
        )


def _require_commitment(path: str, *, entry: object, expected: str) -> None:
    if not isinstance(entry, Mapping) or set(entry) != {"salt", "value"}:
        raise MalformedError("A disclosed field is null or an object with exactly the members salt and value.")
    salt = entry["salt"]
    if not isinstance(salt, str) or not _SALT.fullmatch(salt):
        raise MalformedError("A salt is 64 lower-case hexadecimal digits.")
    try:
        actual = commitment(path, salt=bytes.fromhex(salt), value=entry["value"])
    except CanonicalError as error:
        raise MalformedError(f"The disclosed value at {path!a} is not JSON. {error.why}") from error
    if actual != expected:
        raise CommitmentMismatchError(f"The disclosed value or salt at {path!a} is not the one that was signed.")
