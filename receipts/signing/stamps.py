"""Time stamps (RFC 3161): an authority that the caller trusts saw a checkpoint, and when.

The only module here that needs the library `rfc3161-client`; the command loads it where a time stamp is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import VerificationError as RefusedError
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from receipts.signing.errors import BadSignatureError, KeyFormatError


def read_roots(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of authorities. Raises KeyFormatError."""
    try:
        return tuple(load_pem_x509_certificates(pem))
    except ValueError as error:
        why = "The file holds no certificates of time-stamping authorities."
        raise KeyFormatError(why, fix="Get the root certificates, as PEM, from the authority.") from error


def verify_stamp(stamp: bytes, *, data: bytes, roots: Sequence[Certificate], nonce: int | None = None) -> datetime:
    """When the authority saw `data`, by its clock; `stamp` is the DER of a TimeStampResp. Raises BadSignatureError.

    Certificates have to have been valid then, so that time stamps outlive them.
    """
    verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
    try:
        found = decode_timestamp_response(stamp)
        verifier.verify_message(found, data)
        at: datetime = found.tst_info.gen_time
    except (ValueError, RefusedError) as error:
        raise BadSignatureError(
            "The time stamp is not one of this checkpoint by an authority that you trust."
        ) from error
    return at
