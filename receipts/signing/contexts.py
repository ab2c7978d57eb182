"""The records of sessions in an export: each is one chain of entries, and ends with the last one that a receipt names.

So every entry is vouched for: a receipt signs the digest of the last one, and each one names the one before it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import IO

from receipts.signing.archive import Archive
from receipts.signing.canonical import JSON
from receipts.signing.documents import read_dense
from receipts.signing.errors import MalformedError, TamperedError
from receipts.signing.lines import MAX_LINE, read_line
from receipts.signing.proofs import digest_bytes, digest_text
from receipts.signing.statement import is_digest, parse_statement

_RECORD = re.compile(r"contexts/([A-Za-z0-9._-]+)\.jsonl")
_LENGTH = 32


def read_records(archive: Archive) -> dict[str, bytes]:
    """By session, the digests of its entries, each of 32 bytes. Raises MalformedError, TamperedError."""
    records = {}
    for name in sorted(archive.names):
        found = _RECORD.fullmatch(name)
        if found:
            with archive.content(name) as file:
                records[found[1]] = _digests(file, session=found[1])
    return records


def require_records(lines: Iterable[bytes], *, records: Mapping[str, bytes]) -> None:
    """That the records are what receipts name, of which `lines` are all. Raises TamperedError.

    The receipts have been verified, or the log that they are in.
    """
    ends = dict.fromkeys(records, 0)
    for ordinal, line in enumerate(lines, start=1):
        named = _named(parse_statement(read_line(line).payload).body.get("context"), records=records)
        if named:
            session, position, head = named
            if records[session][_LENGTH * (position - 1) : _LENGTH * position] != head:
                why = f"Entry {position} of {session} is not the one that a receipt names."
                raise TamperedError(why, ordinal=ordinal)
            ends[session] = max(position, ends[session])
    for session, end in ends.items():
        if len(records[session]) != _LENGTH * end:
            raise TamperedError(f"The record of {session} goes on behind the last entry that a receipt names.")


def _digests(file: IO[bytes], *, session: str) -> bytes:
    digests, previous = bytearray(), None
    while line := file.readline(MAX_LINE):
        place = len(digests) // _LENGTH + 1
        if not line.endswith(b"\n"):
            raise MalformedError(f"The last entry of {session} has no end: the file was cut off.")
        if not _is_next(read_dense(line[:-1]), session=session, place=place, previous=previous):
            raise TamperedError(f"Entry {place} of {session} does not follow the one before it.")
        digest = hashlib.sha256(line[:-1]).digest()
        digests += digest
        previous = digest_text(digest)
    return bytes(digests)


def _is_next(entry: JSON, *, session: str, place: int, previous: str | None) -> bool:
    if not isinstance(entry, Mapping) or isinstance(entry.get("position"), bool):
        return False
    return (entry.get("session"), entry.get("position"), entry.get("previous", "")) == (session, place, previous)


def _named(context: JSON, *, records: Mapping[str, bytes]) -> tuple[str, int, bytes] | None:
    """The session, the position and the digest of the entry that a receipt names, if its record is here.

    What is no position is none that a record has.
    """
    if not isinstance(context, Mapping):
        return None
    session, position, head = (context.get(name) for name in ("session", "position", "head"))
    if not isinstance(session, str) or session not in records or not isinstance(head, str) or not is_digest(head):
        return None
    if isinstance(position, bool) or not isinstance(position, int) or position < 1:
        position = len(records[session]) + 1
    return session, position, digest_bytes(head)
