"""Reading what the command is given, log files line by line and with several processes.

Beside the command itself only this and `archive` open files; a log file of any length takes the same memory.
"""

from __future__ import annotations

import io
import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import IO, TypeAlias

from receipts.signing.cosignature import Witness
from receipts.signing.documents import read_document, read_keys
from receipts.signing.errors import MalformedError
from receipts.signing.keys import KeySet
from receipts.signing.lines import MAX_LINE, Leaf
from receipts.signing.logfile import LogCheck, VerifiedLog, add_leaves, add_line, is_log, read_head, read_leaves

CHUNK_BYTES = 4 * 1024 * 1024
# Chunks that are read ahead of the ones that are being verified, for each process.
AHEAD = 3


Plain: TypeAlias = tuple[str, str, int, bytes | None, bytes]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a file: where they begin, how many bytes they have, the index of their first leaf, and how
    many they are."""

    path: Path
    offset: int
    length: int
    start: int
    count: int

    def lines(self) -> list[bytes]:
        """With their ends."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return list(io.BytesIO(file.read(self.length)))


@dataclass(frozen=True, slots=True)
class ReadChunk:
    """Whole lines that can be read only once, with the index of their first leaf, and how many they are."""

    data: bytes
    start: int
    count: int

    def lines(self) -> list[bytes]:
        """With their ends."""
        return list(io.BytesIO(self.data))


AnyChunk: TypeAlias = Chunk | ReadChunk


def is_log_file(path: Path) -> bool:
    """Whether the first line is the head of a log. Raises OSError."""
    with path.open("rb") as file:
        return is_log(file.readline(MAX_LINE))


def read_note_text(data: bytes) -> str:
    """A note's bytes as text. Raises MalformedError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("The note is not UTF-8.") from error


def read_notes(data: bytes) -> list[str]:
    """The kept checkpoints of one file: a note, or one a line as the member `note` of an object, as exports have them.

    Raises MalformedError.
    """
    if not data.startswith(b"{"):
        return [read_note_text(data)]
    return [_note_in(line) for line in data.removesuffix(b"\n").split(b"\n")]


def _note_in(line: bytes) -> str:
    document = read_document(line)
    note = document.get("note") if isinstance(document, dict) else None
    if not isinstance(note, str):
        raise MalformedError("A line of kept checkpoints is an object with a checkpoint as its member note.")
    return note


def verify_log_file(
    path: Path,
    *,
    jwks: bytes,
    kept: Sequence[str],
    witnesses: Sequence[Witness] = (),
    has_signatures: bool,
    processes: int,
) -> VerifiedLog:
    """Verifies a log file. `jwks` is the content of the key file. Raises VerificationError, KeyFormatError, OSError."""
    keys = read_keys(jwks)
    with path.open("rb") as file:
        line = file.readline(MAX_LINE)
    head = read_head(line)
    check = LogCheck(head, keys=keys, kept=kept, witnesses=witnesses)
    chunks = _chunks(path, offset=len(line), start=head.start)
    return _verified(chunks, check=check, jwks=jwks, keys=keys if has_signatures else None, processes=processes)


def verify_log_stream(
    file: IO[bytes],
    *,
    jwks: bytes,
    kept: Sequence[str] = (),
    witnesses: Sequence[Witness] = (),
    has_signatures: bool,
    processes: int,
) -> VerifiedLog:
    """As `verify_log_file`, of what can be read only once, as from an archive."""
    keys = read_keys(jwks)
    head = read_head(file.readline(MAX_LINE))
    check = LogCheck(head, keys=keys, kept=kept, witnesses=witnesses)
    chunks = _read_chunks(file, start=head.start)
    return _verified(chunks, check=check, jwks=jwks, keys=keys if has_signatures else None, processes=processes)


def _verified(
    chunks: Iterator[AnyChunk], *, check: LogCheck, jwks: bytes, keys: KeySet | None, processes: int
) -> VerifiedLog:
    for chunk, leaves in _read(chunks, jwks=jwks, keys=keys, processes=processes):
        add_leaves(check, leaves=map(Leaf._make, leaves))
        lines = chunk.lines() if len(leaves) < chunk.count else []
        for line in lines[len(leaves) :]:
            add_line(check, line, keys=keys)
    return check.finish()


def _chunks(path: Path, *, offset: int, start: int) -> Iterator[AnyChunk]:
    """Cuts the file behind line ends, without looking at anything else."""
    with path.open("rb") as file:
        file.seek(offset)
        for chunk in _read_chunks(file, start=start):
            yield Chunk(path, offset, len(chunk.data), chunk.start, chunk.count)
            offset += len(chunk.data)


def _read_chunks(file: IO[bytes], *, start: int) -> Iterator[ReadChunk]:
    while block := file.read(CHUNK_BYTES):
        block += file.readline(MAX_LINE)
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        yield ReadChunk(block, start, count)
        start += count


def _read(
    chunks: Iterator[AnyChunk], *, jwks: bytes, keys: KeySet | None, processes: int
) -> Iterator[tuple[AnyChunk, list[Plain]]]:
    """Each chunk with what is in it, in order. A log that fits into one is not worth a process."""
    first = list(islice(chunks, 2))
    every = chain(first, chunks)
    if processes < 2 or len(first) < 2:
        for chunk in every:
            yield chunk, _leaves(chunk, keys=keys)
        return
    given = jwks if keys is not None else None
    ahead: deque[tuple[AnyChunk, AsyncResult[list[Plain]]]] = deque()
    with multiprocessing.get_context("spawn").Pool(processes, _Process.start, (given,)) as pool:
        for chunk in every:
            ahead.append((chunk, pool.apply_async(_Process.read, (chunk,))))
            if len(ahead) > processes * AHEAD:
                oldest, result = ahead.popleft()
                yield oldest, result.get()
        for oldest, result in ahead:
            yield oldest, result.get()


def _leaves(chunk: AnyChunk, *, keys: KeySet | None) -> list[Plain]:
    return list(read_leaves(chunk.lines(), start=chunk.start, keys=keys))


class _Process:
    """What a process of the pool has: keys can't be sent to it, so it reads them once."""

    keys: KeySet | None = None

    @classmethod
    def start(cls, jwks: bytes | None) -> None:
        cls.keys = None if jwks is None else read_keys(jwks)

    @classmethod
    def read(cls, chunk: AnyChunk) -> list[Plain]:
        # As plain tuples they are sent back in a third of the time.
        return [(name, stream, place, last, own) for name, stream, place, last, own in _leaves(chunk, keys=cls.keys)]
