"""Log files: all receipts of a log, or its end, one a line after a head with the checkpoint.

To verify one, in memory that doesn't grow with what receipts say (`LogCheck`):
  1. The head has its form; all checkpoints verify, are of one log, and no two tell two histories of one size. Every
     witness that the caller names has cosigned the head's.
  2. Each receipt verifies alone, with its place in the log, and belongs to this log.
  3. In each stream every receipt follows the one before it, and nobody claims another one's place.
  4. There are as many receipts as the checkpoint says.
  5. At each checkpoint's size the receipts so far have its root.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from receipts.signing.bundle import kept_checkpoints, require_format
from receipts.signing.checkpoint import Checkpoint, origin_of, require_one_history, verify_checkpoint
from receipts.signing.cosignature import Cosignature, Witness, require_cosigned
from receipts.signing.errors import (
    BrokenChainError,
    ForkError,
    LogMismatchError,
    MalformedError,
    SplitViewError,
    StrictJSONError,
    VerificationError,
)
from receipts.signing.keys import KeySet
from receipts.signing.lines import Leaf, parsed_line, read_leaf
from receipts.signing.merkle import Frontier, frontier_of, leaf_hash
from receipts.signing.proofs import hash_list, integer
from receipts.signing.strict_json import load_strict

FORMAT = "aarm-log/1"

_REQUIRED = {"format", "checkpoint", "start", "before"}
# A bundle may be one long line; it is read whole in any case.
_MAX_MEMBERS = 50_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: the checkpoint's note, the first leaf's index, and the nodes before it, largest first."""

    note: str
    start: int
    before: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """What was verified. `count` receipts from leaf `start` on, in `streams` streams.

    `compared_sizes` and `uncompared_sizes` are those of checkpoints that the caller kept.
    """

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    start: int
    count: int
    streams: int
    compared_sizes: tuple[int, ...]
    uncompared_sizes: tuple[int, ...]


def is_log(line: bytes) -> bool:
    """Whether the first line of a file is an object that names its format, and that isn't a bundle's."""
    try:
        document = load_strict(line, max_members=_MAX_MEMBERS)
    except StrictJSONError:
        return False
    if not isinstance(document, dict) or "format" not in document:
        return False
    return not str(document["format"]).startswith("aarm-bundle/")


def read_head(line: bytes) -> Head:
    """Raises MalformedError or UnsupportedError."""
    document = require_format(parsed_line(line), name=FORMAT, required=_REQUIRED, known=_REQUIRED | {"keys"})
    head = Head(
        note=str(document["checkpoint"]),
        start=integer(document["start"], what="The member start", least=0),
        before=hash_list(document["before"]),
    )
    if frontier_of(head.start, hashes=head.before) is None:
        raise MalformedError("The member before has too few or too many hashes for where the file starts.")
    return head


@dataclass(slots=True)
class _Stream:
    """One stream so far: where its first receipt in the file stands, the last digest, and 8 bytes of every digest."""

    first: int
    last: bytes
    digests: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, leaf: Leaf) -> None:
        self.last = leaf.digest
        self.digests.append(_short(leaf.digest))

    @property
    def next_position(self) -> int:
        return self.first + len(self.digests)

    def is_fork(self, leaf: Leaf) -> bool:
        """Whether the place of `leaf` was taken by other bytes."""
        place = leaf.position - self.first
        return 0 <= place < len(self.digests) and self.digests[place] != _short(leaf.digest)


