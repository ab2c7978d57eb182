"""The records of a zip file, in the one form that an export has: docs/receipt-format.md, "Export".

Whatever has another form is refused instead of understood: programs disagree about unusual archives, and an archive
that two programs read differently is two archives. So nothing is searched for: every byte has one place and one
reading.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from receipts.signing.errors import MalformedError

MAX_ENTRIES = 100_000
MAX_NAME = 255
MAX_HEADER = 30 + MAX_NAME + 20
END_LENGTH = 22
# The end, and the two records that stand before it where it is too small for what it has to say.
WIDE_END_LENGTH = 56 + 20 + END_LENGTH
ENTRY_LENGTH = 46
# Beyond these numbers writers use the wide forms (ZIP64), although four and two bytes would hold a little more. A
# header is written before the length is known to be right, so it is wide already if it could become too small.
LIMIT, MANY = 2**31 - 1, 0xFFFF
MAYBE_WIDE = 2_000_000_000

_LOCAL_MAGIC, _ENTRY_MAGIC, _END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_WIDE_END_MAGIC, _LOCATOR_MAGIC = b"PK\x06\x06", b"PK\x06\x07"
_LONG, _SHORT = 0xFFFFFFFF, 0xFFFF
_ENTRY, _END = struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_WIDE_END, _LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_NAME = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# The versions of the format that are needed to read an entry, without and with ZIP64.
_NARROW, _WIDE, _DEFLATED = 20, 45, 8


@dataclass(frozen=True, slots=True)
class End:
    """Where the list of entries begins, how many bytes it has, and how many entries."""

    offset: int
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list says of a file: its lengths in bytes, packed and not, its CRC-32, and where its header begins.

    `stamp` are the bytes, from the flags to the CRC, that the header has to repeat; `version` is the list's own.
    """

    name: str
    size: int
    packed: int
    crc: int
    place: int
    version: int
    stamp: bytes

    def headers(self) -> list[bytes]:
        """What may stand before the content. There are two only for lengths at which a writer may choose."""
        name = self.name.encode()
        found = []
        if max(self.size, self.packed) <= LIMIT and self.version == (_WIDE if self.place > LIMIT else _NARROW):
            lengths = struct.pack("<2I2H", self.packed, self.size, len(name), 0)
            found.append(_LOCAL_MAGIC + struct.pack("<H", _NARROW) + self.stamp + lengths + name)
        if self.size > MAYBE_WIDE and self.version == _WIDE:
            wide = struct.pack("<2H2Q", 1, 16, self.size, self.packed)
            lengths = struct.pack("<2I2H", _LONG, _LONG, len(name), len(wide))
            found.append(_LOCAL_MAGIC + struct.pack("<H", _WIDE) + self.stamp + lengths + name + wide)
        return found


def require(condition: bool, why: str) -> None:
    """Raises MalformedError where the condition does not hold."""
    if not condition:
        raise MalformedError(why)


def read_end(tail: bytes, *, length: int) -> End:
    """The end of a file of `length` bytes, of which `tail` are the last `WIDE_END_LENGTH`. Raises MalformedError."""
    end = tail[-END_LENGTH:]
    is_end = len(end) == END_LENGTH and end.startswith(_END_MAGIC)
    require(is_end, "The archive was cut off, or something stands behind it.")
    _, disk, first, here, count, size, offset, comment = _END.unpack(end)
    require((disk, first, here, comment) == (0, 0, count, 0), "The archive is one part of several, or has a comment.")
    found = End(offset, size, count)
    is_narrow = offset + size + END_LENGTH == length and max(offset, size) <= LIMIT
    found = found if is_narrow else _read_wide_end(tail, short=found, length=length)
    require(found.count <= MAX_ENTRIES, "The archive has too many entries.")
    is_plausible = found.size <= found.count * (ENTRY_LENGTH + MAX_NAME + 28)
    require(is_plausible, "The archive's list of entries is longer than an export's.")
    return found


def _read_wide_end(tail: bytes, *, short: End, length: int) -> End:
    why = "Something stands before or in the archive that is no part of it."
    require(len(tail) == WIDE_END_LENGTH, why)
    *_, count, size, offset = _WIDE_END.unpack_from(tail)
    record = _WIDE_END.pack(_WIDE_END_MAGIC, 44, 45, 45, 0, 0, count, count, size, offset)
    locator = _LOCATOR.pack(_LOCATOR_MAGIC, 0, length - WIDE_END_LENGTH, 1)
    require(tail.startswith(record + locator), why)
    require(offset + size + WIDE_END_LENGTH == length, why)
    require(short == End(min(offset, _LONG), min(size, _LONG), min(count, _SHORT)), why)
    require(count > MANY or max(size, offset) > LIMIT, why)
    return End(offset, size, count)


def read_list(data: bytes, *, count: int) -> list[Entry]:
    """The list of entries. Raises MalformedError."""
    entries, at = [], 0
    for _ in range(count):
        entry, at = _read_entry(data, at=at)
        entries.append(entry)
    require(at == len(data), "The archive does not have as many entries as it says.")
    require(len({entry.name for entry in entries}) == count, "The archive has two entries of one name.")
    return entries


def _read_entry(data: bytes, *, at: int) -> tuple[Entry, int]:
    why = "The archive's list of entries can't be read."
    require(at + ENTRY_LENGTH <= len(data), why)
    magic, _, version, flags, method, _, _, crc, packed, size, *rest = _ENTRY.unpack_from(data, at)
    name_length, extra_length, comment, disk, internal, external, place = rest
    require(magic == _ENTRY_MAGIC, why)
    behind = at + ENTRY_LENGTH + name_length
    name, extra = data[at + ENTRY_LENGTH : behind], data[behind : behind + extra_length]
    is_plain = version in (_NARROW, _WIDE) and (flags, method) == (0, _DEFLATED)
    is_bare = (comment, disk, internal, external & _SHORT) == (0, 0, 0, 0)
    is_named = 0 < len(name) == name_length <= MAX_NAME and _NAME.fullmatch(name) is not None
    require(is_plain and is_bare and is_named, f"The archive has an entry that no export has: {name[:80]!r}.")
    size, packed, place = _widened((size, packed, place), extra=extra)
    return Entry(name.decode(), size, packed, crc, place, version, data[at + 8 : at + 20]), behind + extra_length


def _widened(short: tuple[int, int, int], *, extra: bytes) -> tuple[int, int, int]:
    """Length, packed length and place: an extra field has those that are too large, and there is no other one."""
    count = short.count(_LONG)
    width = 8 * count
    expected = struct.pack("<2H", 1, width) if count else b""
    is_fitting = len(extra) == len(expected) + width and extra.startswith(expected)
    require(is_fitting, "An entry of the archive has an extra field that no export has.")
    wide = iter(struct.unpack_from(f"<{count}Q", extra, len(expected)))
    size, packed, place = (next(wide) if value == _LONG else value for value in short)
    lengths = (_LONG, _LONG) if max(size, packed) > LIMIT else (size, packed)
    is_needed = short == (*lengths, _LONG if place > LIMIT else place)
    require(is_needed, "An entry of the archive has an extra field that it does not need.")
    return size, packed, place
