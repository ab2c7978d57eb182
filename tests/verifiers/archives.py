"""Zip files byte by byte: what an export's writer would write, and what is a little different."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from tests.verifiers.exports import Files


@dataclass(frozen=True, slots=True)
class Odd:
    """What one entry has that others have not; None is as it should be. `behind` follows the packed content."""

    method: int = 8
    raw: bytes | None = None
    behind: bytes = b""
    size: int | None = None
    crc: int | None = None
    version: int = 20
    name: bytes | None = None
    header_name: bytes | None = None
    header_flags: int = 0
    listed_size: int | None = None
    listed_packed: int | None = None
    place: int | None = None
    extra: bytes = b""
    header_extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    attributes: int = 0
    between: bytes = b""


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def archived(files: Files, *, odd: Mapping[str, Odd] | None = None) -> bytes:
    """The zip file of these, some of them with something odd."""
    entries, listed = b"", b""
    for name, content in files.items():
        entry, line = _entry(name.encode(), content=content, odd=(odd or {}).get(name, Odd()), place=len(entries))
        entries, listed = entries + entry, listed + line
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(listed), len(entries), 0)
    return entries + listed + end


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _entry(name: bytes, *, content: bytes, odd: Odd, place: int) -> tuple[bytes, bytes]:
    raw = (deflated(content) if odd.method else content) if odd.raw is None else odd.raw
    raw += odd.behind
    name = odd.name or name
    here = odd.header_name or name
    size, crc = _or(odd.size, len(content)), _or(odd.crc, zlib.crc32(content))
    stamp = struct.pack("<2HI", 0, 0x21, crc)
    header = struct.pack("<4s3H", b"PK\3\4", odd.version, odd.header_flags, odd.method) + stamp
    header += struct.pack("<2I2H", len(raw), size, len(here), len(odd.header_extra)) + here + odd.header_extra
    listed = struct.pack("<4s4H", b"PK\1\2", 20, odd.version, 0, odd.method) + stamp
    lengths = (_or(odd.listed_packed, len(raw)), _or(odd.listed_size, size))
    listed += struct.pack("<2I3H", *lengths, len(name), len(odd.extra), len(odd.comment))
    listed += struct.pack("<2H2I", odd.disk, 0, odd.attributes, _or(odd.place, place))
    return odd.between + header + raw, listed + name + odd.extra + odd.comment


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to three changes, most of them in what is no content: the records' own bytes."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        signs = (b"PK\3\4", b"PK\1\2", b"PK\5\6")
        found = [at for at in range(len(data) - 3) if data[at : at + 4] in signs]
        start = dice.choice(found) if found and dice.random() < 0.8 else dice.randrange(len(data) - 60)
        at = start + dice.randrange(56)
        width = dice.choice((0, 1, 1, 2, 4))
        instead = dice.choice((b"\xff" * width, bytes(width), dice.randbytes(width), dice.randbytes(width + 1), b""))
        data = data[:at] + instead + data[at + width :]
    return data
