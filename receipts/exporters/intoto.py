"""A receipt as an in-toto Statement v1 in a DSSE envelope, for tools that collect attestations.

The subject is the receipt itself: its digest is that of the bytes that were signed when it was issued. The predicate
repeats what it states. The envelope is signed anew, with the key that signs now: it says that this installation holds
such a receipt, and proves no more than the receipt does.
"""

from __future__ import annotations

import json

from receipts.signing.canonical import canonical_bytes
from receipts.signing.encoding import encode_base64
from receipts.signing.envelope import Envelope, pae
from receipts.signing.keys import Signer
from receipts.signing.statement import parse_statement

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:aarm:receipt:v1"


def in_toto_statement(envelope: Envelope) -> dict[str, object]:
    """What is attested of a receipt. Raises VerificationError for one that can't be read."""
    statement = parse_statement(envelope.payload)
    digest = {"sha256": envelope.digest.removeprefix("sha256:")}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": statement.id, "digest": digest, "mediaType": "application/vnd.aarm.receipt+json"}],
        "predicateType": PREDICATE_TYPE,
        "predicate": json.loads(envelope.payload),
    }


def as_in_toto(envelope: Envelope, *, signer: Signer) -> dict[str, object]:
    """The signed attestation. Raises VerificationError, and whatever the signer raises."""
    payload = canonical_bytes(in_toto_statement(envelope))
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": encode_base64(payload),
        "signatures": [{"keyid": signer.key_id, "sig": encode_base64(signature)}],
    }
