"""The envelope around a receipt's bytes: DSSE v1, with exactly one signature.

Bytes are signed, those bytes are stored and those bytes are verified; nothing is ever serialised again to check it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from receipts.signing.algorithms import SIGNATURE_LENGTH
from receipts.signing.canonical import sha256_digest
from receipts.signing.encoding import decode_base64, encode_base64
from receipts.signing.errors import MalformedError, UnsupportedError

if TYPE_CHECKING:
    from receipts.signing.keys import Signer

PAYLOAD_TYPE = "application/vnd.aarm.receipt+json"

_MEMBERS = {"payloadType", "payload", "signatures"}
_SIGNATURE_MEMBERS = {"keyid", "sig"}
_MAX_KEY_ID_LENGTH = 80


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1's pre-authentication encoding: the bytes that are signed, in which type and payload can't be confused."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A receipt as stored and sent: the signed payload bytes, a 64-byte signature and the id of the key."""

    payload: bytes
    signature: bytes
    key_id: str

    @property
    def digest(self) -> str:
        """What the next receipt of the stream names as `previous`: SHA-256 of the bytes that were signed."""
        return sha256_digest(pae(PAYLOAD_TYPE, self.payload))

    def to_dict(self) -> dict[str, object]:
        """The JSON object of DSSE: `{payloadType, payload, signatures: [{keyid, sig}]}`."""
        return {
            "payloadType": PAYLOAD_TYPE,
            "payload": encode_base64(self.payload),
            "signatures": [{"keyid": self.key_id, "sig": encode_base64(self.signature)}],
        }

    @classmethod
    def from_dict(cls, document: object) -> Envelope:
        """Reads the JSON object of DSSE. Raises MalformedError, or UnsupportedError for another payload type.

        Unknown members are refused: a key or certificate that came with the receipt must not even look accepted.
        """
        outer = _members(document, names=_MEMBERS, what="An envelope")
        if outer["payloadType"] != PAYLOAD_TYPE:
            raise UnsupportedError("The envelope holds another type of payload than a receipt.")
        signatures = outer["signatures"]
        if not isinstance(signatures, list) or len(signatures) != 1:
            raise MalformedError("An envelope has exactly one signature.")
        inner = _members(signatures[0], names=_SIGNATURE_MEMBERS, what="A signature")
        return cls(
            payload=_decoded(outer["payload"], name="payload"),
            signature=_signature(inner["sig"]),
            key_id=_key_id(inner["keyid"]),
        )


def sign_payload(payload: bytes, *, signer: Signer) -> Envelope:
    """Signs what `build_statement` returned."""
    return Envelope(payload=payload, signature=signer.sign(pae(PAYLOAD_TYPE, payload)), key_id=signer.key_id)


def _members(document: object, *, names: set[str], what: str) -> Mapping[str, object]:
    if not isinstance(document, Mapping) or set(document) != names:
        raise MalformedError(f"{what} is an object with exactly the members {', '.join(sorted(names))}.")
    return document


def _decoded(text: object, *, name: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise MalformedError(f"The {name} is {error}.") from error


def _signature(text: object) -> bytes:
    signature = _decoded(text, name="signature")
    if len(signature) != SIGNATURE_LENGTH:
        raise MalformedError(f"The signature has {len(signature)} bytes instead of {SIGNATURE_LENGTH}.")
    return signature


def _key_id(text: object) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_KEY_ID_LENGTH:
        raise MalformedError(f"A key id is a string of 1 to {_MAX_KEY_ID_LENGTH} characters.")
    return text
