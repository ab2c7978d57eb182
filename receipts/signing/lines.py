"""One line of a log file: an envelope, verified alone or only read.

Lines and payloads as this product writes them are taken apart by two expressions, which is several times faster than to
parse them; whatever else they may look like goes through the parser, with the same result.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

from receipts.signing.encoding import decode_base64
from receipts.signing.envelope import PAYLOAD_TYPE, Envelope, pae
from receipts.signing.errors import MalformedError, StrictJSONError
from receipts.signing.keys import KeySet
from receipts.signing.proofs import digest_bytes
from receipts.signing.strict_json import load_strict
from receipts.signing.verify import verify_receipt

# Canonical JSON without an escape in any string, so that what stands between the quotes is what is meant.
_LINE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"%b",'
    rb'"signatures":\[\{"keyid":"([A-Za-z0-9_-]{1,80})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}\n'
    % re.escape(PAYLOAD_TYPE.encode())
)
# The end of a canonical payload, behind its body. Only the outermost object can end with these members and one brace.
_END = re.compile(
    rb'\},"deployment":"([^"\\]+)","id":"[^"\\]+","issued_at":"[^"\\]+","key_id":"[^"\\]+","payload_type":"[^"\\]+",'
    rb'"position":([1-9][0-9]{0,15}),"previous":(?:null|"sha256:([0-9a-f]{64})"),"stream":"([^"\\]+)",'
    rb'"type":"[a-z_]+","v":1\}\Z'
)
# With its end; a reader need not take more into its memory at once.
MAX_LINE = 16 * 1024 * 1024
# Longer than the members behind a body can be: four names, a digest and what is fixed.
_END_LENGTH = 1400


class Leaf(NamedTuple):
    """What the log has to know of one receipt; digests are 32 bytes."""

    deployment: str
    stream: str
    position: int
    previous: bytes | None
    digest: bytes


def read_leaf(line: bytes, *, leaf_index: int, keys: KeySet | None) -> Leaf:
    """One receipt, verified alone; without `keys` only read. Raises VerificationError."""
    envelope = read_line(line)
    digest = hashlib.sha256(pae(PAYLOAD_TYPE, envelope.payload)).digest()
    if keys is None:
        return _glanced(envelope.payload, digest=digest)
    statement = verify_receipt(envelope, keys=keys, leaf_index=leaf_index)
    previous = digest_bytes(statement.previous) if statement.previous else None
    return Leaf(statement.deployment, statement.stream, statement.position, previous, digest)


def read_line(line: bytes) -> Envelope:
    """The envelope of a line with its end. Raises MalformedError, UnsupportedError."""
    match = _LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if match is None:
        return Envelope.from_dict(parsed_line(line))
    try:
        return Envelope(decode_base64(match[1].decode()), decode_base64(match[3].decode()), match[2].decode())
    except ValueError as error:
        raise MalformedError(f"The payload or the signature is {error}.") from error


def parsed_line(line: bytes) -> object:
    """The JSON value of a line with its end. Raises MalformedError."""
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        raise MalformedError("A line of the log file has no end, or is longer than any: the file was cut off.")
    try:
        return load_strict(line)
    except StrictJSONError as error:
        raise MalformedError(f"A line of the log file is not strict JSON. {error.why}") from error


def _glanced(payload: bytes, *, digest: bytes) -> Leaf:
    """The four members that order the log. All other bytes are vouched for by the checkpoint's root."""
    match = _END.search(payload, max(0, len(payload) - _END_LENGTH))
    if match is None:
        return _parsed(payload, digest=digest)
    deployment, position, previous, stream = match.groups()
    before = bytes.fromhex(previous.decode()) if previous else None
    return Leaf(deployment.decode(), stream.decode(), int(position), before, digest)


def _parsed(payload: bytes, *, digest: bytes) -> Leaf:
    try:
        found: dict[str, Any] = json.loads(payload)
        deployment, stream, position, previous = (found[name] for name in _MEMBERS)
        before = None if previous is None else digest_bytes(previous)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedError("The payload of a receipt can't be read.") from error
    if not (isinstance(deployment, str) and isinstance(stream, str) and type(position) is int):
        raise MalformedError("The payload of a receipt can't be read.")
    return Leaf(deployment, stream, position, before, digest)


_MEMBERS = ("deployment", "stream", "position", "previous")
