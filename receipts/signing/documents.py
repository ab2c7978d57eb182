"""From the bytes of a file to what is to be verified in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from receipts.signing.canonical import JSON, load_strict
from receipts.signing.envelope import Envelope
from receipts.signing.errors import KeyFormatError, MalformedError, StrictJSONError, VerificationError
from receipts.signing.keys import KeySet

# A file is the caller's own; the bound only keeps a wrong file from filling the memory.
MAX_MEMBERS = 50_000_000
# Of what is almost only digests and signatures: bounds what its values take in memory by the bytes that it has.
FEW_MEMBERS, BYTES_FOR_EACH = 1_000, 32


def read_keys(data: bytes) -> KeySet:
    """The keys of a JWKS file. Raises KeyFormatError."""
    try:
        return KeySet.from_jwks(load_strict(data))
    except StrictJSONError as error:
        raise KeyFormatError(f"The key file is not strict JSON. {error.why}") from error


def read_envelopes(data: bytes) -> list[Envelope]:
    """The receipts of a file, in its order. Raises MalformedError or UnsupportedError.

    Takes an envelope, an object that holds one as its member `envelope` (the API's answer, of which nothing else is
    looked at), a list of these, an object with such a list as its member `receipts`, or one of these a line (JSONL).
    """
    documents = [read_document(line) for line in _lines(data)]
    entries = documents if len(documents) > 1 else _entries(documents[0])
    return [_envelope(entry, ordinal=ordinal) for ordinal, entry in enumerate(entries, start=1)]


def read_formatted(data: bytes) -> Mapping[str, object] | None:
    """The object in a file that names its format, as a bundle does; None for receipts and whatever is no JSON."""
    try:
        document = load_strict(data, max_members=MAX_MEMBERS)
    except StrictJSONError:
        return None
    return document if isinstance(document, dict) and "format" in document else None


def read_document(data: bytes, *, max_members: int = MAX_MEMBERS) -> JSON:
    """The value of a whole file. Raises MalformedError."""
    try:
        return load_strict(data, max_members=max_members)
    except StrictJSONError as error:
        raise MalformedError(f"The file is not strict JSON. {error.why}") from error


def read_dense(data: bytes) -> JSON:
    """JSON that is mostly digests and signatures: it has fewer values than a thirty-second of its bytes.

    Raises MalformedError.
    """
    return read_document(data, max_members=FEW_MEMBERS + len(data) // BYTES_FOR_EACH)


def read_disclosure(data: bytes) -> JSON:
    """The disclosure in a file, bare or as the member `disclosure` of an object. Raises MalformedError."""
    document = read_document(data)
    return document["disclosure"] if isinstance(document, dict) and "disclosure" in document else document


def _lines(data: bytes) -> list[bytes]:
    """The lines of JSONL, or the whole of any other document."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    is_one_document = len(lines) < 2 or not lines[0].rstrip().endswith(b"}") or not lines[1].lstrip().startswith(b"{")
    return [data] if is_one_document else lines


def _entries(document: JSON) -> Sequence[JSON]:
    if isinstance(document, dict) and "receipts" in document:
        document = document["receipts"]
        if not isinstance(document, list):
            raise MalformedError("The member receipts is a list.")
    return document if isinstance(document, list) else [document]


def _envelope(entry: JSON, *, ordinal: int) -> Envelope:
    try:
        return Envelope.from_dict(entry["envelope"] if isinstance(entry, dict) and "envelope" in entry else entry)
    except VerificationError as error:
        error.ordinal = ordinal
        raise
