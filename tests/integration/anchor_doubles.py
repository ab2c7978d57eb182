"""Places outside that listen on the loopback address: a time-stamping authority, a witness, somebody's webhook."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from receipts.signing.checkpoint import Checkpoint, verify_checkpoint
from receipts.signing.cosignature import COSIGNATURE
from receipts.signing.encoding import decode_base64, encode_base64
from receipts.signing.errors import VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.merkle import is_consistent
from receipts.signing.notes import read_note

Reply = tuple[int, bytes]


@contextmanager
def listening(answer: Callable[[str, Mapping[str, str], bytes], Reply]) -> Iterator[str]:
    """Serves `answer(path, headers, body)` over HTTP; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = answer(self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _certificate(
    name: str, *, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate | None, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Of an authority if nobody issued it, else of one that signs time stamps and nothing else."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(by, hashes.SHA256())


class TimeStampingAuthority:
    """Signs what time it is, as RFC 3161 has it."""

    def __init__(self, name: str = "Trent") -> None:
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = _certificate(f"{name} root", key=root_key, issuer=None, by=root_key)
        self._own = _certificate(name, key=self._key, issuer=self.root, by=root_key)
        self.is_altered = False
        self.has_other_nonce = False

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert headers["content-type"] == "application/timestamp-query"
        request = tsp.TimeStampReq.load(body)
        info = self._info(request)
        signed = cms.ContentInfo({"content_type": "signed_data", "content": self._signed(info)})
        return 200, tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": signed}).dump()

    def _info(self, request: tsp.TimeStampReq) -> bytes:
        imprint = request["message_imprint"]
        if self.is_altered:
            imprint["hashed_message"] = bytes(32)
        nonce = request["nonce"].native + self.has_other_nonce
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4.1",
                "message_imprint": imprint,
                "serial_number": x509.random_serial_number(),
                "gen_time": datetime.now(UTC).replace(microsecond=0),
                "nonce": nonce,
            }
        )
        found: bytes = info.dump()
        return found

    def _signed(self, info: bytes) -> cms.SignedData:
        der = self._own.public_bytes(serialization.Encoding.DER)
        own, sha256 = asn1_x509.Certificate.load(der), algos.DigestAlgorithm({"algorithm": "sha256"})
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}],
                    }
                ),
            ]
        )
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number", {"issuer": own.issuer, "serial_number": own.serial_number}
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self._key.sign(attributes.untag().dump(), ec.ECDSA(hashes.SHA256())),
        }
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha256],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
                "certificates": [own],
                "signer_infos": [signer],
            }
        )


@dataclass
class WitnessDouble:
    """A witness of one log: remembers the last checkpoint, and cosigns what follows from it."""

    log_keys: KeySet
    name: str = "witness.example/w1"
    seen: Checkpoint | None = None
    asked: list[int] = field(default_factory=list)
    is_dishonest: bool = False
    _key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def vkey(self) -> str:
        material = COSIGNATURE + self._key.public_key().public_bytes_raw()
        return f"{self.name}+{self._hash().hex()}+{encode_base64(material)}"

    def _hash(self) -> bytes:
        raw = self._key.public_key().public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + raw).digest()[:4]

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert path == "/w/add-checkpoint"
        head, _, note = body.decode().partition("\n\n")
        first, *proof = head.split("\n")
        old = int(first.removeprefix("old "))
        self.asked.append(old)
        try:
            said = verify_checkpoint(note, keys=self.log_keys)
        except VerificationError:
            return 403, b""
        refusal = self._refusal(said, old=old, proof=[decode_base64(line) for line in proof])
        if refusal is not None:
            return refusal
        self.seen = said
        return 200, self._cosigned(note)

    def _refusal(self, said: Checkpoint, *, old: int, proof: list[bytes]) -> Reply | None:
        size = self.seen.size if self.seen else 0
        if old > said.size:
            return 400, b""
        if old != size:
            return 409, f"{size}\n".encode()
        if self.seen is None:
            return (422, b"") if proof else None
        if said.size == size:
            return None if said.root == self.seen.root else (409, f"{size}\n".encode())
        is_good = is_consistent(self.seen.root, first=size, root=said.root, size=said.size, hashes=proof)
        return None if is_good else (422, b"")

    def _cosigned(self, note: str) -> bytes:
        time = int(datetime.now(UTC).timestamp())
        text = "other\n" if self.is_dishonest else read_note(note).text
        signature = self._key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        line = encode_base64(self._hash() + time.to_bytes(8, "big") + signature)
        return f"— somebody.example AAAAAAAA\n— {self.name} {line}\n".encode()
