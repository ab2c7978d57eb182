"""The people of the published vectors, who sign whatever they are given."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PAYLOAD_TYPE = "application/vnd.aarm.receipt+json"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_HEADER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
# The same signature every time, so that a seed gives the same damage again.
ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def message_of(payload: bytes) -> bytes:
    return f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload


def key_id_of(members: str) -> str:
    return "aarm-" + base64url(hashlib.sha256(members.encode()).digest())[:16]


@dataclass(frozen=True, slots=True)
class EdHolder:
    """Has an Ed25519 key, of which the hash of the name is the seed."""

    name: str

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.name.encode()).digest())

    @property
    def jwk(self) -> dict[str, Any]:
        x = base64url(self.private.public_key().public_bytes_raw())
        members = {"crv": "Ed25519", "kty": "OKP", "x": x}
        key_id = key_id_of(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}')
        return {**members, "kid": key_id, "created_at": "2026-01-01T00:00:00.000000Z"}

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)

    def note_line(self, text: bytes, *, name: str) -> str:
        raw = self.private.public_key().public_bytes_raw()
        return _note_line(name, identity=name.encode("utf-8", "replace") + b"\n\x01" + raw, signature=self.sign(text))


@dataclass(frozen=True, slots=True)
class EcHolder:
    """Has a P-256 key, of which the hash of the name is the private number."""

    name: str

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(hashlib.sha256(self.name.encode()).digest(), "big") % P256_ORDER
        return ec.derive_private_key(number, ec.SECP256R1())

    @property
    def point(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    @property
    def jwk(self) -> dict[str, Any]:
        x, y = base64url(self.point[1:33]), base64url(self.point[33:])
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        key_id = key_id_of(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}')
        return {**members, "kid": key_id, "created_at": "2026-01-01T00:00:00.000000Z"}

    def pair(self, data: bytes) -> tuple[int, int]:
        """r and the lower s."""
        r, s = decode_dss_signature(self.private.sign(data, ECDSA))
        return r, min(s, P256_ORDER - s)

    def sign(self, data: bytes) -> bytes:
        return b"".join(number.to_bytes(32, "big") for number in self.pair(data))

    def note_line(self, text: bytes, *, name: str) -> str:
        return _note_line(name, identity=P256_HEADER + self.point, signature=encode_dss_signature(*self.pair(text)))


@dataclass(frozen=True, slots=True)
class Witness(EdHolder):
    """Cosigns what logs say. Known by a verifier key."""

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n\x04".encode() + self.private.public_key().public_bytes_raw()).digest()[:4]

    @property
    def vkey(self) -> str:
        return self.vkey_of_kind(b"\x04")

    def vkey_of_kind(self, kind: bytes) -> str:
        key = kind + self.private.public_key().public_bytes_raw()
        hashed = hashlib.sha256(f"{self.name}\n".encode() + key).digest()[:4]
        return f"{self.name}+{hashed.hex()}+{base64.b64encode(key).decode()}"

    def cosignature(
        self,
        text: str,
        *,
        time: int,
        stated: int | None = None,
        name: str = "",
        key_hash: bytes = b"",
        head: str = "cosignature/v1\n",
    ) -> str:
        """A line; what is written may be another time, name or key than what was signed."""
        signature = self.sign(f"{head}time {time}\n{text}".encode("utf-8", "replace"))
        data = (key_hash or self.key_hash) + (time if stated is None else stated).to_bytes(8, "big") + signature
        return f"— {name or self.name} {base64.b64encode(data).decode()}\n"


Holder = EdHolder | EcHolder


def _note_line(name: str, *, identity: bytes, signature: bytes) -> str:
    key_hash = hashlib.sha256(identity).digest()[:4]
    return f"— {name} {base64.b64encode(key_hash + signature).decode()}\n"


def envelope_of(payload: bytes, *, holder: Holder) -> dict[str, Any]:
    """What the holder signs of payload bytes, whatever they say."""
    sig = base64.b64encode(holder.sign(message_of(payload))).decode()
    signature = {"keyid": holder.jwk["kid"], "sig": sig}
    return {"payloadType": PAYLOAD_TYPE, "payload": base64.b64encode(payload).decode(), "signatures": [signature]}


# Alice signs now, Bob's key is retired, Dora's was revoked, Charlie's is nobody's business; Grace has P-256.
WALTER, VERA = Witness("walter.example/w1"), Witness("vera.example")
CAST: tuple[Holder, ...] = (*map(EdHolder, ("alice", "bob", "charlie", "dora")), EcHolder("grace"))
