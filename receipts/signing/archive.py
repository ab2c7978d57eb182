"""A zip file, read without unpacking it to the disk: with bounds on all that it can ask of the reader.

Before anything is unpacked, all its bytes have been accounted for (`zip_records.py`): one entry after the other from
the first byte on, each with the header that the list says, then the list, then the end.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from receipts.signing.errors import MalformedError, TamperedError
from receipts.signing.zip_records import MAX_HEADER, WIDE_END_LENGTH, Entry, read_end, read_list, require

# Receipts and digests shrink to a fifth; to a hundredth only what was made for it. Small ones may hold what they like.
MAX_RATIO = 100
SMALL = 64 * 1024 * 1024
# What is read whole is almost only digests and signatures, which don't shrink to a twentieth.
MAX_WHOLE, MAX_WHOLE_RATIO, SMALL_WHOLE = 256 * 1024 * 1024, 20, 1024 * 1024
BLOCK = 64 * 1024

_MAGIC = b"PK\x03\x04"


def is_archive(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a zip file."""
    return data.startswith(_MAGIC)


class Archive:
    """An open archive, of which nothing has been unpacked."""

    def __init__(self, file: IO[bytes], *, places: dict[str, tuple[Entry, int]]) -> None:
        """`places` has each entry by its name, and where its packed content begins."""
        self._file = file
        self._places = places
        self.names = frozenset(places)

    def digest(self, name: str) -> str:
        """`sha256:` and the digest of an entry's content. Raises TamperedError."""
        found = hashlib.sha256()
        with self.content(name) as file:
            while block := file.read(BLOCK):
                found.update(block)
        return f"sha256:{found.hexdigest()}"

    def whole(self, name: str) -> bytes:
        """The content of an entry that is never long. Raises MalformedError, TamperedError."""
        entry, _ = self._places[name]
        most = min(MAX_WHOLE, max(SMALL_WHOLE, MAX_WHOLE_RATIO * entry.packed))
        require(entry.size <= most, f"{name} is longer than an export writes it.")
        with self.content(name) as file:
            return file.read()

    @contextmanager
    def content(self, name: str) -> Iterator[IO[bytes]]:
        """An entry's content as a file that is read from its beginning to its end. Raises TamperedError."""
        entry, start = self._places[name]
        with io.BufferedReader(_Content(self._file, entry=entry, start=start), BLOCK) as file:
            yield file


class _Content(io.RawIOBase):
    """The content of an entry, unpacked block by block and never further than the entry says that it goes."""

    def __init__(self, file: IO[bytes], *, entry: Entry, start: int) -> None:
        self._file, self._entry = file, entry
        self._at, self._left = start, entry.packed
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._length = self._crc = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        block = self._unpacked(most=min(len(buffer), self._entry.size - self._length + 1))
        buffer[: len(block)] = block
        return len(block)

    def _unpacked(self, *, most: int) -> bytes:
        """The next bytes; none at the end, at which everything that the list says has to be true."""
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed()
            try:
                block = self._inflate.decompress(packed, most)
            except zlib.error as error:
                raise self._damaged() from error
            if block:
                return self._counted(block)
            if not packed and not self._inflate.eof:
                raise self._damaged()
        found = (self._length, self._crc, self._left, self._inflate.unused_data)
        if found != (self._entry.size, self._entry.crc, 0, b""):
            raise self._damaged()
        return b""

    def _counted(self, block: bytes) -> bytes:
        self._length += len(block)
        if self._length > self._entry.size:
            raise self._damaged()
        self._crc = zlib.crc32(block, self._crc)
        return block

    def _packed(self) -> bytes:
        self._file.seek(self._at)
        block = self._file.read(min(BLOCK, self._left))
        self._at += len(block)
        self._left -= len(block)
        return block

    def _damaged(self) -> TamperedError:
        return TamperedError(f"{self._entry.name} can't be unpacked: it is not what was packed.")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Raises MalformedError, OSError."""
    with path.open("rb") as file:
        yield Archive(file, places=_places(file))


def _places(file: IO[bytes]) -> dict[str, tuple[Entry, int]]:
    length = file.seek(0, io.SEEK_END)
    file.seek(-min(length, WIDE_END_LENGTH), io.SEEK_END)
    end = read_end(file.read(), length=length)
    file.seek(end.offset)
    entries = read_list(file.read(end.size), count=end.count)
    unpacked = sum(entry.size for entry in entries)
    require(all(entry.packed <= length for entry in entries), "An entry of the archive is longer than the archive.")
    require(unpacked <= max(SMALL, MAX_RATIO * length), "The archive is far larger unpacked than an export is.")
    found, at = {}, 0
    for entry in entries:
        start = _content_place(file, entry=entry, at=at)
        found[entry.name] = (entry, start)
        at = start + entry.packed
    require(at == end.offset, "Something stands before or in the archive that is no part of it.")
    return found


def _content_place(file: IO[bytes], *, entry: Entry, at: int) -> int:
    """Where the content of the entry that has to begin at `at` begins, behind its header."""
    require(entry.place == at, "The entries of the archive do not stand one after the other.")
    file.seek(at)
    found = file.read(MAX_HEADER)
    for header in entry.headers():
        if found.startswith(header):
            return at + len(header)
    raise MalformedError(f"{entry.name} has another header than the list of entries says.")
