"""Who holds the private keys: files, a hardware module, a cloud service. `AARM_SIGNER` names one by a URI.

Each backend is a file of its own and is imported on first use, because most installations lack most of their libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Final

from receipts.signers.base import Keyring
from receipts.signers.errors import SignerError, SignerURIError

__all__ = ["BACKENDS", "Keyring", "SignerError", "SignerURIError", "open_keyring"]

BACKENDS: Final[Mapping[str, tuple[str, str]]] = {
    "file": ("receipts.signers.file", "FileKeyring"),
    "pkcs11": ("receipts.signers.pkcs11", "PKCS11Keyring"),
    "awskms": ("receipts.signers.awskms", "KMSKeyring"),
}


@lru_cache(maxsize=8)
def open_keyring(uri: str, *, secret: str) -> Keyring:
    """The key ring that `uri` names, once a process. `secret` is the files' passphrase or the module's PIN.

    Raises SignerURIError.
    """
    scheme, _, rest = uri.partition(":")
    if scheme not in BACKENDS:
        raise SignerURIError(f"AARM_SIGNER begins with none of {', '.join(f'{name}:' for name in BACKENDS)}.")
    module, name = BACKENDS[scheme]
    try:
        backend = getattr(import_module(module), name)
    except ImportError as error:
        raise SignerURIError(f"AARM_SIGNER needs a library that is not installed: {error.name}.") from error
    ring: Keyring = backend.from_uri(rest, secret=secret)
    return ring
