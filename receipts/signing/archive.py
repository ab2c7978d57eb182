"""A zip file, read without unpacking it to the disk: with bounds on all that it can ask of the reader.

What is read is the plain subset of docs/receipt-format.md, "Export": nothing before or behind it, nothing encrypted,
stored or deflated, and names that are relative paths, none of them twice.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from receipts.signing.errors import MalformedError, TamperedError

MAX_ENTRIES = 100_000
MAX_DIRECTORY = 64 * 1024 * 1024
# Receipts and digests shrink to a fifth; to a hundredth only what was made for it. Small ones may hold what they like.
MAX_RATIO = 100
SMALL = 64 * 1024 * 1024
MAX_WHOLE = 256 * 1024 * 1024
BLOCK = 1024 * 1024

_MAGIC = b"PK\x03\x04"
_END, _END_MAGIC = struct.Struct("<4s4H2IH"), b"PK\x05\x06"
# The record and its locator that large archives have before the end, which then counts instead of it.
_LONG_END, _LONG_MAGIC = struct.Struct("<4sQ2H2I4Q"), b"PK\x06\x06"
_LOCATOR_LENGTH, _LOCATOR_MAGIC = 20, b"PK\x06\x07"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# A name in UTF-8, and lengths that follow what was written.
_HARMLESS_FLAGS = 0x0808
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_archive(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a zip file."""
    return data.startswith(_MAGIC)


class Archive:
    """An open archive, of which nothing has been unpacked."""

    def __init__(self, opened: zipfile.ZipFile, *, length: int, count: int) -> None:
        """`length` is the file's, in bytes; `count` is how many entries it says that it has. Raises MalformedError."""
        self._zip = opened
        entries = opened.infolist()
        _require(len(entries) == count, "The archive does not have as many entries as it says.")
        self.names = frozenset(entry.filename for entry in entries)
        _require(len(self.names) == len(entries), "The archive has two entries of one name.")
        for entry in entries:
            _require(_is_plain(entry), f"The archive has an entry that no export has: {entry.filename[:80]!a}.")
        unpacked = sum(entry.file_size for entry in entries)
        _require(unpacked <= max(SMALL, MAX_RATIO * length), "The archive is far larger unpacked than an export is.")

    def digest(self, name: str) -> str:
        """`sha256:` and the digest of an entry's content. Raises TamperedError."""
        found = hashlib.sha256()
        with self.content(name) as file:
            while block := file.read(BLOCK):
                found.update(block)
        return f"sha256:{found.hexdigest()}"

    def whole(self, name: str) -> bytes:
        """The content of an entry that is never long. Raises MalformedError, TamperedError."""
        _require(self._zip.getinfo(name).file_size <= MAX_WHOLE, f"{name} is longer than an export writes it.")
        with self.content(name) as file:
            return file.read()

    @contextmanager
    def content(self, name: str) -> Iterator[IO[bytes]]:
        """An entry's content as a file that is read from its beginning to its end. Raises TamperedError."""
        try:
            with self._zip.open(name) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError) as error:
            raise TamperedError(f"{name} can't be unpacked: it is not what was packed.") from error


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Raises MalformedError, OSError."""
    with path.open("rb") as file:
        length, count = _require_bounds(file)
        try:
            found = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, struct.error, ValueError) as error:
            raise MalformedError("The archive's list of entries can't be read.") from error
        with found:
            yield Archive(found, length=length, count=count)


def _require(condition: bool, why: str) -> None:
    if not condition:
        raise MalformedError(why)


def _require_bounds(file: IO[bytes]) -> tuple[int, int]:
    """The lengths of the file and of the list of entries, which is read whole and so has to be bounded first."""
    length = file.seek(0, 2)
    tail = min(length, _LONG_END.size + _LOCATOR_LENGTH + _END.size)
    file.seek(-tail, 2)
    rest, end = _split(file.read(), size=_END.size)
    _require(end.startswith(_END_MAGIC), "The archive was cut off, or something stands behind it.")
    _, disk, first, here, count, size, offset, comment = _END.unpack(end)
    before, locator = _split(rest, size=_LOCATOR_LENGTH)
    ending = _END.size
    if locator.startswith(_LOCATOR_MAGIC):
        _require(before.startswith(_LONG_MAGIC), "The archive's list of entries can't be read.")
        *_, disk, first, here, count, size, offset = _LONG_END.unpack(before)
        ending = tail
    _require((disk, first, here, comment) == (0, 0, count, 0), "The archive is one part of several, or has a comment.")
    _require(count <= MAX_ENTRIES and size <= MAX_DIRECTORY, "The archive has too many entries.")
    _require(offset + size + ending == length, "Something stands before or in the archive that is no part of it.")
    return length, count


def _split(data: bytes, *, size: int) -> tuple[bytes, bytes]:
    """What comes before the last `size` bytes, and these; nothing instead of fewer."""
    return (data[:-size], data[-size:]) if len(data) >= size else (b"", b"")


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    is_known = entry.compress_type in _METHODS and not entry.flag_bits & ~_HARMLESS_FLAGS
    return is_known and _NAME.fullmatch(entry.filename) is not None