def _short(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big")


class LogCheck:
    """Takes the lines of one log file in turn. The caller feeds `add` and asks `finish` at the end."""

    def __init__(
        self, head: Head, *, keys: KeySet, kept: Sequence[str] = (), witnesses: Sequence[Witness] = ()
    ) -> None:
        """`kept` are notes that the caller kept elsewhere. Raises VerificationError."""
        # 1. The checkpoints.
        self.checkpoint = verify_checkpoint(head.note, keys=keys)
        self.cosignatures = require_cosigned(head.note, witnesses=witnesses)
        if head.start >= self.checkpoint.size:
            raise MalformedError("The file starts behind its checkpoint.")
        self.kept = kept_checkpoints(kept, keys=keys, origin=self.checkpoint.origin)
        require_one_history([self.checkpoint, *self.kept])
        self.start = head.start
        self._frontier = Frontier(head.start, list(head.before))
        self._expected = {item.size: item.root for item in (self.checkpoint, *self.kept)}
        self._deployment = ""
        self._streams: dict[str, _Stream] = {}
        self._fits: dict[int, bool] = {}
        self._compare()

    @property
    def count(self) -> int:
        """How many receipts have been taken."""
        return self._frontier.size - self.start

    def add(self, leaf: Leaf) -> None:
        """The next leaf. Raises VerificationError."""
        # 2. It belongs to this log.
        if leaf.deployment != self._deployment:
            self._require_deployment(leaf)
        # 3. It follows in its stream.
        stream = self._streams.get(leaf.stream)
        if stream is None:
            self._streams[leaf.stream] = stream = self._first(leaf)
        elif leaf.position != stream.next_position or leaf.previous != stream.last:
            raise self._misplaced(leaf, stream=stream)
        stream.add(leaf)
        self._frontier.append(leaf_hash(leaf.digest))
        if self._frontier.size in self._expected:
            self._compare()

    def finish(self) -> VerifiedLog:
        """The end of the file. Raises LogMismatchError or SplitViewError."""
        # 4. Nothing is missing and nothing too much.
        size = self._frontier.size
        if size != self.checkpoint.size:
            raise LogMismatchError(
                f"The file ends with receipt {size} of the log; its checkpoint says that there are "
                f"{self.checkpoint.size}."
            )
        # 5. The checkpoints fit.
        self._require_fits()
        sizes = [item.size for item in self.kept]
        return VerifiedLog(
            checkpoint=self.checkpoint,
            cosignatures=self.cosignatures,
            start=self.start,
            count=self.count,
            streams=len(self._streams),
            compared_sizes=tuple(item for item in sizes if item in self._fits),
            uncompared_sizes=tuple(item for item in sizes if item not in self._fits),
        )

    def _require_deployment(self, leaf: Leaf) -> None:
        if self._deployment or origin_of(leaf.deployment) != self.checkpoint.origin:
            raise LogMismatchError(f"A receipt of {leaf.deployment[:80]!a} stands in another log.")
        self._deployment = leaf.deployment

    def _first(self, leaf: Leaf) -> _Stream:
        if self.start == 0 and (leaf.position, leaf.previous) != (1, None):
            raise _broken(leaf, why=f"position {leaf.position} stands where the first receipt belongs")
        return _Stream(first=leaf.position, last=leaf.digest)

    def _misplaced(self, leaf: Leaf, *, stream: _Stream) -> VerificationError:
        if stream.is_fork(leaf):
            return ForkError(
                f"Two receipts of {leaf.stream} claim position {leaf.position}.",
                stream=leaf.stream,
                position=leaf.position,
            )
        if leaf.position != stream.next_position:
            return _broken(leaf, why=f"position {leaf.position} stands where {stream.next_position} belongs")
        return _broken(leaf, why=f"position {leaf.position} does not follow from the receipt before it")

    def _compare(self) -> None:
        expected = self._expected.get(self._frontier.size)
        if expected is not None:
            self._fits[self._frontier.size] = expected == self._frontier.root

    def _require_fits(self) -> None:
        wrong = [size for size, fits in self._fits.items() if not fits]
        if not wrong:
            return
        good = [size for size, fits in self._fits.items() if fits]
        last_good = max((size for size in good if size < wrong[0]), default=self.start)
        place = f"Look between receipt {last_good + 1} and receipt {wrong[0]} of the log."
        if any(size >= wrong[0] for size in good):
            raise SplitViewError(f"The receipts fit one checkpoint and not the one of {wrong[0]} receipts. {place}")
        raise LogMismatchError(f"The receipts are not those of the checkpoint of {wrong[0]} receipts. {place}")


def _broken(leaf: Leaf, *, why: str) -> BrokenChainError:
    return BrokenChainError(f"In {leaf.stream}, {why}.", stream=leaf.stream, position=leaf.position)


def read_leaves(lines: Sequence[bytes], *, start: int, keys: KeySet | None) -> list[Leaf]:
    """As `read_leaf`, of lines from the leaf `start` on; ends before the first line that is refused."""
    found: list[Leaf] = []
    try:
        for leaf_index, line in enumerate(lines, start=start):
            found.append(read_leaf(line, leaf_index=leaf_index, keys=keys))
    except VerificationError:
        return found
    return found


def add_leaves(check: LogCheck, *, leaves: Iterable[Leaf]) -> None:
    """Adds them in turn. Raises VerificationError with the place of the receipt in the file."""
    ordinal = check.count
    try:
        for leaf in leaves:
            ordinal += 1
            check.add(leaf)
    except VerificationError as error:
        error.ordinal = ordinal
        raise


def add_line(check: LogCheck, line: bytes, *, keys: KeySet | None) -> None:
    """Reads and adds the next line, as one that `read_leaves` stopped at. Raises VerificationError with its place."""
    place = check.count
    try:
        check.add(read_leaf(line, leaf_index=check.start + place, keys=keys))
    except VerificationError as error:
        error.ordinal = place + 1
        raise
