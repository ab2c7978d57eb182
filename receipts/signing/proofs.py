"""Proofs in the form in which they are sent, and what a receipt's digest is in the tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from receipts.signing.checkpoint import Checkpoint
from receipts.signing.errors import InconsistentLogError, MalformedError, NotInLogError
from receipts.signing.merkle import is_consistent, leaf_hash, root_of_inclusion
from receipts.signing.strict_json import MAX_INTEGER

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Shows that a receipt is the leaf `leaf_index`, from 0, of the tree of `tree_size` leaves."""

    leaf_index: int
    tree_size: int
    hashes: tuple[bytes, ...]

    @classmethod
    def from_dict(cls, document: object) -> InclusionProof:
        """Raises MalformedError."""
        found = members(document, names={"leaf_index", "tree_size", "hashes"}, what="An inclusion proof")
        return cls(
            integer(found["leaf_index"], what="A leaf index", least=0),
            integer(found["tree_size"], what="A tree size", least=1),
            hash_list(found["hashes"]),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON object."""
        hashes = [digest_text(item) for item in self.hashes]
        return {"leaf_index": self.leaf_index, "tree_size": self.tree_size, "hashes": hashes}

    def require(self, digest: str, *, checkpoint: Checkpoint) -> None:
        """Returns if the receipt of that digest is in the log of the checkpoint. Raises NotInLogError."""
        leaf = leaf_hash(digest_bytes(digest))
        root = root_of_inclusion(leaf, leaf_index=self.leaf_index, size=checkpoint.size, hashes=self.hashes)
        if root != checkpoint.root or self.tree_size != checkpoint.size:
            raise NotInLogError("The proof does not lead from this receipt to the checkpoint.")


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Shows that the tree of `first` leaves is the beginning of the one of `size`."""

    first: int
    size: int
    hashes: tuple[bytes, ...]

    @classmethod
    def from_dict(cls, document: object) -> ConsistencyProof:
        """Raises MalformedError."""
        found = members(document, names={"from", "to", "hashes"}, what="A consistency proof")
        return cls(
            integer(found["from"], what="The size from which a consistency proof leads", least=1),
            integer(found["to"], what="The size to which a consistency proof leads", least=1),
            hash_list(found["hashes"]),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON object."""
        return {"from": self.first, "to": self.size, "hashes": [digest_text(item) for item in self.hashes]}

    def require(self, earlier: Checkpoint, *, later: Checkpoint) -> None:
        """Returns if the later log begins with the earlier one. Raises InconsistentLogError."""
        is_about_these = (self.first, self.size) == (earlier.size, later.size)
        if not is_about_these or not is_consistent(
            earlier.root, first=self.first, root=later.root, size=self.size, hashes=self.hashes
        ):
            raise InconsistentLogError(
                f"The proof does not lead from the checkpoint of {earlier.size} receipts to that of {later.size}."
            )


def digest_bytes(digest: str) -> bytes:
    """The 32 bytes of a digest as `sha256_digest` writes it."""
    return bytes.fromhex(digest.removeprefix("sha256:"))


def digest_text(data: bytes) -> str:
    """32 bytes as `sha256_digest` writes them."""
    return f"sha256:{data.hex()}"


def members(document: object, *, names: set[str], what: str) -> Mapping[str, object]:
    """An object with exactly these members. Raises MalformedError."""
    if not isinstance(document, Mapping) or set(document) != names:
        raise MalformedError(f"{what} is an object with exactly the members {', '.join(sorted(names))}.")
    return document


def integer(value: object, *, what: str, least: int) -> int:
    """A whole number, however JSON spelled it. Raises MalformedError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_INTEGER:
        raise MalformedError(f"{what} is an integer from {least}.")
    return value


def listed(value: object, *, what: str, each: Callable[[object], object]) -> Sequence[object]:
    """A list whose items all are what `each` accepts. Raises MalformedError."""
    if not isinstance(value, list) or not all(map(each, value)):
        raise MalformedError(f"{what} is a list of its kind.")
    return value


def hash_list(value: object) -> tuple[bytes, ...]:
    """Hashes in a list. Raises MalformedError."""
    found = listed(value, what="The hashes of a proof", each=_is_digest)
    return tuple(digest_bytes(str(item)) for item in found)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
