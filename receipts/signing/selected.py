"""A selection of receipts, one a line: each of them once, and nobody in another one's place."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import IO

from receipts.signing.envelope import Envelope
from receipts.signing.errors import BrokenChainError, ForkError, MalformedError, VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.lines import MAX_LINE, read_line
from receipts.signing.proofs import digest_bytes
from receipts.signing.statement import Statement
from receipts.signing.verify import verify_receipt


class _Places:
    """The digests of the receipts so far, by what no other one may claim: the position, and the predecessor."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], dict[int, bytes]] = {}
        self._successors: dict[tuple[str, str], dict[str | None, bytes]] = {}

    def take(self, statement: Statement, *, digest: str) -> None:
        """Raises BrokenChainError for a receipt that is there twice, ForkError for two with one claim."""
        stream, own = (statement.deployment, statement.stream), digest_bytes(digest)
        positions = self._positions.setdefault(stream, {})
        if positions.get(statement.position) == own:
            raise BrokenChainError(
                f"A receipt of {statement.stream} is there twice.",
                stream=statement.stream,
                position=statement.position,
            )
        successor = self._successors.setdefault(stream, {}).setdefault(statement.previous, own)
        if positions.setdefault(statement.position, own) != own or successor != own:
            raise ForkError(
                f"Two receipts of {statement.stream} claim position {statement.position} or the same predecessor.",
                stream=statement.stream,
                position=statement.position,
            )


def verified_lines(file: IO[bytes], *, keys: KeySet, proven: MutableMapping[Envelope, Statement]) -> int:
    """How many receipts there are, all of them verified. Raises VerificationError with the place of the receipt.

    Takes those that are `proven` away; their proof says more than their signature alone. One is known by its whole
    envelope: a digest is of what was signed, and would let any signature pass.
    """
    count, places = 0, _Places()
    while line := file.readline(MAX_LINE):
        count += 1
        try:
            envelope = read_line(line)
            statement = proven.pop(envelope, None) or verify_receipt(envelope, keys=keys)
            places.take(statement, digest=envelope.digest)
        except VerificationError as error:
            error.ordinal = count
            raise
    if not count:
        raise MalformedError("There is no receipt to verify.")
    return count
